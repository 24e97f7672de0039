/* IMAPS, STARTTLS, and what is told of them. */
#include <sys/socket.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/err.h>

#include "common/compat.h"
#include "common/test.h"
#include "common/tls_context.h"
#include "common/test/tls_fake.h"
#include "imapd/client.h"
#include "imapd/conf.h"
#include "imapd/test/rig.h"
#include "imapd/test/storage_fake.h"

static void
test_imaps(struct rig *r)
{
	rig_connect(r, true, false);
	CHECK(rig_shake(r));
	CHECK(rig_hear(r, "* OK [CAPABILITY IMAP4rev1 LITERAL+ SASL-IR ID "
	    "ENABLE AUTH=PLAIN AUTH=LOGIN] "));
	rig_say(r, "a STARTTLS\r\n");
	CHECK(rig_hear(r, "a BAD TLS is already active\r\n"));
	rig_say(r, "b LOGIN ann secret\r\nc SELECT INBOX\r\nd LOGOUT\r\n");
	CHECK(rig_hear(r, "b OK ") && rig_hear(r, "c OK ") &&
	    rig_hear(r, "d OK "));
	CHECK(rig_closed(r));
	rig_disconnect(r);
}

/* -PLUS goes with SCRAM, on a connection that it can be bound to. */
static void
test_plus(struct rig *r)
{
	char	 was[sizeof(conf.mechanisms)];

	strlcpy(was, conf.mechanisms, sizeof(was));
	strlcpy(conf.mechanisms, "PLAIN SCRAM-SHA-256",
	    sizeof(conf.mechanisms));
	rig_connect(r, true, false);
	CHECK(rig_shake(r));
	CHECK(rig_hear(r, " ENABLE AUTH=PLAIN AUTH=SCRAM-SHA-256-PLUS "
	    "AUTH=SCRAM-SHA-256] "));
	rig_say(r, "a AUTHENTICATE scram-sha-256-plus =\r\n");
	/* authd's fake has none: it was asked */
	CHECK(rig_hear(r, "a NO Unsupported authentication mechanism\r\n"));
	CHECK(fake_bound(r->fake) == 32 + 32);
	rig_disconnect(r);
	rig_connect(r, false, true);
	CHECK(rig_hear(r, " AUTH=PLAIN AUTH=SCRAM-SHA-256] "));
	rig_say(r, "a AUTHENTICATE SCRAM-SHA-256-PLUS =\r\n");
	CHECK(rig_hear(r, "a NO Unsupported authentication mechanism\r\n"));
	rig_disconnect(r);
	strlcpy(conf.mechanisms, was, sizeof(conf.mechanisms));
}

static void
test_starttls(struct rig *r)
{
	rig_connect(r, false, false);
	CHECK(rig_hear(r, " STARTTLS LOGINDISABLED] "));
	rig_say(r, "a LOGIN ann secret\r\n");
	CHECK(rig_hear(r, "a NO [PRIVACYREQUIRED] "));
	/* what follows in the clear is thrown away */
	rig_say(r, "b STARTTLS\r\nc LOGIN ann secret\r\nd NOOP\r\n");
	CHECK(rig_hear(r, "b OK Begin TLS negotiation now\r\n"));
	CHECK(r->in.len == 0);
	CHECK(rig_shake(r));
	rig_say(r, "e CAPABILITY\r\n");
	CHECK(rig_hear(r, "* CAPABILITY IMAP4rev1 LITERAL+ SASL-IR ID ENABLE "
	    "AUTH=PLAIN AUTH=LOGIN\r\ne OK "));
	rig_say(r, "f LOGIN ann secret\r\n");
	CHECK(rig_hear(r, "f OK "));
	rig_disconnect(r);
}

/* A large answer through TLS, an octet of commands at a time. */
static void
test_split(struct rig *r)
{
	static const char	 text[] = "a LOGIN ann secret\r\n"
	    "b LIST \"\" *\r\nc LOGOUT\r\n";
	char			 one[2] = "";
	size_t			 i;

	rig_connect(r, true, true);
	CHECK(rig_shake(r));
	for (i = 0; text[i] != '\0'; i++) {
		one[0] = text[i];
		rig_say(r, one);
	}
	CHECK(rig_hear(r, "\"/\" Trash\r\nb OK ") && rig_hear(r, "c OK "));
	CHECK(rig_closed(r));
	rig_disconnect(r);
}

static void
test_garbage(struct rig *r)
{
	rig_connect(r, true, true);
	rig_say(r, "a LOGIN ann secret\r\n");
	CHECK(rig_closed(r));
	rig_disconnect(r);
	rig_connect(r, false, true);
	CHECK(rig_hear(r, "* OK "));
	rig_say(r, "a STARTTLS\r\n");
	CHECK(rig_hear(r, "a OK "));
	rig_say(r, "b NOOP\r\n");
	CHECK(rig_closed(r));
	rig_disconnect(r);
}

static void
test_context(void)
{
	const char	*cert, *key;
	char		 other[TLS_FAKE_PEM], why[300];
	SSL_CTX		*ctx;

	tls_fake_certificate(&cert, &key);
	ctx = tls_fake_context(cert, key, why, sizeof(why));
	CHECK(ctx != NULL);
	tls_context_free(ctx);
	CHECK(tls_context((struct str){ "", 0 }, NULL, "imap", why,
	    sizeof(why)) == NULL && strstr(why, "certificate") != NULL);
	strlcpy(other, key, sizeof(other));
	tls_fake_certificate(&cert, &key);
	CHECK(tls_fake_context(cert, other, why, sizeof(why)) == NULL &&
	    strstr(why, "does not match") != NULL);
}

/* As a client with this list of TLS 1.2 suites, or this ALPN. */
static bool
shakes(struct rig *r, const char *ciphers, const char *alpn)
{
	SSL_CTX	*kept = r->ctx;
	bool	 ok;

	r->ctx = SSL_CTX_new(TLS_client_method());
	if (ciphers != NULL) {
		SSL_CTX_set_max_proto_version(r->ctx, TLS1_2_VERSION);
		if (SSL_CTX_set_cipher_list(r->ctx, ciphers) != 1)
			abort();
	}
	if (alpn != NULL)
		SSL_CTX_set_alpn_protos(r->ctx, (const uint8_t *)alpn,
		    (unsigned int)strlen(alpn));
	rig_connect(r, true, true);
	ok = rig_shake(r);
	if (ok && !rig_hear(r, "* OK "))
		ok = false;
	if (!ok)
		ERR_clear_error();
	rig_disconnect(r);
	SSL_CTX_free(r->ctx);
	r->ctx = kept;
	return ok;
}

/* RFC 7301: who offers protocols must offer imap. */
static void
test_alpn(struct rig *r)
{
	CHECK(shakes(r, NULL, NULL));
	CHECK(shakes(r, NULL, "\x04imap"));
	CHECK(shakes(r, NULL, "\x02h2\x04imap"));
	CHECK(!shakes(r, NULL, "\x02h2"));
	CHECK(!shakes(r, NULL, "\x08http/1.1\x05imap4"));
	CHECK(!shakes(r, "HIGH", "\x02h2"));
}

/* RFC 9325: the certificate's key is for ECDSA. */
static void
test_ciphers(struct rig *r)
{
	static const struct {
		const char	*name;
		bool		 ok;
	} t[] = {
		{ "ECDHE-ECDSA-AES128-GCM-SHA256", true },
		{ "ECDHE-ECDSA-AES256-GCM-SHA384", true },
		{ "ECDHE-ECDSA-CHACHA20-POLY1305", true },
		{ "ECDHE-ECDSA-AES128-SHA", false },
		{ "ECDHE-ECDSA-AES256-SHA", false },
		{ "ECDHE-ECDSA-AES128-SHA256", false },
		{ "ECDHE-ECDSA-AES256-SHA384", false },
		{ "ECDHE-ECDSA-AES256-CCM", false },
		{ "ECDHE-ECDSA-CAMELLIA128-SHA256", false },
		{ "ECDHE-ECDSA-CAMELLIA256-SHA384", false },
		{ "ECDHE-ECDSA-ARIA128-GCM-SHA256", false },
		{ "ECDHE-ECDSA-ARIA256-GCM-SHA384", false },
	};
	const SSL_CIPHER	*c;
	STACK_OF(SSL_CIPHER)	*all = SSL_CTX_get_ciphers(conf.tls);
	size_t			 i;
	int			 k;

	for (i = 0; i < nitems(t); i++)
		CHECK_ROW(shakes(r, t[i].name, NULL) == t[i].ok, "%s",
		    t[i].name);
	/* whatever the key: nothing but AEAD, and no RSA or DHE exchange */
	CHECK(sk_SSL_CIPHER_num(all) >= 6);
	for (k = 0; k < sk_SSL_CIPHER_num(all); k++) {
		c = sk_SSL_CIPHER_value(all, k);
		CHECK_ROW(SSL_CIPHER_is_aead(c) &&
		    (SSL_CIPHER_get_kx_nid(c) == NID_kx_ecdhe ||
		    SSL_CIPHER_get_kx_nid(c) == NID_kx_any), "%s",
		    SSL_CIPHER_get_name(c));
	}
}

/* What the configuration allows of them. */
static void
test_limit(struct rig *r)
{
	static const char	some[] = "TLS_AES_128_GCM_SHA256 "
	    "ECDHE-ECDSA-AES256-GCM-SHA384";
	char			why[300];

	CHECK(tls_context_limit(conf.tls, true, "", why, sizeof(why)) == 0);
	CHECK(shakes(r, NULL, NULL) &&
	    !shakes(r, "ECDHE-ECDSA-AES128-GCM-SHA256", NULL));
	CHECK(tls_context_limit(conf.tls, false, some, why,
	    sizeof(why)) == 0);
	CHECK(shakes(r, NULL, NULL) &&
	    shakes(r, "ECDHE-ECDSA-AES256-GCM-SHA384", NULL) &&
	    !shakes(r, "ECDHE-ECDSA-AES128-GCM-SHA256", NULL));
	/* of one version only: the other has all of its own */
	CHECK(tls_context_limit(conf.tls, false, "TLS_AES_256_GCM_SHA384",
	    why, sizeof(why)) == 0);
	CHECK(shakes(r, NULL, NULL) &&
	    shakes(r, "ECDHE-ECDSA-AES128-GCM-SHA256", NULL));
	CHECK(tls_context_limit(conf.tls, false, "no-such-suite", why,
	    sizeof(why)) == -1);
	CHECK(tls_context_limit(conf.tls, false, "", why, sizeof(why)) == 0);
}

/* Half a handshake, and no more: EOF ends it. */
static void
test_eof_in_handshake(struct rig *r)
{
	rig_connect(r, true, true);
	rig_say(r, "\x16\x03\x01");
	shutdown(r->fd, SHUT_WR);
	CHECK(rig_closed(r) && nclients == 0);
	rig_disconnect(r);
}

int
main(void)
{
	struct rig	 r;

	rig_init(&r, true);
	test_imaps(&r);
	test_plus(&r);
	test_starttls(&r);
	test_split(&r);
	test_garbage(&r);
	CHECK(nclients == 0 && nstrangers == 0);
	test_alpn(&r);
	test_ciphers(&r);
	test_limit(&r);
	test_eof_in_handshake(&r);
	rig_end(&r);
	test_context();
	return TEST_END();
}
