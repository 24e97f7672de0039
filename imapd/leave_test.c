/*
 * How clients go: when it is their turn, and not in the midst of a command;
 * what crosses their BYE is not begun, and does not cut it off.
 */
#include <sys/socket.h>
#include <string.h>
#include <unistd.h>

#include <event2/event.h>

#include "common/clock.h"
#include "common/test.h"
#include "imapd/client.h"
#include "imapd/leave.h"
#include "imapd/test/rig.h"
#include "imapd/test/storage_fake.h"

#define CLIENTS		4
#define LONG		(3600 * 1000)	/* ms */

static unsigned int	 gone;

static void
on_gone(void)
{
	gone++;
}

static void
login_by(struct rig *r, bool imaps)
{
	rig_connect(r, imaps, true);
	CHECK(!imaps || rig_shake(r));
	rig_say(r, "l LOGIN ann secret\r\n");
	CHECK(rig_hear(r, "l OK "));
}

static void
login(struct rig *r)
{
	login_by(r, false);
}

static void
turns(struct rig *r, int ms)
{
	uint64_t	 until = clock_ms() + (uint64_t)ms;

	while (clock_ms() < until)
		rig_turn(r, 10);
}

/* As main.c does, when no client connects any more. */
static void
leave(struct rig *r)
{
	gone = 0;
	leave_within(r->base, 0, on_gone);
}

/* Until leave() is over: it would show out whoever connects next. */
static void
depart(struct rig *r)
{
	uint64_t	 until = clock_ms() + 5000;

	rig_disconnect(r);
	while (gone == 0 && clock_ms() < until)
		turns(r, 10);
	CHECK(gone > 0 && nclients == 0);
}

/* Of themselves, before until. */
static bool
all_gone(struct rig *r, int64_t until)
{
	while (nclients > 0 && (int64_t)clock_ms() < until)
		turns(r, 10);
	return nclients == 0;
}

static bool
said_bye(const struct rig *r)
{
	return r->client->state == CLIENT_LOGOUT;
}

/* The first goes at once, each other in its part of the time. */
static void
test_spread(struct rig *r)
{
	struct rig	 all[CLIENTS];
	int64_t		 began;
	int		 i;

	for (i = 0; i < CLIENTS; i++) {
		all[i] = *r;
		memset(&all[i].in, 0, sizeof(all[i].in));
		login(&all[i]);
	}
	rig_say(&all[1], "i IDLE\r\n");
	CHECK(rig_hear(&all[1], "+ idling"));
	began = (int64_t)clock_ms();
	leave_within(r->base, LONG, on_gone);
	for (i = 0; i < CLIENTS; i++)
		CHECK_ROW(all[i].client->leave_at - began >= i * LONG /
		    CLIENTS && all[i].client->leave_at - began <= i * LONG /
		    CLIENTS + 5000, "%d", i);
	CHECK(rig_hear(&all[0], "* BYE ") && rig_closed(&all[0]));
	turns(r, 120);
	/* The others may go on meanwhile. */
	rig_say(&all[2], "a NOOP\r\n");
	CHECK(rig_hear(&all[2], "a OK "));
	CHECK(!said_bye(&all[1]));
	all[1].client->leave_at = 0;
	CHECK(rig_hear(&all[1], "* BYE "));
	CHECK(gone == 0);
	/* Hurried: all that are left. */
	leave_now(r->base, on_gone);
	CHECK(rig_hear(&all[2], "* BYE ") && rig_hear(&all[3], "* BYE "));
	for (i = 1; i < CLIENTS; i++)
		rig_disconnect(&all[i]);
	depart(&all[0]);
	clients_draining = false;
}

/* A command under way is answered first; what is half there is under way. */
static void
test_busy(struct rig *r)
{
	login(r);
	CHECK(fake_do(r->fake, "wait") == 0);
	rig_say(r, "a APPEND INBOX {3+}\r\nabc\r\n");
	leave(r);
	turns(r, 120);
	CHECK(!said_bye(r));
	rig_say(r, "b NOOP\r\n");	/* that is one too many */
	CHECK(fake_do(r->fake, "go") == 0);
	CHECK(rig_hear(r, "a OK ") && rig_closed(r));
	CHECK(memmem(r->in.data, r->in.len, "b OK", 4) == NULL);
	CHECK(rig_hear(r, "* BYE "));
	depart(r);
	login(r);
	rig_say(r, "a CREATE {3}\r\n");
	CHECK(rig_hear(r, "+ OK"));
	leave(r);
	turns(r, 120);
	CHECK(!said_bye(r));
	rig_say(r, "box\r\n");
	CHECK(rig_hear(r, "a OK ") && rig_hear(r, "* BYE "));
	depart(r);
}

/* The client's end closes, or it does not: then not for long. */
static void
test_lingers(struct rig *r, bool imaps)
{
	int64_t	 until;

	login_by(r, imaps);
	leave(r);
	CHECK(rig_hear(r, "* BYE ") && rig_closed(r));
	rig_say(r, "a CREATE late\r\n");
	turns(r, 60);
	CHECK(nclients == 1 && client_unread(r->client) == 0);
	until = r->client->linger_until;
	CHECK(until > (int64_t)clock_ms());
	shutdown(r->fd, SHUT_WR);
	CHECK(all_gone(r, until));
	depart(r);
	login_by(r, imaps);
	leave(r);
	CHECK(rig_hear(r, "* BYE ") && rig_closed(r));
	CHECK(all_gone(r, until + 10000));
	depart(r);
	login(r);
	rig_say(r, "a LIST \"\" late\r\n");
	CHECK(rig_hear(r, "a OK ") &&
	    memmem(r->in.data, r->in.len, "late", 4) == NULL);
	depart(r);
}

/* Who says LOGOUT knows what it has sent. */
static void
test_logout(struct rig *r)
{
	login(r);
	CHECK(fake_do(r->fake, "wait") == 0);
	rig_say(r, "a CREATE box-2\r\nb LOGOUT\r\n");
	leave(r);
	turns(r, 120);
	CHECK(fake_do(r->fake, "go") == 0);
	CHECK(rig_hear(r, "a OK ") && rig_closed(r));
	CHECK(all_gone(r, (int64_t)clock_ms() + 5000));
	depart(r);
}

int
main(void)
{
	struct rig	 r;

	rig_init(&r, true);
	test_spread(&r);
	test_busy(&r);
	test_lingers(&r, false);
	test_lingers(&r, true);
	test_logout(&r);
	rig_end(&r);
	return TEST_END();
}
