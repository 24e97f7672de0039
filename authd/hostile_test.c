/*
 * A taken-over imapd against authd: floods, garbage, ids of all kinds.  It
 * may lose its own channel; the other imapd's logins must go on.
 */
#include "common/compat.h"

#include <errno.h>

#include "authd/test/authd_fakes.h"
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
	pump();
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
	CHECK(authd->logins == authd->conf.logins);
	CHECK(bad.n == 3000 - authd->conf.logins);
	CHECK(gate_waiting(authd->gate) == authd->conf.logins - 1);
	CHECK(work_waiting(authd->work) == 0);
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
	CHECK(authd->logins == 0 && gate_waiting(authd->gate) == 0);
	work.hold = false;
	fake_work(&work, last(&work));
	good_id = 1;
	CHECK(good_serves());
	end();
}

/*
 * The same through the imapd that floods, in the victim's name and from all
 * kinds of addresses: a right password is among the next few.
 */
static void
check_flood_and_login(void)
{
	static const char *const	froms[] = {
		"198.51.100.2", "198.51.100.3", "2001:db8::1", "127.0.0.1", ""
	};
	uint32_t	i;
	char		user[16];

	begin();
	work.hold = true;
	for (i = 1; i <= 3000; i++) {
		snprintf(user, sizeof(user), "u%u", i);
		remote = froms[i % nitems(froms)];
		login(&bad, i, i % 3 ? user : "victim", "guess");
		if (i % 500 == 0)
			pump();
	}
	remote = "203.0.113.66";
	login(&bad, 4000, "ann", "pw");
	pump();
	for (i = 0; i < 10 && strcmp(last(&work)->user, "ann") != 0; i++) {
		fake_work(&work, last(&work));
		pump_now();
	}
	CHECK_ROW(i < 5, "behind %u", i);
	fake_work(&work, last(&work));
	pump_now();
	CHECK(granted(&bad, 4000, "ann"));
	remote = "192.0.2.1";
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
		if (i == 1)
			pump();
		peer_send(bad.p, IMSG_AUTH_CANCEL, i, NULL, 0, -1);
		if (i % 200 == 0)
			pump();
	}
	CHECK(gate_waiting(authd->gate) == 0 && authd->logins == 0);
	CHECK(work_waiting(authd->work) == 0);
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
	CHECK(bad.n == 3 && gate_waiting(authd->gate) == 17);
	/* the user, from elsewhere through another imapd, is not slowed */
	CHECK(good_serves());
	/* the same password ten times is one check, and one failure */
	work.n = 0;
	remote = "192.0.2.77";
	for (i = 101; i <= 110; i++)
		login(&bad, i, "bob", "stale");
	pump();
	CHECK(work.n == 1 && bad.n == 13);
	login(&bad, 111, "bob", "other");
	pump();
	CHECK(refused(&bad, 111, AUTH_FAILED) && work.n == 2);
	remote = "192.0.2.1";
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

/* Logins that are right, of an imapd that does not read: at most 3000, until
 * so many wait.  How many, each by its number's name. */
static uint32_t
untaken_begin(size_t waiting)
{
	uint32_t	i;
	char		user[16];

	begin();
	store.close_fds = bad.close_fds = true;
	peer_hold(bad.p, true);
	for (i = 1; i <= 3000 && authd->logins < waiting; i++) {
		snprintf(user, sizeof(user), "u%u", i);
		login(&bad, i, user, "pw");
		pump();
	}
	return i - 1;
}

/* It reads again. */
static void
untaken_read(void)
{
	peer_hold(bad.p, false);
	while (authd->logins > 0)
		event_base_loop(base, EVLOOP_ONCE);
	pump();
}

/* A user is gone while his login, already proved, waits for imapd to read: he
 * gets no session, and who waits beside him does. */
static void
check_revoked_waiting(void)
{
	uint64_t	ok;
	uint32_t	n;
	char		user[16];

	n = untaken_begin(3);
	ok = authd->counts.ok;
	CHECK(authd->logins == 3);
	snprintf(user, sizeof(user), "u%u", n);
	authd_revoke(authd, user);
	CHECK(authd->logins == 2 && authd->counts.unavailable == 1);
	untaken_read();
	CHECK(authd->counts.ok == ok + 2);
	CHECK(authd->counts.unavailable == 1 && bad.n == n);
	store.close_fds = false;
	end();
}

/* Right logins whose descriptors are not taken: they must not pile up, and
 * those that wait meanwhile get in once they are. */
static void
check_untaken(void)
{
	uint64_t	ok;
	size_t		waiting;

	CHECK(untaken_begin(SIZE_MAX) == 3000);
	ok = authd->counts.ok;
	waiting = authd->logins;
	CHECK(authd->counts.refused > 1000);
	CHECK(ok < 1500);
	CHECK(waiting > 0 && waiting <= authd->conf.logins_address);
	store.close_fds = false;
	CHECK(good_serves());
	store.close_fds = true;
	untaken_read();
	CHECK(authd->counts.ok == ok + 1 + waiting);
	CHECK(authd->counts.unavailable == 0);
	CHECK(bad.n == 3000);
	store.close_fds = false;
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
	check_flood_and_login();
	check_drop_flood();
	check_guesses();
	check_shared();
	check_sizes();
	check_untaken();
	check_revoked_waiting();
	check_garbage();
	return TEST_END();
}
