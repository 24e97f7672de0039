/*
 * Changes of the file of app passwords.  Must never lose a line that it does
 * not understand, nor show a secret: only hashes are in the file.
 */
#include "common/compat.h"

#include <sys/stat.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "paild/app_file.h"
#include "paild/conf_file.h"
#include "paild/swap.h"

/* What becomes of the text: how many lines have changed, or -1. */
typedef int (*change_cb)(struct str text, void *arg, struct buf *out,
    char *why, size_t size);

/* As app_file_used(); group NULL: the file must be there. */
static int
edit_file(const char *path, change_cb change, void *arg, const char *group,
    bool wait, char *why, size_t size)
{
	struct buf	 text, out;
	struct stat	 st, *old = &st;
	char		*real = realpath(path, NULL);
	int		 dirfd, n, r = 0;

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
	n = r == 0 ? change((struct str){ (char *)text.data, text.len }, arg,
	    &out, why, size) : 0;
	if (n == -1)
		r = -1;
	if (r == 0 && out.failed) {
		snprintf(why, size, "%s: the file is too large", path);
		r = -1;
	}
	if (r == 0 && n > 0)
		r = swap_replace(path, dirfd, old, group, &out, why, size);
	close(dirfd);
	buf_free(&text);
	buf_free(&out);
	free(real);
	return r;
}

static int
change_add(struct str text, void *arg, struct buf *out, char *why,
    size_t size)
{
	snprintf(why, size, "it is in the file already");
	return app_edit_add(text, arg, out, why, size) == 0 ? 1 : -1;
}

int
app_file_add(const char *path, const struct app_password *p,
    const char *group, char *why, size_t size)
{
	struct app_password	copy = *p;

	return edit_file(path, change_add, &copy, group, true, why, size);
}

struct revoking {
	const char	*user, *what;
	int		 n;
};

static int
change_revoke(struct str text, void *arg, struct buf *out, char *why,
    size_t size)
{
	struct revoking	*r = arg;

	(void)why;
	(void)size;
	return r->n = (int)app_edit_revoke(text, r->user, r->what, out);
}

int
app_file_revoke(const char *path, const char *user, const char *what,
    char *why, size_t size)
{
	struct revoking	r = { user, what, 0 };

	if (edit_file(path, change_revoke, &r, NULL, true, why, size) != 0)
		return -1;
	if (r.n == 0 && what != NULL) {
		snprintf(why, size, "%s has no app password with the name or "
		    "id \"%s\"", user, what);
		return -1;
	}
	return r.n;
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
	p = text.data != NULL ? (const char *)text.data : "";
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

/* By id and user, and of one the latest first. */
static int
use_compare(const void *a, const void *b)
{
	const struct app_use	*x = a, *y = b;
	int			 r;

	if ((r = strcmp(x->id, y->id)) != 0 ||
	    (r = strcmp(x->user, y->user)) != 0)
		return r;
	return x->when == y->when ? 0 : x->when > y->when ? -1 : 1;
}

/* The first that is not before p's. */
static const struct app_use *
use_find(const struct using *u, const struct app_password *p)
{
	size_t	lo = 0, hi = u->n, mid;
	int	r;

	while (lo < hi) {
		mid = lo + (hi - lo) / 2;
		if ((r = strcmp(u->uses[mid].id, p->id)) == 0)
			r = strcmp(u->uses[mid].user, p->user);
		if (r < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return &u->uses[lo];
}

static int
used_line(struct app_password *p, void *arg)
{
	const struct using	*u = arg;
	const struct app_use	*use = use_find(u, p);

	if (use == u->uses + u->n || strcmp(use->id, p->id) != 0 ||
	    strcmp(use->user, p->user) != 0 ||
	    use->when / 86400 <= p->used / 86400)
		return 1;
	p->used = use->when / 86400 * 86400;
	return 2;
}

static int
change_used(struct str text, void *arg, struct buf *out, char *why,
    size_t size)
{
	(void)why;
	(void)size;
	return (int)app_edit_lines(text, used_line, arg, out);
}

int
app_file_used(const char *path, struct app_use *uses, size_t n,
    char *why, size_t size)
{
	struct using	u = { uses, n };

	if (n > 0)
		qsort(uses, n, sizeof(*uses), use_compare);
	return edit_file(path, change_used, &u, NULL, false, why, size);
}

/* The first line of a copy of the bucket's. */
#define COPY_HEAD	"# The bucket's app passwords, serial "
#define COPY_TAIL	": a copy, do not edit\n"

static uint64_t
serial_of(struct str text)
{
	size_t		n = strlen(COPY_HEAD);
	uint64_t	serial = 0;

	if (text.len <= n || memcmp(text.p, COPY_HEAD, n) != 0)
		return 0;
	for (; n < text.len && text.p[n] >= '0' && text.p[n] <= '9' &&
	    serial < UINT64_MAX / 10 - 9; n++)
		serial = serial * 10 + (uint64_t)(text.p[n] - '0');
	return serial;
}

struct copying {
	uint64_t	serial;
	struct str	text;
	size_t		own;		/* app passwords that are no copy */
};

static int
count_line(struct app_password *p, void *arg)
{
	(void)p;
	((struct copying *)arg)->own++;
	return 1;
}

static int
change_copy(struct str text, void *arg, struct buf *out, char *why,
    size_t size)
{
	struct copying	*c = arg;
	struct buf	 none;

	if (serial_of(text) == 0) {
		buf_init(&none, APP_FILE_MAX);
		(void)app_edit_lines(text, count_line, c, &none);
		buf_free(&none);
	}
	if (c->own > 0) {
		snprintf(why, size, "it has app passwords that are not the "
		    "bucket's: move it away, then run pailctl app-password "
		    "import FILE");
		return -1;
	}
	buf_printf(out, COPY_HEAD "%llu" COPY_TAIL,
	    (unsigned long long)c->serial);
	app_edit_uses(c->text, text, out);
	return 1;
}

int
app_file_copy(const char *path, uint64_t serial, struct str text,
    const char *group, char *why, size_t size)
{
	struct copying	c = { serial, text, 0 };

	return edit_file(path, change_copy, &c, group, false, why, size);
}

uint64_t
app_file_serial(const char *path)
{
	char	 head[128];
	FILE	*f = fopen(path, "re");
	size_t	 n;

	if (f == NULL)
		return 0;
	n = fread(head, 1, sizeof(head), f);
	fclose(f);
	return serial_of((struct str){ head, n });
}
