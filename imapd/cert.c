/*
 * Client certificates.  A handshake never fails for one that is not accepted:
 * its client may have a password.  Must never name a user by a certificate that
 * was not verified.
 */
#include "common/compat.h"

#include <stdio.h>

#include <openssl/ssl.h>

#include "common/client_cert.h"
#include "common/client_chain.h"
#include "common/slice.h"
#include "common/tls_context.h"
#include "common/user.h"
#include "imapd/cert.h"

static struct {
	X509_STORE		*store;		/* NULL: none are asked for */
	STACK_OF(X509_NAME)	*names;
	char			 rule[16];
} cert;

int
cert_conf(const struct slice *s, SSL_CTX *tls, char *why, size_t size)
{
	STACK_OF(X509_NAME)	*names = NULL;
	X509_STORE		*store = NULL;
	const char		*pem = slice_str(s, "clients.ca");
	char			 text[128] = "out of memory";

	if (pem[0] != '\0' && ((store = client_cert_store(str_from(pem),
	    text, sizeof(text))) == NULL ||
	    (names = client_cert_names(store)) == NULL)) {
		X509_STORE_free(store);
		snprintf(why, size, "the CAs of client certificates: %s",
		    text);
		return -1;
	}
	X509_STORE_free(cert.store);
	sk_X509_NAME_pop_free(cert.names, X509_NAME_free);
	cert.store = store;
	cert.names = names;
	strlcpy(cert.rule, slice_str(s, "clients.name"), sizeof(cert.rule));
	cert_apply(tls);
	return 0;
}

void
cert_apply(SSL_CTX *first)
{
	if (first != NULL)
		tls_context_clients(first, cert.store, cert.names);
}

static X509 *
cert_of(const SSL *ssl)
{
	if (cert.store == NULL || ssl == NULL || !SSL_is_init_finished(ssl) ||
	    SSL_get_verify_result(ssl) != X509_V_OK)
		return NULL;
	return SSL_get0_peer_certificate(ssl);
}

bool
cert_name(const SSL *ssl, char *name, size_t size)
{
	X509	*x = cert_of(ssl);
	char	 user[USER_ID_MAX + 1], why[64];

	return x != NULL && client_cert_name(x, cert.rule, name, size, why,
	    sizeof(why)) == 0 && user_normalize(str_from(name), user,
	    sizeof(user)) == 0;
}

bool
cert_show(const SSL *ssl, char *name, size_t size, struct buf *chain)
{
	buf_init(chain, CLIENT_CERT_CHAIN);
	return cert_name(ssl, name, size) && client_chain(ssl, chain) == 0;
}
