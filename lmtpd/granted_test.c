/*
 * Addresses of one user share a channel; no other address has a use for it, and
 * what ends it ends all of them.
 */
#include <stdio.h>
#include <string.h>

#include <event2/event.h>

#include "common/compat.h"
#include "common/fnv.h"
#include "common/test.h"
#include "lmtpd/channel.h"
#include "lmtpd/granted.h"
#include "lmtpd/test/deliver_fake.h"
#include "lmtpd/test/deliver_rig.h"

#define MAIL "From: ann@example.org\r\nMessage-ID: <1@example.org>\r\n\r\nx\r\n"
#define DETAILS	300

static struct rig	 t;

/* A message to many details of one user: as many sessions as its uses need. */
static void
test_details(void)
{
	struct buf	 b = BUF_INIT;
	char		 detail[16];
	size_t		 i;

	rig_start();
	for (i = 0; i < DETAILS; i++)
		(void)buf_printf(&b, "%sann+%zu@s0", i > 0 ? " " : "", i);
	(void)buf_put_u8(&b, '\0');
	rig_deliver(&t, (char *)b.data, MAIL);
	CHECK(t.nok == DETAILS && fake.asked == DETAILS);
	for (i = 0; i < DETAILS; i++) {
		(void)snprintf(detail, sizeof(detail), "%zu", i);
		CHECK(t.rcpt[i].code == 250 && t.v[i].code == 250);
		CHECK_ROW(strcmp(rcpt_detail(t.r[i]), detail) == 0 &&
		    strcmp(rcpt_user(t.r[i]), "ann") == 0, "%s: %s",
		    rcpt_address(t.r[i]), rcpt_detail(t.r[i]));
	}
	rig_settle();
	CHECK_ROW(fake.open == (DETAILS + CHANNEL_HOLDS_MAX - 1) /
	    CHANNEL_HOLDS_MAX, "%u sessions", fake.open);
	CHECK(granted_count() == fake.open);
	rig_free(&t);
	buf_free(&b);
	rig_stop();
}

/* Another user, or the same at another storaged. */
static void
test_others(void)
{
	rig_start();
	rig_rcpt(&t, "ann@s0 bob@s0 ann@s1 ann+x@s0 nobody@s0");
	CHECK(t.nok == 4 && t.rcpt[4].code == 550 && fake.asked == 5);
	rig_settle();
	CHECK(fake.open == 3 && granted_count() == 3);
	CHECK(rcpt_session(t.r[0]) == rcpt_session(t.r[3]));
	CHECK(rcpt_session(t.r[0]) != rcpt_session(t.r[1]));
	CHECK(rcpt_session(t.r[0]) != rcpt_session(t.r[2]));
	CHECK(rcpt_storaged(t.r[2]) == 1);
	rig_free(&t);
	/* each has been asked about, and is not again */
	rig_rcpt(&t, "ann+x@s0 ann@s0");
	CHECK(t.nok == 2 && fake.asked == 5);
	rig_free(&t);
	rig_rcpt(&t, "ann+y@s0 ann+nobody@s0");
	CHECK(t.nok == 2 && fake.asked == 7 && granted_count() == 3);
	rig_free(&t);
	rig_stop();
}

/* What is hashed alike is not the same user. */
static void
test_hash(void)
{
	char	 name[16], addresses[64];
	int	 i = 0;

	do {
		(void)snprintf(name, sizeof(name), "u%d", i++);
	} while (fnv32_str(name) % 1024 != fnv32_str("ann") % 1024);
	(void)snprintf(addresses, sizeof(addresses), "ann@s0 %s@s0", name);
	rig_start();
	rig_deliver(&t, addresses, MAIL);
	CHECK(granted_count() == 2 && strcmp(rcpt_user(t.r[1]), name) == 0);
	CHECK(fake_mail_of("ann") != NULL && fake_mail_of(name) != NULL);
	rig_free(&t);
	rig_stop();
}

/* All addresses lose it, and are asked for again. */
static void
test_ends(void)
{
	size_t	 i;

	rig_start();
	rig_rcpt(&t, "ann@s0 ann+a@s0 bob@s0 ann+b@s0");
	rig_begin(&t);
	fake_sessions_end();
	rig_settle();
	CHECK(granted_count() == 0);
	for (i = 0; i < t.n; i++)
		CHECK(rcpt_session(t.r[i]) == NULL);
	rig_data(&t, MAIL, strlen(MAIL));
	rig_end(&t);
	for (i = 0; i < t.n; i++)
		CHECK(t.v[i].code == 250);
	CHECK(fake.asked == 8 && granted_count() == 2);
	rig_free(&t);
	/* while nobody uses them, too */
	fake_sessions_end();
	rig_settle();
	CHECK(granted_count() == 0 && fake.open == 0);
	rig_stop();
}

/* storaged refuses it: so it is for all who wait for it. */
static void
test_refused(void)
{
	size_t	 i;

	rig_start();
	rig_rcpt(&t, "away@s0 away+a@s0 away+b@s0");
	for (i = 0; i < t.n; i++)
		CHECK(t.rcpt[i].code == 451 &&
		    strstr(t.rcpt[i].text, "bucket is away") != NULL);
	rig_settle();
	CHECK(granted_count() == 0);
	rig_free(&t);
	rig_stop();
}

/* After a reload no address joins an older one. */
static void
test_forget(void)
{
	static struct rig	 u;

	rig_start();
	rig_rcpt(&t, "ann@s0");
	granted_forget();
	rig_rcpt(&u, "ann+a@s0 ann@s0");
	CHECK(fake.asked == 3 && granted_count() == 2);
	CHECK(rcpt_session(t.r[0]) != rcpt_session(u.r[0]));
	CHECK(rcpt_session(u.r[1]) == rcpt_session(u.r[0]));
	rig_free(&t);
	rig_settle();
	CHECK(granted_count() == 1);
	rig_free(&u);
	rig_stop();
}

int
main(void)
{
	test_details();
	test_others();
	test_hash();
	test_ends();
	test_refused();
	test_forget();
	return TEST_END();
}
