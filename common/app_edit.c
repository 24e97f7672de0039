/*
 * Changes of a text of app passwords.  Must never lose a line that it does not
 * understand.
 */
#include "common/compat.h"

#include <stdio.h>

#include "common/app_edit.h"

/* The next line at *p, with its newline; its length. */
static size_t
line_at(const char *p, const char *end)
{
	const char	*nl = memchr(p, '\n', (size_t)(end - p));

	return nl != NULL ? (size_t)(nl - p) + 1 : (size_t)(end - p);
}

static bool
parse(const char *p, size_t n, struct app_password *one)
{
	char	why[128];

	return app_line_parse(p, n - (p[n - 1] == '\n'), one, why,
	    sizeof(why)) == USERLINE_USER;
}

size_t
app_edit_lines(struct str text, app_edit_line line, void *arg,
    struct buf *out)
{
	const char		*p = text.len > 0 ? text.p : "";
	const char		*end = p + text.len;
	struct app_password	 one;
	size_t			 n = userline_bom(p, text.len), changed = 0;
	int			 r;

	buf_put(out, p, n);
	for (p += n; p < end; p += n) {
		n = line_at(p, end);
		r = parse(p, n, &one) ? line(&one, arg) : 1;
		changed += r != 1;
		if (r == 2)
			app_line_print(&one, out);
		else if (r == 1) {
			buf_put(out, p, n);
			if (p[n - 1] != '\n')
				buf_puts(out, "\n");
		}
	}
	return changed;
}

struct adding {
	const struct app_password	*p;
	size_t				 n;	/* that the user has */
	bool				 taken;	/* the name, or the id */
	bool				 there;	/* itself */
};

static int
add_line(struct app_password *p, void *arg)
{
	struct adding	*a = arg;

	if (strcmp(p->user, a->p->user) != 0)
		return 1;
	a->n++;
	a->taken |= strcmp(p->name, a->p->name) == 0 ||
	    strcmp(p->id, a->p->id) == 0;
	a->there |= strcmp(p->id, a->p->id) == 0 &&
	    memcmp(p->salt, a->p->salt, APP_SALT) == 0 &&
	    memcmp(p->hash, a->p->hash, APP_HASH) == 0;
	return 1;
}

int
app_edit_add(struct str text, const struct app_password *p, struct buf *out,
    char *why, size_t size)
{
	struct adding	a = { .p = p };

	(void)app_edit_lines(text, add_line, &a, out);
	if (a.there)
		return 1;
	if (a.taken)
		snprintf(why, size, "%s already has an app password with the "
		    "name \"%s\"", p->user, p->name);
	else if (a.n >= APP_PER_USER)
		snprintf(why, size, "%s already has %zu app passwords",
		    p->user, a.n);
	else {
		app_line_print(p, out);
		return 0;
	}
	return -1;
}

struct revoking {
	const char	*user, *what;
};

static int
revoke_line(struct app_password *p, void *arg)
{
	struct revoking	*r = arg;

	return strcmp(p->user, r->user) != 0 || (r->what != NULL &&
	    strcmp(p->name, r->what) != 0 && strcmp(p->id, r->what) != 0);
}

size_t
app_edit_revoke(struct str text, const char *user, const char *what,
    struct buf *out)
{
	struct revoking	r = { user, what };

	return app_edit_lines(text, revoke_line, &r, out);
}

/* What was used is in the order in which it was added, mostly: the search goes
 * on where the last one ended. */
struct using {
	struct str	 old;
	size_t		 at;
};

static bool
search(struct using *u, size_t end, struct app_password *p)
{
	struct app_password	 one;
	size_t			 n;

	for (; u->at < end; u->at += n) {
		n = line_at(u->old.p + u->at, u->old.p + u->old.len);
		if (!parse(u->old.p + u->at, n, &one) ||
		    strcmp(one.id, p->id) != 0 ||
		    strcmp(one.user, p->user) != 0)
			continue;
		u->at += n;
		if (one.used > p->used)
			p->used = one.used;
		return true;
	}
	return false;
}

static int
use_line(struct app_password *p, void *arg)
{
	struct using	*u = arg;
	size_t		 from = u->at;

	if (!search(u, u->old.len, p)) {
		u->at = 0;
		if (!search(u, from, p))
			u->at = from;
	}
	return 2;
}

void
app_edit_uses(struct str added, struct str old, struct buf *out)
{
	struct using	u = { .old = old };

	if (old.len == 0)
		u.old.p = "";
	(void)app_edit_lines(added, use_line, &u, out);
}
