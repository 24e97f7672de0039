/*
 * Changes of the users' file.  Never writes into the file itself: a reader
 * sees the old one or the new one, whatever happens in between.
 */
#include "common/compat.h"

#include <sys/file.h>
#include <sys/stat.h>

#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <pwd.h>
#include <stdio.h>
#include <unistd.h>

#include "common/user.h"
#include "common/userline.h"
#include "common/write_all.h"
#include "paild/conf_file.h"
#include "pailctl/users_file.h"

#define USERS_FILE_MAX	(64 * 1024 * 1024)
#define USERS_COMPLAINTS	10	/* at most */

/* The id that a line is for; false for comments and lines without one, which
 * stay as they are. */
static bool
line_user(const char *line, size_t len, char *id, size_t size)
{
	struct str	 hash;
	char		 why[128];

	if (len > 0 && line[len - 1] == '\n')
		len--;
	return userline_parse(line, len, id, size, &hash, why,
	    sizeof(why)) == USERLINE_USER;
}

/* What names no user, for the operator to mend. */
void
users_complain(const char *path, const char *text, size_t len)
{
	const char	*p, *nl, *end = text + len;
	char		 id[USER_ID_MAX + 1], why[128];
	struct str	 hash;
	size_t		 n = 0, told = 0;

	for (p = text + userline_bom(text, len); p < end; p = nl + 1) {
		n++;
		if ((nl = memchr(p, '\n', (size_t)(end - p))) == NULL)
			nl = end;
		if (userline_parse(p, (size_t)(nl - p), id, sizeof(id), &hash,
		    why, sizeof(why)) == USERLINE_BAD &&
		    told++ < USERS_COMPLAINTS)
			warnx("%s:%zu: %s; the line is ignored", path, n, why);
	}
}

int
users_edit(const char *text, size_t len, enum users_change what,
    const char *name, const char *hash, struct buf *out, char *why,
    size_t size)
{
	const char	*p, *nl, *end = text + len;
	char		 id[USER_ID_MAX + 1];
	bool		 found = false;
	size_t		 n;

	/* A BOM stays where it is. */
	n = userline_bom(text, len);
	buf_put(out, text, n);
	for (p = text + n; p < end; p = nl) {
		nl = memchr(p, '\n', (size_t)(end - p));
		nl = nl != NULL ? nl + 1 : end;
		n = (size_t)(nl - p);
		if (line_user(p, n, id, sizeof(id)) && strcmp(id, name) == 0) {
			/* A second line for a name counts for nothing. */
			if (what == USERS_PASSWD && !found)
				buf_printf(out, "%s:%s\n", name, hash);
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

/* Mode and owner of the new file: the old one's, or what a new one needs. */
static int
set_owner(int fd, const struct stat *old, const char *group)
{
	struct group	*gr;
	struct passwd	*pw;
	gid_t		 gid;

	if (old != NULL) {
		/* Only root may give files away; others own it already. */
		if (fchown(fd, old->st_uid, old->st_gid) == -1 &&
		    (geteuid() == 0 || old->st_uid != geteuid()))
			return -1;
		return fchmod(fd, old->st_mode & 0777);
	}
	if (geteuid() != 0)
		return fchmod(fd, 0600);
	if ((gr = getgrnam(group)) != NULL)
		gid = gr->gr_gid;
	else if ((pw = getpwnam("nobody")) != NULL)
		gid = pw->pw_gid;	/* as whom paild -d runs then */
	else
		return fchmod(fd, 0600);
	if (fchown(fd, (uid_t)-1, gid) == -1)
		return -1;
	return fchmod(fd, 0640);
}

static int
replace(const char *path, int dirfd, const struct stat *old,
    const char *group, const struct buf *b, char *why, size_t size)
{
	char	temp[PATH_MAX];
	int	fd, r;

	if ((size_t)snprintf(temp, sizeof(temp), "%s.XXXXXX", path) >=
	    sizeof(temp)) {
		errno = ENAMETOOLONG;
		return fail(why, size, path);
	}
	if ((fd = mkstemp(temp)) == -1)
		return fail(why, size, temp);
	r = set_owner(fd, old, group);
	if (r == 0)
		r = write_all(fd, b->data, b->len);
	if (r == 0)
		r = fsync(fd);
	if (close(fd) == -1)
		r = -1;
	if (r == 0)
		r = rename(temp, path);
	if (r == 0)
		r = fsync(dirfd);
	if (r == -1) {
		fail(why, size, path);
		unlink(temp);
	}
	return r;
}

/* The directory, locked: one pailctl at a time changes files in it. */
static int
lock_dir(const char *path, char *why, size_t size)
{
	char	 dir[PATH_MAX], *slash;
	int	 fd;

	strlcpy(dir, path, sizeof(dir));
	if ((slash = strrchr(dir, '/')) == NULL)
		strlcpy(dir, ".", sizeof(dir));
	else
		slash[slash == dir] = '\0';
	fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd == -1 || flock(fd, LOCK_EX) == -1) {
		fail(why, size, dir);
		if (fd != -1)
			close(fd);
		return -1;
	}
	return fd;
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
	if ((dirfd = lock_dir(path, why, size)) == -1) {
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
		r = replace(path, dirfd, old, group, &out, why, size);
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
		if (line_user(p, (size_t)(nl - p), id, sizeof(id)))
			buf_printf(out, "%s\n", id);
	}
	buf_free(&text);
	return out->failed ? -1 : 0;
}
