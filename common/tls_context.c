/*
 * OpenSSL, set up once: TLS 1.2 and above, no renegotiation, no compression,
 * no session store (but tickets), no buffers for connections that are idle.
 */
#include "common/tls_context.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include "common/compat.h"
#include "common/log.h"
#include "common/sign_provider.h"
#include "common/slice.h"
#include "common/tls_ticket.h"

/* TLS 1.2: ephemeral keys and AEAD, nothing else (RFC 9325 section 4.2);
 * TLS 1.3 has nothing else. */
#define TLS12_CIPHERS	"ECDHE+AESGCM:ECDHE+CHACHA20:!aNULL:!PSK"
#define SUITES_MAX	512		/* bytes of such a list */

/* What credd signs with (common/msg_sign.h); nothing with SHA-1 or SHA-224. */
static char sigalgs[] =
    "ECDSA+SHA256:ECDSA+SHA384:ECDSA+SHA512:ed25519:"
    "rsa_pss_rsae_sha256:rsa_pss_rsae_sha384:rsa_pss_rsae_sha512:"
    "RSA+SHA256:RSA+SHA384:RSA+SHA512";

#define CLIENT_CERTS_MAX (32 * 1024)	/* bytes of what a client shows */

/* What a context has besides OpenSSL's own; it goes when the context does. */
struct sni {
	char		*name;
	SSL_CTX		*ctx;		/* NULL: the context itself */
};
struct extra {
	struct sni	*rows;
	size_t		 n;
	unsigned char	*ocsp;		/* NULL: none */
	size_t		 ocsp_len;
};

static void
explain(char *why, size_t size, const char *what)
{
	char	 text[200] = "";

	if (ERR_peek_error() != 0)
		ERR_error_string_n(ERR_get_error(), text, sizeof(text));
	ERR_clear_error();
	snprintf(why, size, "%s: %s", what, text);
}

/* The first certificate is ours, the others lead to its issuer. */
static int
use_chain(SSL_CTX *ctx, struct str chain, X509 **own)
{
	const unsigned char	*p = (const unsigned char *)chain.p;
	const unsigned char	*end = p + chain.len;
	X509			*x;
	int			 ok = 1;

	*own = NULL;
	while (ok == 1 && p < end &&
	    (x = d2i_X509(NULL, &p, (long)(end - p))) != NULL) {
		if (*own == NULL) {
			ok = SSL_CTX_use_certificate(ctx, x);
			*own = x;	/* ctx has it, too */
		} else
			ok = (int)SSL_CTX_add1_chain_cert(ctx, x);
		X509_free(x);
	}
	return *own != NULL && ok == 1 && p == end ? 0 : -1;
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

/*
 * The key exchange is our loop's work, before anyone has logged in: finite
 * fields, which OpenSSL offers too, take up to 14 ms each (ffdhe8192).  Older
 * libraries do not know the first one.
 */
static long
tls_groups(SSL_CTX *ctx)
{
	char	 best[] = "X25519MLKEM768:X25519:P-256:P-384";
	char	 good[] = "X25519:P-256:P-384";

	if (SSL_CTX_set1_groups_list(ctx, best) == 1)
		return 1;
	ERR_clear_error();
	return SSL_CTX_set1_groups_list(ctx, good);
}

static SSL_CTX *
context_new(const char *protocol, char *why, size_t size)
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
	if (SSL_CTX_set_cipher_list(ctx, TLS12_CIPHERS) == 1 &&
	    SSL_CTX_set1_sigalgs_list(ctx, sigalgs) == 1 &&
	    tls_groups(ctx) == 1)
		return ctx;
	explain(why, size, "TLS ciphers");
	SSL_CTX_free(ctx);
	return NULL;
}

static SSL_CTX *
context_make(struct str chain, EVP_PKEY *key, const char *protocol, char *why,
    size_t size)
{
	SSL_CTX		*ctx = context_new(protocol, why, size);
	EVP_PKEY	*apart = NULL;
	X509		*own;

	if (ctx == NULL)
		return NULL;
	if (use_chain(ctx, chain, &own) == -1) {
		explain(why, size, "the certificate");
		goto fail;
	}
	if (key == NULL && (key = apart = sign_provider_key(own, why,
	    size)) == NULL)
		goto fail;
	if (tls_ticket_use(ctx, own) == -1) {
		explain(why, size, "session tickets");
		goto fail;
	}
	if (SSL_CTX_use_PrivateKey(ctx, key) != 1 ||
	    SSL_CTX_check_private_key(ctx) != 1) {
		explain(why, size, "the private key does not match the "
		    "certificate");
		goto fail;
	}
	EVP_PKEY_free(apart);
	return ctx;
 fail:
	EVP_PKEY_free(apart);
	SSL_CTX_free(ctx);
	return NULL;
}

SSL_CTX *
tls_context(struct str chain, EVP_PKEY *key, const char *protocol, char *why,
    size_t size)
{
	return context_make(chain, key, protocol, why, size);
}

SSL_CTX *
tls_context_apart(struct str chain, const char *protocol, char *why,
    size_t size)
{
	return context_make(chain, NULL, protocol, why, size);
}

void
tls_context_free(SSL_CTX *ctx)
{
	SSL_CTX_free(ctx);
}

static void
extra_free(void *parent, void *ptr, CRYPTO_EX_DATA *ad, int idx, long argl,
    void *argp)
{
	struct extra	*e = ptr;
	size_t		 i;

	(void)parent;
	(void)ad;
	(void)idx;
	(void)argl;
	(void)argp;
	if (e == NULL)
		return;
	for (i = 0; i < e->n; i++) {
		free(e->rows[i].name);
		SSL_CTX_free(e->rows[i].ctx);
	}
	free(e->rows);
	free(e->ocsp);
	free(e);
}

/* What ctx has of ours, made when it is first asked for; NULL on ENOMEM. */
static struct extra *
extra_of(SSL_CTX *ctx)
{
	static int	 where = -1;
	struct extra	*e;

	if (where == -1 && (where = SSL_CTX_get_ex_new_index(0, NULL, NULL,
	    NULL, extra_free)) == -1)
		return NULL;
	if ((e = SSL_CTX_get_ex_data(ctx, where)) != NULL)
		return e;
	if ((e = calloc(1, sizeof(*e))) != NULL &&
	    SSL_CTX_set_ex_data(ctx, where, e) != 1) {
		free(e);
		e = NULL;
	}
	return e;
}

static int
tls_staple(SSL *ssl, void *arg)
{
	struct extra	*e = arg;
	unsigned char	*copy = OPENSSL_memdup(e->ocsp, e->ocsp_len);

	if (copy == NULL || SSL_set_tlsext_status_ocsp_resp(ssl, copy,
	    (long)e->ocsp_len) != 1) {
		OPENSSL_free(copy);
		return SSL_TLSEXT_ERR_NOACK;
	}
	return SSL_TLSEXT_ERR_OK;
}

int
tls_context_ocsp(SSL_CTX *ctx, struct str response)
{
	struct extra	*e = extra_of(ctx);

	if (e == NULL || e->ocsp != NULL || response.len == 0 ||
	    (e->ocsp = malloc(response.len)) == NULL)
		return -1;
	memcpy(e->ocsp, response.p, response.len);
	e->ocsp_len = response.len;
	SSL_CTX_set_tlsext_status_cb(ctx, tls_staple);
	SSL_CTX_set_tlsext_status_arg(ctx, e);
	return 0;
}

/* RFC 6125 section 6.4.3: the star stands for one whole label. */
static bool
name_matches(const char *pattern, const char *name)
{
	const char	*dot;

	if (strncmp(pattern, "*.", 2) != 0)
		return strcasecmp(pattern, name) == 0;
	return (dot = strchr(name, '.')) != NULL && dot != name &&
	    strcasecmp(pattern + 1, dot) == 0;
}

static int
tls_sni(SSL *ssl, int *alert, void *arg)
{
	struct extra	*e = arg;
	const char	*name = SSL_get_servername(ssl,
			    TLSEXT_NAMETYPE_host_name);
	size_t		 i;

	(void)alert;
	for (i = 0; name != NULL && i < e->n; i++) {
		if (!name_matches(e->rows[i].name, name))
			continue;
		if (e->rows[i].ctx != NULL)
			(void)SSL_set_SSL_CTX(ssl, e->rows[i].ctx);
		return SSL_TLSEXT_ERR_OK;
	}
	/* Mail clients rarely know better: they get the first. */
	return SSL_TLSEXT_ERR_NOACK;
}

/* Stops at the first error, which is the result; but the handshake goes on,
 * unless a certificate is required there. */
static int
tls_verify(X509_STORE_CTX *store, void *arg)
{
	const SSL	*ssl = X509_STORE_CTX_get_ex_data(store,
			    SSL_get_ex_data_X509_STORE_CTX_idx());

	(void)arg;
	if (X509_verify_cert(store) != 1 &&
	    X509_STORE_CTX_get_error(store) == X509_V_OK)
		X509_STORE_CTX_set_error(store, X509_V_ERR_UNSPECIFIED);
	ERR_clear_error();
	return ssl != NULL && !(SSL_get_verify_mode(ssl) &
	    SSL_VERIFY_FAIL_IF_NO_PEER_CERT) ? 1 :
	    X509_STORE_CTX_get_error(store) == X509_V_OK;
}

static void
ask_clients(SSL_CTX *ctx, X509_STORE *store,
    const STACK_OF(X509_NAME) *names)
{
	SSL_CTX_set_verify(ctx, store != NULL ? SSL_VERIFY_PEER :
	    SSL_VERIFY_NONE, NULL);
	SSL_CTX_set_client_CA_list(ctx, store != NULL ?
	    SSL_dup_CA_list(names) : NULL);
	if (store == NULL)
		return;
	SSL_CTX_set1_cert_store(ctx, store);
	SSL_CTX_set_cert_verify_callback(ctx, tls_verify, NULL);
	SSL_CTX_set_max_cert_list(ctx, CLIENT_CERTS_MAX);
}

void
tls_context_clients(SSL_CTX *first, X509_STORE *store,
    const STACK_OF(X509_NAME) *names)
{
	struct extra	*e = extra_of(first);
	size_t		 i;

	ask_clients(first, store, names);
	for (i = 0; e != NULL && i < e->n; i++)
		if (e->rows[i].ctx != NULL)
			ask_clients(e->rows[i].ctx, store, names);
}

int
tls_context_name(SSL_CTX *first, struct str name, SSL_CTX *other)
{
	struct extra	*e = extra_of(first);
	struct sni	*rows;

	if (e == NULL || (rows = reallocarray(e->rows, e->n + 1,
	    sizeof(*rows))) == NULL)
		return -1;
	e->rows = rows;
	if ((rows[e->n].name = strndup(name.p, name.len)) == NULL)
		return -1;
	rows[e->n].ctx = NULL;
	if (other != first) {
		SSL_CTX_up_ref(other);
		rows[e->n].ctx = other;
	}
	e->n++;
	SSL_CTX_set_tlsext_servername_callback(first, tls_sni);
	SSL_CTX_set_tlsext_servername_arg(first, e);
	return 0;
}

/* Those of suites that are of TLS 1.3 (or are not), with colons. */
static void
pick(const char *suites, bool of_13, char *dst, size_t size)
{
	const char	*p, *end;
	size_t		 n = 0;

	for (p = suites; *p != '\0'; p = *end == ' ' ? end + 1 : end) {
		end = p + strcspn(p, " ");
		if ((strncmp(p, "TLS_", 4) == 0) != of_13 || end == p ||
		    n + (size_t)(end - p) + 2 > size)
			continue;
		if (n != 0)
			dst[n++] = ':';
		memcpy(dst + n, p, (size_t)(end - p));
		n += (size_t)(end - p);
	}
	dst[n] = '\0';
}

static bool
limit_one(SSL_CTX *ctx, bool only_13, const char *tls12, const char *tls13)
{
	return SSL_CTX_set_min_proto_version(ctx, only_13 ? TLS1_3_VERSION :
	    TLS1_2_VERSION) == 1 && SSL_CTX_set_cipher_list(ctx,
	    *tls12 != '\0' ? tls12 : TLS12_CIPHERS) == 1 &&
	    SSL_CTX_set_ciphersuites(ctx, *tls13 != '\0' ? tls13 :
	    TLS_DEFAULT_CIPHERSUITES) == 1;
}

int
tls_limits_read(struct tls_limits *l, const struct slice *s, char *why,
    size_t size)
{
	l->only_13 = strcmp(slice_str(s, "tls-min-version"), "TLSv1.3") == 0;
	if (slice_words(s, "tls-ciphers", l->suites, sizeof(l->suites)) ==
	    -1) {
		snprintf(why, size, "tls-ciphers: too many suites");
		return -1;
	}
	return 0;
}

int
tls_limits_apply(const struct tls_limits *l, SSL *ssl)
{
	char	 tls12[SUITES_MAX], tls13[SUITES_MAX];
	bool	 ok;

	pick(l->suites, false, tls12, sizeof(tls12));
	pick(l->suites, true, tls13, sizeof(tls13));
	ok = SSL_set_min_proto_version(ssl, l->only_13 ? TLS1_3_VERSION :
	    TLS1_2_VERSION) == 1 && SSL_set_cipher_list(ssl,
	    tls12[0] != '\0' ? tls12 : TLS12_CIPHERS) == 1 &&
	    SSL_set_ciphersuites(ssl, tls13[0] != '\0' ? tls13 :
	    TLS_DEFAULT_CIPHERSUITES) == 1;
	ERR_clear_error();
	return ok ? 0 : -1;
}

int
tls_context_limit(SSL_CTX *first, bool only_13, const char *suites, char *why,
    size_t size)
{
	struct extra	*e = extra_of(first);
	char		 tls12[SUITES_MAX], tls13[SUITES_MAX];
	bool		 ok;
	size_t		 i;

	pick(suites, false, tls12, sizeof(tls12));
	pick(suites, true, tls13, sizeof(tls13));
	ok = e != NULL && limit_one(first, only_13, tls12, tls13);
	for (i = 0; ok && i < e->n; i++)
		if (e->rows[i].ctx != NULL)
			ok = limit_one(e->rows[i].ctx, only_13, tls12, tls13);
	if (!ok)
		explain(why, size, "TLS ciphers");
	return ok ? 0 : -1;
}

int
tls_limits_change(SSL_CTX *first, const struct tls_limits *old,
    const struct tls_limits *l, char *why, size_t size)
{
	if (first == NULL || tls_context_limit(first, l->only_13, l->suites,
	    why, size) == 0)
		return 0;
	tls_limits_back(first, old);
	return -1;
}

void
tls_limits_back(SSL_CTX *first, const struct tls_limits *old)
{
	char	 why[256];

	if (first != NULL && tls_context_limit(first, old->only_13,
	    old->suites, why, sizeof(why)) == -1)
		log_warnx("tls: %s", why);
}

void
tls_context_replace(SSL_CTX **now, SSL_CTX *next, const struct tls_limits *l)
{
	char	 why[256];

	if (next != NULL && tls_context_limit(next, l->only_13, l->suites, why,
	    sizeof(why)) == -1)
		log_warnx("tls: %s", why);
	/* connections hold a reference to the context that they began with */
	tls_context_free(*now);
	*now = next;
}
