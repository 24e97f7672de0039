/*
 * Session tickets: of two contexts with the same keys, over a change of keys,
 * and none where there may be none.
 */
#include "common/compat.h"

#include <openssl/err.h>
#include <openssl/ssl.h>

#include "common/log.h"
#include "common/test.h"
#include "common/test/tls_fake.h"
#include "common/tls_context.h"
#include "common/tls_ticket.h"

static SSL_CTX		*one, *two, *client_ctx;
static SSL_SESSION	*got;		/* the newest ticket's */
static char		 keys[3][TLS_TICKET_LEN];

static int
on_session(SSL *ssl, SSL_SESSION *s)
{
	(void)ssl;
	SSL_SESSION_free(got);
	got = s;
	return 1;
}

static struct str
key(int i)
{
	return (struct str){ keys[i], TLS_TICKET_LEN };
}

/* A connection with the session in got, if any: 1 it was resumed, 0 it was
 * not, -1 it failed. */
static int
connect_to(SSL_CTX *ctx, int version)
{
	SSL	*server = SSL_new(ctx), *client = SSL_new(client_ctx);
	BIO	*a, *b;
	char	 c[8];
	int	 i, ok[2] = { 0, 0 }, r;

	if (server == NULL || client == NULL ||
	    BIO_new_bio_pair(&a, 0, &b, 0) != 1)
		fatalx("OpenSSL");
	SSL_set_bio(server, a, a);
	SSL_set_bio(client, b, b);
	SSL_set_max_proto_version(client, version);
	if (got != NULL)
		SSL_set_session(client, got);
	for (i = 0; i < 10 && (ok[0] != 1 || ok[1] != 1); i++) {
		if (ok[0] != 1)
			ok[0] = SSL_connect(client);
		if (ok[1] != 1)
			ok[1] = SSL_accept(server);
	}
	/* a ticket comes behind the handshake, with the first octet */
	(void)SSL_write(server, "x", 1);
	r = SSL_read(client, c, sizeof(c)) == 1 && SSL_version(client) ==
	    version ? SSL_session_reused(client) : -1;
	CHECK(r == -1 || SSL_session_reused(server) == r);
	SSL_shutdown(client);
	SSL_free(server);
	SSL_free(client);
	ERR_clear_error();
	return r;
}

static void
forget(void)
{
	SSL_SESSION_free(got);
	got = NULL;
}

static void
test_shared(void)
{
	tls_ticket_keys(key(0), key(1));
	CHECK(connect_to(one, TLS1_3_VERSION) == 0 && got != NULL);
	CHECK(connect_to(two, TLS1_3_VERSION) == 1);
	CHECK(connect_to(one, TLS1_3_VERSION) == 1);
	CHECK(got != NULL && SSL_SESSION_get_ticket_lifetime_hint(got) ==
	    TLS_TICKET_LIFE);
}

static void
test_rotated(void)
{
	/* the key is the older one now, and there is a new ticket */
	tls_ticket_keys(key(2), key(0));
	CHECK(connect_to(one, TLS1_3_VERSION) == 1);
	/* with the newer key: the older may go */
	tls_ticket_keys(key(2), STR(""));
	CHECK(connect_to(two, TLS1_3_VERSION) == 1);
	/* both are others: a full handshake, and again a ticket */
	tls_ticket_keys(key(0), key(1));
	CHECK(connect_to(one, TLS1_3_VERSION) == 0);
	CHECK(connect_to(one, TLS1_3_VERSION) == 1);
}

/* Another certificate, if the keys are the same ones. */
static void
test_other_certificate(void)
{
	static char	 cert[TLS_FAKE_PEM], pem[TLS_FAKE_PEM];
	struct tls_fake	 want = { "P-256", "other", NULL, -60, 86400 };
	SSL_CTX		*other;
	char		 why[256];

	tls_fake_make(&want, cert, pem);
	other = tls_fake_context(cert, pem, why, sizeof(why));
	CHECK(other != NULL && connect_to(one, TLS1_3_VERSION) != -1);
	CHECK(connect_to(other, TLS1_3_VERSION) == 0);
	CHECK(connect_to(other, TLS1_3_VERSION) == 1);
	CHECK(connect_to(one, TLS1_3_VERSION) == 0);
	tls_context_free(other);
}

static void
test_none(void)
{
	forget();
	tls_ticket_keys(STR(""), STR(""));
	CHECK(connect_to(one, TLS1_3_VERSION) == 0 && got == NULL);
	tls_ticket_keys((struct str){ keys[0], TLS_TICKET_LEN - 1 }, key(1));
	CHECK(connect_to(one, TLS1_3_VERSION) == 0 && got == NULL);
	tls_ticket_keys(key(0), key(1));
	CHECK(connect_to(one, TLS1_2_VERSION) == 0);
	CHECK(got == NULL || !SSL_SESSION_has_ticket(got));
	CHECK(connect_to(one, TLS1_2_VERSION) == 0);
}

int
main(void)
{
	const char	*cert, *pem;
	char		 why[256];

	log_init("test");
	memset(keys[0], 1, sizeof(keys[0]));
	memset(keys[1], 2, sizeof(keys[1]));
	memset(keys[2], 3, sizeof(keys[2]));
	tls_fake_certificate(&cert, &pem);
	one = tls_fake_context(cert, pem, why, sizeof(why));
	two = tls_fake_context(cert, pem, why, sizeof(why));
	client_ctx = SSL_CTX_new(TLS_client_method());
	if (one == NULL || two == NULL || client_ctx == NULL)
		fatalx("OpenSSL: %s", why);
	SSL_CTX_set_session_cache_mode(client_ctx, SSL_SESS_CACHE_CLIENT |
	    SSL_SESS_CACHE_NO_INTERNAL);
	SSL_CTX_sess_set_new_cb(client_ctx, on_session);
	test_shared();
	test_rotated();
	test_other_certificate();
	test_none();
	forget();
	SSL_CTX_free(client_ctx);
	tls_context_free(one);
	tls_context_free(two);
	return TEST_END();
}
