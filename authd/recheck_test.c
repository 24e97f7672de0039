/* The whole of authd with fake peers: whose sessions end because a database
 * does not know him any more. */
#include "common/compat.h"

#include "authd/backend.h"
#include "authd/live.h"
#include "authd/recheck.h"
#include "authd/test/authd_whole.h"
#include "common/clock.h"
#include "common/test/slice_make.h"
#include "common/user.h"

static const char *const	all[][2] = {
	{ "ann", "ann" }, { NULL, NULL }
};

static size_t	asked, answered, gone;

/* What has come since the last time: lookups, and the end of ann's sessions. */
static void
count(void)
{
	static size_t	 n, m;
	struct fake	*s = &stores[user_shard("ann", 3)];

	if (work.n < n || s->n < m)
		n = m = 0;
	for (; n < work.n; n++)
		asked += work.got[n % KEPT].how == WORK_NAME;
	for (; m < s->n; m++)
		gone += s->got[m % KEPT].type == IMSG_GRANT_REVOKE &&
		    strcmp(s->got[m % KEPT].user, "ann") == 0;
}

/* The worker is asked who ann is, and says that. */
static void
answer(enum work_result_code code)
{
	uint64_t	since = clock_ms();

	for (count(); asked == answered && clock_ms() - since <
	    TEST_PATIENCE_MS; count())
		event_base_loop(base, EVLOOP_ONCE);
	CHECK(asked == answered + 1 && last(&work)->how == WORK_NAME &&
	    strcmp(last(&work)->user, "ann") == 0);
	if (asked == answered)
		exit(TEST_END());	/* there is nothing to be answered */
	answered++;
	fake_result(&work, last(&work)->id, code, code == WORK_YES ? "ann" :
	    "");
	pump_now();
	count();
}

/* ann logs in, and from then on the worker says only what the test says. */
static void
begin_as(const struct authd_conf *conf)
{
	authd_reload(authd, conf);
	login(&imapd, 1, "ann", "pw");
	pump();
	CHECK(granted(&imapd, 1, "ann"));
	work.hold = true;
	authd->conf.recheck_ms = 20;
	count();
	asked = answered = gone = 0;
}

static struct authd_conf
begin_conf(void)
{
	struct authd_conf	conf;

	whole_begin();
	count();
	conf = authd->conf;
	conf.recheck_ms = 500;		/* after the login */
	return conf;
}

static void
begin(void)
{
	struct authd_conf	conf = begin_conf();

	begin_as(&conf);
}

static void
check_gone(void)
{
	size_t	i;

	begin();
	answer(WORK_UNKNOWN);
	answer(WORK_YES);
	/* away, or hung: that says nothing */
	for (i = 0; i < 3; i++)
		answer(WORK_UNAVAILABLE);
	answer(WORK_UNKNOWN);
	answer(WORK_UNAVAILABLE);
	answer(WORK_UNKNOWN);
	CHECK(gone == 0);
	answer(WORK_UNKNOWN);
	CHECK(gone == 1 && authd->counts.recheck_ended == 1);
	for (i = 0; i < 3; i++)
		answer(WORK_UNKNOWN);
	CHECK(gone == 1);
	/* who is locked */
	answer(WORK_YES);
	answer(WORK_LOCKED);
	CHECK(gone == 1);
	answer(WORK_LOCKED);
	CHECK(gone == 2 && authd->counts.recheck_ended == 2);
	/* other databases: they have not known him yet */
	answer(WORK_YES);
	recheck_reload(authd->recheck);
	for (i = 0; i < 3; i++)
		answer(WORK_UNKNOWN);
	CHECK(gone == 2);
	/* nobody is asked for who has no session */
	(void)peer_send(imapd.p, IMSG_AUTH_END, 1, NULL, 0, -1);
	pump_now();
	count();
	if (asked > answered)
		answer(WORK_YES);
	CHECK(sessions_count(authd->sessions) == 0 &&
	    live_next(authd->live, 0, INT64_MAX) == NULL);
	whole_end();
}

/* Each time a worker is asked, and a login from the cache is no answer. */
static void
check_fresh(void)
{
	begin();
	work.generation = CACHE_LASTING;
	answer(WORK_YES);
	answer(WORK_UNKNOWN);
	login(&imapd, 2, "ann", "pw");
	pump_now();
	CHECK(granted(&imapd, 2, "ann") && authd->counts.cached == 1);
	CHECK(gone == 0);
	answer(WORK_UNKNOWN);
	CHECK(gone == 1);
	whole_end();
}

/* Of an app password, and where the lookup is apart: only whom that has found
 * can be gone. */
static void
check_unknown(bool apart)
{
	struct authd_conf	conf = begin_conf();
	size_t			i;

	work.names = all;
	if (apart) {
		conf.apart = 1;
		conf.backend[AUTH_ENTRIES_MAX] = conf.backend[0];
	} else {
		conf.app = true;
		conf.backend[BACKEND_APP] = conf.backend[0];
	}
	begin_as(&conf);
	for (i = 0; i < 3; i++)
		answer(WORK_UNKNOWN);
	CHECK_ROW(gone == 0, "%d", apart);
	answer(WORK_YES);
	answer(WORK_UNKNOWN);
	CHECK(gone == 0);
	answer(WORK_UNKNOWN);
	CHECK_ROW(gone == 1, "%d", apart);
	whole_end();
}

/* A worker that hangs holds up as many as are asked at once; then nobody is
 * told, and authd can be freed. */
static void
check_hung(void)
{
	uint64_t	 since;
	uint32_t	 id;
	char		 name[16];

	begin();
	work.hold = false;
	for (id = 2; id < 20; id++) {
		snprintf(name, sizeof(name), "user%u", id);
		login(&imapd, id, name, "pw");
		pump();
		CHECK(granted(&imapd, id, name));
	}
	work.hold = true;
	count();
	asked = 0;
	since = clock_ms();
	while (asked + work_waiting(authd->work) < RECHECK_FLIGHT &&
	    clock_ms() - since < TEST_PATIENCE_MS) {
		event_base_loop(base, EVLOOP_ONCE);
		count();
	}
	for (id = 0; id < 20; id++)
		event_base_loop(base, EVLOOP_ONCE);
	count();
	CHECK_ROW(asked + work_waiting(authd->work) == RECHECK_FLIGHT,
	    "%zu, %zu", asked, work_waiting(authd->work));
	CHECK(authd->counts.recheck_ended == 0);
	whole_end();
}

static void
check_off(void)
{
	struct timeval	a_while = { 0, 50000 };

	begin();
	authd->conf.recheck_ms = 0;
	recheck_reload(authd->recheck);
	event_base_loopexit(base, &a_while);
	event_base_dispatch(base);
	count();
	CHECK(asked == 0);
	whole_end();
}

/* A password file tells who is gone, and a token names its user. */
static void
check_conf(void)
{
	static const struct {
		const char	*type, *lookup;
		int64_t		 ms;
	} rows[] = {
		{ "file", "", 0 }, { "oidc", "", 0 }, { "certificate", "", 0 },
		{ "ldap", "", 900000 }, { "pam", "", 900000 },
		{ "pam", "file", 0 }, { "file", "system", 900000 },
		{ "oidc", "ldap", 900000 }
	};
	static const char *const base_conf[][2] = {
		{ "sasl-mechanisms.0", "PLAIN" }, { "login-cache", "0" },
		{ "app-passwords", "none" }, { "login-recheck", "900" },
		{ "nprocs.storaged", "1" }, { "nprocs.imapd", "1" },
		{ "login-limits.failure-delay", "1" },
		{ "login-limits.guesses-per-user", "30" },
		{ "login-limits.waiting", "60" },
		{ "login-limits.waiting-per-address", "20" },
		{ "login-limits.sessions-per-user", "0" },
		{ "login-limits.sessions-per-address", "0" },
		{ "quota.bytes", "0" }, { "quota.messages", "0" },
		{ "login-names.default-domain", "" },
		{ "login-names.unicode", "nfc" },
		{ "login-names.detail-separator", "none" },
		{ "login-names.master-separator", "*" },
		{ "lmtp.detail-separator", "+" }, { "lmtp.postmaster", "" },
		{ "auth.0.type", "file" }, { NULL, NULL }
	};
	struct authd_conf	 conf;
	struct slice		*s;
	char			 why[256] = "";
	size_t			 i;

	for (i = 0; i < nitems(rows); i++) {
		s = slice_make(base_conf, "auth.1.type", rows[i].type,
		    "auth.1.lookup", rows[i].lookup, NULL);
		CHECK_ROW(authd_conf_read(&conf, s, why, sizeof(why)) == 0 &&
		    conf.recheck_ms == rows[i].ms, "%s %s: %s", rows[i].type,
		    rows[i].lookup, why);
		slice_free(s);
	}
}

int
main(void)
{
	check_conf();
	check_gone();
	check_fresh();
	check_unknown(false);
	check_unknown(true);
	check_hung();
	check_off();
	return TEST_END();
}
