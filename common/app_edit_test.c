/*
 * Texts of app passwords: whose last use is kept, and how long that takes.
 */
#include "common/compat.h"

#include <stdio.h>

#include "common/app_edit.h"
#include "common/clock.h"
#include "common/test.h"

#define MANY	5000

/* Lines of n users, whose ids begin at first. */
static void
lines(struct buf *b, unsigned n, unsigned first, int64_t used)
{
	struct app_password	 p = { .name = "phone", .scopes =
				    APP_SCOPE_imap, .created = 1795928400,
				    .used = used };
	unsigned		 i;

	for (i = 0; i < n; i++) {
		snprintf(p.user, sizeof(p.user), "user%u", i);
		snprintf(p.id, sizeof(p.id), "%08x", first + i);
		app_line_print(&p, b);
	}
}

static struct str
text(const struct buf *b)
{
	return (struct str){ (const char *)b->data, b->len };
}

static bool
is_uses_of(const struct buf *added, const struct buf *old,
    const struct buf *want)
{
	struct buf	out = BUF_INIT;
	bool		r;

	app_edit_uses(text(added), text(old), &out);
	r = !out.failed && out.len == want->len && (out.len == 0 ||
	    memcmp(out.data, want->data, out.len) == 0);
	buf_free(&out);
	return r;
}

static void
test_uses(void)
{
	const int64_t	day = 1795910400;
	struct buf	fresh = BUF_INIT, old = BUF_INIT, other = BUF_INIT;
	struct buf	none = BUF_INIT;

	lines(&fresh, 3, 16, 0);
	lines(&old, 3, 16, day);
	lines(&other, 3, 17, day);	/* each id is another user's */
	CHECK(is_uses_of(&fresh, &old, &old));
	CHECK(is_uses_of(&old, &fresh, &old));
	CHECK(is_uses_of(&fresh, &none, &fresh));
	CHECK(is_uses_of(&none, &old, &none));
	CHECK(is_uses_of(&fresh, &other, &fresh));
	/* What it does not understand stays, and is no use. */
	buf_puts(&old, "# a comment\n\nnonsense");
	lines(&none, 3, 16, day);
	CHECK(is_uses_of(&fresh, &old, &none));
	buf_free(&fresh);
	buf_free(&old);
	buf_free(&other);
	buf_free(&none);
}

/* paild does that, and nothing else meanwhile. */
static void
test_many(void)
{
	struct buf	a = BUF_INIT, b = BUF_INIT;
	uint64_t	began;

	lines(&a, MANY, 0, 0);
	lines(&b, MANY, MANY, 0);
	began = clock_ms();
	CHECK(is_uses_of(&a, &b, &a));
	CHECK_ROW(clock_ms() - began < 2000, "%llu ms",
	    (unsigned long long)(clock_ms() - began));
	buf_free(&a);
	buf_free(&b);
}

int
main(void)
{
	test_uses();
	test_many();
	return TEST_END();
}
