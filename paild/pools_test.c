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
	rmdir(dir);
	return TEST_END();
}
