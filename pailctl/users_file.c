/*
 * Changes of the users' file.  Never writes into the file itself (swap.h).
 */
#include "common/compat.h"

#include <sys/stat.h>

#include <err.h>
#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "common/user.h"
#include "common/userline.h"
#include "paild/conf_file.h"
#include "paild/swap.h"
#include "pailctl/user_fields.h"
#include "pailctl/users_file.h"

#define USERS_FILE_MAX	(64 * 1024 * 1024)
#define USERS_COMPLAINTS	10	/* at most */

struct line {
	char		 id[USER_ID_MAX + 1];
	struct str	 hash;
	struct str	 rest;		/* what follows the hash */
	struct userline_more more;
};

/* What a line says; false for comments and lines without a user, which stay as
 * they are. */
static bool
line_user(const char *line, size_t len, struct line *l)
{
	char	why[128];

	if (len > 0 && line[len - 1] == '\n')
		len--;
	if (userline_read(line, len, l->id, sizeof(l->id), &l->hash, &l->more,
	    why, sizeof(why)) != USERLINE_USER)
		return false;
	if (len > 0 && line[len - 1] == '\r')
		len--;
	l->rest.p = l->hash.p + l->hash.len;
	l->rest.len = (size_t)(line + len - l->rest.p);
	return true;
}

/* What names no user, for the operator to mend. */
void
users_complain(const char *path, const char *text, size_t len)
{
	const char	*p, *nl, *end = text + len;
	char		 id[USER_ID_MAX + 1], why[128];
	struct str	 hash;
	struct userline_more more;
	enum userline	 what;
	size_t		 n = 0, told = 0;

	for (p = text + userline_bom(text, len); p < end; p = nl + 1) {
		n++;
		if ((nl = memchr(p, '\n', (size_t)(end - p))) == NULL)
			nl = end;
		what = userline_read(p, (size_t)(nl - p), id, sizeof(id),
		    &hash, &more, why, sizeof(why));
		if (what == USERLINE_BAD && told++ < USERS_COMPLAINTS)
			warnx("%s:%zu: %s; the line is ignored", path, n, why);
		else if (what == USERLINE_USER && more.why[0] != '\0' &&
		    told++ < USERS_COMPLAINTS)
			warnx("%s:%zu: %s; it is ignored", path, n, more.why);
	}
}

/* The line that l becomes, unless it is to go.  -1: why. */
static int
edit_line(const struct line *l, enum users_change what, const char *hash,
    struct user_fields *fields, struct buf *out, char *why, size_t size)
{
	struct str	 rest = { l->hash.p, l->hash.len + l->rest.len };
	const char	*locked = "";

	switch (what) {
	case USERS_PASSWD:
		buf_printf(out, "%s:%s%s%.*s\n", l->id,
		    userline_locked(l->hash) ? "!" : "", hash, (int)l->rest.len,
		    l->rest.p);
		return 0;
	case USERS_SET:
		buf_printf(out, "%s:%.*s", l->id, (int)l->hash.len, l->hash.p);
		if (user_fields_edit(fields, l->id, l->rest, out, why,
		    size) == -1)
			return -1;
		buf_puts(out, "\n");
		return 0;
	case USERS_LOCK:
		if (!userline_locked(l->hash))
			locked = "!";
		break;
	case USERS_UNLOCK:
		if (userline_locked(l->hash)) {
			rest.p++;
			rest.len--;
		} else if (l->hash.len == 0 || l->hash.p[0] == '!') {
			snprintf(why, size, "%s has no password", l->id);
			return -1;
		}
		break;
	case USERS_ADD:
	case USERS_DEL:
		return 0;
	}
	buf_printf(out, "%s:%s%.*s\n", l->id, locked, (int)rest.len, rest.p);
	return 0;
}

static int
add_line(const char *name, const char *hash, struct user_fields *fields,
    struct buf *out, char *why, size_t size)
{
	buf_printf(out, "%s:%s", name, hash);
	if (fields != NULL && user_fields_edit(fields, name, STR(""), out, why,
	    size) == -1)
		return -1;
	buf_puts(out, "\n");
	return 0;
}

/* 1: the line is the user's, and has become what it is to be; 0: it stays as
 * it is; -1: why. */
static int
try_line(const struct line *l, enum users_change what, const char *name,
    const char *hash, struct user_fields *fields, bool found,
    struct buf *out, char *why, size_t size)
{
	const char	*taken;

	if (strcmp(l->id, name) == 0) {
		/* A second line for a name counts for nothing. */
		if (!found && edit_line(l, what, hash, fields, out, why,
		    size) == -1)
			return -1;
		return 1;
	}
	if (fields != NULL && (taken = user_fields_taken(fields, l->id,
	    l->more.aliases)) != NULL) {
		snprintf(why, size, "%s is a name of %s", taken, l->id);
		return -1;
	}
	return 0;
}

int
users_edit(const char *text, size_t len, enum users_change what,
    const char *name, const char *hash, struct user_fields *fields,
    struct buf *out, char *why, size_t size)
{
	const char	*p, *nl, *end = text + len;
	struct line	 l;
	bool		 found = false;
	size_t		 n;
	int		 r;

	/* A BOM stays where it is. */
	n = userline_bom(text, len);
	buf_put(out, text, n);
	for (p = text + n; p < end; p = nl) {
		nl = memchr(p, '\n', (size_t)(end - p));
		nl = nl != NULL ? nl + 1 : end;
		n = (size_t)(nl - p);
		r = line_user(p, n, &l) ? try_line(&l, what, name, hash,
		    fields, found, out, why, size) : 0;
		if (r == -1)
			return -1;
		if (r == 1) {
			found = true;
			if (what != USERS_ADD)
				continue;
		}
		buf_put(out, p, n);
		if (p[n - 1] != '\n')
			buf_puts(out, "\n");
	}
	if (found != (what != USERS_ADD)) {
		snprintf(why, size, found ? "%s already exists" :
		    "%s does not exist", name);
		return -1;
	}
	if (what == USERS_ADD && add_line(name, hash, fields, out, why,
	    size) == -1)
		return -1;
	if (out->failed) {
		snprintf(why, size, "the password file is too large");
		return -1;
	}
	return 0;
}

static int
fail(char *why, size_t size, const char *path)
{
	snprintf(why, size, "%s: %s", path, strerror(errno));
	return -1;
}

int
users_change(const char *path, enum users_change what, const char *name,
    const char *hash, struct user_fields *fields, const char *group,
    char *why, size_t size)
{
	struct buf	 text, out;
	struct stat	 st, *old = &st;
	char		*real;
	int		 dirfd, r = 0;

	/* A symbolic link stays one: its target is replaced. */
	real = realpath(path, NULL);
	if (real != NULL)
		path = real;
	if ((dirfd = swap_lock(path, true, why, size)) == -1) {
		free(real);
		return -1;
	}
	buf_init(&text, USERS_FILE_MAX + 65536);
	buf_init(&out, USERS_FILE_MAX + 65536);
	if (stat(path, &st) == -1) {
		old = NULL;
		if (errno != ENOENT || what != USERS_ADD)
			r = fail(why, size, path);
	} else
		r = conf_file_read(path, USERS_FILE_MAX, &text, why, size);
	if (r == 0)
		users_complain(path, text.data != NULL ? (char *)text.data :
		    "", text.len);
	if (r == 0)
		r = users_edit(text.data != NULL ? (char *)text.data : "",
		    text.len, what, name, hash, fields, &out, why, size);
	if (r == 0)
		r = swap_replace(path, dirfd, old, group, &out, why, size);
	close(dirfd);
	buf_free(&text);
	buf_free(&out);
	free(real);
	return r;
}

int
users_each(const char *path, users_cb cb, void *arg, char *why, size_t size)
{
	struct buf	 text;
	const char	*p, *nl, *end;
	struct line	 l;

	buf_init(&text, USERS_FILE_MAX + 65536);
	if (conf_file_read(path, USERS_FILE_MAX, &text, why, size) == -1) {
		buf_free(&text);
		return -1;
	}
	p = text.data != NULL ? (char *)text.data : "";
	users_complain(path, p, text.len);
	end = p + text.len;
	for (p += userline_bom(p, text.len); p < end; p = nl) {
		nl = memchr(p, '\n', (size_t)(end - p));
		nl = nl != NULL ? nl + 1 : end;
		if (line_user(p, (size_t)(nl - p), &l))
			cb(l.id, userline_locked(l.hash), &l.more, arg);
	}
	buf_free(&text);
	return 0;
}

static void
add_name(const char *name, bool locked, const struct userline_more *more,
    void *arg)
{
	(void)locked;
	(void)more;
	buf_printf(arg, "%s\n", name);
}

int
users_list(const char *path, struct buf *out, char *why, size_t size)
{
	if (users_each(path, add_name, out, why, size) == -1)
		return -1;
	if (out->failed)
		snprintf(why, size, "the password file is too large");
	return out->failed ? -1 : 0;
}
