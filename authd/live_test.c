/* Who is looked up again when, and whose sessions end. */
#include "common/compat.h"

#include "authd/live.h"
#include "common/test.h"

static struct live	*l;

static int64_t		 now;

/* It is due, and they say that. */
static bool
said(struct live_user *u, enum live_code code, const char *user)
{
	bool	ends;

	CHECK(live_next(l, 10, now += 10) == u);
	CHECK(live_next(l, 10, now += 10) == NULL);	/* it is asked */
	ends = live_said(u, code, user, now);
	live_drop(u);
	return ends;
}

/* Each row's answers are letters; the one that ends the sessions is the
 * last. */
static void
check_said(void)
{
	static const struct {
		bool		 known;
		const char	*answers;
		bool		 ends;
	} rows[] = {
		{ true, "NN", true }, { true, "N", false },
		{ true, "NUN", false }, { true, "NUNN", true },
		/* a database that is away says nothing, of either */
		{ true, "AAAAAAAA", false }, { true, "NAN", false },
		{ true, "NANN", true },
		/* of a token or an app password: in no directory */
		{ false, "NNNN", false },
		{ false, "UNN", true }, { false, "AUN", false },
		/* the name is another's by now */
		{ false, "ONN", false }, { true, "NON", false },
		/* only once, until it is known again */
		{ true, "NNNNNN", false }, { true, "NNUNN", true }
	};
	static const enum live_code codes[] = {
		['U'] = LIVE_USER, ['O'] = LIVE_USER, ['N'] = LIVE_GONE,
		['A'] = LIVE_AWAY
	};
	struct live_user	*u;
	const char		*p;
	bool			 ends;
	size_t			 i;

	for (i = 0; i < nitems(rows); i++) {
		u = live_hold(l, "ann@x", "ann", now);
		if (rows[i].known)
			live_known(u, true);
		ends = false;
		for (p = rows[i].answers; *p != '\0'; p++)
			ends = said(u, codes[(unsigned char)*p], *p == 'O' ?
			    "other" : "ann");
		CHECK_ROW(ends == rows[i].ends, "%d %s", rows[i].known,
		    rows[i].answers);
		live_drop(u);
	}
}

/* What is in a cache is older than what a lookup has said. */
static void
check_login(void)
{
	struct live_user	*u = live_hold(l, "ann", "ann", now);

	live_known(u, true);
	CHECK(!said(u, LIVE_GONE, NULL));
	live_known(u, false);
	CHECK(said(u, LIVE_GONE, NULL));
	live_known(u, true);
	CHECK(!said(u, LIVE_GONE, NULL));
	live_known(u, true);
	CHECK(!said(u, LIVE_GONE, NULL));
	/* other databases */
	live_doubt(l);
	CHECK(!said(u, LIVE_GONE, NULL) && !said(u, LIVE_GONE, NULL));
	live_drop(u);
	live_drop(NULL);
	live_known(NULL, true);
}

static void
check_due(void)
{
	struct live_user	*ann, *again, *bob, *u;

	CHECK(live_next(l, 0, 1000) == NULL);
	ann = live_hold(l, "ann", "ann", 100);
	bob = live_hold(l, "bob", "bob", 150);
	again = live_hold(l, "ann", "ann", 199);
	/* a name that is another's */
	u = live_hold(l, "ann", "eve", 900);
	CHECK(ann == again && u != ann);
	live_drop(u);
	CHECK(live_next(l, 100, 199) == NULL);
	CHECK(live_next(l, 100, 200) == ann);
	CHECK(live_next(l, 100, 249) == NULL);
	CHECK(live_next(l, 100, 400) == bob);
	/* after the answer it is due again, unless nobody has it any more */
	(void)live_said(bob, LIVE_AWAY, NULL, 410);
	live_drop(bob);
	live_drop(bob);
	(void)live_said(ann, LIVE_AWAY, NULL, 420);
	live_drop(ann);
	live_drop(ann);
	CHECK(live_next(l, 100, 519) == NULL);
	CHECK(live_next(l, 100, 520) == ann);
	/* its sessions end meanwhile, and the answer never comes */
	live_drop(again);
	live_drop(ann);
	CHECK(live_next(l, 0, 10000) == NULL);
}

int
main(void)
{
	CHECK((l = live_new()) != NULL);
	check_said();
	check_login();
	check_due();
	live_free(l);
	live_free(NULL);
	return TEST_END();
}
