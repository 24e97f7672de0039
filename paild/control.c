/*
 * The operator's socket.  Only who may open it (mode 0600) speaks here, yet
 * every length has its limit.  Mail is not handled: "deliver" passes the
 * connection on to an imapd, "dump" and "store-check" to a storaged.
 */
#include "common/compat.h"

#include <sys/socket.h>

#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

#include "common/log.h"
#include "common/mem.h"
#include "common/user.h"
#include "paild/control.h"
#include "paild/reload.h"
#include "paild/ask.h"
#include "paild/sockfile.h"

struct control {
	struct sockfile		 file;
	int			 fd;
	struct event		*ev;
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
	if (c->ended != NULL)
		c->ended(c, c->arg);
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

	if (c->ev != NULL)
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
	strlcpy(c->why, why, sizeof(c->why));
	buf_reset(&c->out);
	buf_printf(&c->out, "error: %s\n", why);
	control_finish(c);
}

void
control_tell(struct paild *pd, const char *fmt, ...)
{
	struct control_client	*c, *next;
	char			 line[80];
	va_list			 ap;

	if (pd->control == NULL)
		return;
	va_start(ap, fmt);
	vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	TAILQ_FOREACH_SAFE(c, &pd->control->clients, entry, next)
		if (c->follows && send(c->fd, line, strlen(line),
		    MSG_NOSIGNAL) == -1 && errno != EAGAIN && errno != EINTR)
			control_end(c);
}

/* A socket that has sent nothing yet takes three bytes at once. */
int
control_pass(struct control_client *c)
{
	int	fd = c->fd;

	if (send(fd, "ok\n", 3, MSG_NOSIGNAL) != 3)
		return -1;
	c->fd = -1;
	if (c->ev != NULL)
		event_free(c->ev);
	c->ev = NULL;
	return fd;
}

static struct control_client *
client_new(struct paild *pd, int fd)
{
	struct control_client	*c = calloc(1, sizeof(*c));

	if (c == NULL)
		return NULL;
	c->paild = pd;
	c->fd = fd;
	buf_init(&c->out, CONTROL_OUT_MAX);
	TAILQ_INSERT_TAIL(&pd->control->clients, c, entry);
	pd->control->n++;
	return c;
}

struct control_client *
control_adopt(struct paild *pd, int fd,
    void (*ended)(struct control_client *, void *), void *arg)
{
	struct control_client	*c = client_new(pd, fd);

	if (c == NULL) {
		close(fd);
		return NULL;
	}
	c->ended = ended;
	c->arg = arg;
	return c;
}

void
control_obey(struct control_client *c, const char *line)
{
	strlcpy(c->line, line, sizeof(c->line));
	c->json = true;
	c->paild->control->run(c);
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
	if (pd->control->n >= CONTROL_CLIENTS_MAX ||
	    fcntl(s, F_SETFD, FD_CLOEXEC) == -1 ||
	    fcntl(s, F_SETFL, O_NONBLOCK) == -1 ||
	    (c = client_new(pd, s)) == NULL) {
		close(s);
		return;
	}
	c->ev = event_new(pd->base, s, EV_READ | EV_PERSIST, on_read, c);
	if (c->ev == NULL) {
		control_end(c);
		return;
	}
	event_add(c->ev, &tv);
}

int
control_open(struct paild *pd, control_run_cb run)
{
	const char		*path = conf_str(pd->conf, "control-socket");
	struct control		*ctl = mem_new(1, sizeof(*ctl));

	ctl->run = run;
	TAILQ_INIT(&ctl->clients);
	ctl->fd = sockfile_open(&ctl->file, "control-socket", path, 0600,
	    (gid_t)-1);
	if (ctl->fd == -1 && errno == EADDRINUSE) {
		log_warnx("control-socket: %s: in use by another paild", path);
		free(ctl);
		return -1;
	}
	if (ctl->fd == -1 || listen(ctl->fd, 16) == -1 ||
	    (ctl->ev = event_new(pd->base, ctl->fd, EV_READ | EV_PERSIST,
	    on_accept, pd)) == NULL) {
		log_warn("control-socket: %s", path);
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

	if (ctl == NULL || ctl->ev == NULL)
		return;
	event_free(ctl->ev);
	ctl->ev = NULL;
	close(ctl->fd);
	sockfile_remove(&ctl->file);
}
