/* Tokens of administrators: how long they live, and whose place is taken. */
#include "common/compat.h"

#include <stdio.h>

#include "common/test.h"
#include "paild/desk_token.h"

#define T0	1000000

static struct desk_tokens	*t;

static struct desk_login
who(const char *user, bool app)
{
	struct desk_login	l = { .app = app };

	strlcpy(l.user, user, sizeof(l.user));
	strlcpy(l.remote, "192.0.2.1", sizeof(l.remote));
	return l;
}

static const char *
make(const char *user, int64_t now)
{
	static char		tokens[256][ADMIN_TOKEN + 1];
	static unsigned int	n;
	struct desk_login	l = who(user, false);
	char		       *token = tokens[n++ % 256];

	CHECK(desk_tokens_make(t, &l, now, token) == 0);
	CHECK(strlen(token) == ADMIN_TOKEN);
	return token;
}

static bool
is(const char *token, const char *user, int64_t now)
{
	const struct desk_login	*l = desk_tokens_use(t, str_from(token), now);

	return user == NULL ? l == NULL : l != NULL &&
	    strcmp(l->user, user) == 0;
}

static void
test_life(void)
{
	const char	*a = make("ann", T0), *b = make("ann", T0);
	char		 bad[ADMIN_TOKEN + 1];
	int64_t		 now;
	unsigned int	 i;

	for (i = 0; i < 4096; i++) {
		snprintf(bad, sizeof(bad), "%064x", i);
		CHECK(is(bad, NULL, T0));
	}
	CHECK(strcmp(a, b) != 0);
	CHECK(is(a, "ann", T0) && is(b, "ann", T0 + 1));
	/* All but one octet of it is nothing, and so are other lengths. */
	strlcpy(bad, a, sizeof(bad));
	bad[ADMIN_TOKEN - 1] ^= 1;
	CHECK(is(bad, NULL, T0) && is("", NULL, T0));
	bad[ADMIN_TOKEN - 1] = '\0';
	CHECK(is(bad, NULL, T0));
	/* A use keeps it alive, but not for ever; the other one is idle. */
	for (now = T0; now < T0 + DESK_LIFE_MS; now += DESK_IDLE_MS - 1)
		CHECK(is(a, "ann", now));
	CHECK(is(b, NULL, T0 + DESK_IDLE_MS + 1));
	CHECK(is(a, NULL, T0 + DESK_LIFE_MS));
	CHECK(desk_tokens_count(t, now) == 0);
	a = make("ann", now);
	CHECK(is(a, "ann", now + DESK_IDLE_MS - 1) &&
	    is(a, NULL, now + 2 * DESK_IDLE_MS - 1));
}

static void
test_logout(void)
{
	const char	*a = make("ann", T0), *b = make("ann", T0);

	desk_tokens_end(t, str_from("nobody's"));
	desk_tokens_end(t, str_from(a));
	CHECK(is(a, NULL, T0) && is(b, "ann", T0));
	desk_tokens_end(t, str_from(b));
	CHECK(desk_tokens_count(t, T0) == 0);
}

/* Nobody pushes others out before himself. */
static void
test_room(void)
{
	const char	*ann = make("ann", T0), *first, *second;
	char		 name[16];
	unsigned int	 i;

	first = make("eve", T0 + 1);
	second = make("eve", T0 + 2);
	for (i = 2; i < DESK_PER_USER; i++)
		(void)make("eve", T0 + 3);
	CHECK(is(first, "eve", T0 + 4));	/* used since */
	(void)make("eve", T0 + 5);
	CHECK(is(second, NULL, T0 + 6) && is(first, "eve", T0 + 6));
	CHECK(desk_tokens_count(t, T0 + 6) == DESK_PER_USER + 1);
	for (i = DESK_PER_USER + 1; i < DESK_TOKENS; i++) {
		snprintf(name, sizeof(name), "u%u", i);
		(void)make(name, T0 + 7);
	}
	CHECK(desk_tokens_count(t, T0 + 8) == DESK_TOKENS);
	/* The table is full: her own first, then who was idle for longest. */
	first = make("ann", T0 + 9);
	CHECK(is(ann, NULL, T0 + 9) && is(first, "ann", T0 + 9));
	CHECK(desk_tokens_count(t, T0 + 9) == DESK_TOKENS);
	second = make("new", T0 + 10);
	CHECK(is(second, "new", T0 + 10) && is(first, "ann", T0 + 10));
	CHECK(desk_tokens_count(t, T0 + 10) == DESK_TOKENS);
}

static void
test_revoke(void)
{
	struct desk_login	 l = who("app", true);
	char			 token[ADMIN_TOKEN + 1];
	const char		*a = make("ann", T0);

	CHECK(desk_tokens_make(t, &l, T0, token) == 0);
	CHECK(desk_tokens_revoke(t, "ann") == 1);
	CHECK(is(a, NULL, T0) && is(token, "app", T0));
}

/* One that waits is asked again: a token in the same place is another. */
static void
test_live(void)
{
	const char	*a = make("ann", T0), *b = make("ann", T0);
	uint64_t	 one, two;

	one = desk_tokens_use(t, str_from(a), T0)->serial;
	two = desk_tokens_use(t, str_from(b), T0)->serial;
	CHECK(one != two && desk_tokens_live(t, one, T0) &&
	    desk_tokens_live(t, two, T0));
	desk_tokens_end(t, str_from(a));
	(void)make("ann", T0);
	CHECK(!desk_tokens_live(t, one, T0) && desk_tokens_live(t, two, T0));
	CHECK(!desk_tokens_live(t, 0, T0));
	CHECK(!desk_tokens_live(t, two, T0 + DESK_IDLE_MS));
}

int
main(void)
{
	static void	(*const tests[])(void) = { test_life, test_logout,
			    test_room, test_revoke, test_live };
	size_t		 i;

	for (i = 0; i < nitems(tests); i++) {
		t = desk_tokens_new();
		CHECK(t != NULL);
		tests[i]();
		desk_tokens_free(t);
	}
	desk_tokens_free(NULL);
	return TEST_END();
}
