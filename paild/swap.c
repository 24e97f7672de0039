/* A file is written beside the old one, and renamed to its name (swap.h). */
#include "common/compat.h"

#include <sys/file.h>

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <pwd.h>
#include <stdio.h>
#include <unistd.h>

#include "common/write_all.h"
#include "paild/swap.h"

static int
fail(char *why, size_t size, const char *path)
{
	snprintf(why, size, "%s: %s", path, strerror(errno));
	return -1;
}

/*
 * As fchown(2).  A root that may not change owners (paild.service) gives a file
 * to the groups that it is in, and may be in any for a moment.
 */
static int
give(int fd, uid_t uid, gid_t gid)
{
	gid_t	was[NGROUPS_MAX + 1];
	int	n, r;

	if (fchown(fd, uid, gid) == 0)
		return 0;
	if (errno != EPERM || geteuid() != 0 ||
	    (n = getgroups(NGROUPS_MAX, was)) == -1)
		return -1;
	was[n] = gid;
	if (setgroups((size_t)n + 1, was) == -1)
		return -1;
	r = fchown(fd, uid, gid);
	if (setgroups((size_t)n, was) == -1)
		return -1;
	return r;
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
		if (give(fd, old->st_uid, old->st_gid) == -1 &&
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
	if (give(fd, (uid_t)-1, gid) == -1)
		return -1;
	return fchmod(fd, 0640);
}

int
swap_replace(const char *path, int dirfd, const struct stat *old,
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

int
swap_lock(const char *path, bool wait, char *why, size_t size)
{
	char	 dir[PATH_MAX], *slash;
	int	 fd, saved;

	strlcpy(dir, path, sizeof(dir));
	if ((slash = strrchr(dir, '/')) == NULL)
		strlcpy(dir, ".", sizeof(dir));
	else
		slash[slash == dir] = '\0';
	fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd == -1 || flock(fd, wait ? LOCK_EX : LOCK_EX | LOCK_NB) == -1) {
		saved = errno;
		fail(why, size, dir);
		if (fd != -1)
			close(fd);
		errno = saved;
		return -1;
	}
	return fd;
}
