/*
 * Changes of a text of app passwords.  Must never lose a line that it does not
 * understand.
 */
#include "common/compat.h"

#include <stdio.h>
#include <stdlib.h>

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

/* When an app password was last used. */
struct use {
	char		user[USER_ID_MAX + 1];
	char		id[APP_ID + 1];
	int64_t		used;
};

struct uses {
	struct use	*v;		/* sorted */
	size_t		 n;
};

static int
use_compare(const void *x, const void *y)
{
	const struct use	*a = x, *b = y;
	int			 r = strcmp(a->id, b->id);

	return r != 0 ? r : strcmp(a->user, b->user);
}

/* Those of a text.  -1: no memory. */
static int
uses_of(struct uses *u, struct str text)
{
	const char		*p, *end;
	struct app_password	 one;
	size_t			 n, lines = 1;

	p = text.len > 0 ? text.p : "";
	end = p + text.len;
	for (n = 0; n < text.len; n++)
		lines += p[n] == '\n';
	u->n = 0;
	if ((u->v = reallocarray(NULL, lines, sizeof(*u->v))) == NULL)
		return -1;
	for (p += userline_bom(p, text.len); p < end; p += n) {
		n = line_at(p, end);
		if (!parse(p, n, &one))
			continue;
		strlcpy(u->v[u->n].user, one.user, sizeof(u->v->user));
		strlcpy(u->v[u->n].id, one.id, sizeof(u->v->id));
		u->v[u->n++].used = one.used;
	}
	qsort(u->v, u->n, sizeof(*u->v), use_compare);
	return 0;
}

static int
use_line(struct app_password *p, void *arg)
{
	const struct uses	*u = arg;
	const struct use	*found;
	struct use		 key;

	strlcpy(key.user, p->user, sizeof(key.user));
	strlcpy(key.id, p->id, sizeof(key.id));
	found = bsearch(&key, u->v, u->n, sizeof(*u->v), use_compare);
	if (found != NULL && found->used > p->used)
		p->used = found->used;
	return 2;
}

void
app_edit_uses(struct str added, struct str old, struct buf *out)
{
	struct uses	u;

	if (uses_of(&u, old) == -1)
		out->failed = true;
	else
		(void)app_edit_lines(added, use_line, &u, out);
	free(u.v);
}
