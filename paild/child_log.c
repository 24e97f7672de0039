/*
 * What a child says of itself is text, never another line or another
 * process's: name and pid are ours, and every octet is escaped on its way
 * out (log_of).  Nobody waits: a child whose pipe is full loses lines and
 * says so in a later one, and paild's own log does the same.
 */
#include "common/compat.h"

#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "common/log.h"
#include "paild/child_log.h"
#include "common/mem.h"
#include "paild/proc.h"

#define TURN_MAX	(64 * 1024)	/* bytes of one child, then others */
#define LAST_MAX	(1024 * 1024)	/* bytes of one that has ended */

struct child_log {
	struct proc	*proc;
	struct event	*ev;
	int		 fd;
	size_t		 len;
	char		 text[LOG_LINE_MAX + 64]; /* a line; then it is cut */
};

static void
say(struct child_log *l, size_t len)
{
	log_of(proc_log_name(l->proc), (long)l->proc->pid, l->text, len);
}

/* Tells each whole line; one that is too long in pieces. */
static void
take(struct child_log *l, size_t n)
{
	char	*nl;
	size_t	 used;

	l->len += n;
	while ((nl = memchr(l->text, '\n', l->len)) != NULL) {
		say(l, (size_t)(nl - l->text));
		used = (size_t)(nl - l->text) + 1;
		l->len -= used;
		memmove(l->text, nl + 1, l->len);
	}
	if (l->len == sizeof(l->text)) {
		say(l, l->len);
		l->len = 0;
	}
}

/* What is there, max bytes at most; -1 at its end. */
static int
look(struct child_log *l, size_t max)
{
	size_t	total = 0;
	ssize_t	n;

	while (total < max) {
		n = read(l->fd, l->text + l->len, sizeof(l->text) - l->len);
		if (n == -1 && errno == EINTR)
			continue;
		if (n == -1 && errno == EAGAIN)
			return 0;
		if (n <= 0)
			return -1;
		total += (size_t)n;
		take(l, (size_t)n);
	}
	return 0;
}

static void
on_readable(evutil_socket_t fd, short what, void *arg)
{
	struct child_log	*l = arg;

	(void)fd;
	(void)what;
	if (look(l, TURN_MAX) == -1)
		event_del(l->ev);	/* its end is seen in reap */
}

int
child_log_open(struct proc *p, int fd)
{
	struct child_log	*l = mem_new(1, sizeof(*l));

	if ((l->ev = event_new(p->paild->base, fd, EV_READ | EV_PERSIST,
	    on_readable, l)) == NULL || event_add(l->ev, NULL) == -1) {
		if (l->ev != NULL)
			event_free(l->ev);
		free(l);
		close(fd);
		return -1;
	}
	l->proc = p;
	l->fd = fd;
	p->log = l;
	return 0;
}

void
child_log_sweep(struct paild *pd)
{
	size_t	i;

	for (i = 0; i < pd->nprocs; i++)
		if (pd->procs[i].log != NULL)
			(void)look(pd->procs[i].log, TURN_MAX);
}

void
child_log_close(struct proc *p)
{
	struct child_log	*l = p->log;

	if (l == NULL)
		return;
	p->log = NULL;
	(void)look(l, LAST_MAX);
	if (l->len != 0)
		say(l, l->len);
	event_free(l->ev);
	close(l->fd);
	free(l);
}
