/*
 * The walk from / to a directory, one descriptor at a time.  Must never
 * change what it has not opened and looked at: the user that a directory
 * was given to may be an attacker, and owns all below it.
 */
#include "common/compat.h"

#include <sys/stat.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <unistd.h>

#include "paild/safedir.h"

#define LINKS_MAX	16	/* symbolic links on one way */

struct walk {
	const struct safedir_for *whose;
	char		 rest[2 * PATH_MAX];	/* what is still to be walked */
	char		 at[PATH_MAX];		/* where fd is, for messages */
	int		 fd;
	unsigned	 links;
	char		*why;
	size_t		 size;
};

/* Of root or of ourselves: they need not be guarded against. */
static bool
is_ours(uid_t uid)
{
	return uid == 0 || uid == geteuid();
}

bool
safedir_foreign(const struct stat *st, bool dir,
    const struct safedir_for *whose, char *why, size_t size)
{
	if (!is_ours(st->st_uid) && (whose == NULL ||
	    st->st_uid != whose->uid)) {
		snprintf(why, size, "it is owned by uid %lu",
		    (unsigned long)st->st_uid);
		return true;
	}
	/* There nobody can rename or remove what is another's. */
	if (dir && (st->st_mode & S_ISVTX))
		return false;
	if (st->st_mode & S_IWOTH) {
		snprintf(why, size, "it is writable by all users");
		return true;
	}
	if ((st->st_mode & S_IWGRP) && st->st_gid != 0 &&
	    (geteuid() == 0 || st->st_gid != getegid()) &&
	    (whose == NULL || st->st_gid != whose->gid)) {
		snprintf(why, size, "it is writable by group %lu",
		    (unsigned long)st->st_gid);
		return true;
	}
	return false;
}

bool
safedir_foreign_above(const char *path, const struct safedir_for *whose,
    char *why, size_t size)
{
	struct stat	 st;
	char		 part[PATH_MAX], text[128];
	size_t		 i;

	if (strlcpy(part, path, sizeof(part)) >= sizeof(part))
		return false;
	for (i = strlen(part); i > 0; i--) {
		if (part[i] != '/' && i > 1)
			continue;
		part[i] = '\0';
		if (stat(i == 1 ? "/" : part, &st) == 0 &&
		    safedir_foreign(&st, true, whose, text, sizeof(text))) {
			snprintf(why, size, "%s: %s", i == 1 ? "/" : part,
			    text);
			return true;
		}
	}
	return false;
}

static int
fail(const struct walk *w, const char *name, const char *text)
{
	snprintf(w->why, w->size, "%s%s%s: %s", w->at,
	    *name != '\0' && strcmp(w->at, "/") != 0 ? "/" : "", name, text);
	return -1;
}

/* Takes fd for the directory at hand, if it is one to be trusted. */
static int
enter(struct walk *w, int fd)
{
	struct stat	 st;
	char		 text[128];

	if (w->fd != -1)
		close(w->fd);
	w->fd = fd;
	if (fstat(fd, &st) == -1)
		return fail(w, "", strerror(errno));
	if (safedir_foreign(&st, true, w->whose, text, sizeof(text)))
		return fail(w, "", text);
	return 0;
}

static int
enter_root(struct walk *w)
{
	int	fd = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	strlcpy(w->at, "/", sizeof(w->at));
	if (fd == -1)
		return fail(w, "", strerror(errno));
	return enter(w, fd);
}

/* The next name of the way, cut off its front; *last: none is behind it. */
static int
next_name(struct walk *w, char name[NAME_MAX + 1], bool *last)
{
	char	*p = w->rest + strspn(w->rest, "/");
	size_t	 n = strcspn(p, "/");

	if (n > NAME_MAX)
		return fail(w, "", strerror(ENAMETOOLONG));
	memcpy(name, p, n);
	name[n] = '\0';
	p += n;
	p += strspn(p, "/");
	*last = *p == '\0';
	memmove(w->rest, p, strlen(p) + 1);
	return 0;
}

/*
 * A symbolic link on the way.  Of root's, in a directory that only root
 * writes to, it is the operator's doing, and cannot be another one by now.
 */
static int
follow(struct walk *w, const char *name, const struct stat *link)
{
	struct stat	 dir;
	char		 to[PATH_MAX], all[sizeof(w->rest)];
	ssize_t		 n;

	if (!is_ours(link->st_uid) || fstat(w->fd, &dir) == -1 ||
	    !is_ours(dir.st_uid))
		return fail(w, name,
		    "a symbolic link that is not owned by root");
	if (++w->links > LINKS_MAX)
		return fail(w, name, strerror(ELOOP));
	if ((n = readlinkat(w->fd, name, to, sizeof(to) - 1)) == -1)
		return fail(w, name, strerror(errno));
	to[n] = '\0';
	if ((size_t)snprintf(all, sizeof(all), "%s/%s", to, w->rest) >=
	    sizeof(all))
		return fail(w, name, strerror(ENAMETOOLONG));
	memcpy(w->rest, all, sizeof(all));
	return *to == '/' ? enter_root(w) : 0;
}

/* Into name, which is made if it is not there. */
static int
step(struct walk *w, const char *name, mode_t mode, bool last)
{
	struct stat	 st;
	size_t		 n = strlen(w->at);
	int		 fd, tries;

	for (tries = 0;; tries++) {
		fd = openat(w->fd, name, O_RDONLY | O_DIRECTORY |
		    O_NOFOLLOW | O_CLOEXEC);
#ifdef O_PATH
		/* Another's, for a root without CAP_DAC_OVERRIDE: to be
		 * looked at, and walked through. */
		if (fd == -1 && errno == EACCES)
			fd = openat(w->fd, name, O_PATH | O_DIRECTORY |
			    O_NOFOLLOW | O_CLOEXEC);
#endif
		if (fd != -1 || errno != ENOENT || tries == 2)
			break;
		if (mkdirat(w->fd, name, last ? mode : 0755) == -1 &&
		    errno != EEXIST)
			return fail(w, name, strerror(errno));
	}
	if (fd == -1) {
		tries = errno;
		if (fstatat(w->fd, name, &st, AT_SYMLINK_NOFOLLOW) == -1 ||
		    !S_ISLNK(st.st_mode))
			return fail(w, name, tries == ENOTDIR ?
			    "not a directory" : strerror(tries));
		if (last)
			return fail(w, name,
			    "a symbolic link: use the path it points to");
		return follow(w, name, &st);
	}
	/* ".." is left as it is: it is only shown. */
	snprintf(w->at + n, sizeof(w->at) - n, "%s%s", n > 1 ? "/" : "", name);
	if (!last)
		return enter(w, fd);
	close(w->fd);
	w->fd = fd;
	return 0;
}

int
safedir_open(const char *path, mode_t mode, const struct safedir_for *whose,
    char *why, size_t size)
{
	struct walk	 w = { .whose = whose, .fd = -1, .why = why,
			    .size = size };
	char		 name[NAME_MAX + 1];
	bool		 last = false;
	int		 r;

	if (strlcpy(w.rest, path, sizeof(w.rest)) >= PATH_MAX) {
		snprintf(why, size, "%s: %s", path, strerror(ENAMETOOLONG));
		return -1;
	}
	r = enter_root(&w);
	while (r == 0 && !last)
		if ((r = next_name(&w, name, &last)) == 0 &&
		    *name != '\0' && strcmp(name, ".") != 0)
			r = step(&w, name, mode, last);
	if (r == -1 && w.fd != -1)
		close(w.fd);
	return r == -1 ? -1 : w.fd;
}

/* Nothing in it; a file system's own directory does not count. */
static bool
is_empty(int fd)
{
	struct dirent	*e;
	DIR		*d;
	bool		 empty = true;
	int		 again;

	again = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (again == -1)
		return false;
	if ((d = fdopendir(again)) == NULL) {
		close(again);
		return false;
	}
	while (empty && (e = readdir(d)) != NULL)
		empty = strcmp(e->d_name, ".") == 0 ||
		    strcmp(e->d_name, "..") == 0 ||
		    strcmp(e->d_name, "lost+found") == 0;
	closedir(d);
	return empty;
}

int
safedir_give(int fd, const struct safedir_for *whose, char *why, size_t size)
{
	struct stat	 st;

	if (fstat(fd, &st) == -1) {
		snprintf(why, size, "%s", strerror(errno));
		return -1;
	}
	st.st_mode &= (mode_t)~S_ISVTX;		/* no help in a directory
						 * that is to be theirs */
	if (safedir_foreign(&st, true, whose, why, size))
		return -1;
	if (st.st_uid == whose->uid)
		return 0;
	/* What we made is empty, too; what was made may be another by now. */
	if (!is_empty(fd)) {
		snprintf(why, size,
		    "it is not empty, so its owner is not changed");
		return -1;
	}
	if (fchown(fd, whose->uid, whose->gid) == -1) {
		snprintf(why, size, "%s", strerror(errno));
		return -1;
	}
	return 0;
}
