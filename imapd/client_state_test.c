/* Which state may follow which, and what a move brings with it. */
#include <string.h>

#include "common/compat.h"
#include "common/test.h"
#include "imapd/client.h"
#include "imapd/test/rig.h"
#include "imapd/test/storage_fake.h"

static const enum client_state states[] = {
	CLIENT_NEW, CLIENT_STRANGER, CLIENT_STARTTLS, CLIENT_KNOWN,
	CLIENT_SELECTED, CLIENT_LOGOUT, CLIENT_CLOSED
};

/* From the row's state to the column's, in the order of states[]. */
static const struct { const char *name, *to; } moves[] = {
	{ "new",	".x.x.xx" },
	{ "stranger",	"..xx.xx" },
	{ "starttls",	".x...xx" },
	{ "known",	"....xxx" },
	{ "selected",	"...x.xx" },
	{ "logout",	"......x" },
	{ "closed",	"......." },
};

static void
test_table(void)
{
	size_t	 i, k;

	for (i = 0; i < nitems(states); i++) {
		CHECK(strcmp(client_state_name(states[i]),
		    moves[i].name) == 0);
		for (k = 0; k < nitems(states); k++)
			CHECK_ROW(client_may_enter(states[i], states[k]) ==
			    (moves[i].to[k] == 'x'), "%s to %s",
			    moves[i].name, moves[k].name);
	}
}

/* One session, and the states that it goes through. */
static void
test_life(void)
{
	struct rig	 r;

	rig_init(&r, false);
	rig_connect(&r, false, true);
	CHECK(rig_hear(&r, "* OK "));
	CHECK(r.client->state == CLIENT_STRANGER && nstrangers == 1);
	rig_say(&r, "a LOGIN ann secret\r\n");
	CHECK(rig_hear(&r, "a OK "));
	CHECK(r.client->state == CLIENT_KNOWN && nstrangers == 0);
	rig_say(&r, "b SELECT INBOX\r\n");
	CHECK(rig_hear(&r, "b OK "));
	CHECK(r.client->state == CLIENT_SELECTED);
	rig_say(&r, "c SELECT Drafts\r\n");
	CHECK(rig_hear(&r, "c OK "));
	CHECK(r.client->state == CLIENT_SELECTED);
	rig_say(&r, "d UNSELECT\r\n");
	CHECK(rig_hear(&r, "d OK "));
	CHECK(r.client->state == CLIENT_KNOWN && !client_over(r.client));
	client_bye(r.client, "test");
	CHECK(r.client->state == CLIENT_LOGOUT && client_over(r.client));
	client_bye(r.client, "twice");		/* says nothing more */
	CHECK(rig_hear(&r, "* BYE test\r\n") && rig_closed(&r));
	CHECK(r.in.len == 0);
	rig_disconnect(&r);
	rig_end(&r);
}

/* An operator ends it; what has no session of that number is left alone. */
static void
test_ended(void)
{
	struct rig	 r;

	rig_init(&r, false);
	rig_connect(&r, false, true);
	CHECK(rig_hear(&r, "* OK "));
	fake_leave(r.fake, 0);
	rig_say(&r, "a LOGIN ann secret\r\n");
	CHECK(rig_hear(&r, "a OK ") && r.client->granted != 0);
	fake_leave(r.fake, r.client->granted + 1);
	rig_say(&r, "b NOOP\r\n");
	CHECK(rig_hear(&r, "b OK ") && !client_over(r.client));
	fake_leave(r.fake, r.client->granted);
	CHECK(rig_hear(&r, "* BYE Your session was ended by the "
	    "administrator\r\n") && rig_closed(&r));
	rig_disconnect(&r);
	rig_end(&r);
}

/* Our own fault costs the client, and nobody else. */
static void
test_illegal(void)
{
	struct rig	 r;

	rig_init(&r, false);
	rig_connect(&r, false, true);
	CHECK(rig_hear(&r, "* OK "));
	client_enter(r.client, CLIENT_SELECTED);
	CHECK(client_closed(r.client) && nstrangers == 0);
	client_enter(r.client, CLIENT_KNOWN);	/* no way back */
	CHECK(client_closed(r.client));
	CHECK(rig_closed(&r) && nclients == 0);
	rig_disconnect(&r);
	rig_end(&r);
}

int
main(void)
{
	test_table();
	test_life();
	test_ended();
	test_illegal();
	return TEST_END();
}
