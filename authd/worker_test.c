/* authd and a real worker with a real file, as paild wires them. */
#include "common/compat.h"

#include <crypt.h>

#include "authd/backend.h"
#include "authd/test/authd_fakes.h"
#include "authd/worker.h"
#include "common/test/slice_make.h"

static char	path[64];

static struct slice *
conf_slice(const char *type, const char *mechanisms)
{
	return slice_make(NULL, "auth.0.type", type, "auth.0.path", path,
	    "sasl-mechanisms.0", mechanisms, "login-cache", "60",
	    "login-recheck", "0", "app-passwords", "none",
	    "index", "0", "pools.0.type", "file", "pools.0.entry",
	    "4294967295", "pools.0.workers", "2", "pools.0.timeout", "30000",
	    "nprocs.storaged", "2", "nprocs.imapd", "64",
	    "login-limits.failure-delay", "3",
	    "login-limits.guesses-per-user", "30",
	    "login-limits.waiting", "500",
	    "login-limits.waiting-per-address", "100",
	    "login-limits.sessions-per-user", "0",
	    "login-limits.sessions-per-address", "0",
	    "quota.bytes", "0", "quota.messages", "0",
	    "login-names.default-domain", "", "login-names.unicode", "nfc",
	    "login-names.detail-separator", "none",
	    "login-names.master-separator", "*",
	    "lmtp.detail-separator", "+", "lmtp.postmaster", "", NULL);
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

/* A directory that refuses our own password until we have the new one. */
static char	secret[16];
static bool	refused_us;

static void *
wants_open(const struct slice *conf, uint32_t index, char *why, size_t size)
{
	(void)conf;
	(void)index;
	(void)why;
	(void)size;
	return secret;
}

static enum found_code
wants_find(void *state, struct str name, bool keys, struct found *f)
{
	(void)state;
	(void)name;
	(void)keys;
	refused_us = strcmp(secret, "new") != 0;
	strlcpy(f->user, "ann", sizeof(f->user));
	strlcpy(f->why, "refused", sizeof(f->why));
	return refused_us ? FOUND_AWAY : FOUND_USER;
}

static void
wants_close(void *state)
{
	(void)state;
}

static const char *
wants_wants(void *state)
{
	(void)state;
	return refused_us ? "service-password" : NULL;
}

static bool
wants_given(void *state, struct str s)
{
	(void)state;
	if (str_eq(s, str_from(secret)) || s.len >= sizeof(secret))
		return false;
	memcpy(secret, s.p, s.len);
	secret[s.len] = '\0';
	return true;
}

static enum work_result_code
wants_verify(void *state, struct found *f, struct str password, char *why,
    size_t size)
{
	(void)state;
	(void)f;
	(void)why;
	(void)size;
	return str_eq(password, STR("pw")) ? WORK_YES : WORK_NO;
}

static const struct lookup_kind		lookup_wants = {
	.open = wants_open, .find = wants_find, .close = wants_close,
	.wants = wants_wants, .given = wants_given
};
static const struct verifier_kind	verifier_wants = {
	.verify = wants_verify
};
static const struct backend_kind	backend_wanting = {
	.type = "wants", .lookup = &lookup_wants, .verifier = &verifier_wants
};

/* The answer waits for what paild reads, and no longer. */
static void
check_wants(void)
{
	static const struct {
		enum setup_give_outcome	 outcome;
		const char		*data;
		int			 want;
	} rows[] = {
		{ SETUP_GIVE_ABSENT, "", AUTH_UNAVAILABLE },
		{ SETUP_GIVE_FAILED, "", AUTH_UNAVAILABLE },
		{ SETUP_GIVE_FOUND, "old", AUTH_UNAVAILABLE },
		{ SETUP_GIVE_FOUND, "other", AUTH_UNAVAILABLE },
		{ SETUP_GIVE_FOUND, "new", -1 },
	};
	struct fake		 imapd, store;
	struct worker		*w;
	struct slice		*s;
	struct setup_give	 g = { 0 };
	char			 why[128];
	uint32_t		 i;
	int			 sv[2];

	backend_test = &backend_wanting;
	strlcpy(secret, "old", sizeof(secret));
	remote = "127.0.0.1";
	s = slice_make(NULL, "auth.0.type", "wants", "index", "0",
	    "pools.0.type", "wants", "pools.0.entry", "0", "pools.0.workers",
	    "1", "pools.0.timeout", "30000", NULL);
	authd_begin(1, 1, 0);
	fake_join(&imapd, PROC_IMAPD, 0);
	fake_join(&store, PROC_STORAGED, 0);
	CHECK((w = worker_new(s, why, sizeof(why))) != NULL);
	CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, sv) == 0);
	worker_authd(w, base, sv[0]);
	authd_peer(authd, PROC_AUTHWORKER, 0, sv[1]);
	for (i = 0; i < nitems(rows); i++) {
		login(&imapd, i + 1, "ann", "pw");
		pump();
		CHECK_ROW(imapd.n == i, "row %u", i);
		g.outcome = (uint8_t)rows[i].outcome;
		g.data = str_from(rows[i].data);
		worker_given(w, i + 7, &g);	/* to another question */
		pump();
		CHECK_ROW(imapd.n == i, "row %u", i);
		worker_given(w, i + 1, &g);
		pump();
		CHECK_ROW(imapd.n == i + 1, "row %u", i);
		if (rows[i].want == -1)
			CHECK(granted(&imapd, i + 1, "ann"));
		else
			CHECK_ROW(last(&imapd)->type == IMSG_AUTH_NO &&
			    last(&imapd)->code == rows[i].want, "row %u", i);
	}
	slice_free(s);
	worker_free(w);
	pump();
	backend_test = NULL;
	fake_leave(&imapd);
	for (i = 0; i < store.n && i < KEPT; i++)
		if (store.got[i].type == IMSG_GRANT_SESSION)
			close(store.got[i].fd);
	fake_leave(&store);
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
	check_wants();
	unlink(path);
	rmdir(dir);
	return TEST_END();
}
