/*
 * A terminal that is stopped (Ctrl-S), a pipe that nobody reads, a syslog
 * daemon that hangs: none of them may stop a loop.  O_NONBLOCK would not do
 * on standard error itself: it is the open file's, which the operator's
 * shell and its other programs share.
 */
#include <sys/types.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#include "common/compat.h"
#include "common/log_out.h"

#ifndef _PATH_LOG
#define _PATH_LOG	"/dev/log"
#endif
#define PATH_JOURNAL	"/run/systemd/journal/socket"
#define AGAIN_SECONDS	1	/* between two tries to reach syslog */

static struct {
	int			 fd;		/* syslog: -1: not connected */
	bool			 own;		/* non-blocking, and nobody
						   else's */
	bool			 direct;	/* write(2) does not wait */
	bool			 held;		/* lines wait for each other */
	bool			 datagrams;	/* a line each, not a stream */
	bool			 journal;
	struct sockaddr_un	 sun;
	time_t			 tried;
	struct event_base	*base;
	struct event		*ev;
	char			*kept;
	size_t			 off;		/* of it: is written */
	size_t			 len;
} out = { .fd = STDERR_FILENO };

/* write(2) that does not wait, whatever fd is; as far as one can tell. */
static ssize_t
write_now(int fd, const char *p, size_t len, bool direct)
{
	struct pollfd	pfd = { .fd = fd, .events = POLLOUT };
	ssize_t		n;

	do {
		if (direct)
			n = write(fd, p, len);
		else
			n = send(fd, p, len, MSG_DONTWAIT | MSG_NOSIGNAL);
		if (n == -1 && errno == ENOTSOCK) {
			/* A pipe with room has PIPE_BUF bytes of it. */
			if (poll(&pfd, 1, 0) == 0) {
				errno = EAGAIN;
				return -1;
			}
			n = write(fd, p, len);
		}
	} while (n == -1 && errno == EINTR);
	return n;
}

bool
log_out_try(int fd, const char *p, size_t len)
{
	return write_now(fd, p, len, false) == (ssize_t)len;
}

void
log_out_private(void)
{
	struct stat	st;
	int		fd;

	if (fstat(STDERR_FILENO, &st) == -1)
		return;
	out.direct = S_ISREG(st.st_mode);	/* does not block */
	if (!S_ISFIFO(st.st_mode) &&
	    !(S_ISCHR(st.st_mode) && isatty(STDERR_FILENO)))
		return;
	fd = open("/proc/self/fd/2", O_WRONLY | O_NONBLOCK | O_NOCTTY |
	    O_CLOEXEC);
	if (fd == -1 && S_ISCHR(st.st_mode) && ttyname(STDERR_FILENO) != NULL)
		fd = open(ttyname(STDERR_FILENO), O_WRONLY | O_NONBLOCK |
		    O_NOCTTY | O_CLOEXEC);
	if (fd == -1)
		return;			/* poll(2) says when */
	out.fd = fd;
	out.own = out.direct = true;
}

void
log_out_pipe(void)
{
	struct stat	st;
	int		flags;

	out.direct = fstat(STDERR_FILENO, &st) != -1 &&
	    S_ISFIFO(st.st_mode) &&
	    (flags = fcntl(STDERR_FILENO, F_GETFL)) != -1 &&
	    (flags & O_NONBLOCK) != 0;
}

static void
syslog_connect(void)
{
	struct timespec	ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	if (out.tried != 0 && ts.tv_sec - out.tried < AGAIN_SECONDS)
		return;
	out.tried = ts.tv_sec;
	out.fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK,
	    0);
	if (out.fd != -1 && connect(out.fd, (struct sockaddr *)&out.sun,
	    sizeof(out.sun)) == -1) {
		close(out.fd);
		out.fd = -1;
	}
}

static void	on_writable(evutil_socket_t, short, void *);

/* Watches the descriptor that is written to now. */
static void
watch(void)
{
	if (out.ev != NULL)
		event_free(out.ev);
	out.ev = NULL;
	if (out.base != NULL && out.fd != -1)
		out.ev = event_new(out.base, out.fd, EV_WRITE, on_writable,
		    NULL);
}

/* One datagram, without the byte at its end; a daemon that was started anew
 * has another socket. */
static ssize_t
syslog_now(const char *line, size_t len)
{
	ssize_t	n = -1;
	int	turn;

#ifdef __OpenBSD__
	if (!out.journal)
		return sendsyslog(line, len - 1, 0) == -1 ? -1 :
		    (ssize_t)len;
#endif

	for (turn = 0; turn < 2; turn++) {
		if (out.fd == -1) {
			syslog_connect();
			watch();
		}
		if (out.fd == -1)
			break;
		n = send(out.fd, line, len - 1, MSG_DONTWAIT | MSG_NOSIGNAL);
		if (n != -1 || errno == EAGAIN || errno == ENOBUFS)
			return n == -1 ? -1 : (ssize_t)len;
		close(out.fd);
		out.fd = -1;
		out.tried = 0;
		watch();
	}
	errno = ENOTCONN;
	return -1;
}

static void
datagrams(const char *path)
{
	memset(&out.sun, 0, sizeof(out.sun));
	out.sun.sun_family = AF_UNIX;
	strlcpy(out.sun.sun_path, path, sizeof(out.sun.sun_path));
	if (out.own || (out.datagrams && out.fd != -1))
		close(out.fd);
	out.own = out.direct = false;
	out.datagrams = true;
	out.fd = -1;
	out.tried = 0;
	syslog_connect();
	watch();
}

void
log_out_syslog(const char *path)
{
	out.journal = false;
	datagrams(path != NULL ? path : _PATH_LOG);
}

/* Is there somebody at the other end of that socket? */
static int
is_there(const char *path)
{
	struct sockaddr_un	sun = { .sun_family = AF_UNIX };
	int			fd, r, saved;

	strlcpy(sun.sun_path, path, sizeof(sun.sun_path));
	if ((fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)) == -1)
		return -1;
	r = connect(fd, (struct sockaddr *)&sun, sizeof(sun));
	saved = errno;
	close(fd);
	errno = saved;
	return r;
}

int
log_out_journal(const char *path)
{
	if (path == NULL)
		path = PATH_JOURNAL;
	if (is_there(path) == -1)
		return -1;
	out.journal = true;
	datagrams(path);
	return 0;
}

/* How much of n bytes goes in one write: lines that fit, if one does. */
static size_t
whole_lines(const char *p, size_t n)
{
	const char	*nl;

	if (n <= PIPE_BUF)
		return n;
	nl = memrchr(p, '\n', PIPE_BUF);
	return nl != NULL ? (size_t)(nl - p) + 1 : PIPE_BUF;
}

/*
 * Writes what is kept: true when nothing is left.  What can never be
 * written, because the other end is gone, is given up.
 */
static bool
flush(void)
{
	const char	*p, *nl;
	size_t		 n;
	ssize_t		 w;

	while (out.off < out.len) {
		p = out.kept + out.off;
		n = out.len - out.off;
		if (out.datagrams) {
			nl = memchr(p, out.journal ? LOG_OUT_END : '\n', n);
			n = (size_t)(nl - p) + 1;
			w = syslog_now(p, n);
		} else
			w = write_now(out.fd, p, whole_lines(p, n),
			    out.direct);
		if (w == -1 && (errno == EAGAIN || errno == ENOBUFS ||
		    errno == ENOTCONN))
			return false;
		out.off += w == -1 ? n : (size_t)w;
	}
	out.off = out.len = 0;
	return true;
}

static void
wait_for_room(void)
{
	if (out.ev != NULL)
		event_add(out.ev, NULL);
}

static void
on_writable(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	(void)arg;
	if (!flush())
		wait_for_room();
}

int
log_out_attach(struct event_base *base)
{
	if (out.kept == NULL && (out.kept = malloc(LOG_OUT_KEPT)) == NULL)
		return -1;
	out.base = base;
	watch();
	return 0;
}

void
log_out_detach(void)
{
	out.base = NULL;
	watch();
}

static bool
keep(const char *p, size_t len)
{
	if (out.kept == NULL)
		return false;
	if (len > LOG_OUT_KEPT - out.len && out.off != 0) {
		memmove(out.kept, out.kept + out.off, out.len - out.off);
		out.len -= out.off;
		out.off = 0;
	}
	if (len > LOG_OUT_KEPT - out.len)
		return false;
	memcpy(out.kept + out.len, p, len);
	out.len += len;
	if (!out.held)
		wait_for_room();
	return true;
}

bool
log_out_line(const char *line, size_t len)
{
	ssize_t	n;

	if (out.held && !out.datagrams && keep(line, len))
		return true;
	if (out.len != 0 && !flush())
		return keep(line, len);
	if (out.datagrams)
		n = syslog_now(line, len);
	else
		n = write_now(out.fd, line, len, out.direct);
	if (n == (ssize_t)len)
		return true;
	if (n == -1 && errno != EAGAIN && errno != ENOBUFS &&
	    errno != ENOTCONN)
		return false;
	n = n == -1 ? 0 : n;
	return keep(line + n, len - (size_t)n);
}

void
log_out_hold(bool hold)
{
	out.held = hold;
	if (!hold && out.len != 0 && !flush())
		wait_for_room();
}

void
log_out_drain(int ms)
{
	struct pollfd	pfd = { .events = POLLOUT };
	struct timespec	begin, now;
	int		left = ms;

	clock_gettime(CLOCK_MONOTONIC, &begin);
	while (!flush() && left > 0) {
		pfd.fd = out.fd;
		(void)poll(&pfd, 1, left < 50 ? left : 50);
		clock_gettime(CLOCK_MONOTONIC, &now);
		left = ms - (int)((now.tv_sec - begin.tv_sec) * 1000 +
		    (now.tv_nsec - begin.tv_nsec) / 1000000);
	}
}
