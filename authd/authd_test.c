/* The whole of authd with fake peers: what each login gets. */
#include "common/compat.h"

#include "authd/attempt.h"
#include "authd/test/authd_whole.h"
#include "common/user.h"

static void
check_grant(void)
{
	struct fake	*store;
	struct kept	*k, *g;
	char		 byte = 'x';
	uint32_t	 i;

	whole_begin();
	login(&imapd, 7, "Ann", "pw");
	pump();
	store = &stores[user_shard("ann", 3)];
	k = last(&imapd);
	g = last(store);
	CHECK(k->type == IMSG_AUTH_OK && k->id == 7);
	CHECK(strcmp(k->user, "ann") == 0 && k->code == 0);
	CHECK(g->type == IMSG_GRANT_SESSION && strcmp(g->user, "ann") == 0);
	for (i = 0; i < 3; i++)
		CHECK(&stores[i] == store || stores[i].n == 0);
	/* both ends of one channel */
	CHECK(write(k->fd, &byte, 1) == 1);
	byte = 0;
	CHECK(read(g->fd, &byte, 1) == 1 && byte == 'x');
	close(k->fd);
	CHECK(imapd2.n == 0);
	/* storaged knows to whom */
	CHECK(strcmp(g->password, "ann") == 0);
	CHECK(g->grant.kind == PROC_IMAPD && g->grant.index == 0);
	CHECK(g->grant.rights == GRANT_ALL && g->grant.session == 0xbeef);
	login(&imapd2, 7, "Ann", "pw");
	pump();
	CHECK(granted(&imapd2, 7, "ann"));
	CHECK(last(store)->grant.index == 1);
	/* Where sessions are limited, their ends are to be told at once. */
	for (i = 0; i < 2; i++) {
		authd->conf.sessions.user = i == 0 ? 9 : 0;
		authd->conf.sessions.address = i == 1 ? 9 : 0;
		login(&imapd2, 8 + i, "Ann", "pw");
		pump();
		CHECK(last(&imapd2)->code == 1);
		CHECK(granted(&imapd2, 8 + i, "ann"));
	}
	authd->conf.sessions.address = 0;
	/* no storaged: not now */
	fake_leave(&stores[user_shard("ann", 3)]);
	login(&imapd, 8, "ann", "pw");
	pump();
	CHECK(refused(&imapd, 8, AUTH_UNAVAILABLE));
	CHECK(authd->logins == 0);
	whole_end();
}

/* What a database says of a quota goes to storaged with the session, from the
 * cache, too; what none has said is the default, and marked so. */
static void
check_quota(void)
{
	static const struct {
		struct found_quota	said;
		struct user_quota	want;
	} rows[] = {
		{ { QUOTA_UNASKED, 0, 0 }, { false, 5000, 60 } },
		{ { QUOTA_DEFAULT, 0, 0 }, { true, 5000, 60 } },
		{ { QUOTA_OWN, 7, 8 }, { true, 7, 8 } },
		{ { QUOTA_OWN, 0, 0 }, { true, 0, 0 } }
	};
	const struct user_quota	*got;
	struct fake		*store;
	size_t			 i;
	uint32_t		 id;

	for (i = 0; i < nitems(rows); i++) {
		whole_begin();
		authd->conf.quota = (struct user_quota){ false, 5000, 60 };
		work.quota = rows[i].said;
		store = &stores[user_shard("ann", 3)];
		for (id = 1; id < 3; id++) {
			login(&imapd, id, "ann", "pw");
			pump();
			CHECK(granted(&imapd, id, "ann"));
			got = &last(store)->grant.quota;
			CHECK_ROW(got->known == rows[i].want.known &&
			    got->bytes == rows[i].want.bytes &&
			    got->messages == rows[i].want.messages,
			    "row %zu, login %u", i, id);
		}
		CHECK(work.n == 1);		/* the second was cached */
		memset(&work.quota, 0, sizeof(work.quota));
		whole_end();
	}
}

static void
check_exchanges(void)
{
	char	text[256];

	whole_begin();
	start(&imapd, 1, "LOGIN", STR(""), false);
	pump();
	CHECK(last(&imapd)->type == IMSG_AUTH_CHALLENGE);
	CHECK(strcmp(last(&imapd)->user, "Username:") == 0);
	step(&imapd, 1, "ann");
	pump();
	CHECK(strcmp(last(&imapd)->user, "Password:") == 0);
	step(&imapd, 1, "pw");
	pump();
	CHECK(granted(&imapd, 1, "ann"));
	start(&imapd, 2, "PLAIN", STR(""), false);
	pump();
	CHECK(last(&imapd)->type == IMSG_AUTH_CHALLENGE);
	CHECK(last(&imapd)->user[0] == '\0');
	step(&imapd, 2, "nonsense");
	pump();
	CHECK(refused(&imapd, 2, AUTH_PROTOCOL));
	start(&imapd, 3, "CRAM-MD5", STR(""), false);
	pump();
	CHECK(refused(&imapd, 3, AUTH_MECHANISM));
	/* unknown user and wrong password: not a bit between them */
	login(&imapd, 4, "nobody", "pw");
	pump();
	CHECK(refused(&imapd, 4, AUTH_FAILED));
	strlcpy(text, last(&imapd)->user, sizeof(text));
	login(&imapd, 5, "bob", "no");
	pump();
	CHECK(refused(&imapd, 5, AUTH_FAILED));
	CHECK(strcmp(text, last(&imapd)->user) == 0);
	login(&imapd, 6, "away", "pw");
	pump();
	CHECK(refused(&imapd, 6, AUTH_UNAVAILABLE));
	login(&imapd, 7, "\xff", "pw");
	pump();
	CHECK(refused(&imapd, 7, AUTH_FAILED));
	/* cancelled */
	start(&imapd, 8, "LOGIN", STR(""), false);
	peer_send(imapd.p, IMSG_AUTH_CANCEL, 8, NULL, 0, -1);
	pump();
	CHECK(refused(&imapd, 8, AUTH_CANCELLED));
	CHECK(authd->logins == 0);
	whole_end();
}

static void
check_cache(void)
{
	size_t	n, i;

	whole_begin();
	login(&imapd, 1, "ann", "pw");
	pump();
	CHECK(granted(&imapd, 1, "ann") && work.n == 1);
	login(&imapd2, 1, "ann", "pw");
	pump();
	CHECK(granted(&imapd2, 1, "ann") && work.n == 1);
	login(&imapd, 2, "ann", "PW");
	pump();
	CHECK(refused(&imapd, 2, AUTH_FAILED) && work.n == 2);
	/* a revoke: every storaged hears it, and the cache forgets */
	authd_revoke(authd, "Ann");
	pump();
	for (i = 0; i < 3; i++)
		CHECK(last(&stores[i])->type == IMSG_GRANT_REVOKE &&
		    strcmp(last(&stores[i])->user, "ann") == 0);
	n = work.n;
	login(&imapd, 3, "ann", "pw");
	pump();
	CHECK(granted(&imapd, 3, "ann") && work.n == n + 1);
	/* the file has changed, as another login shows */
	work.generation = "g2";
	login(&imapd, 4, "bob", "pw");
	pump();
	CHECK(granted(&imapd, 4, "bob") && work.n == n + 2);
	login(&imapd, 5, "ann", "pw");
	pump();
	CHECK(granted(&imapd, 5, "ann") && work.n == n + 3);
	/* an old confirmation: one question for the generation first */
	cache_generation(authd->cache, 0, STR("g2"), -10000);
	login(&imapd, 6, "ann", "pw");
	pump();
	CHECK(granted(&imapd, 6, "ann") && work.n == n + 4);
	CHECK(last(&work)->user[0] == '\0');
	cache_generation(authd->cache, 0, STR("g2"), -10000);
	work.generation = "g3";
	login(&imapd, 7, "ann", "pw");
	pump();
	CHECK(granted(&imapd, 7, "ann") && work.n == n + 6);
	CHECK(strcmp(last(&work)->user, "ann") == 0);
	whole_end();
}

static void
check_revoke_race(void)
{
	uint32_t	id;

	whole_begin();
	work.hold = true;
	login(&imapd, 1, "ann", "old");
	pump();
	CHECK(work.n == 1);
	id = last(&work)->id;
	/* The worker has read the old file; then the password changes. */
	authd_revoke(authd, "ann");
	fake_result(&work, id, WORK_YES, "ann");
	pump();
	CHECK(imapd.n == 0 && work.n == 2);	/* asked once more */
	fake_result(&work, last(&work)->id, WORK_NO, "");
	pump();
	CHECK(refused(&imapd, 1, AUTH_FAILED));
	CHECK(cache_entries(authd->cache) == 0);
	/* the same for a backend that has another name for the user */
	login(&imapd, 2, "ann", "old");
	pump();
	authd_revoke(authd, "other");
	fake_result(&work, last(&work)->id, WORK_YES, "other");
	pump();
	CHECK(imapd.n == 1 && work.n == 4);
	fake_result(&work, last(&work)->id, WORK_YES, "other");
	pump();
	CHECK(granted(&imapd, 2, "other"));
	whole_end();
}

static void
check_workers(void)
{
	whole_begin();
	/* it dies at work */
	work.hold = true;
	login(&imapd, 1, "ann", "pw");
	pump();
	CHECK(work.n == 1);
	fake_leave(&work);
	CHECK(refused(&imapd, 1, AUTH_UNAVAILABLE));
	/* none: the next waits for one */
	login(&imapd, 2, "ann", "pw");
	pump();
	CHECK(imapd.n == 1 && authd->logins == 1);
	fake_join(&work, PROC_AUTHWORKER, 0);
	pump();
	CHECK(granted(&imapd, 2, "ann"));
	/* two share the work */
	fake_join(&work2, PROC_AUTHWORKER, 1);
	work.hold = work2.hold = true;
	login(&imapd, 3, "bob", "pw");
	login(&imapd, 4, "cid", "pw");
	pump();
	CHECK(work.n == 2 && work2.n == 1);
	/* an answer to what was not asked costs the worker its channel */
	fake_result(&work2, last(&work2)->id + 1, WORK_YES, "root");
	pump();
	CHECK(work2.closed);
	CHECK(last(&imapd)->type == IMSG_AUTH_NO);
	CHECK(last(&imapd)->code == AUTH_UNAVAILABLE);
	/* and so does a user id that is none */
	fake_result(&work, last(&work)->id, WORK_YES, "BOB");
	pump();
	CHECK(work.closed && authd->logins == 0);
	CHECK(work_workers(authd->work) == 0);
	/* restarted while at work */
	fake_join(&work, PROC_AUTHWORKER, 0);
	work.hold = true;
	login(&imapd, 5, "dan", "pw");
	pump();
	fake_join(&work2, PROC_AUTHWORKER, 0);
	pump();
	CHECK(work.closed && refused(&imapd, 5, AUTH_UNAVAILABLE));
	fake_leave(&work2);
	whole_end();
}

static void
check_backends(void)
{
	authd_begin(1, 2, 300000);
	fake_join(&imapd, PROC_IMAPD, 0);
	fake_join(&work, PROC_AUTHWORKER, 0);
	fake_join(&stores[0], PROC_STORAGED, 0);
	work.hold = true;
	login(&imapd, 1, "ann", "pw");
	pump();
	CHECK(last(&work)->backend == 0);
	fake_result(&work, last(&work)->id, WORK_NO, "");
	pump();
	CHECK(last(&work)->backend == 1 && work.n == 2);
	fake_result(&work, last(&work)->id, WORK_YES, "ann");
	pump();
	CHECK(granted(&imapd, 1, "ann"));
	/* one is away, the other says no: nobody knows */
	login(&imapd, 2, "bob", "pw");
	pump();
	fake_result(&work, last(&work)->id, WORK_UNAVAILABLE, "");
	pump();
	fake_result(&work, last(&work)->id, WORK_UNKNOWN, "");
	pump();
	CHECK(refused(&imapd, 2, AUTH_UNAVAILABLE));
	close(last(&stores[0])->fd);
	fake_leave(&imapd);
	fake_leave(&work);
	fake_leave(&stores[0]);
	authd_end();
}

/* A worker that does not answer, and logins 1 to n that ask for a salt. */
static void
salts_begin(uint32_t n)
{
	uint32_t	i;

	authd_begin(1, 1, 300000);
	fake_join(&imapd, PROC_IMAPD, 0);
	fake_join(&work, PROC_AUTHWORKER, 0);
	work.hold = true;
	for (i = 1; i <= n; i++)
		start(&imapd, i, "SCRAM-SHA-256", STR("n,,n=ann,r=nonce"),
		    true);
}

/* Who asks for salts in a flood leaves a worker for passwords. */
static void
check_salts(void)
{
	uint32_t	i;

	salts_begin(5);
	fake_join(&work2, PROC_AUTHWORKER, 1);
	fake_join(&stores[0], PROC_STORAGED, 0);
	work2.hold = true;
	pump();
	CHECK(work.n == 1 && work2.n == 0 && last(&work)->how == WORK_SALT);
	CHECK(work_waiting(authd->work) == 4);
	login(&imapd, 6, "bob", "pw");
	pump();
	CHECK(work2.n == 1 && last(&work2)->how == WORK_PASSWORD);
	fake_result(&work2, last(&work2)->id, WORK_YES, "bob");
	pump();
	CHECK(granted(&imapd, 6, "bob") && work2.n == 1);
	/* an answer without keys: no backend has any */
	fake_result(&work, last(&work)->id, WORK_UNKNOWN, "");
	pump();
	CHECK(refused(&imapd, 1, AUTH_UNAVAILABLE));
	CHECK(work.n + work2.n == 3 && work_waiting(authd->work) == 3);
	/* and who goes takes the question along */
	for (i = 2; i <= 5; i++)
		peer_send(imapd.p, IMSG_AUTH_CANCEL, i, NULL, 0, -1);
	pump();
	CHECK(authd->logins == 0 && work_waiting(authd->work) == 0);
	fake_result(&work, last(&work)->id, WORK_UNKNOWN, "");
	pump();
	CHECK(!work.closed);
	close(last(&stores[0])->fd);
	fake_leave(&imapd);
	fake_leave(&work);
	fake_leave(&work2);
	fake_leave(&stores[0]);
	authd_end();
}

static struct str
same_password(const void *arg)
{
	(void)arg;
	return STR("the same octets");
}

static void
same_started(void *arg)
{
	(void)arg;
}

static void
same_wrong(void *arg, enum check_code code, const char *why)
{
	CHECK(code == CHECK_NO);
	(void)why;
	++*(int *)arg;
}

static void
same_unavailable(void *arg, const char *why)
{
	(void)why;
	++*(int *)arg;
}

/* A password that is written as a proof is: each has its own place at the
 * gate, and is counted. */
static void
check_same(void)
{
	static const struct attempt_ops	ops = { same_password, same_started,
					    same_started, NULL, same_wrong,
					    same_unavailable };
	struct addr_key	from;
	int64_t		pause;
	int		told = 0;

	whole_begin();
	fake_join(&work2, PROC_AUTHWORKER, 1);
	work.hold = work2.hold = true;
	addr_key_parse(&from, "192.0.2.1");
	CHECK(attempt_new(authd, 0, WORK_PROOF, "ann", "", &from, &ops,
	    &told, &pause) != NULL);
	CHECK(attempt_new(authd, 0, WORK_PASSWORD, "ann", "", &from, &ops,
	    &told, &pause) != NULL);
	pump();
	CHECK(work.n == 1 && work2.n == 0 && last(&work)->how == WORK_PROOF);
	fake_result(&work, last(&work)->id, WORK_NO, "");
	pump();
	CHECK(work.n + work2.n == 2 && told == 1);
	CHECK(last(&work)->how == WORK_PASSWORD);
	fake_result(&work, last(&work)->id, WORK_NO, "");
	pump();
	CHECK(told == 2);
	fake_leave(&work2);
	whole_end();
}

/* Who asks for salts all the time leaves the only worker for passwords. */
static void
check_one_worker(void)
{
	uint32_t	i;

	salts_begin(4);
	pump();
	login(&imapd, 5, "bob", "no");
	remote = "198.51.100.1";
	login(&imapd, 6, "eve", "no");
	remote = "192.0.2.1";
	pump();
	CHECK(work.n == 1 && last(&work)->how == WORK_SALT);
	/* in turn, and no more at once than the worker can take */
	for (i = 2; i <= 4; i++) {
		fake_result(&work, last(&work)->id, WORK_UNKNOWN, "");
		pump_now();
		CHECK_ROW(work.n == i && last(&work)->how == (i % 2 == 0 ?
		    WORK_PASSWORD : WORK_SALT), "%u: %zu", i, work.n);
		CHECK(work_waiting(authd->work) <= 4);
	}
	fake_leave(&imapd);
	fake_leave(&work);
	authd_end();
}

static void
check_preauth(void)
{
	whole_begin();
	authd_preauth(authd, "Ann", "token-1");
	start(&imapd, 1, "PREAUTH", STR("token-1"), true);
	pump();
	CHECK(granted(&imapd, 1, "ann") && work.n == 0);
	/* imapd was quicker than paild's word */
	start(&imapd, 2, "PREAUTH", STR("token-2"), true);
	pump();
	CHECK(imapd.n == 1);
	authd_preauth(authd, "bob", "token-3");
	pump();
	CHECK(imapd.n == 1);
	authd_preauth(authd, "bob", "token-2");
	pump();
	CHECK(granted(&imapd, 2, "bob"));
	/* once only */
	start(&imapd, 3, "PREAUTH", STR("token-2"), true);
	pump();
	CHECK(imapd.n == 2 && authd->logins == 1);
	peer_send(imapd.p, IMSG_AUTH_CANCEL, 3, NULL, 0, -1);
	pump();
	CHECK(refused(&imapd, 3, AUTH_CANCELLED));
	whole_end();
}

int
main(void)
{
	check_grant();
	check_quota();
	check_exchanges();
	check_cache();
	check_revoke_race();
	check_workers();
	check_backends();
	check_salts();
	check_same();
	check_one_worker();
	check_preauth();
	return TEST_END();
}
