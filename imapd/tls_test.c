/* IMAPS, STARTTLS, and what is told of them. */
#include <string.h>

#include "common/compat.h"
#include "common/test.h"
#include "imapd/client.h"
#include "imapd/conf.h"
#include "imapd/test_rig.h"
#include "imapd/tls.h"

static void
test_imaps(struct rig *r)
{
	rig_connect(r, true, false);
	CHECK(rig_shake(r));
	CHECK(rig_hear(r, "* OK [CAPABILITY IMAP4rev1 LITERAL+ SASL-IR ID "
	    "ENABLE AUTH=PLAIN AUTH=LOGIN] "));
	rig_say(r, "a STARTTLS\r\n");
	CHECK(rig_hear(r, "a BAD TLS is on already\r\n"));
	rig_say(r, "b LOGIN ann secret\r\nc SELECT INBOX\r\nd LOGOUT\r\n");
	CHECK(rig_hear(r, "b OK ") && rig_hear(r, "c OK ") &&
	    rig_hear(r, "d OK "));
	CHECK(rig_closed(r));
	rig_disconnect(r);
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
	CHECK(rig_hear(r, "b OK Begin TLS\r\n"));
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
	char		 other[4096], why[300];
	SSL_CTX		*ctx;

	rig_certificate(&cert, &key);
	ctx = tls_context(cert, key, why, sizeof(why));
	CHECK(ctx != NULL);
	tls_context_free(ctx);
	CHECK(tls_context("", key, why, sizeof(why)) == NULL &&
	    strstr(why, "tls.certificate") != NULL);
	CHECK(tls_context(cert, "nonsense", why, sizeof(why)) == NULL &&
	    strstr(why, "tls.private-key") != NULL);
	strlcpy(other, key, sizeof(other));
	rig_certificate(&cert, &key);
	CHECK(tls_context(cert, other, why, sizeof(why)) == NULL);
}

int
main(void)
{
	struct rig	 r;

	rig_init(&r, true);
	test_imaps(&r);
	test_starttls(&r);
	test_split(&r);
	test_garbage(&r);
	CHECK(nclients == 0 && nstrangers == 0);
	rig_end(&r);
	test_context();
	return TEST_END();
}
