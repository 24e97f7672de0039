/* Digests by message: many in one read, whatever order they are asked in. */
#include "common/compat.h"

#include <stdlib.h>
#include <string.h>

#include "common/log.h"
#include "common/test.h"
#include "storaged/index/cold.h"

#define LIST	8

static char		 dir[] = "/tmp/pail-cold.XXXXXX";
static struct cold	 cold;

/* What was given, as a bit for each; stops after the one that is stop. */
struct given { unsigned bits; int stop; bool damaged; const uint64_t *m; };

static size_t
digest_of(uint64_t m, char *p)
{
	size_t	 len = m % 3 == 0 ? 2000 : 50;	/* packed, or not */

	memset(p, 'a' + (int)(m % 26), len);
	return len;
}

static int
take(void *arg, unsigned i, struct str digest)
{
	struct given	*g = arg;
	char		 want[2000];
	size_t		 len = digest_of(g->m[i], want);

	CHECK(digest.len == len && memcmp(digest.p, want, len) == 0);
	g->bits |= 1U << i;
	if ((int)i != g->stop)
		return 1;
	return g->damaged ? -1 : 0;
}

static void
test_each(void)
{
	/* 1 to 40 are there, but for the multiples of 10. */
	static const struct {
		uint64_t	 m[LIST];
		unsigned	 n;
		int		 looked;
		unsigned	 bits;
		int		 stop;
	} t[] = {
		{ { 1, 2, 3, 4 }, 4, 4, 0xf, -1 },
		{ { 2, 5, 7, 10, 11 }, 5, 5, 0x17, -1 },
		{ { 10, 11 }, 2, 2, 0x2, -1 },
		{ { 50, 51 }, 2, 2, 0, -1 },
		{ { 39, 40, 41 }, 3, 3, 0x1, -1 },
		/* far away, backwards, twice: another read */
		{ { 1, 2, 1000 }, 3, 2, 0x3, -1 },
		{ { 5, 4, 6 }, 3, 1, 0x1, -1 },
		{ { 5, 5 }, 2, 1, 0x1, -1 },
		{ { 1, 2, 3, 4 }, 4, 2, 0x3, 1 },
		{ { UINT64_MAX }, 1, 1, 0, -1 },
	};
	struct given	 g;
	size_t		 i;
	int		 looked;

	for (i = 0; i < nitems(t); i++) {
		g = (struct given){ 0, t[i].stop, false, t[i].m };
		looked = cold_each(&cold, t[i].m, t[i].n, take, &g);
		CHECK_ROW(looked == t[i].looked && g.bits == t[i].bits,
		    "%zu: %d looked at, %x given", i, looked, g.bits);
	}
}

/* What fn calls damaged is not here any more; it can be put again. */
static void
test_damaged(void)
{
	static const uint64_t	 m[] = { 21, 22, 23 };
	struct given		 g = { 0, 1, true, m };
	char			 p[2000];

	log_set_level(LOG_LEVEL_ERROR);
	CHECK(cold_each(&cold, m, 3, take, &g) == 2 && g.bits == 3);
	g = (struct given){ 0, -1, false, m };
	CHECK(cold_each(&cold, m, 3, take, &g) == 3 && g.bits == 5);
	cold_put(&cold, 22, p, digest_of(22, p));
	g.bits = 0;
	CHECK(cold_each(&cold, m, 3, take, &g) == 3 && g.bits == 7);
}

int
main(void)
{
	char		 p[2000], cmd[100];
	struct index	*ix;
	uint64_t	 m;

	log_init("cold_test");
	if (mkdtemp(dir) == NULL || (ix = index_open(dir, "ann")) == NULL)
		return 1;
	cold_init(&cold, NULL, ix, "ann");
	for (m = 1; m <= 40; m++)
		if (m % 10 != 0)
			cold_put(&cold, m, p, digest_of(m, p));
	test_each();
	test_damaged();
	cold_free(&cold);
	index_close(ix, false);
	snprintf(cmd, sizeof(cmd), "rm -rf %s", dir);
	CHECK(system(cmd) == 0);
	return TEST_END();
}
