/* What a listener says of TLS, on one connection and on none besides. */
#include "common/compat.h"

#include <openssl/ssl.h>

#include "common/slice.h"
#include "common/test.h"
#include "common/test/slice_make.h"
#include "common/test/tls_fake.h"
#include "common/tls_context.h"
#include "common/tls_rule.h"

static const char *const base[][2] = {
	{ "tls-min-version", "TLSv1.3" },
	{ "tls-ciphers.0", "TLS_AES_256_GCM_SHA384" }, { NULL, NULL }
};

static int
read_rules(const char *const pairs[][2], char *why, size_t size)
{
	struct slice		*one = slice_make(pairs, NULL), *s;
	struct tls_rules	*r;

	s = slice_with(one, base, 2);
	if ((r = tls_rules_read(s, why, size)) != NULL)
		tls_rules_use(r);
	slice_free(s);
	slice_free(one);
	return r != NULL ? 0 : -1;
}

static SSL *
ssl_with(SSL_CTX *ctx, const char *url)
{
	SSL	*ssl = SSL_new(ctx);

	CHECK(ssl != NULL && tls_rule_apply(tls_rule_of(url), ssl) == 0);
	return ssl;
}

static bool
has(SSL *ssl, const char *suite)
{
	STACK_OF(SSL_CIPHER)	*v = SSL_get_ciphers(ssl);
	int			 i;

	for (i = 0; i < sk_SSL_CIPHER_num(v); i++)
		if (strcmp(SSL_CIPHER_get_name(sk_SSL_CIPHER_value(v, i)),
		    suite) == 0)
			return true;
	return false;
}

static void
test_apply(SSL_CTX *ctx)
{
	SSL	*ssl = ssl_with(ctx, "imap://*:143");

	/* What it does not say is as everywhere. */
	CHECK(SSL_get_min_proto_version(ssl) == TLS1_2_VERSION);
	CHECK(has(ssl, "TLS_AES_256_GCM_SHA384") &&
	    !has(ssl, "TLS_AES_128_GCM_SHA256"));
	CHECK(SSL_get_verify_mode(ssl) == SSL_VERIFY_NONE);
	CHECK(!(SSL_get_options(ssl) & SSL_OP_NO_TICKET));
	SSL_free(ssl);

	ssl = ssl_with(ctx, "imaps://*:993");
	CHECK(SSL_get_min_proto_version(ssl) == TLS1_3_VERSION);
	CHECK(has(ssl, "TLS_AES_128_GCM_SHA256") &&
	    !has(ssl, "TLS_AES_256_GCM_SHA384"));
	CHECK(SSL_get_verify_mode(ssl) & SSL_VERIFY_FAIL_IF_NO_PEER_CERT);
	CHECK(SSL_get_options(ssl) & SSL_OP_NO_TICKET);
	SSL_free(ssl);

	ssl = ssl_with(ctx, "lmtp://*:24");	/* but a URL */
	CHECK(SSL_get_min_proto_version(ssl) == TLS1_2_VERSION &&
	    has(ssl, "TLS_AES_128_GCM_SHA256"));
	SSL_free(ssl);
}

int
main(void)
{
	static const char *const pairs[][2] = {
		{ "listen.0", "imap://*:143" },
		{ "listen.0.tls-min-version", "TLSv1.2" },
		{ "listen.0.client-certificates", "" },
		{ "listen.1", "imaps://*:993" },
		{ "listen.1.tls-ciphers.0", "TLS_AES_128_GCM_SHA256" },
		{ "listen.1.client-certificates", "require" },
		{ "listen.2", "lmtp://*:24" }, { NULL, NULL }
	};
	static const char *const bad[][2] = {
		{ "listen.0", "imap://*:143" },
		{ "listen.0.tls-min-version", "TLSv1.3" },
		{ "listen.1", "imaps://*:993" },
		{ "listen.1.client-certificates", "maybe" }, { NULL, NULL }
	};
	static const char *const none[][2] = { { NULL, NULL } };
	const char	*cert, *key;
	char		 why[200];
	struct tls_rule	*r;
	SSL_CTX		*ctx;
	SSL		*ssl;

	tls_fake_certificate(&cert, &key);
	ctx = tls_fake_context(cert, key, why, sizeof(why));
	CHECK(ctx != NULL);
	CHECK(read_rules(pairs, why, sizeof(why)) == 0);
	CHECK(tls_rule_of("imaps://*:994") == NULL);
	CHECK(tls_rule_of("lmtp://*:24") == NULL);
	test_apply(ctx);
	/* A reload that fails changes nothing. */
	CHECK(read_rules(bad, why, sizeof(why)) == -1 &&
	    strstr(why, "maybe") != NULL);
	test_apply(ctx);
	/* A connection's is its own until it has begun. */
	r = tls_rule_ref(tls_rule_of("imaps://*:993"));
	CHECK(read_rules(none, why, sizeof(why)) == 0 &&
	    tls_rule_of("imaps://*:993") == NULL);
	ssl = SSL_new(ctx);
	CHECK(ssl != NULL && tls_rule_apply(r, ssl) == 0 &&
	    SSL_get_min_proto_version(ssl) == TLS1_3_VERSION);
	SSL_free(ssl);
	tls_rule_unref(r);
	tls_rule_unref(NULL);
	tls_context_free(ctx);
	return TEST_END();
}
