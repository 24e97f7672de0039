/*
 * Sockets in files.  Must never remove a file that is no socket, nor a socket
 * that somebody serves.
 */
#include "common/compat.h"

#include <sys/socket.h>
#include <sys/un.h>

#include <errno.h>
#include <unistd.h>

#include "common/log.h"
#include "paild/sockfile.h"

/* Is somebody behind this socket? */
static bool
in_use(const struct sockaddr_un *sun)
{
	int	fd, r;

	if ((fd = socket(AF_UNIX, SOCK_STREAM, 0)) == -1)
		return false;
	r = connect(fd, (const struct sockaddr *)sun, sizeof(*sun));
	close(fd);
	return r == 0;
}

/* An older socket goes; anything else was not meant. */
static int
clear_path(const char *key, const char *path)
{
	struct stat	st;

	if (lstat(path, &st) == -1)
		return errno == ENOENT ? 0 : -1;
	if (S_ISSOCK(st.st_mode))
		return unlink(path);
	log_warnx("%s: %s exists and is not a socket: choose another path",
	    key, path);
	errno = EEXIST;
	return -1;
}

static int
bind_path(struct sockfile *s, const struct sockaddr_un *sun, mode_t mode,
    gid_t group)
{
	mode_t	mask;
	int	fd, r, saved;

	if ((fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC |
	    SOCK_NONBLOCK, 0)) == -1)
		return -1;
	mask = umask(0177);
	r = bind(fd, (const struct sockaddr *)sun, sizeof(*sun));
	umask(mask);
	if (r == 0 && lstat(s->path, &s->st) == 0 &&
	    (group == (gid_t)-1 || lchown(s->path, (uid_t)-1, group) == 0) &&
	    (mode == 0600 || chmod(s->path, mode) == 0))
		return fd;
	saved = errno;
	if (r == 0)
		unlink(s->path);
	close(fd);
	errno = saved;
	return -1;
}

int
sockfile_open(struct sockfile *s, const char *key, const char *path,
    mode_t mode, gid_t group)
{
	struct sockaddr_un	 sun = { .sun_family = AF_UNIX };

	if (strlcpy(s->path, path, sizeof(s->path)) >= sizeof(s->path) ||
	    strlcpy(sun.sun_path, path, sizeof(sun.sun_path)) >=
	    sizeof(sun.sun_path)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	if (in_use(&sun)) {
		errno = EADDRINUSE;
		return -1;
	}
	if (clear_path(key, path) == -1)
		return -1;
	return bind_path(s, &sun, mode, group);
}

void
sockfile_remove(const struct sockfile *s)
{
	struct stat	st;

	if (lstat(s->path, &st) == 0 && S_ISSOCK(st.st_mode) &&
	    st.st_dev == s->st.st_dev && st.st_ino == s->st.st_ino)
		unlink(s->path);
}
