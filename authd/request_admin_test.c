/*
 * admind's logins: who is an administrator, what they are given, and that all
 * others are as who errs.  Must never tell a right password of mail.
 */
#include "common/compat.h"

#include "authd/backend.h"
#include "authd/channel.h"
#include "authd/live.h"
#include "authd/recheck.h"
#include "authd/sessions.h"
#include "authd/test/authd_whole.h"
#include "common/clock.h"
#include "common/msg_admin.h"

#define TOKEN								\
	"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static struct fake	admind;

/* What paild is asked. */
static struct {
	uint32_t	id;
	bool		app;
	char		remote[64], user[64], ended[64];
	unsigned int	n, nended;
} asked;

static void
began(uint32_t id, bool app, const char *from, const char *user)
{
	asked.id = id;
	asked.app = app;
	asked.n++;
	strlcpy(asked.remote, from, sizeof(asked.remote));
	strlcpy(asked.user, user, sizeof(asked.user));
}

static void
ended(const char *user)
{
	asked.nended++;
	strlcpy(asked.ended, user, sizeof(asked.ended));
}

static const struct authd_admin_ops	ops = { began, ended };

static void
give(enum setup_give_outcome outcome, const char *data)
{
	struct setup_give	g = { (uint8_t)outcome, str_from(data),
				    STR("") };

	authd_given(authd, asked.id, &g);
	pump_now();
}

static bool
administrator(uint32_t id, const char *user)
{
	struct kept	*k = last(&admind);

	return k->type == IMSG_AUTH_ADMIN && k->id == id && k->fd == -1 &&
	    strcmp(k->user, user) == 0 && strcmp(k->password, TOKEN) == 0;
}

static void
test_yes(void)
{
	login(&admind, 1, "Ann", "pw");
	pump();
	CHECK(asked.n == 1 && !asked.app && strcmp(asked.user, "ann") == 0 &&
	    strcmp(asked.remote, "192.0.2.1") == 0);
	CHECK(last(&work)->how == WORK_ADMIN);
	CHECK(admind.n == 0);		/* it waits for paild */
	give(SETUP_GIVE_FOUND, TOKEN);
	CHECK(administrator(1, "ann"));
	/* It is no session, and counts for nobody. */
	CHECK(sessions_count(authd->sessions) == 0);
	CHECK(authd->logins == 0);
	/* What is not asked for any more is nothing. */
	give(SETUP_GIVE_FOUND, TOKEN);
	CHECK(admind.n == 1);
	/* A cache of mail's knows nothing of it, nor it of mail's. */
	login(&imapd, 1, "ann", "pw");
	pump();
	CHECK(last(&work)->how == WORK_PASSWORD && granted(&imapd, 1, "ann"));
	login(&admind, 2, "ann", "pw");
	pump();
	CHECK(last(&work)->how == WORK_ADMIN);
	give(SETUP_GIVE_FOUND, TOKEN);
	CHECK(administrator(2, "ann"));
}

/* paild does not want it. */
static void
test_refused(void)
{
	login(&admind, 3, "ann", "pw");
	pump();
	give(SETUP_GIVE_FAILED, "");
	CHECK(refused(&admind, 3, AUTH_UNAVAILABLE));
	login(&admind, 4, "ann", "pw");
	pump();
	give(SETUP_GIVE_FOUND, "short");
	CHECK(refused(&admind, 4, AUTH_UNAVAILABLE));
	/* Revoked between the two. */
	login(&admind, 5, "ann", "pw");
	pump();
	authd_revoke(authd, "ann");
	pump_now();
	CHECK(refused(&admind, 5, AUTH_UNAVAILABLE));
	CHECK(asked.nended == 1 && strcmp(asked.ended, "ann") == 0);
	give(SETUP_GIVE_FOUND, TOKEN);
	CHECK(refused(&admind, 5, AUTH_UNAVAILABLE));
}

/* In answer, in time, and in what it counts as: how long it took. */
static int64_t
no(uint32_t id, const char *user, const char *password)
{
	int64_t	from = (int64_t)clock_ms();
	char	from_there[32];

	snprintf(from_there, sizeof(from_there), "198.51.%u.7", id);
	remote = from_there;
	login(&admind, id, user, password);
	pump();
	CHECK_ROW(refused(&admind, id, AUTH_FAILED), "%s %s", user, password);
	CHECK(strcmp(last(&admind)->user, "Authentication failed") == 0);
	remote = "192.0.2.1";
	return (int64_t)clock_ms() - from;
}

static void
test_others(void)
{
	unsigned int	n = asked.n;
	int64_t		a, b, answer = authd->conf.answer_ms;

	a = no(10, "bob", "pw");
	b = no(11, "carl", "wrong");
	CHECK_ROW(a >= answer && b >= answer, "%lld %lld", (long long)a,
	    (long long)b);
	(void)no(12, "nobody", "pw");
	CHECK(asked.n == n);
	/* Both are in the list of the throttled. */
	CHECK(authd->counts.no == 3);
}

/* An app password of scope admin: of whomever, unless he is locked. */
static void
test_app(void)
{
	static const char *const	names[][2] = { { "carl", "carl" },
					    { NULL, NULL } };

	authd->conf.app = true;
	authd->conf.locks = true;
	strlcpy(authd->conf.backend[BACKEND_APP].name, "app-passwords",
	    sizeof(authd->conf.backend[0].name));
	work_backend(authd->work, BACKEND_APP, 0, "app-passwords");
	work.names = names;
	login(&admind, 30, "carl", "pw");
	pump();
	CHECK(last(&work)->how == WORK_MAY);
	give(SETUP_GIVE_FOUND, TOKEN);
	CHECK(asked.app && administrator(30, "carl"));
	/* Nobody's, as far as the databases know. */
	login(&admind, 31, "dora", "pw");
	pump();
	give(SETUP_GIVE_FOUND, TOKEN);
	CHECK(asked.app && administrator(31, "dora"));
	work.locked = "carl";
	login(&admind, 32, "carl", "pw");
	pump();
	CHECK(refused(&admind, 32, AUTH_CONTACTADMIN));
	login(&imapd, 32, "carl", "pw");
	pump();
	CHECK(refused(&imapd, 32, AUTH_CONTACTADMIN));
	/* Revoked while the databases are asked. */
	work.locked = NULL;
	work.names = NULL;
	work.hold = true;
	login(&imapd, 33, "dora", "pw");
	pump_now();
	fake_work(&work, last(&work));
	pump_now();
	CHECK(last(&work)->how == WORK_MAY);
	authd_revoke(authd, "dora");
	pump();
	CHECK(refused(&imapd, 33, AUTH_UNAVAILABLE));
	work.hold = false;
	fake_work(&work, last(&work));
	pump();
	authd->conf.app = authd->conf.locks = false;
}

/* One whom a directory does not know any more: his session is paild's. */
static void
test_gone(void)
{
	static const char *const	nobody[][2] = { { NULL, NULL } };
	uint64_t			since = clock_ms();
	unsigned int			i;

	strlcpy(authd->conf.names.admin[authd->conf.names.nadmin++], "eve",
	    sizeof(authd->conf.names.admin[0]));
	authd->conf.recheck_ms = 20;
	recheck_reload(authd->recheck);
	login(&admind, 40, "eve", "pw");
	pump();
	give(SETUP_GIVE_FOUND, TOKEN);
	login(&admind, 41, "eve", "pw");
	pump();
	give(SETUP_GIVE_FOUND, TOKEN);
	CHECK(administrator(41, "eve"));
	work.names = nobody;
	while (strcmp(asked.ended, "eve") != 0 && clock_ms() - since <
	    TEST_PATIENCE_MS)
		event_base_loop(base, EVLOOP_ONCE);
	CHECK_ROW(strcmp(asked.ended, "eve") == 0, "%s", asked.ended);
	authd->conf.recheck_ms = 0;
	recheck_reload(authd->recheck);
	pump();
	for (i = 0; i < ADMINS_MAX; i++)
		CHECK(authd->admins.v[i] == NULL ||
		    strcmp(authd->admins.v[i]->user, "eve") != 0);
	work.names = NULL;
}

/* More than are kept: each is held once. */
static void
test_kept(void)
{
	struct live		*live = live_new();
	struct admins		 a = { { NULL }, 0 };
	char			 name[16];
	int			 i;

	for (i = 0; i < 2 * ADMINS_MAX; i++) {
		snprintf(name, sizeof(name), "u%d", i / 2);
		admins_hold(&a, live_hold(live, name, name, i));
	}
	CHECK(a.next == 0 && strcmp(a.v[0]->user, "u0") == 0 &&
	    a.v[0]->holds == 1);
	admins_hold(&a, live_hold(live, "ann", "ann", 0));
	admins_hold(&a, NULL);
	CHECK(a.next == 1 && strcmp(a.v[0]->user, "ann") == 0);
	admins_end(&a, "u1");
	CHECK(a.v[1] == NULL && a.v[2] != NULL);
	admins_end(&a, NULL);
	CHECK(live_next(live, 0, INT64_MAX) == NULL);
	live_free(live);
}

static void
test_protocol(void)
{
	start(&admind, 20, "LOGIN", STR(""), false);
	pump();
	CHECK(refused(&admind, 20, AUTH_MECHANISM));
	start(&admind, 21, "SCRAM-SHA-256", STR("n,,n=ann,r=x"), true);
	pump();
	CHECK(refused(&admind, 21, AUTH_MECHANISM));
	start(&admind, 22, "PREAUTH", STR("token"), true);
	pump();
	CHECK(refused(&admind, 22, AUTH_MECHANISM));
	/* An administrator acts for nobody else. */
	strlcpy(authd->conf.names.master[0], "ann",
	    sizeof(authd->conf.names.master[0]));
	authd->conf.names.nmaster = 1;
	authd->conf.names.separator = '*';
	(void)no(23, "bob*ann", "pw");
	/* Whatever IMAP has, this has PLAIN. */
	strlcpy(authd->conf.mechanisms, " SCRAM-SHA-256 ",
	    sizeof(authd->conf.mechanisms));
	login(&admind, 24, "ann", "pw");
	pump();
	give(SETUP_GIVE_FOUND, TOKEN);
	CHECK(administrator(24, "ann"));
	/* It has no sessions that could end: least of all imapd's. */
	CHECK(sessions_count(authd->sessions) == 1);
	(void)peer_send(admind.p, IMSG_AUTH_END, 1, NULL, 0, -1);
	pump_now();
	CHECK(admind.closed && sessions_count(authd->sessions) == 1);
	fake_join(&admind, PROC_ADMIND, 0);
	CHECK(sessions_count(authd->sessions) == 1);
}

int
main(void)
{
	log_init("test");
	log_set_level(LOG_LEVEL_ERROR);
	whole_begin();
	authd_on_admin(authd, &ops);
	strlcpy(authd->conf.names.admin[0], "ann",
	    sizeof(authd->conf.names.admin[0]));
	authd->conf.names.nadmin = 1;
	fake_join(&admind, PROC_ADMIND, 0);
	test_yes();
	test_refused();
	test_others();
	test_app();
	test_kept();
	test_gone();
	test_protocol();
	fake_leave(&admind);
	whole_end();
	return TEST_END();
}
