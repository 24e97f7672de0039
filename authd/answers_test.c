/* What is kept of lookups' answers: for how long, how many, and what a revoke
 * leaves of them. */
#include "common/compat.h"

#include <stdio.h>

#include "authd/answers.h"
#include "common/test.h"

static struct answers	*a;

static void
put(uint32_t backend, const char *name, const char *user, int64_t now)
{
	struct answer	said = { user, { QUOTA_OWN, 7, 0 } };

	answers_put(a, backend, name, &said, now);
}

/* NULL: it has to be asked; "": it is not known. */
static const char *
is(uint32_t backend, const char *name, int64_t now)
{
	struct answer	found;

	if (!answers_find(a, backend, name, now, &found))
		return NULL;
	CHECK(found.quota.bytes == 7 && found.quota.told == QUOTA_OWN);
	return found.user == NULL ? "" : found.user;
}

#define IS(backend, name, now, want)	do {				\
	const char *is_ = is(backend, name, now);			\
	CHECK_ROW(is_ != NULL && strcmp(is_, want) == 0, "%s: %s", name,	\
	    is_ == NULL ? "?" : is_);					\
} while (0)

static void
check_times(void)
{
	CHECK((a = answers_new(3600000)) != NULL);
	put(0, "ann@x", "ann", 1000);
	put(0, "bob", NULL, 1000);
	IS(0, "ann@x", 1000 + ANSWERS_YES_MS - 1, "ann");
	IS(0, "bob", 1000 + ANSWERS_NO_MS - 1, "");
	CHECK(is(1, "ann@x", 1000) == NULL && is(0, "ann", 1000) == NULL);
	CHECK(is(0, "bob", 1000 + ANSWERS_NO_MS) == NULL);
	CHECK(is(0, "ann@x", 1000 + ANSWERS_YES_MS) == NULL);
	CHECK(is(0, "ann@x", 1000) == NULL);		/* it has gone */
	/* the last word counts */
	put(0, "bob", NULL, 1000);
	put(0, "bob", "bob", 1000);
	IS(0, "bob", 1000, "bob");
	put(0, "bob", NULL, 1000);
	IS(0, "bob", 1000, "");
	/* login-cache */
	answers_reset(a, 1000);
	CHECK(is(0, "bob", 1000) == NULL);
	put(0, "ann", "ann", 1000);
	IS(0, "ann", 1999, "ann");
	CHECK(is(0, "ann", 2000) == NULL);
	answers_reset(a, 0);
	put(0, "ann", "ann", 1000);
	CHECK(is(0, "ann", 1000) == NULL);
	answers_free(a);
	answers_free(NULL);
}

static void
check_bounds(void)
{
	char	name[32];
	size_t	i;

	CHECK((a = answers_new(3600000)) != NULL);
	for (i = 0; i < ANSWERS_YES; i++) {
		snprintf(name, sizeof(name), "u%zu", i);
		put(0, name, name, 1);
	}
	/* unknown names push out unknown names only */
	for (i = 0; i <= ANSWERS_NO; i++) {
		snprintf(name, sizeof(name), "n%zu", i);
		put(0, name, NULL, 1);
	}
	CHECK(is(0, "n0", 1) == NULL);
	IS(0, "n1", 1, "");
	IS(0, "u0", 1, "u0");
	put(0, "more", "more", 1);
	CHECK(is(0, "u0", 1) == NULL);
	IS(0, "u1", 1, "u1");
	/* a revoke: who is gone, and whom somebody may be by now */
	put(3, "alias", "u1", 1);
	answers_revoke(a, "u1");
	CHECK(is(0, "u1", 1) == NULL && is(3, "alias", 1) == NULL);
	CHECK(is(0, "n1", 1) == NULL);
	IS(0, "u2", 1, "u2");
	answers_free(a);
}

int
main(void)
{
	check_times();
	check_bounds();
	return TEST_END();
}
