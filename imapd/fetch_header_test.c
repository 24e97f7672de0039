/*
 * More header items than the digest answers: the header is asked for once a
 * message, and filtered item by item, in turns and while there is room.
 */
#include <stdlib.h>
#include <string.h>

#include "common/compat.h"
#include "common/test.h"
#include "imapd/client.h"
#include "imapd/fetch.h"
#include "imapd/test/rig.h"
#include "imapd/test/storage_fake.h"
#include "imapd/turn.h"

#define ITEMS	(FETCH_HEADERS_MAX + 8)
#define WIDE	(100 * 1024)	/* octets of a header */
#define STEPS	10	/* of a turn: fewer than a message has items */

static struct rig	 r;

static void
begin(void)
{
	rig_init(&r, false);
	(void)fake_do(r.fake, "mail INBOX Subject: one\\r\\nX-0: zero\\r\\n"
	    "X-1: een\\r\\n\\r\\nbody\\r\\n");
	(void)fake_do(r.fake, "mail INBOX Subject: two\\r\\nX-1: twee\\r\\n"
	    "\\r\\nbody\\r\\n");
	rig_connect(&r, false, true);
	CHECK(rig_hear(&r, "* OK "));
	rig_say(&r, "a LOGIN ann secret\r\nb SELECT INBOX\r\n");
	CHECK(rig_hear(&r, "b OK "));
}

static void
end(void)
{
	rig_disconnect(&r);
	rig_end(&r);
}

static void
say_fetch(const char *set)
{
	struct buf	 b = BUF_INIT;
	int		 i;

	(void)buf_printf(&b, "c FETCH %s (UID", set);
	for (i = 0; i < ITEMS; i++)
		(void)buf_printf(&b, " BODY.PEEK[HEADER.FIELDS (X-%d)]", i);
	(void)buf_puts(&b, ")\r\n");
	(void)buf_put_u8(&b, 0);
	rig_say(&r, (char *)b.data);
	buf_free(&b);
}

/* The line of message n, whose fields are these. */
static bool
heard(int n, const char *zero, const char *one)
{
	struct buf	 b = BUF_INIT;
	bool		 ok;
	int		 i;

	(void)buf_printf(&b, "* %d FETCH (UID %d", n, n);
	for (i = 0; i < ITEMS; i++) {
		const char	*v = i == 0 ? zero : i == 1 ? one : NULL;

		(void)buf_printf(&b, " BODY[HEADER.FIELDS (X-%d)] {%zu}\r\n",
		    i, v != NULL ? strlen(v) + 9 : 2);
		if (v != NULL)
			(void)buf_printf(&b, "X-%d: %s\r\n", i, v);
		(void)buf_puts(&b, "\r\n");
	}
	(void)buf_puts(&b, ")\r\n");
	(void)buf_put_u8(&b, 0);
	ok = rig_hear(&r, (char *)b.data);
	buf_free(&b);
	return ok;
}

static void
test_once(unsigned int steps)
{
	unsigned int	 before;

	begin();
	before = fake_bodies(r.fake);
	turn_steps_max = steps;		/* 0: time */
	say_fetch("1:2");
	CHECK(heard(1, "zero", "een") && heard(2, NULL, "twee"));
	CHECK(rig_hear(&r, "c OK "));
	turn_steps_max = 0;
	CHECK_ROW(fake_bodies(r.fake) - before == 2, "%u requests",
	    fake_bodies(r.fake) - before);
	end();
}

/* What was damaged or is gone says so of the message, and the others come. */
static void
test_failing(void)
{
	begin();
	(void)fake_do(r.fake, "damage INBOX 1");
	say_fetch("1:2");
	CHECK(heard(2, NULL, "twee"));
	CHECK(rig_hear(&r, "c NO [CORRUPTION] "));
	end();
}

/* A client that does not read gets no more than fits: it is not closed for
 * what its items add up to. */
static void
test_room(void)
{
	char	*mail = malloc(WIDE + 300);
	size_t	 n;
	int	 i;

	begin();
	CHECK(mail != NULL);
	strlcpy(mail, "mail INBOX X-0: ", 100);
	for (n = strlen(mail); n < WIDE; n += 64) {
		memset(mail + n, 'x', 60);
		memcpy(mail + n + 60, "\\r\\n", 4);
		memcpy(mail + n + 64, " ", 2);
		n++;
	}
	strlcpy(mail + n, "y\\r\\n\\r\\nbody\\r\\n", 100);
	CHECK(fake_do(r.fake, mail) == 0);
	free(mail);
	rig_say(&r, "d NOOP\r\n");
	CHECK(rig_hear(&r, "d OK "));
	r.deaf = true;
	rig_say(&r, "e FETCH 3 (");
	for (i = 0; i < ITEMS; i++)
		rig_say(&r, "BODY.PEEK[HEADER.FIELDS (X-0)] ");
	rig_say(&r, "UID)\r\n");
	for (i = 0; i < 200; i++)
		rig_turn(&r, 1);
	CHECK(nclients == 1 && client_queued(r.client) > CLIENT_OUT_HIGH &&
	    client_queued(r.client) < 512 * 1024);
	r.deaf = false;
	CHECK(rig_hear(&r, "e OK "));
	end();
}

int
main(void)
{
	test_once(0);
	test_once(STEPS);
	test_failing();
	test_room();
	return TEST_END();
}
