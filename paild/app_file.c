/*
 * Changes of the file of app passwords.  Must never lose a line that it does
 * not understand, nor show a secret: only hashes are in the file.
 */
#include "common/compat.h"

#include <sys/stat.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "paild/app_file.h"
#include "paild/conf_file.h"
#include "paild/swap.h"

struct edit {
	/* 1: the line stays; 0: it goes; 2: it is *p now. */
	int	(*line)(struct app_password *p, void *arg);
	void	*arg;
	size_t	 changed;
};

static const char *
text_of(const struct buf *b)
{
	return b->data != NULL ? (const char *)b->data : "";
}

/* The text with the changes, and add at its end unless it is NULL. */
static void
edit_text(const struct buf *text, struct edit *e,
    const struct app_password *add, struct buf *out)
{
	const char		*p = text_of(text), *end = p + text->len, *nl;
	struct app_password	 one;
	char			 why[128];
	size_t			 n = userline_bom(p, text->len);
	int			 r;

	buf_put(out, p, n);
	for (p += n; p < end; p = nl) {
		nl = memchr(p, '\n', (size_t)(end - p));
		nl = nl != NULL ? nl + 1 : end;
		n = (size_t)(nl - p);
		r = app_line_parse(p, n - (p[n - 1] == '\n'), &one, why,
		    sizeof(why)) == USERLINE_USER ? e->line(&one, e->arg) : 1;
		e->changed += r != 1;
		if (r == 2)
			app_line_print(&one, out);
		else if (r == 1) {
			buf_put(out, p, n);
			if (p[n - 1] != '\n')
				buf_puts(out, "\n");
		}
	}
	if (add != NULL)
		app_line_print(add, out);
}

/* As app_file_used(); group NULL: the file must be there. */
static int
edit_file(const char *path, struct edit *e, const struct app_password *add,
    int (*check)(void *arg, char *why, size_t size), const char *group,
    bool wait, char *why, size_t size)
{
	struct buf	 text, out;
	struct stat	 st, *old = &st;
	char		*real = realpath(path, NULL);
	int		 dirfd, r = 0;

	/* A symbolic link stays one: its target is replaced. */
	if (real != NULL)
		path = real;
	if ((dirfd = swap_lock(path, wait, why, size)) == -1) {
		r = !wait && errno == EWOULDBLOCK ? 1 : -1;
		free(real);
		return r;
	}
	buf_init(&text, APP_FILE_MAX + 65536);
	buf_init(&out, APP_FILE_MAX);
	if (stat(path, &st) == -1) {
		old = NULL;
		if (errno != ENOENT || group == NULL) {
			snprintf(why, size, "%s: %s", path, strerror(errno));
			r = -1;
		}
	} else
		r = conf_file_read(path, APP_FILE_MAX, &text, why, size);
	if (r == 0) {
		edit_text(&text, e, add, &out);
		if (check != NULL)
			r = check(e->arg, why, size);
	}
	if (r == 0 && out.failed) {
		snprintf(why, size, "%s: the file is too large", path);
		r = -1;
	}
	if (r == 0 && (add != NULL || e->changed > 0))
		r = swap_replace(path, dirfd, old, group, &out, why, size);
	close(dirfd);
	buf_free(&text);
	buf_free(&out);
	free(real);
	return r;
}

struct adding {
	const struct app_password	*p;
	size_t				 n;	/* that the user has */
	bool				 taken;	/* the name */
};

static int
add_line(struct app_password *p, void *arg)
{
	struct adding	*a = arg;

	if (strcmp(p->user, a->p->user) == 0) {
		a->n++;
		a->taken |= strcmp(p->name, a->p->name) == 0 ||
		    strcmp(p->id, a->p->id) == 0;
	}
	return 1;
}

static int
add_check(void *arg, char *why, size_t size)
{
	struct adding	*a = arg;

	if (a->taken)
		snprintf(why, size, "%s already has an app password with the "
		    "name \"%s\"", a->p->user, a->p->name);
	else if (a->n >= APP_PER_USER)
		snprintf(why, size, "%s already has %zu app passwords",
		    a->p->user, a->n);
	else
		return 0;
	return -1;
}

int
app_file_add(const char *path, const struct app_password *p,
    const char *group, char *why, size_t size)
{
	struct adding	a = { .p = p };
	struct edit	e = { .line = add_line, .arg = &a };

	return edit_file(path, &e, p, add_check, group, true, why, size);
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

int
app_file_revoke(const char *path, const char *user, const char *what,
    char *why, size_t size)
{
	struct revoking	r = { user, what };
	struct edit	e = { .line = revoke_line, .arg = &r };

	if (edit_file(path, &e, NULL, NULL, NULL, true, why, size) != 0)
		return -1;
	if (e.changed == 0 && what != NULL) {
		snprintf(why, size, "%s has no app password with the name or "
		    "id \"%s\"", user, what);
		return -1;
	}
	return (int)e.changed;
}

int
app_file_list(const char *path, const char *user,
    void (*row)(const struct app_password *, void *), void *arg, char *why,
    size_t size)
{
	struct app_password	 one;
	struct buf		 text;
	const char		*p, *nl, *end;
	char			 bad[128];

	buf_init(&text, APP_FILE_MAX + 65536);
	if (conf_file_read(path, APP_FILE_MAX, &text, why, size) == -1) {
		buf_free(&text);
		return -1;
	}
	p = text_of(&text);
	end = p + text.len;
	for (p += userline_bom(p, text.len); p < end; p = nl + 1) {
		if ((nl = memchr(p, '\n', (size_t)(end - p))) == NULL)
			nl = end;
		if (app_line_parse(p, (size_t)(nl - p), &one, bad,
		    sizeof(bad)) == USERLINE_USER &&
		    (user == NULL || strcmp(one.user, user) == 0))
			row(&one, arg);
	}
	buf_free(&text);
	return 0;
}

struct using {
	const struct app_use	*uses;
	size_t			 n;
};

static int
used_line(struct app_password *p, void *arg)
{
	const struct using	*u = arg;
	size_t			 i;

	for (i = 0; i < u->n; i++)
		if (strcmp(u->uses[i].id, p->id) == 0 &&
		    strcmp(u->uses[i].user, p->user) == 0 &&
		    u->uses[i].when / 86400 > p->used / 86400) {
			p->used = u->uses[i].when / 86400 * 86400;
			return 2;
		}
	return 1;
}

int
app_file_used(const char *path, const struct app_use *uses, size_t n,
    char *why, size_t size)
{
	struct using	u = { uses, n };
	struct edit	e = { .line = used_line, .arg = &u };

	return edit_file(path, &e, NULL, NULL, NULL, false, why, size);
}
