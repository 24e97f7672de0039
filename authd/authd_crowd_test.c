/*
 * The whole of authd with fake peers: when wrong passwords are answered, and
 * what becomes of logins that wait, are too many, or are there at the end.
 */
#include "common/compat.h"

#include "authd/attempt.h"
#include "authd/test/authd_whole.h"
#include "common/user.h"

static unsigned int
failures_of(const char *text)
{
	struct addr_key	 from;
	struct tally	*t;
	unsigned int	 n;

	addr_key_parse(&from, text);
	t = gate_address(authd->gate, 0, &from, 0);
	n = t->failures;
	tally_drop(t);
	return n;
}

/*
 * When a wrong password is answered does not tell how long its check took,
 * nor whether there is such a name: by the time that is set for it.
 */
static void
check_answer_time(void)
{
	static const struct {
		enum work_result_code	code;
		int			ms;	/* of the check */
	} rows[] = {
		{ WORK_NO, 0 }, { WORK_UNKNOWN, 0 }, { WORK_NO, 40 },
		{ WORK_UNKNOWN, 40 }
	};
	struct gate_conf	 gc = { 400, 30 };
	struct timeval		 tv;
	struct attempt		*at;
	char			 user[16];
	uint32_t		 i;

	whole_begin();
	authd->conf.answer_ms = gc.answer_ms;
	gate_configure(authd->gate, &gc);
	work.hold = true;
	for (i = 0; i < nitems(rows); i++) {
		snprintf(user, sizeof(user), "192.0.2.%u", i + 1);
		remote = user;
		login(&imapd, i + 1, user, "no");
		pump_now();
		tv.tv_sec = 0;
		tv.tv_usec = rows[i].ms * 1000;
		event_base_loopexit(base, &tv);
		event_base_loop(base, 0);
		fake_result(&work, last(&work)->id, rows[i].code, "");
		pump_now();
		/* it is known, and not told */
		CHECK_ROW(imapd.n == i && authd->held == 1, "row %u", i);
		at = TAILQ_FIRST(&authd->attempts);
		CHECK_ROW(at != NULL && strcmp(at->why, rows[i].code ==
		    WORK_NO ? "wrong password" : "unknown user") == 0,
		    "row %u", i);
		CHECK_ROW(at != NULL &&
		    at->due == at->gate.started + gc.answer_ms,
		    "row %u", i);
		pump();
		CHECK_ROW(refused(&imapd, i + 1, AUTH_FAILED), "row %u", i);
	}
	CHECK(TAILQ_EMPTY(&authd->attempts));
	remote = "192.0.2.1";
	/* a right one is told at once */
	login(&imapd, 9, "ann", "pw");
	pump_now();
	fake_result(&work, last(&work)->id, WORK_YES, "ann");
	pump_now();
	CHECK(granted(&imapd, 9, "ann"));
	whole_end();
}

/* Who goes before the answer has guessed all the same. */
static void
check_given_up(void)
{
	struct addr_key	 from;
	struct tally	*t;
	uint32_t	 i;
	char		 guess[16];

	whole_begin();
	work.hold = true;
	for (i = 1; i <= 2; i++) {
		snprintf(guess, sizeof(guess), "guess%u", i);
		login(&imapd, i, "ann", guess);
		pump();
		peer_send(imapd.p, IMSG_AUTH_CANCEL, i, NULL, 0, -1);
		pump();
		CHECK(refused(&imapd, i, AUTH_CANCELLED) && work.n == i);
		CHECK(authd->logins == 0);
		/* while the worker is at it, that address has no other */
		login(&imapd, 10 + i, "ann", "other");
		pump();
		CHECK(gate_waiting(authd->gate) == 1);
		peer_send(imapd.p, IMSG_AUTH_CANCEL, 10 + i, NULL, 0, -1);
		fake_result(&work, last(&work)->id, WORK_NO, "");
		pump();
		CHECK(failures_of(remote) == i);
	}
	CHECK(TAILQ_EMPTY(&authd->attempts));
	/* nobody holds the address any more */
	addr_key_parse(&from, remote);
	t = gate_address(authd->gate, 0, &from, 0);
	CHECK(t->holds == 1 && t->logins == 0 && t->running == 0);
	tally_drop(t);
	/* and what had not begun is nothing */
	login(&imapd, 20, "bob", "pw");
	login(&imapd, 21, "cid", "pw");
	pump();
	CHECK(work.n == 3 && gate_waiting(authd->gate) == 1);
	fake_leave(&imapd);
	CHECK(gate_waiting(authd->gate) == 0 && authd->logins == 0);
	fake_result(&work, last(&work)->id, WORK_NO, "");
	pump();
	CHECK(failures_of(remote) == 3);
	whole_end();
}

/* The right password speaks for who sent it: half of what the address has
 * failed is forgotten, and a user who mistypes later waits for nothing. */
static void
check_passed(void)
{
	static const char *const	passwords[] = { "a", "b", "pw" };
	struct addr_key			from;
	uint32_t			i;

	whole_begin();
	remote = "198.51.100.7";
	addr_key_parse(&from, remote);
	for (i = 1; i <= nitems(passwords); i++) {
		CHECK(failures_of(remote) == i - 1);
		login(&imapd, i, "ann", passwords[i - 1]);
		pump();
	}
	CHECK(granted(&imapd, 3, "ann") && failures_of(remote) == 1);
	CHECK(known_trust(authd->known, "ann", &from, 0) == KNOWN_FIRST);
	for (; i <= 5; i++) {
		login(&imapd, i, "ann", i < 5 ? "c" : "pw");
		pump();
	}
	CHECK(granted(&imapd, 5, "ann"));
	CHECK(authd->counts.delayed == 0);
	/* it is ann who is known there, nobody else */
	CHECK(known_trust(authd->known, "bob", &from, 0) == 0);
	remote = "192.0.2.1";
	whole_end();
}

/* Which of the logins has been told to come back, or 0. */
static uint32_t
pushed_out(size_t n)
{
	struct kept	*k;

	pump();
	k = last(&imapd);
	return imapd.n == n && k->type == IMSG_AUTH_NO &&
	    k->code == AUTH_UNAVAILABLE ? k->id : 0;
}

/* No room: the longest waiting of the address that has most goes. */
static void
check_crowd(void)
{
	static const char *const	froms[] = {
		"192.0.2.1", "192.0.2.2", "192.0.2.1", "2001:db8::1",
		"192.0.2.2", "2001:db8::2", "2001:db8::3", "192.0.2.3",
		"2001:db8::ffff"
	};
	char		user[16];
	uint32_t	i, gone;

	whole_begin();
	authd->conf.logins = nitems(froms);
	authd->conf.logins_address = 5;
	work.hold = true;
	login(&imapd, 100, "first", "pw");	/* the worker's */
	pump();
	for (i = 0; i < nitems(froms) - 1; i++) {
		remote = froms[i];
		snprintf(user, sizeof(user), "u%u", i);
		login(&imapd, i + 1, user, "pw");
	}
	pump();
	CHECK(imapd.n == 0);
	/* a quiet address' newcomer pushes out one of the /64 with three
	 * (192.0.2.1 has three too, but one that is being checked: it is
	 * the oldest of those that can) */
	remote = "198.51.100.1";
	login(&imapd, 50, "quiet", "pw");
	CHECK(pushed_out(1) == 1);
	login(&imapd, 51, "quiet", "pw");
	CHECK(pushed_out(2) == 4);
	/* one more of an address with most pushes out its own */
	remote = "2001:db8::9";
	login(&imapd, 52, "x", "pw");
	CHECK(pushed_out(3) == 6);
	/* an address of its own limit, though there is room */
	authd->conf.logins = 100;
	authd->conf.logins_address = 3;
	remote = "198.51.100.1";
	login(&imapd, 53, "quiet2", "pw");
	pump();
	CHECK(imapd.n == 3);
	login(&imapd, 54, "quiet3", "pw");
	CHECK(pushed_out(4) == 50);
	CHECK(authd->counts.refused == 4);
	/* who rides along holds no worker: it can go too */
	remote = "203.0.113.5";
	login(&imapd, 60, "quiet4", "pw");
	login(&imapd, 61, "quiet4", "pw");
	login(&imapd, 62, "quiet4", "pw");
	for (i = 0; i < 20 && strcmp(last(&work)->user, "quiet4") != 0; i++) {
		fake_result(&work, last(&work)->id, WORK_NO, "");
		pump();
	}
	CHECK(strcmp(last(&work)->user, "quiet4") == 0);
	login(&imapd, 63, "quiet5", "pw");
	gone = pushed_out(imapd.n + 1);
	CHECK_ROW(gone >= 60 && gone <= 62, "%u", gone);
	remote = "192.0.2.1";
	whole_end();
}

/* Who is over his own limit makes room for himself, and nobody else for
 * him: webmail at ::1 has no such limit, and most of the logins. */
static void
check_own_crowd(void)
{
	uint32_t	i;
	char		user[16];

	whole_begin();
	authd->conf.logins = 100;
	authd->conf.logins_address = 2;
	work.hold = true;
	for (i = 1; i <= 9; i++) {
		remote = i < 8 ? "::1" : "192.0.2.5";
		snprintf(user, sizeof(user), "u%u", i);
		login(&imapd, i, user, "pw");
		pump();
	}
	CHECK(imapd.n == 0 && authd->logins == 9);
	login(&imapd, 10, "u10", "pw");
	CHECK(pushed_out(1) == 8);
	login(&imapd, 11, "u11", "pw");
	CHECK(pushed_out(2) == 9);
	remote = "192.0.2.1";
	whole_end();
}

static bool	drained;

static void
on_drained(void)
{
	drained = true;
}

/* While Pail starts, a password is looked at, and nobody gets in. */
static void
check_held(void)
{
	const struct fake	*store = &stores[user_shard("ann", 3)];

	whole_begin();
	grants_hold(authd->grants);
	login(&imapd, 1, "ann", "pw");
	pump();
	CHECK(work.n == 1 && imapd.n == 0 && store->n == 0);
	login(&imapd, 2, "ann", "wrong");
	pump();
	CHECK(refused(&imapd, 2, AUTH_FAILED));
	authd_serve(authd);
	pump_now();
	CHECK(granted(&imapd, 1, "ann") && store->n == 1);
	/* What ends meanwhile does not wait for it. */
	grants_hold(authd->grants);
	login(&imapd, 3, "ann", "pw");
	pump();
	CHECK(imapd.n == 2);
	drained = false;
	authd_drain(authd, on_drained);
	pump_now();
	CHECK(refused(&imapd, 3, AUTH_UNAVAILABLE) && drained);
	whole_end();
}

static void
check_drain(void)
{
	whole_begin();
	work.hold = true;
	start(&imapd, 1, "LOGIN", STR(""), false);
	login(&imapd, 2, "ann", "pw");
	pump();
	authd_drain(authd, on_drained);
	pump();
	CHECK(refused(&imapd, 1, AUTH_UNAVAILABLE) && !drained);
	login(&imapd, 3, "ann", "pw");
	pump();
	CHECK(refused(&imapd, 3, AUTH_UNAVAILABLE));
	fake_result(&work, last(&work)->id, WORK_YES, "ann");
	pump();
	CHECK(granted(&imapd, 2, "ann") && drained);
	whole_end();
}

int
main(void)
{
	check_answer_time();
	check_given_up();
	check_passed();
	check_crowd();
	check_own_crowd();
	check_drain();
	check_held();
	return TEST_END();
}
