/*
 * The operator's socket.  Only who may open it (mode 0600) speaks here, yet
 * every length has its limit.  Mail is not handled: "deliver" passes the
 * connection on to an imapd, "dump" and "store-check" to a storaged.
 */
#include "common/compat.h"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "common/log.h"
#include "common/mem.h"
#include "common/user.h"
#include "paild/control.h"
#include "paild/reload.h"
#include "paild/ask.h"

struct control {
	char			 path[108];
	int			 fd;
	struct event		*ev;
	struct stat		 st;		/* of our socket */
	struct control_clients	 clients;
	size_t			 n;
	control_run_cb		 run;
};

void
control_end(struct control_client *c)
{
	struct paild	*pd = c->paild;
	size_t		 i;

	ask_forget(pd, c);
	reload_forget(pd, c);
	TAILQ_REMOVE(&pd->control->clients, c, entry);
	pd->control->n--;
	if (c->ev != NULL)
		event_free(c->ev);
	if (c->fd != -1)
		close(c->fd);
	buf_free(&c->out);
	for (i = 0; c->rows != NULL && i < pd->nprocs; i++)
		buf_free(&c->rows[i]);
	free(c->rows);
	free(c);
}

static void
on_write(int fd, short what, void *arg)
{
	struct control_client	*c = arg;
	ssize_t			 n;

	if (what & EV_TIMEOUT) {
		control_end(c);
		return;
	}
	n = send(fd, c->out.data, c->out.len, MSG_NOSIGNAL);
	if (n == -1 && (errno == EAGAIN || errno == EINTR))
		n = 0;
	if (n == -1) {
		control_end(c);
		return;
	}
	buf_drain(&c->out, (size_t)n);
	if (c->out.len == 0)
		control_end(c);
}

/* Writes what is in c->out, then ends the connection. */
void
control_finish(struct control_client *c)
{
	struct timeval	tv = { .tv_sec = CONTROL_SECONDS };

	event_free(c->ev);
	if (c->out.failed || c->out.len == 0 || (c->ev = event_new(
	    c->paild->base, c->fd, EV_WRITE | EV_PERSIST, on_write,
	    c)) == NULL) {
		c->ev = NULL;
		control_end(c);
		return;
	}
	event_add(c->ev, &tv);
}

void
control_fail(struct control_client *c, const char *why)
{
	buf_reset(&c->out);
	buf_printf(&c->out, "error: %s\n", why);
	control_finish(c);
}

/* A socket that has sent nothing yet takes three bytes at once. */
int
control_pass(struct control_client *c)
{
	int	fd = c->fd;

	if (send(fd, "ok\n", 3, MSG_NOSIGNAL) != 3)
		return -1;
	c->fd = -1;
	event_free(c->ev);
	c->ev = NULL;
	return fd;
}

static void
on_read(int fd, short what, void *arg)
{
	struct control_client	*c = arg;
	char			*nl;
	ssize_t			 n;

	if (what & EV_TIMEOUT) {
		control_fail(c, "timed out waiting for a command");
		return;
	}
	n = recv(fd, c->line + c->len, sizeof(c->line) - 1 - c->len, 0);
	if (n == -1 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0) {
		control_end(c);
		return;
	}
	c->len += (size_t)n;
	c->line[c->len] = '\0';
	nl = memchr(c->line, '\n', c->len);
	if (nl == NULL) {
		if (c->len == sizeof(c->line) - 1)
			control_fail(c, "the line is too long");
		return;
	}
	if (nl != c->line + c->len - 1 ||
	    strlen(c->line) != c->len) {
		control_fail(c, "expected a single line");
		return;
	}
	*nl = '\0';
	event_del(c->ev);
	c->paild->control->run(c);
}

static void
on_accept(int fd, short what, void *arg)
{
	struct timeval		 tv = { .tv_sec = CONTROL_SECONDS };
	struct paild		*pd = arg;
	struct control_client	*c;
	int			 s;

	(void)what;
	if ((s = accept(fd, NULL, NULL)) == -1)
		return;
	if (pd->control->n == CONTROL_CLIENTS_MAX ||
	    fcntl(s, F_SETFD, FD_CLOEXEC) == -1 ||
	    fcntl(s, F_SETFL, O_NONBLOCK) == -1 ||
	    (c = calloc(1, sizeof(*c))) == NULL) {
		close(s);
		return;
	}
	c->paild = pd;
	c->fd = s;
	buf_init(&c->out, 1024 * 1024);
	TAILQ_INSERT_TAIL(&pd->control->clients, c, entry);
	pd->control->n++;
	c->ev = event_new(pd->base, s, EV_READ | EV_PERSIST, on_read, c);
	if (c->ev == NULL) {
		control_end(c);
		return;
	}
	event_add(c->ev, &tv);
}

/* Is another paild behind this socket? */
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
clear_path(const char *path)
{
	struct stat	st;

	if (lstat(path, &st) == -1)
		return errno == ENOENT ? 0 : -1;
	if (S_ISSOCK(st.st_mode))
		return unlink(path);
	log_warnx("control-socket: %s exists and is not a socket: choose "
	    "another path", path);
	errno = EEXIST;
	return -1;
}

/* The bound and listening socket, or -1 with errno. */
static int
bind_path(struct control *ctl, const struct sockaddr_un *sun)
{
	mode_t	mask;
	int	fd, r, saved;

	if (clear_path(ctl->path) == -1)
		return -1;
	if ((fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC |
	    SOCK_NONBLOCK, 0)) == -1)
		return -1;
	mask = umask(0177);
	r = bind(fd, (const struct sockaddr *)sun, sizeof(*sun));
	umask(mask);
	if (r == 0 && lstat(ctl->path, &ctl->st) == 0 &&
	    listen(fd, 16) == 0)
		return fd;
	saved = errno;
	close(fd);
	errno = saved;
	return -1;
}

int
control_open(struct paild *pd, control_run_cb run)
{
	struct sockaddr_un	 sun = { .sun_family = AF_UNIX };
	struct control		*ctl = mem_new(1, sizeof(*ctl));

	ctl->run = run;
	TAILQ_INIT(&ctl->clients);
	strlcpy(ctl->path, conf_str(pd->conf, "control-socket"),
	    sizeof(ctl->path));
	strlcpy(sun.sun_path, ctl->path, sizeof(sun.sun_path));
	if (in_use(&sun)) {
		log_warnx("control-socket: %s: in use by another paild",
		    ctl->path);
		free(ctl);
		return -1;
	}
	if ((ctl->fd = bind_path(ctl, &sun)) == -1 || (ctl->ev = event_new(
	    pd->base, ctl->fd, EV_READ | EV_PERSIST, on_accept, pd)) == NULL) {
		log_warn("control-socket: %s", ctl->path);
		if (ctl->fd != -1)
			close(ctl->fd);
		free(ctl);
		return -1;
	}
	event_add(ctl->ev, NULL);
	pd->control = ctl;
	return 0;
}

void
control_close(struct paild *pd)
{
	struct control	*ctl = pd->control;
	struct stat	 st;

	if (ctl == NULL || ctl->ev == NULL)
		return;
	event_free(ctl->ev);
	ctl->ev = NULL;
	close(ctl->fd);
	/* Ours, and not the one of a paild that has come after us. */
	if (lstat(ctl->path, &st) == 0 && S_ISSOCK(st.st_mode) &&
	    st.st_dev == ctl->st.st_dev && st.st_ino == ctl->st.st_ino)
		unlink(ctl->path);
}
