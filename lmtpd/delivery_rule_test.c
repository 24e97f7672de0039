/*
 * What a delivery decides by the message and the address: the folder, the
 * key that tells a second try, and what it does not take.
 */
#include <string.h>

#include "common/compat.h"
#include "common/msg_deliver.h"
#include "common/test.h"
#include "lmtpd/conf.h"
#include "lmtpd/test/deliver_fake.h"
#include "lmtpd/test/deliver_rig.h"

static struct rig	 t;

static const struct {
	const char	*address;
	enum lmtpd_detail detail;
	const char	*header;
	const char	*box;
	uint8_t		 target;
} folders[] = {
	{ "bob@s0", DETAIL_FOLDER, "", "INBOX", 0 },
	{ "bob+Lists@s0", DETAIL_FOLDER, "", "Lists", DELIVER_OR_INBOX },
	{ "bob+Lists/x@s0", DETAIL_CREATE, "", "Lists/x",
	    DELIVER_OR_INBOX | DELIVER_CREATE },
	{ "bob+Lists@s0", DETAIL_IGNORE, "", "INBOX", 0 },
	{ "bob+/x@s0", DETAIL_CREATE, "", "INBOX", 0 },
	{ "bob+x/@s0", DETAIL_CREATE, "", "INBOX", 0 },
	{ "bob+x//y@s0", DETAIL_CREATE, "", "INBOX", 0 },
	{ "bob+*@s0", DETAIL_CREATE, "", "INBOX", 0 },
	{ "bob+a%@s0", DETAIL_CREATE, "", "INBOX", 0 },
	{ "bob+\x01@s0", DETAIL_CREATE, "", "INBOX", 0 },
	{ "bob@s0", DETAIL_FOLDER, "X-Spam-Flag: YES\r\n", "INBOX",
	    DELIVER_JUNK },
	{ "bob+x@s0", DETAIL_FOLDER, "x-spam-flag :\r\n yes \r\n", "x",
	    DELIVER_JUNK | DELIVER_OR_INBOX },
	{ "bob@s0", DETAIL_FOLDER, "X-Spam-Flag: NO\r\n", "INBOX", 0 },
	{ "bob@s0", DETAIL_FOLDER, "X-Spam-Flag: YES, no\r\n", "INBOX", 0 },
	{ "bob@s0", DETAIL_FOLDER, "\r\nX-Spam-Flag: YES\r\n", "INBOX", 0 },
	/* refused there, taken in INBOX */
	{ "folder+x@s0", DETAIL_CREATE, "", "INBOX", 0 },
	{ "folder@s0", DETAIL_FOLDER, "X-Spam-Flag: YES\r\n", "INBOX", 0 },
};

static void
test_folders(void)
{
	struct fake_mail	*m;
	struct buf		 b = BUF_INIT;
	size_t			 i;

	for (i = 0; i < nitems(folders); i++) {
		rig_start();
		conf.detail = folders[i].detail;
		(void)strlcpy(conf.junk_name, "X-Spam-Flag",
		    sizeof(conf.junk_name));
		(void)strlcpy(conf.junk_value, "YES",
		    sizeof(conf.junk_value));
		buf_reset(&b);
		(void)buf_printf(&b, "%sSubject: x\r\n\r\nX-Spam-Flag: YES",
		    folders[i].header);
		(void)buf_put_u8(&b, '\0');
		rig_deliver(&t, folders[i].address, (char *)b.data);
		m = TAILQ_FIRST(&fake.mails);
		CHECK(t.v[0].code == 250);
		CHECK_ROW(m != NULL && strcmp(m->box, folders[i].box) == 0 &&
		    m->target == folders[i].target, "%zu: %s %s", i,
		    folders[i].address, m != NULL ? m->box : "");
		rig_free(&t);
		rig_stop();
	}
	buf_free(&b);
}

/* The key of a message from sender to bob. */
static bool
key_of(const char *sender, const char *address, const char *envid,
    struct str seed, const char *mail, uint8_t key[16])
{
	struct fake_mail	*m;
	bool			 has;

	rig_start();
	rig_new(&t);
	t.e.sender = sender;
	t.e.envid = envid;
	t.e.seed = seed;
	t.e.helo = seed.len > 0 ? "bucket" : "client";
	rig_ask(&t, address);
	rig_begin(&t);
	rig_data(&t, mail, strlen(mail));
	rig_end(&t);
	m = TAILQ_FIRST(&fake.mails);
	has = m->has_key;
	memcpy(key, m->key, 16);
	rig_free(&t);
	rig_stop();
	return has;
}

/* The same for a second try, another for another message; none for what
 * could be either. */
static void
test_keys(void)
{
	static const char	 named[] = "Message-ID: <1@x>\r\n\r\nbody";
	static const char	 received[] = "Received: from a by b\r\n\twith "
	    "ESMTP\r\n\tid 4f2A; Sun, 29 Nov 2026 08:00:00 +0000\r\n\r\nbody";
	static const char	 bare[] = "Received: by b; Sun, 29 Nov 2026 "
	    "08:00:00 +0000\r\nReceived: from a by b id 7; x\r\n\r\nbody";
	uint8_t			 a[16], b[16];
	struct str		 none = STR(""), seed = STR("b/k\0etag");

	CHECK(key_of("ann@x", "bob@s0", NULL, none, named, a));
	CHECK(key_of("ann@x", "bob@s0", NULL, none, named, b));
	CHECK(memcmp(a, b, 16) == 0);
	CHECK(key_of("eve@x", "bob@s0", NULL, none, named, b));
	CHECK(memcmp(a, b, 16) != 0);
	CHECK(key_of("ann@x", "bob+y@s0", NULL, none, named, b));
	CHECK(memcmp(a, b, 16) != 0);
	CHECK(key_of("ann@x", "bob@s0", "Q1", none, named, b));
	CHECK(memcmp(a, b, 16) != 0);
	CHECK(key_of("ann@x", "bob@s0", NULL, none,
	    "Message-ID: <1@x>\r\n\r\nBody", b));
	CHECK(memcmp(a, b, 16) != 0);
	CHECK(key_of("", "bob@s0", NULL, none, received, b));
	CHECK(key_of("", "bob@s0", "Q1", none, "\r\nbody", b));
	CHECK(!key_of("", "bob@s0", NULL, none, "\r\nbody", b));
	CHECK(!key_of("", "bob@s0", "", none, bare, b));
	/* of an object, whatever is in it */
	CHECK(key_of("ann@x", "bob@s0", NULL, seed, "\r\nbody", a));
	CHECK(key_of("", "bob@s0", "Q1", seed, named, b));
	CHECK(memcmp(a, b, 16) == 0);
	CHECK(key_of("ann@x", "bob+y@s0", NULL, seed, named, b));
	CHECK(memcmp(a, b, 16) != 0);
}

static void
send(const char *mail, size_t len)
{
	rig_rcpt(&t, "bob@s0 eve@s1");
	rig_begin(&t);
	rig_data(&t, mail, len);
	rig_end(&t);
}

static void
test_nul(void)
{
	rig_start();
	send("Subject: x\r\n\r\na\0b", 17);
	CHECK(t.v[0].code == 554 && t.v[1].code == 554);
	CHECK(strcmp(t.v[0].enhanced, "5.6.0") == 0);
	rig_free(&t);
	CHECK(TAILQ_EMPTY(&fake.mails) && fake.dropped == 2);
	conf.nul_replace = true;
	send("Subject: x\r\n\r\na\0b", 17);
	CHECK(t.v[0].code == 250 && fake_mail_of("eve") != NULL &&
	    strstr((char *)fake_mail_of("eve")->octets.data,
	    "\r\n\r\na\x80" "b") != NULL);
	rig_free(&t);
	rig_stop();
}

static void
test_loop(void)
{
	struct buf	 b = BUF_INIT;
	int		 i;

	rig_start();
	for (i = 0; i < 50; i++)
		(void)buf_puts(&b, "Received: by x;\r\n\ty\r\n");
	(void)buf_puts(&b, "\r\nReceived: in the body\r\n");
	send((char *)b.data, b.len);
	CHECK(t.v[0].code == 250 && t.v[1].code == 250);
	rig_free(&t);
	b.len -= strlen("\r\nReceived: in the body\r\n");
	(void)buf_puts(&b, "RECEIVED : by x\r\n\r\nbody\r\n");
	send((char *)b.data, b.len);
	CHECK(t.v[0].code == 554 && t.v[1].code == 554);
	CHECK(strcmp(t.v[0].enhanced, "5.4.6") == 0 &&
	    strstr(t.v[0].text, "(51 Received lines)") != NULL);
	rig_free(&t);
	buf_free(&b);
	rig_stop();
}

/* Nothing at all, and no line's end (BDAT): octets as they came. */
static void
test_ends(void)
{
	const char	*s;

	rig_start();
	send("", 0);
	CHECK(t.v[0].code == 250 && t.v[1].code == 250);
	rig_free(&t);
	send("Subject: x\r\n\r\nno end", 20);
	s = (char *)fake_mail_of("bob")->octets.data;
	CHECK(t.v[0].code == 250 &&
	    strcmp(s + strlen(s) - 10, "\r\n\r\nno end") == 0);
	rig_free(&t);
	rig_stop();
}

int
main(void)
{
	test_folders();
	test_keys();
	test_nul();
	test_loop();
	test_ends();
	return TEST_END();
}
