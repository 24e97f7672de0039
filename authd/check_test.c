/* What becomes of what the workers say of a password. */
#include "common/compat.h"

#include "authd/test/authd_whole.h"
#include "common/hex.h"

/* Of the address that logins come from. */
static unsigned int
failures(void)
{
	struct addr_key	 from;
	struct tally	*t;
	unsigned int	 n;

	addr_key_parse(&from, remote);
	t = gate_address(authd->gate, 0, &from, 0);
	n = t->failures;
	tally_drop(t);
	return n;
}

/* Who has the right password is told why it is of no use, and nobody else; no
 * other backend lets them in. */
static void
check_expired(void)
{
	static const struct {
		enum work_result_code	work;
		enum auth_code		auth;
		const char		*text;
	} rows[] = {
		{ WORK_EXPIRED, AUTH_EXPIRED,
		  "The password or the account has expired" },
		{ WORK_LOCKED, AUTH_CONTACTADMIN, "This account may not log "
		  "in, contact your administrator" }
	};
	size_t	i, n;

	for (i = 0; i < nitems(rows); i++) {
		authd_begin(1, 2, 300000);
		fake_join(&imapd, PROC_IMAPD, 0);
		fake_join(&work, PROC_AUTHWORKER, 0);
		fake_join(&stores[0], PROC_STORAGED, 0);
		work.hold = true;
		login(&imapd, 1, "ann", "pw");
		pump();
		CHECK(strcmp(last(&work)->remote, "192.0.2.1") == 0);
		fake_result(&work, last(&work)->id, rows[i].work, "");
		pump();
		CHECK_ROW(refused(&imapd, 1, rows[i].auth), "row %zu", i);
		CHECK(strcmp(last(&imapd)->user, rows[i].text) == 0);
		CHECK(work.n == 1 && authd->counts.no == 1);
		CHECK(cache_entries(authd->cache) == 0);
		/* it is counted: who comes again and again is slowed down */
		CHECK(failures() == 1);
		/* another password: the second backend is asked, as ever */
		n = work.n;
		login(&imapd, 2, "ann", "no");
		pump();
		fake_result(&work, last(&work)->id, WORK_NO, "");
		pump();
		fake_result(&work, last(&work)->id, WORK_UNKNOWN, "");
		pump();
		CHECK(work.n == n + 2 && refused(&imapd, 2, AUTH_FAILED));
		fake_leave(&imapd);
		fake_leave(&work);
		fake_leave(&stores[0]);
		authd_end();
	}
}

/* A directory cannot tell what changes in it: what it said counts for a while,
 * also when it is away. */
static void
check_lasting(void)
{
	authd_begin(1, 2, 300000);
	fake_join(&imapd, PROC_IMAPD, 0);
	fake_join(&work, PROC_AUTHWORKER, 0);
	fake_join(&stores[0], PROC_STORAGED, 0);
	work.hold = true;
	work.generation = CACHE_LASTING;
	login(&imapd, 1, "ann", "old");
	pump();
	fake_result(&work, last(&work)->id, WORK_NO, "");
	pump();
	/* The other says so of a file, which may change at any time. */
	work.generation = "g1";
	fake_result(&work, last(&work)->id, WORK_NO, "");
	pump();
	CHECK(work.n == 2 && refused(&imapd, 1, AUTH_FAILED));
	/* The same again: only the second is asked. */
	login(&imapd, 2, "ann", "old");
	pump();
	CHECK(work.n == 3 && last(&work)->backend == 1);
	fake_result(&work, last(&work)->id, WORK_NO, "");
	pump();
	CHECK(refused(&imapd, 2, AUTH_FAILED));
	/* Another password: the first is asked, and says yes. */
	work.generation = CACHE_LASTING;
	login(&imapd, 3, "ann", "new");
	pump();
	CHECK(work.n == 4 && last(&work)->backend == 0);
	fake_result(&work, last(&work)->id, WORK_YES, "ann");
	pump();
	CHECK(granted(&imapd, 3, "ann"));
	/* It is not even asked whether that still counts. */
	login(&imapd, 4, "ann", "new");
	pump();
	CHECK(work.n == 4 && granted(&imapd, 4, "ann") &&
	    authd->counts.cached == 1);
	fake_leave(&imapd);
	fake_leave(&work);
	fake_leave(&stores[0]);
	authd_end();
}

/*
 * A verifier and a lookup that is apart: work is the one's only worker, work2
 * the other's.  Neither answers by itself.
 */
static void
apart_begin(void)
{
	struct authd_conf	conf = {
		.mechanisms = " PLAIN LOGIN ", .cache_ttl_ms = 300000,
		.backends = 1, .storaged = 1, .answer_ms = 1, .guesses = 30,
		.logins = 1000, .logins_address = 1000, .tallies = 16384,
		.pools = { 2, { { "pam", 0, 1, 30000, "" },
		    { "file", AUTH_ALL, 1, 30000, "" } } },
		.backend = { { 0, "pam" } }, .apart = 1
	};

	conf.backend[AUTH_ENTRIES_MAX].pool = 1;
	strlcpy(conf.backend[AUTH_ENTRIES_MAX].name, "pam/lookup-file",
	    sizeof(conf.backend[0].name));
	authd_begin_as(&conf);
	fake_join(&imapd, PROC_IMAPD, 0);
	fake_join(&work, PROC_AUTHWORKER, 0);
	fake_join(&work2, PROC_AUTHWORKER, 1);
	fake_join(&stores[0], PROC_STORAGED, 0);
	work.hold = work2.hold = true;
	work2.generation = "g2";
	pump();
}

static void
apart_end(void)
{
	size_t	i;

	for (i = 0; i < KEPT; i++)
		if (stores[0].got[i].type == IMSG_GRANT_SESSION)
			close(stores[0].got[i].fd);
	fake_leave(&imapd);
	fake_leave(&work);
	fake_leave(&work2);
	fake_leave(&stores[0]);
	authd_end();
}

/* The one and the other answer, as far as they are asked. */
static void
both_as(const char *user, uint32_t id, const char *password,
    enum work_result_code one, enum work_result_code other)
{
	size_t	n = work.n, m = work2.n;

	login(&imapd, id, user, password);
	pump();
	if (work.n == n)
		return;
	fake_result(&work, last(&work)->id, one, "ann");
	pump();
	if (work2.n == m)
		return;
	fake_result(&work2, last(&work2)->id, other, "id-of-ann");
	pump();
}

static void
both(uint32_t id, const char *password, enum work_result_code one,
    enum work_result_code other)
{
	both_as("ann", id, password, one, other);
}

static void
check_apart(void)
{
	struct kept	*k;

	apart_begin();
	both(1, "pw", WORK_YES, WORK_YES);
	CHECK(granted(&imapd, 1, "id-of-ann"));
	k = last(&work);
	CHECK(k->backend == 0 && k->how == WORK_PASSWORD &&
	    strcmp(k->user, "ann") == 0 && strcmp(k->password, "pw") == 0);
	k = last(&work2);
	CHECK(k->backend == AUTH_ENTRIES_MAX && k->how == WORK_MAY);
	CHECK(strcmp(k->user, "ann") == 0 && k->password[0] == '\0');
	CHECK(strcmp(k->remote, remote) == 0);
	/* a wrong password: the lookup is not asked */
	both(2, "no", WORK_NO, WORK_YES);
	CHECK(refused(&imapd, 2, AUTH_FAILED) && work2.n == 1);
	both(3, "nn", WORK_LOCKED, WORK_YES);
	CHECK(refused(&imapd, 3, AUTH_CONTACTADMIN) && work2.n == 1);
	apart_end();
}

/* What the lookup says, where the password was right. */
static void
check_apart_no(void)
{
	static const struct {
		enum work_result_code	work;
		enum auth_code		auth;
	} rows[] = {
		{ WORK_UNKNOWN, AUTH_FAILED }, { WORK_NO, AUTH_FAILED },
		{ WORK_EXPIRED, AUTH_EXPIRED },
		{ WORK_LOCKED, AUTH_CONTACTADMIN },
		{ WORK_UNAVAILABLE, AUTH_UNAVAILABLE }
	};
	size_t	i;

	for (i = 0; i < nitems(rows); i++) {
		apart_begin();
		both(1, "pw", WORK_YES, rows[i].work);
		CHECK_ROW(refused(&imapd, 1, rows[i].auth), "row %zu", i);
		CHECK(cache_entries(authd->cache) == 0);
		CHECK(work.n == 1 && work2.n == 1);
		apart_end();
	}
	/* its worker dies */
	apart_begin();
	login(&imapd, 1, "ann", "pw");
	pump();
	fake_result(&work, last(&work)->id, WORK_YES, "ann");
	pump();
	CHECK(work2.n == 1);
	fake_leave(&work2);
	CHECK(refused(&imapd, 1, AUTH_UNAVAILABLE));
	apart_end();
}

/* The generation that the cache has of both. */
static void
age_cache(void)
{
	struct str	parts[2] = { STR("g1"), STR("g2") };
	uint8_t		mac[MAC_LEN];
	char		hex[2 * MAC_LEN + 1];

	mac_make(mac, 0x67656e65, parts, 2);
	hex_print(mac, MAC_LEN, hex);
	cache_generation(authd->cache, 0, str_from(hex), -10000);
}

/* A cached login counts while neither of the two has changed. */
static void
check_apart_cache(void)
{
	apart_begin();
	both(1, "pw", WORK_YES, WORK_YES);
	CHECK(granted(&imapd, 1, "id-of-ann"));
	login(&imapd, 2, "ann", "pw");
	pump();
	CHECK(granted(&imapd, 2, "id-of-ann") && work.n + work2.n == 2);
	/* both are asked whether it is still so */
	age_cache();
	both(3, "pw", WORK_UNKNOWN, WORK_UNKNOWN);
	CHECK(granted(&imapd, 3, "id-of-ann") && work.n == 2 && work2.n == 2);
	CHECK(last(&work)->user[0] == '\0' && last(&work2)->user[0] == '\0');
	CHECK(last(&work2)->how == WORK_NAME);
	/* the other has changed: it is as if nothing were cached */
	age_cache();
	work2.generation = "g3";
	both(4, "pw", WORK_UNKNOWN, WORK_UNKNOWN);
	CHECK(work.n == 4 && strcmp(last(&work)->password, "pw") == 0);
	fake_result(&work, last(&work)->id, WORK_YES, "ann");
	pump();
	fake_result(&work2, last(&work2)->id, WORK_YES, "id-of-ann");
	pump();
	CHECK(granted(&imapd, 4, "id-of-ann"));
	/* one that tells no generation is asked each time */
	work2.generation = "";
	both(5, "pW", WORK_YES, WORK_YES);
	CHECK(granted(&imapd, 5, "id-of-ann"));
	both(6, "pW", WORK_YES, WORK_YES);
	CHECK(granted(&imapd, 6, "id-of-ann") && work.n == 6 && work2.n == 6);
	apart_end();
}

/* What was verified before a revoke does not count, by either name. */
static void
check_apart_revoke(void)
{
	apart_begin();
	login(&imapd, 1, "ann", "pw");
	pump();
	fake_result(&work, last(&work)->id, WORK_YES, "ann");
	pump();
	CHECK(work2.n == 1);
	authd_revoke(authd, "id-of-ann");
	fake_result(&work2, last(&work2)->id, WORK_YES, "id-of-ann");
	pump();
	CHECK(imapd.n == 0 && work.n == 2 && last(&work)->how ==
	    WORK_PASSWORD);
	fake_result(&work, last(&work)->id, WORK_YES, "ann");
	pump();
	authd_revoke(authd, "ann");
	fake_result(&work2, last(&work2)->id, WORK_YES, "id-of-ann");
	pump();
	CHECK(imapd.n == 0 && work.n == 3);
	fake_result(&work, last(&work)->id, WORK_NO, "");
	pump();
	CHECK(refused(&imapd, 1, AUTH_FAILED));
	apart_end();
}

/* Two databases, and one who may act for each user. */
static void
master_begin(void)
{
	apart_begin();
	authd->conf.names.separator = '*';
	authd->conf.names.nmaster = 1;
	strlcpy(authd->conf.names.master[0], "admin",
	    sizeof(authd->conf.names.master[0]));
}

/* A master user's password opens another's mail, and only hers does. */
static void
check_master(void)
{
	struct kept	*k;

	master_begin();
	both_as("Bob*Admin", 1, "pw", WORK_YES, WORK_YES);
	k = last(&work);
	CHECK(work.n == 1 && strcmp(k->user, "admin") == 0);
	/* the lookup said who admin is; now it is asked for bob */
	k = last(&work2);
	CHECK(work2.n == 2 && k->how == WORK_MAY && k->backend ==
	    AUTH_ENTRIES_MAX);
	CHECK(strcmp(k->user, "bob") == 0 && k->password[0] == '\0');
	CHECK(imapd.n == 0 && authd->logins == 1);
	fake_result(&work2, k->id, WORK_YES, "id-of-bob");
	pump();
	CHECK(strcmp(last(&stores[0])->user, "id-of-bob") == 0);
	CHECK(strcmp(last(&stores[0])->password, "bob") == 0);
	CHECK(granted(&imapd, 1, "id-of-bob"));
	/* a wrong password looks nobody up */
	both_as("bob*admin", 2, "no", WORK_NO, WORK_YES);
	CHECK(refused(&imapd, 2, AUTH_FAILED) && work2.n == 2);
	/* who is no master is a user with a strange name */
	both_as("bob*ann", 3, "pw", WORK_UNKNOWN, WORK_YES);
	CHECK(strcmp(last(&work)->user, "bob*ann") == 0);
	CHECK(refused(&imapd, 3, AUTH_FAILED) && work2.n == 2);
	apart_end();
}

/* What the lookup may say of the user. */
static void
check_master_no(void)
{
	static const struct {
		enum work_result_code	work;
		enum auth_code		auth;
	} rows[] = {
		{ WORK_UNKNOWN, AUTH_FAILED },
		{ WORK_LOCKED, AUTH_CONTACTADMIN },
		{ WORK_UNAVAILABLE, AUTH_UNAVAILABLE }
	};
	size_t	i;

	for (i = 0; i < nitems(rows); i++) {
		master_begin();
		both_as("bob*admin", 1, "pw", WORK_YES, WORK_YES);
		fake_result(&work2, last(&work2)->id, rows[i].work, "");
		pump();
		CHECK_ROW(refused(&imapd, 1, rows[i].auth), "row %zu", i);
		CHECK(stores[0].n == 0 && authd->logins == 0);
		apart_end();
	}
	/* either is revoked meanwhile, or the client goes */
	for (i = 0; i < 3; i++) {
		master_begin();
		both_as("bob*admin", 1, "pw", WORK_YES, WORK_YES);
		if (i < 2)
			authd_revoke(authd, i == 0 ? "admin" : "bob");
		else
			peer_send(imapd.p, IMSG_AUTH_CANCEL, 1, NULL, 0, -1);
		pump();
		CHECK_ROW(refused(&imapd, 1, i < 2 ? AUTH_UNAVAILABLE :
		    AUTH_CANCELLED), "%zu", i);
		fake_result(&work2, last(&work2)->id, WORK_YES, "id-of-bob");
		pump();
		CHECK(imapd.n == 1 && !work2.closed);
		apart_end();
	}
}

int
main(void)
{
	check_expired();
	check_lasting();
	check_apart();
	check_apart_no();
	check_apart_cache();
	check_apart_revoke();
	check_master();
	check_master_no();
	return TEST_END();
}
