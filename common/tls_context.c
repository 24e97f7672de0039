/*
 * OpenSSL, set up once: TLS 1.2 and above, no renegotiation, no compression,
 * no session store, and no buffers for connections that are idle.
 */
#include "common/tls_context.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>

/* TLS 1.2: ephemeral keys and AEAD, nothing else (RFC 9325 section 4.2);
 * TLS 1.3 has nothing else. */
#define TLS12_CIPHERS	"ECDHE+AESGCM:ECDHE+CHACHA20:!aNULL:!PSK"

static void
explain(char *why, size_t size, const char *what)
{
	char	 text[200] = "";

	if (ERR_peek_error() != 0)
		ERR_error_string_n(ERR_get_error(), text, sizeof(text));
	ERR_clear_error();
	snprintf(why, size, "%s: %s", what, text);
}

static int
no_passphrase(char *buf, int size, int rw, void *arg)
{
	(void)buf;
	(void)size;
	(void)rw;
	(void)arg;
	return -1;
}

static int
use_key(SSL_CTX *ctx, const char *pem)
{
	BIO		*bio = BIO_new_mem_buf(pem, -1);
	EVP_PKEY	*key = NULL;
	int		 ok = 0;

	if (bio != NULL)
		key = PEM_read_bio_PrivateKey(bio, NULL, no_passphrase, NULL);
	if (key != NULL)
		ok = SSL_CTX_use_PrivateKey(ctx, key);
	EVP_PKEY_free(key);
	BIO_free(bio);
	return ok == 1 ? 0 : -1;
}

/* The first certificate is ours, the others lead to its issuer. */
static int
use_chain(SSL_CTX *ctx, const char *pem)
{
	BIO	*bio = BIO_new_mem_buf(pem, -1);
	X509	*x;
	int	 n = 0, ok = 1;

	if (bio == NULL)
		return -1;
	while (ok == 1 && (x = PEM_read_bio_X509(bio, NULL, no_passphrase,
	    NULL)) != NULL) {
		if (n++ == 0)
			ok = SSL_CTX_use_certificate(ctx, x);
		else
			ok = (int)SSL_CTX_add1_chain_cert(ctx, x);
		X509_free(x);
	}
	BIO_free(bio);
	if (n > 0 && ok == 1)
		ERR_clear_error();	/* of the end of the PEM */
	return n > 0 && ok == 1 ? 0 : -1;
}

/*
 * A client that offers protocols must offer ours, or it meant another
 * server (RFC 7301 section 3.2, RFC 9325 section 3.7); one that offers none
 * is an ordinary mail client.
 */
static int
tls_alpn(SSL *ssl, const unsigned char **out, unsigned char *outlen,
    const unsigned char *in, unsigned int inlen, void *arg)
{
	const char	*protocol = arg;
	unsigned int	 i, n;

	(void)ssl;
	for (i = 0; i < inlen; i += 1 + n) {
		n = in[i];
		if (n > inlen - i - 1)
			break;
		if (n == strlen(protocol) &&
		    memcmp(in + i + 1, protocol, n) == 0) {
			*out = in + i + 1;
			*outlen = (unsigned char)n;
			return SSL_TLSEXT_ERR_OK;
		}
	}
	return SSL_TLSEXT_ERR_ALERT_FATAL;
}

SSL_CTX *
tls_context(const char *certificate, const char *key, const char *protocol,
    char *why, size_t size)
{
	SSL_CTX	*ctx = SSL_CTX_new(TLS_server_method());

	if (ctx == NULL) {
		explain(why, size, "TLS");
		return NULL;
	}
	SSL_CTX_set_min_proto_version(ctx, TLS1_2_VERSION);
	SSL_CTX_set_options(ctx, SSL_OP_NO_RENEGOTIATION |
	    SSL_OP_NO_COMPRESSION | SSL_OP_CIPHER_SERVER_PREFERENCE |
	    SSL_OP_NO_TICKET);
	SSL_CTX_set_num_tickets(ctx, 0);
	SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
	SSL_CTX_set_mode(ctx, SSL_MODE_RELEASE_BUFFERS |
	    SSL_MODE_ENABLE_PARTIAL_WRITE |
	    SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
	SSL_CTX_set_alpn_select_cb(ctx, tls_alpn,
	    (void *)(uintptr_t)protocol);
	if (SSL_CTX_set_cipher_list(ctx, TLS12_CIPHERS) != 1) {
		explain(why, size, "TLS ciphers");
		SSL_CTX_free(ctx);
		return NULL;
	}
	if (use_chain(ctx, certificate) == -1)
		explain(why, size, "tls.certificate");
	else if (use_key(ctx, key) == -1)
		explain(why, size, "tls.private-key");
	else if (SSL_CTX_check_private_key(ctx) != 1)
		explain(why, size,
		    "tls.private-key does not match tls.certificate");
	else
		return ctx;
	SSL_CTX_free(ctx);
	return NULL;
}

void
tls_context_free(SSL_CTX *ctx)
{
	SSL_CTX_free(ctx);
}
