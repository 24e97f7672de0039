/*
 * Issue 14, section 1: one answer for each recipient, each on its own; what is
 * shared is uploaded once; no fault of a store or a directory is for good.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <event2/event.h>

#include "common/compat.h"
#include "common/msg_deliver.h"
#include "common/test.h"
#include "lmtpd/conf.h"
#include "lmtpd/granted.h"
#include "lmtpd/test/deliver_fake.h"
#include "lmtpd/test/deliver_rig.h"

#define MAIL "From: ann@example.org\r\nSubject: x\r\n"			\
	"Message-ID: <1@example.org>\r\n\r\nbody\r\n"

static struct rig	 t;

static const char *
octets(const char *user)
{
	struct fake_mail	*m = fake_mail_of(user);

	return m != NULL ? (char *)m->octets.data : "";
}

static bool
said(const struct verdict *v, int code, const char *enhanced)
{
	return v->code == code && strcmp(v->enhanced, enhanced) == 0 &&
	    v->text[0] != '\0';
}

/* What is refused at RCPT TO, and what is only put off. */
static void
test_rcpt(void)
{
	static const struct { const char *address; int code; const char *e; }
	rows[] = {
		{ "ann@s0", 250, "2.1.5" }, { "nobody@s0", 550, "5.1.1" },
		{ "later@s0", 451, "4.3.0" }, { "locked@s0", 550, "5.2.1" },
		{ "full@s1", 552, "5.2.2" }, { "away@s1", 451, "4.3.0" },
	};
	char	 longest[RCPT_ADDRESS_MAX + 2] = "";
	size_t	 i;

	rig_start();
	for (i = 0; i < nitems(rows); i++) {
		rig_rcpt(&t, rows[i].address);
		CHECK_ROW(said(&t.rcpt[0], rows[i].code, rows[i].e),
		    "%s: %d %s", rows[i].address, t.rcpt[0].code,
		    t.rcpt[0].text);
		rig_free(&t);
	}
	CHECK(fake.asked == nitems(rows));	/* none of them twice */
	memset(longest, 'a', RCPT_ADDRESS_MAX + 1);
	memcpy(longest, "nobody+", 7);
	strlcpy(longest + RCPT_ADDRESS_MAX - 3, "@s0", 5);
	rig_rcpt(&t, longest);
	CHECK(t.rcpt[0].code == 550 && fake.asked == nitems(rows) + 1);
	rig_free(&t);
	strlcpy(longest + RCPT_ADDRESS_MAX - 3, "a@s0", 5);
	rig_rcpt(&t, longest);
	CHECK_ROW(said(&t.rcpt[0], 553, "5.1.3") && strstr(t.rcpt[0].text,
	    "at most 1000 bytes") != NULL, "%s", t.rcpt[0].text);
	CHECK(fake.asked == nitems(rows) + 1);
	rig_free(&t);
	rig_stop();
}

static void
test_one(void)
{
	const char	*s;

	rig_start();
	rig_deliver(&t, "bob@s1", MAIL);
	CHECK(said(&t.v[0], 250, "2.0.0"));
	s = octets("bob");
	CHECK_ROW(strncmp(s, "Return-Path: <ann@example.org>\r\n"
	    "Delivered-To: bob@s1\r\nReceived: from client.example.org "
	    "([192.0.2.1])\r\n\tby mx.example.org with LMTP\r\n\tid 0000000000001234."
	    , 154) == 0 && strstr(s, "\r\n\tfor <bob@s1>; ") != NULL &&
	    strcmp(s + strlen(s) - strlen(MAIL), MAIL) == 0, "%s", s);
	CHECK(fake.parcels == 1 && fake.uploaded == strlen(MAIL));
	/* storaged's lines name it. */
	CHECK(fake.trace.session == 0x1234 && fake.trace.traced &&
	    fake.trace.span == 5 && memcmp(fake.trace.trace, t.e.context.trace,
	    sizeof(fake.trace.trace)) == 0);
	rig_free(&t);
	CHECK(fake.dropped == 1);
	rig_stop();
}

/* 100 recipients at two storageds: two uploads. */
static void
test_many(void)
{
	struct buf	 b = BUF_INIT, mail = BUF_INIT;
	const char	*s;
	char		 name[32];
	int		 i;

	rig_start();
	for (i = 0; i < 100; i++)
		(void)buf_printf(&b, "%su%d@s%d", i > 0 ? " " : "", i, i % 2);
	(void)buf_put_u8(&b, '\0');
	(void)buf_puts(&mail, MAIL);
	while (mail.len < 300000)
		(void)buf_puts(&mail, "a line of the message's body\r\n");
	rig_rcpt(&t, (char *)b.data);
	rig_begin(&t);
	rig_data(&t, mail.data, mail.len);
	rig_end(&t);
	for (i = 0; i < 100; i++) {
		CHECK(t.v[i].code == 250);
		(void)snprintf(name, sizeof(name), "u%d", i);
		s = octets(name);
		CHECK(strstr(s, "\r\n\tfor <") == NULL);
		(void)snprintf(name, sizeof(name), "Delivered-To: u%d@", i);
		CHECK(strstr(s, name) != NULL);
	}
	CHECK(fake.parcels == 2 && fake.uploaded == 2 * mail.len);
	CHECK(fake.together <= 64 && fake.appends == 100);
	rig_free(&t);
	CHECK(fake.dropped == 2);
	buf_free(&b);
	buf_free(&mail);
	rig_stop();
}

/* Each recipient's answer is its own. */
static void
test_mixed(void)
{
	rig_start();
	rig_deliver(&t, "bob@s0 refused@s0 toobig@s0 dies@s0 eve@s1 known@s2",
	    MAIL);
	CHECK(said(&t.v[0], 250, "2.0.0") && said(&t.v[1], 451, "4.3.0"));
	CHECK(said(&t.v[2], 552, "5.3.4") && said(&t.v[3], 451, "4.3.0"));
	CHECK(strstr(t.v[3].text, "may have been") != NULL);
	CHECK(said(&t.v[4], 250, "2.0.0"));
	CHECK(strcmp(t.v[4].text, "<eve@s1> Delivered") == 0);
	CHECK(said(&t.v[5], 250, "2.0.0"));
	CHECK(strcmp(t.v[5].text, "<known@s2> Delivered before") == 0);
	rig_free(&t);
	rig_stop();
}

/* A storaged that dies costs its own recipients a 451, and nothing else;
 * before anything was sent, not even that. */
static void
test_storaged_dies(void)
{
	char	 part[40000];

	rig_start();
	memset(part, 'x', sizeof(part));
	rig_rcpt(&t, "bob@s0 eve@s1");
	rig_begin(&t);
	rig_data(&t, MAIL, strlen(MAIL));
	rig_data(&t, part, sizeof(part));
	rig_settle();
	fake_storaged(1);
	rig_settle();
	rig_data(&t, part, sizeof(part));
	rig_end(&t);
	CHECK(said(&t.v[0], 250, "2.0.0") && said(&t.v[1], 451, "4.3.0"));
	rig_free(&t);

	rig_rcpt(&t, "bob@s0 eve@s1");
	rig_begin(&t);
	rig_data(&t, "S: x", 4);
	fake_storaged_kill(1);
	rig_settle();
	CHECK(delivery_room(t.d) == 0);
	fake_storaged(1);
	rig_data(&t, "\r\n\r\nx", 5);
	fake_storaged_kill(1);
	rig_settle();
	delivery_end(t.d);		/* while there is no channel */
	rig_settle();
	CHECK(t.nv == 0);
	fake_storaged(1);
	rig_until(&t.nv, 2);
	CHECK(t.v[0].code == 250 && t.v[1].code == 250);
	rig_free(&t);

	rig_rcpt(&t, "eve@s1");		/* and an empty message */
	fake_storaged_kill(1);
	rig_settle();
	rig_begin(&t);
	delivery_end(t.d);
	rig_settle();
	CHECK(t.nv == 0);
	fake_storaged(1);
	rig_until(&t.nv, 1);
	CHECK(t.v[0].code == 250);
	rig_free(&t);
	rig_stop();
}

/* A channel that ended after RCPT TO is asked for again, once. */
static void
test_session_ends(void)
{
	rig_start();
	rig_rcpt(&t, "bob@s0");
	rig_begin(&t);
	fake_sessions_end();
	rig_settle();
	rig_data(&t, MAIL, strlen(MAIL));
	rig_end(&t);
	CHECK(t.v[0].code == 250 && fake.asked == 2);
	rig_free(&t);
	/* the same between two messages, and while authd starts anew */
	fake_sessions_end();
	fake_authd_kill();
	rig_settle();
	CHECK(granted_count() == 0);
	fake_authd();
	rig_deliver(&t, "bob@s0", MAIL);
	CHECK(t.v[0].code == 250 && fake.asked == 3);
	rig_free(&t);
	rig_stop();
}

static void
test_parcel_refused(void)
{
	rig_start();
	rig_rcpt(&t, "bob@s0 eve@s1");
	rig_begin(&t);
	rig_data(&t, MAIL, strlen(MAIL));
	rig_settle();
	fake_refuse_parcels(1);
	rig_settle();
	rig_end(&t);
	CHECK(t.v[0].code == 250 && said(&t.v[1], 451, "4.3.0"));
	CHECK(strcmp(t.v[1].text, "The spool is full") == 0);
	rig_free(&t);
	rig_stop();
}

/* The slowest storaged bounds what is taken; if it takes nothing for too
 * long, the others go on. */
static void
test_pressure(void)
{
	static char	 part[PARCEL_WINDOW];
	size_t		 n = 0;

	rig_start();
	fake.hold[1] = true;
	rig_rcpt(&t, "bob@s0 eve@s1");
	rig_begin(&t);
	rig_settle();
	memset(part, 'x', sizeof(part));
	while (delivery_room(t.d) > 0) {
		delivery_data(t.d, part, 1024);
		n += 1024;
		rig_settle();
	}
	CHECK(n == PARCEL_WINDOW && t.rooms == 0);
	rig_free(&t);

	/* The last octets of the window are no room: who wants more than
	 * there is would wait for what does not come. */
	rig_rcpt(&t, "bob@s0 eve@s1");
	rig_begin(&t);
	while (delivery_room(t.d) > 1024)
		delivery_data(t.d, part, 1024);
	CHECK(delivery_room(t.d) == 1024);
	delivery_data(t.d, part, 1023);
	rig_settle();
	CHECK(delivery_room(t.d) == 0 && t.rooms == 0);
	fake_give(1);
	rig_until(&t.rooms, 1);
	rig_data(&t, part, 60000);
	rig_end(&t);
	CHECK(t.v[0].code == 250 && t.v[1].code == 250);
	rig_free(&t);

	conf.timeout = 0;		/* a second of silence */
	rig_rcpt(&t, "bob@s0 eve@s1");
	rig_begin(&t);
	rig_data(&t, part, sizeof(part));
	rig_data(&t, part, 1);
	conf.timeout = 240;
	rig_end(&t);
	CHECK(t.v[0].code == 250 && said(&t.v[1], 451, "4.3.0"));
	CHECK(strstr(t.v[1].text, "has taken nothing") != NULL);
	rig_free(&t);
	rig_stop();
}

/* The deadline: who is not answered by then may have been delivered to. */
static void
test_deadline(void)
{
	rig_start();
	conf.timeout = 0;
	rig_rcpt(&t, "silent@s0");
	rig_begin(&t);
	rig_data(&t, MAIL, strlen(MAIL));
	rig_settle();
	delivery_end(t.d);
	rig_until(&t.nv, 1);
	CHECK(said(&t.v[0], 451, "4.3.0"));
	rig_free(&t);
	conf.timeout = 1;
	rig_deliver(&t, "bob@s0 silent@s0 eve@s1", MAIL);
	CHECK(t.v[0].code == 250 && t.v[2].code == 250);
	CHECK(said(&t.v[1], 451, "4.3.0"));
	CHECK_ROW(strstr(t.v[1].text, "has not confirmed the message within "
	    "1 seconds") != NULL, "%s", t.v[1].text);
	rig_free(&t);
	/* the cancelled append is nobody's any more */
	rig_deliver(&t, "bob@s0", MAIL);
	CHECK(t.v[0].code == 250);
	rig_free(&t);
	rig_stop();
}

/* The client goes away in every state. */
static void
test_free(void)
{
	size_t	 i, j;

	rig_start();
	for (i = 0; i < 30; i++) {
		fake.wait = true;
		rig_rcpt(&t, "bob@s0 silent@s1 eve@s2");
		rig_begin(&t);
		if (i % 3 > 0)
			delivery_data(t.d, MAIL, strlen(MAIL));
		if (i % 3 > 1)
			delivery_end(t.d);
		if (i == 29)
			fake_sessions_end();
		for (j = 0; j < i / 3; j++)
			(void)event_base_loop(rig_base, EVLOOP_NONBLOCK);
		rig_free(&t);
		fake_go();
		rig_settle();
	}
	/* and before authd has answered */
	memset(&t, 0, sizeof(t));
	t.e.sender = t.e.remote = "";
	t.r[t.n++] = rcpt_new(rig_base, "never@s0", &t.e, NULL, NULL);
	rig_settle();
	rig_free(&t);
	rig_stop();
}

/* A granted channel serves the next message, if it is for the same address. */
static void
test_kept(void)
{
	char	 address[32];
	int	 i;

	rig_start();
	for (i = 0; i < 3; i++) {
		rig_deliver(&t, "bob@s0 bob@s0 bob+x@s0", MAIL);
		CHECK(t.v[0].code == 250 && t.v[1].code == 250);
		rig_free(&t);
	}
	CHECK(fake.asked == 2);
	granted_forget();
	rig_settle();
	CHECK(granted_count() == 0);
	for (i = 0; i < GRANTED_IDLE_MAX + 20; i++) {
		(void)snprintf(address, sizeof(address), "u%d@s0", i);
		rig_rcpt(&t, address);
		rig_free(&t);
	}
	CHECK(granted_count() == GRANTED_IDLE_MAX);
	rig_stop();
}

int
main(void)
{
	test_rcpt();
	test_one();
	test_many();
	test_mixed();
	test_storaged_dies();
	test_session_ends();
	test_parcel_refused();
	test_pressure();
	test_deadline();
	test_free();
	test_kept();
	return TEST_END();
}
