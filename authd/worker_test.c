/* authd and a real worker with a real file, as paild wires them. */
#include "common/compat.h"

#include <crypt.h>

#include "authd/test/authd_fakes.h"
#include "authd/worker.h"
#include "common/test/slice_make.h"

static char	path[64];

static struct slice *
conf_slice(const char *type, const char *mechanisms)
{
	return slice_make(NULL, "auth.0.type", type, "auth.0.path", path,
	    "sasl-mechanisms.0", mechanisms, "login-cache", "60",
	    "app-passwords", "none",
	    "index", "0", "pools.0.type", "file", "pools.0.entry",
	    "4294967295", "pools.0.workers", "2", "pools.0.timeout", "30000",
	    "nprocs.storaged", "2", "nprocs.imapd", "64",
	    "login-limits.failure-delay", "3",
	    "login-limits.guesses-per-user", "30",
	    "login-limits.waiting", "500",
	    "login-limits.waiting-per-address", "100", NULL);
}

static void
write_users(const char *password)
{
	static struct crypt_data data;
	char		 salt[CRYPT_GENSALT_OUTPUT_SIZE], tmp[80];
	FILE		*f;

	snprintf(tmp, sizeof(tmp), "%s.new", path);
	CHECK(crypt_gensalt_rn("$y$", 1, NULL, 0, salt, sizeof(salt)) != NULL);
	f = fopen(tmp, "w");
	fprintf(f, "ann:%s\n", crypt_rn(password, salt, &data, sizeof(data)));
	fclose(f);
	CHECK(rename(tmp, path) == 0);
}

static void
check_conf(void)
{
	static const struct {
		const char	*list, *want;	/* NULL: refused */
	} rows[] = {
		{ "PLAIN LOGIN", " PLAIN LOGIN " }, { "PLAIN", " PLAIN " },
		{ "LOGIN,PLAIN", " LOGIN PLAIN " }, { "", " " },
		{ "PLAIN SCRAM", NULL }, { "PREAUTH", NULL },
		{ "plain", NULL }
	};
	struct authd_conf	 conf;
	struct slice		*s;
	char			 why[128];
	size_t			 i;
	int			 r;

	for (i = 0; i < nitems(rows); i++) {
		s = conf_slice("file", rows[i].list);
		r = authd_conf_read(&conf, s, why, sizeof(why));
		CHECK_ROW(r == (rows[i].want == NULL ? -1 : 0), "row %zu", i);
		if (r == 0)
			CHECK_ROW(strcmp(conf.mechanisms, rows[i].want) == 0,
			    "row %zu", i);
		slice_free(s);
	}
	s = conf_slice("file", "PLAIN");
	CHECK(authd_conf_read(&conf, s, why, sizeof(why)) == 0);
	CHECK(conf.backends == 1 && conf.storaged == 2);
	CHECK(conf.cache_ttl_ms == 60000);
	CHECK(conf.answer_ms == 3000 && conf.guesses == 30);
	CHECK(conf.logins == 500 && conf.logins_address == 100);
	CHECK(conf.tallies == 2048);	/* for each of so many imapds */
	slice_free(s);
}

/* One login, and how it ended: AUTH_OK, or the code of AUTH_NO. */
static int
try(struct fake *imapd, const char *user, const char *password)
{
	static uint32_t	id;
	size_t		n = imapd->n;
	int		i;

	login(imapd, ++id, user, password);
	for (i = 0; i < 100 && imapd->n == n; i++)
		pump();
	if (granted(imapd, id, "ann"))
		return -1;
	CHECK(last(imapd)->type == IMSG_AUTH_NO);
	return last(imapd)->code;
}

static void
check_whole(void)
{
	struct fake	 imapd, store[2];
	struct worker	*w;
	struct slice	*s = conf_slice("file", "PLAIN");
	char		 why[128];
	size_t		 i, j;
	int		 sv[2];

	remote = "127.0.0.1";		/* only the user counts */
	authd_begin(2, 1, 60000);
	fake_join(&imapd, PROC_IMAPD, 0);
	fake_join(&store[0], PROC_STORAGED, 0);
	fake_join(&store[1], PROC_STORAGED, 1);
	CHECK((w = worker_new(s, why, sizeof(why))) != NULL);
	CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, sv) == 0);
	worker_authd(w, base, sv[0]);
	authd_peer(authd, PROC_AUTHWORKER, 0, sv[1]);
	CHECK(try(&imapd, "ann", "one") == AUTH_UNAVAILABLE);
	write_users("one");
	CHECK(try(&imapd, "ann", "one") == -1);
	CHECK(try(&imapd, "Ann", "one") == -1);
	CHECK(worker_checks(w) == 2);		/* the second was cached */
	CHECK(try(&imapd, "ann", "two") == AUTH_FAILED);
	CHECK(try(&imapd, "bob", "one") == AUTH_FAILED);
	/* a new password counts at once, and the old one no more */
	write_users("two");
	authd_revoke(authd, "ann");
	CHECK(try(&imapd, "ann", "one") == AUTH_FAILED);
	CHECK(try(&imapd, "ann", "two") == -1);
	/* reload: an unknown type leaves what was */
	slice_free(s);
	s = conf_slice("oracle", "PLAIN");
	CHECK(worker_reload(w, s, why, sizeof(why)) == -1);
	CHECK(try(&imapd, "ann", "two") == -1);
	slice_free(s);
	worker_free(w);
	pump();
	fake_leave(&imapd);
	for (i = 0; i < 2; i++) {
		for (j = 0; j < store[i].n && j < KEPT; j++)
			if (store[i].got[j].type == IMSG_GRANT_SESSION)
				close(store[i].got[j].fd);
		fake_leave(&store[i]);
	}
	authd_end();
}

int
main(void)
{
	char	dir[] = "/tmp/worker_test.XXXXXX";

	CHECK(mkdtemp(dir) != NULL);
	snprintf(path, sizeof(path), "%s/users", dir);
	check_conf();
	check_whole();
	unlink(path);
	rmdir(dir);
	return TEST_END();
}
