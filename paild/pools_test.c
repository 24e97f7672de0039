/* How many workers authd gets, and what a reload cannot change. */
#include "common/compat.h"

#include <stdio.h>
#include <unistd.h>

#include "common/test.h"
#include "paild/pools.h"

static char	dir[] = "/tmp/pools_test.XXXXXX";

static struct conf *
load(const char *auth)
{
	char		 path[64];
	struct conf	*c;
	FILE		*f;

	snprintf(path, sizeof(path), "%s/pail.yaml", dir);
	CHECK((f = fopen(path, "w")) != NULL);
	fprintf(f, "listen: ['imap://127.0.0.1:143']\n"
	    "store: {type: file, path: store}\n"
	    "processes: {authworker: 3}\nauth: [%s]\n", auth);
	fclose(f);
	c = conf_load(path, false);
	conf_print_errors(c);
	CHECK(conf_ok(c));
	unlink(path);
	return c;
}

static void
missing(uint32_t entry, const char *type, void *arg)
{
	int	*n = arg;

	*n += 100 * (int)entry + (int)strlen(type);
}

/* A lookup of another kind has workers, too; PAM's are another user's. */
static void
check_lookups(void)
{
#ifdef PAIL_PAM
	struct auth_pools	 p;
	struct conf		*one, *two, *three;
	uint32_t		 i;
	int			 n = 0;

	one = load("{type: pam, service: other}");
	two = load("{type: pam, service: other, lookup: file, path: a}, "
	    "{type: file, path: b, lookup: system}");
	three = load("{type: pam, service: other, user: nobody}");
	pools_make(&p, one);
	CHECK(p.n == 1 && pools_workers(&p) == 4 && p.pool[0].entry == 0);
	CHECK(strcmp(p.pool[0].user, "root") == 0);
	pools_missing(&p, one, missing, &n);
	CHECK(n == 0);
	/* as another user they come with a restart */
	pools_missing(&p, three, missing, &n);
	CHECK(n == 3);
	n = 0;
	pools_missing(&p, two, missing, &n);
	CHECK(n == 4 + 104 + 106);
	pools_make(&p, two);
	CHECK(p.n == 3 && pools_workers(&p) == 4 + 3 + 2);
	CHECK(strcmp(p.pool[0].type, "pam") == 0 &&
	    strcmp(p.pool[1].type, "file") == 0 &&
	    p.pool[1].entry == AUTH_ALL &&
	    strcmp(p.pool[2].type, "system") == 0 && p.pool[2].entry == 0);
	n = 0;
	pools_missing(&p, two, missing, &n);
	CHECK(n == 0);
	for (i = 0; i < 9; i++)
		CHECK_ROW((pools_user(&p, i) != NULL) == (i < 4), "%u", i);
	conf_free(one);
	conf_free(two);
	conf_free(three);
#endif
}

/* A secret is its own pool's; the rest is for all. */
static void
check_tell(void)
{
	static const char	 entry[] = "{type: ldap, url: ['ldaps://h'], "
	    "base: dc=x, service-dn: cn=p, service-password: s}";
	struct auth_pools	 p;
	struct conf		*c;
	char			 text[600];
	uint32_t		 i;

	snprintf(text, sizeof(text), "%s, {type: file, path: a}, %s", entry,
	    entry);
	c = load(text);
	pools_make(&p, c);
	CHECK(p.n == 3 && pools_workers(&p) == 11);	/* 4, 3 and 4 */
	for (i = 0; i < 12; i++) {
		CHECK_ROW(pools_tell(&p, c, i, "auth.0.service-password") ==
		    (i < 4), "%u", i);
		CHECK_ROW(pools_tell(&p, c, i, "auth.2.service-password") ==
		    (i >= 7 && i < 11), "%u", i);
		CHECK(pools_tell(&p, c, i, "auth.0.service-dn"));
		CHECK(pools_tell(&p, c, i, "auth.9.service-password"));
	}
	conf_free(c);
}

int
main(void)
{
	struct auth_pools	 p;
	struct pools_text	 t;
	struct conf_extra	 extra[POOLS_EXTRA];
	struct conf		*one, *two;
	int			 n = 0;

	CHECK(mkdtemp(dir) != NULL);
	one = load("{type: file, path: a}");
	two = load("{type: file, path: a}, {type: file, path: b}");
	pools_make(&p, two);
	CHECK(p.n == 1 && pools_workers(&p) == 3);
	CHECK(p.pool[0].entry == AUTH_ALL && p.pool[0].timeout_ms == 30000);
	pools_make(&p, one);
	CHECK(p.n == 1 && pools_workers(&p) == 3);
	/* all files share one: another comes without a restart */
	pools_missing(&p, two, missing, &n);
	CHECK(n == 0);
	/* a pool of one entry does not do for two */
	p.pool[0].entry = 0;
	pools_missing(&p, two, missing, &n);
	CHECK(n == 104);
	p.n = 0;
	n = 0;
	pools_missing(&p, one, missing, &n);
	CHECK(n == 4);
	pools_make(&p, one);
	CHECK(pools_user(&p, 0) == NULL && pools_user(&p, 99) == NULL);
	CHECK(pools_extra(&p, &t, extra) == 4);
	CHECK(strcmp(extra[0].key, "pools.0.type") == 0 &&
	    strcmp(extra[0].value, "file") == 0);
	CHECK(strcmp(extra[1].value, "4294967295") == 0);
	CHECK(strcmp(extra[2].key, "pools.0.workers") == 0 &&
	    strcmp(extra[2].value, "3") == 0);
	CHECK(strcmp(extra[3].key, "pools.0.timeout") == 0 &&
	    strcmp(extra[3].value, "30000") == 0);
	conf_free(one);
	conf_free(two);
	check_lookups();
	check_tell();
	rmdir(dir);
	return TEST_END();
}
