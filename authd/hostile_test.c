/*
 * A taken-over imapd against authd: floods, garbage, ids of all kinds.  It
 * may lose its own channel; the other imapd's logins must go on.
 */
#include "common/compat.h"

#include <errno.h>

#include "authd/authd_test.h"
#include "authd/request.h"

static struct fake	bad, good, store, work;
static uint32_t		good_id;

static void
begin(void)
{
	authd_begin(1, 1, 0);
	fake_join(&bad, PROC_IMAPD, 0);
	fake_join(&good, PROC_IMAPD, 1);
	fake_join(&work, PROC_AUTHWORKER, 0);
	fake_join(&store, PROC_STORAGED, 0);
	pump();
}

static void
end(void)
{
	fake_leave(&bad);
	fake_leave(&good);
	fake_leave(&work);
	fake_leave(&store);
	authd_end();
}

/* The other imapd is served as ever. */
static bool
good_serves(void)
{
	bool	ok;

	login(&good, ++good_id, "ann", "pw");
	pump();
	ok = granted(&good, good_id, "ann");
	if (last(&store)->type == IMSG_GRANT_SESSION &&
	    last(&store)->fd != -1) {
		close(last(&store)->fd);
		last(&store)->fd = -1;
	}
	return ok;
}

static void
check_ids(void)
{
	begin();
	/* steps and cancels of nothing are nothing */
	step(&bad, 1, "x");
	step(&bad, 0, "x");
	peer_send(bad.p, IMSG_AUTH_CANCEL, 0xffffffff, NULL, 0, -1);
	pump();
	CHECK(!bad.closed && bad.n == 0 && authd->logins == 0);
	/* a step where none is due ends that login */
	work.hold = true;
	login(&bad, 5, "ann", "pw");
	step(&bad, 5, "again");
	pump();
	CHECK(refused(&bad, 5, AUTH_PROTOCOL) && authd->logins == 0);
	work.hold = false;
	fake_result(&work, last(&work)->id, WORK_NO, "");
	pump();
	CHECK(good_serves());
	/* an id twice, and no id: the channel goes, with what is on it */
	start(&bad, 6, "LOGIN", STR(""), false);
	start(&bad, 7, "LOGIN", STR(""), false);
	start(&bad, 6, "LOGIN", STR(""), false);
	pump();
	CHECK(bad.closed && authd->logins == 0);
	CHECK(good_serves());
	fake_join(&bad, PROC_IMAPD, 0);
	start(&bad, 0, "LOGIN", STR(""), false);
	pump();
	CHECK(bad.closed && good_serves());
	end();
}

static void
check_flood(void)
{
	uint32_t	i;
	char		user[16];

	begin();
	work.hold = true;
	for (i = 1; i <= 3000; i++) {
		snprintf(user, sizeof(user), "u%u", i);
		login(&bad, i, user, "pw");
		if (i % 500 == 0)
			pump();
	}
	CHECK(authd->logins == AUTHD_LOGINS_MAX);
	CHECK(bad.n == 3000 - AUTHD_LOGINS_MAX);
	CHECK(work_waiting(authd->work) == AUTHD_LOGINS_MAX - 1);
	/* The other's login is the next but one. */
	login(&good, 1, "ann", "pw");
	pump();
	for (i = 0; i < 2 && strcmp(last(&work)->user, "ann") != 0; i++) {
		fake_work(&work, last(&work));
		pump();
	}
	CHECK(strcmp(last(&work)->user, "ann") == 0);
	fake_work(&work, last(&work));
	pump();
	CHECK(granted(&good, 1, "ann"));
	/* When it goes, all of it goes. */
	fake_leave(&bad);
	CHECK(authd->logins == 0 && work_waiting(authd->work) == 0);
	work.hold = false;
	fake_work(&work, last(&work));
	good_id = 1;
	CHECK(good_serves());
	end();
}

static void
check_drop_flood(void)
{
	uint32_t	i;
	char		user[16];

	begin();
	work.hold = true;
	for (i = 1; i <= 5000; i++) {
		snprintf(user, sizeof(user), "u%u", i);
		login(&bad, i, user, "pw");
		peer_send(bad.p, IMSG_AUTH_CANCEL, i, NULL, 0, -1);
		if (i % 200 == 0)
			pump();
	}
	CHECK(work_waiting(authd->work) == 0 && authd->logins == 0);
	CHECK(work.n == 1);		/* one was begun before its end */
	work.hold = false;
	fake_work(&work, last(&work));
	pump();
	CHECK(good_serves());
	end();
}

static void
check_guesses(void)
{
	uint32_t	i;
	char		guess[16];

	begin();
	work.hold = true;
	/* One guess at a time, and then they wait. */
	for (i = 1; i <= 20; i++) {
		snprintf(guess, sizeof(guess), "guess%u", i);
		login(&bad, i, "ann", guess);
	}
	pump();
	CHECK(work.n == 1);
	work.hold = false;
	fake_work(&work, last(&work));
	pump();
	CHECK(work.n == 3);		/* the two free ones, and one more */
	CHECK(authd->channel[0].delayed + bad.n == 20);
	CHECK(authd->channel[0].delayed > 0);
	/* the user, from elsewhere through another imapd, is not slowed */
	CHECK(good_serves());
	/* the same password ten times is one check, and one failure */
	work.n = 0;
	for (i = 101; i <= 110; i++)
		login(&bad, i, "bob", "stale");
	pump();
	CHECK(work.n <= 1);
	end();
}

static void
check_shared(void)
{
	uint32_t	i;
	size_t		ok = 0;

	begin();
	work.hold = true;
	for (i = 1; i <= 10; i++)
		login(&bad, i, "ann", "pw");
	pump();
	CHECK(work.n == 1);
	fake_work(&work, last(&work));
	pump();
	for (i = 0; i < 10; i++) {
		ok += bad.got[i].type == IMSG_AUTH_OK;
		close(bad.got[i].fd);
		close(store.got[i].fd);
		store.got[i].fd = -1;
	}
	CHECK(ok == 10 && bad.n == 10 && store.n == 10 && work.n == 1);
	end();
}

static void
check_sizes(void)
{
	static char	big[AUTH_BYTES_MAX];
	uint32_t	i;

	begin();
	memset(big, 'A', sizeof(big));
	start(&bad, 1, "PLAIN", (struct str){ big, sizeof(big) }, true);
	pump();
	CHECK(refused(&bad, 1, AUTH_PROTOCOL));
	big[0] = big[6000] = '\0';
	start(&bad, 2, "PLAIN", (struct str){ big, sizeof(big) }, true);
	pump();
	CHECK(refused(&bad, 2, AUTH_FAILED));
	start(&bad, 3, "LOGIN", (struct str){ big + 1, 5000 }, true);
	pump();
	CHECK(refused(&bad, 3, AUTH_FAILED));
	/* it sends, and does not read */
	peer_hold(bad.p, true);
	for (i = 10; i < 20000; i++) {
		start(&bad, i, "NONE", STR(""), false);
		if (i % 500 == 0)
			pump();
	}
	pump();
	CHECK(good_serves());
	CHECK(peer_queued(authd->channel[0].peer) < 2 * PEER_HIGH_WATER);
	peer_hold(bad.p, false);
	pump();
	CHECK(good_serves());
	end();
}

/* Right logins whose descriptors are never taken: they must not pile up. */
static void
check_untaken(void)
{
	uint32_t	i;
	char		user[16];

	begin();
	store.close_fds = bad.close_fds = true;
	peer_hold(bad.p, true);
	for (i = 1; i <= 3000; i++) {
		snprintf(user, sizeof(user), "u%u", i);
		login(&bad, i, user, "pw");
		pump();
	}
	CHECK(authd->counts.unavailable > 1000);
	CHECK(authd->counts.ok < 1500);
	CHECK(authd->logins == 0);
	store.close_fds = false;
	CHECK(good_serves());
	peer_hold(bad.p, false);
	pump();
	CHECK(bad.n == 3000);
	CHECK(good_serves());
	end();
}

/* Raw bytes instead of a peer. */
static void
check_garbage(void)
{
	static const struct { const char *p; size_t len; } rows[] = {
		{ "", 0 }, { "\0", 1 }, { "GET / HTTP/1.0\r\n\r\n", 18 },
		{ "\xff\xff\xff\xff\xff\xff\xff\xff", 8 },
		/* a grant on the AUTH channel, an AUTH_OK of its own */
		{ "\x10\0\0\0\x28\0\0\0\1\0\0\0\0\0\0\0", 16 },
		{ "\x10\0\0\0\x22\0\0\0\1\0\0\0\0\0\0\0", 16 },
		/* half a frame */
		{ "\x20\0\0\0\x1e\0\0\0\1\0", 10 }
	};
	uint8_t		noise[4096];
	uint32_t	seed = 1;
	size_t		i, j;
	int		sv[2];

	begin();
	for (i = 0; i < nitems(rows) + 50; i++) {
		CHECK(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0,
		    sv) == 0);
		authd_peer(authd, PROC_IMAPD, 5, sv[1]);
		pump();
		if (i < nitems(rows))
			(void)!write(sv[0], rows[i].p, rows[i].len);
		else {
			for (j = 0; j < sizeof(noise); j++) {
				seed = seed * 1103515245 + 12345;
				noise[j] = (uint8_t)(seed >> 16);
			}
			/* sometimes with a header that looks right */
			if (i % 2) {
				memcpy(noise, "\x18\0\0\0\1\0\0\0\0\0\0\0"
				    "\0\0\0\0\2\0\0\0\1\0\0\0", 24);
				memcpy(noise + 24, "\x40\0\0\0\x1e\0\0\0"
				    "\1\0\0\0\0\0\0\0", 16);
			}
			(void)!write(sv[0], noise, sizeof(noise));
		}
		pump();
		close(sv[0]);
		pump();
		CHECK_ROW(authd->channel[5].peer == NULL &&
		    authd->channel[5].n == 0, "row %zu", i);
	}
	CHECK(good_serves());
	/* a storaged that talks where it has nothing to say is cut */
	CHECK(write(peer_fd(store.p), "\x10\0\0\0\x28\0\0\0\1\0\0\0\0\0\0\0",
	    16) == 16);
	pump();
	CHECK(store.closed);
	fake_join(&store, PROC_STORAGED, 0);
	CHECK(good_serves());
	/* processes that are not to be here */
	CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, sv) == 0);
	authd_peer(authd, PROC_CREDD, 0, dup(sv[1]));
	authd_peer(authd, PROC_IMAPD, AUTHD_IMAPD_MAX, dup(sv[1]));
	authd_peer(authd, PROC_STORAGED, 1, dup(sv[1]));
	authd_peer(authd, PROC_AUTHWORKER, WORK_WORKERS_MAX, dup(sv[1]));
	close(sv[0]);
	close(sv[1]);
	CHECK(good_serves());
	end();
}

int
main(void)
{
	check_ids();
	check_flood();
	check_drop_flood();
	check_guesses();
	check_shared();
	check_sizes();
	check_untaken();
	check_garbage();
	return TEST_END();
}
