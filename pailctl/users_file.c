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
#include "pailctl/users_file.h"

#define USERS_FILE_MAX	(64 * 1024 * 1024)
#define USERS_COMPLAINTS	10	/* at most */

/* The id that a line is for, and what follows its hash; false for comments and
 * lines without one, which stay as they are. */
static bool
line_user(const char *line, size_t len, char *id, size_t size,
    struct str *rest)
{
	struct userline_more	 more;
	struct str		 hash;
	char			 why[128];

	if (len > 0 && line[len - 1] == '\n')
		len--;
	if (userline_read(line, len, id, size, &hash, &more, why,
	    sizeof(why)) != USERLINE_USER)
		return false;
	if (len > 0 && line[len - 1] == '\r')
		len--;
	rest->p = hash.p + hash.len;
	rest->len = (size_t)(line + len - rest->p);
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

int
users_edit(const char *text, size_t len, enum users_change what,
    const char *name, const char *hash, struct buf *out, char *why,
    size_t size)
{
	const char	*p, *nl, *end = text + len;
	char		 id[USER_ID_MAX + 1];
	struct str	 rest;
	bool		 found = false;
	size_t		 n;

	/* A BOM stays where it is. */
	n = userline_bom(text, len);
	buf_put(out, text, n);
	for (p = text + n; p < end; p = nl) {
		nl = memchr(p, '\n', (size_t)(end - p));
		nl = nl != NULL ? nl + 1 : end;
		n = (size_t)(nl - p);
		if (line_user(p, n, id, sizeof(id), &rest) &&
		    strcmp(id, name) == 0) {
			/* A second line for a name counts for nothing. */
			if (what == USERS_PASSWD && !found)
				buf_printf(out, "%s:%s%.*s\n", name, hash,
				    (int)rest.len, rest.p);
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
	if (what == USERS_ADD)
		buf_printf(out, "%s:%s\n", name, hash);
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
    const char *hash, const char *group, char *why, size_t size)
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
		    text.len, what, name, hash, &out, why, size);
	if (r == 0)
		r = swap_replace(path, dirfd, old, group, &out, why, size);
	close(dirfd);
	buf_free(&text);
	buf_free(&out);
	free(real);
	return r;
}

int
users_list(const char *path, struct buf *out, char *why, size_t size)
{
	struct buf	 text;
	const char	*p, *nl, *end;
	char		 id[USER_ID_MAX + 1];
	struct str	 rest;

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
		if (line_user(p, (size_t)(nl - p), id, sizeof(id), &rest))
			buf_printf(out, "%s\n", id);
	}
	buf_free(&text);
	return out->failed ? -1 : 0;
}
