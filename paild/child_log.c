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
#include "common/log_out.h"
#include "paild/child_log.h"
#include "common/mem.h"
#include "paild/proc.h"

#define TURN_MAX	(64 * 1024)	/* bytes of one child, then others */
#define LAST_MAX	(1024 * 1024)	/* bytes of one that has ended */
#define PAUSE_US	10000		/* between two looks */
#define READ_MAX	4096		/* bytes */
#define LINE_MOST	(LOG_LINE_MAX + 64) /* of a line; then it is cut */

struct child_log {
	struct proc	*proc;
	struct event	*ev;
	int		 fd;
	bool		 paused;
	size_t		 len;		/* of a line that has not ended */
	char		 text[LINE_MOST + READ_MAX];
};

/* One that is too long in pieces. */
static void
say(struct child_log *l, const char *text, size_t len)
{
	const char	*name = proc_log_name(l->proc);
	size_t		 n;

	do {
		n = len < LINE_MOST ? len : LINE_MOST;
		log_of(name, (long)l->proc->pid, text, n);
		text += n;
		len -= n;
	} while (len > 0);
}

/* Tells each whole line. */
static void
take(struct child_log *l, size_t n)
{
	const char	*p = l->text, *nl, *end;

	l->len += n;
	end = l->text + l->len;
	while ((nl = memchr(p, '\n', (size_t)(end - p))) != NULL) {
		say(l, p, (size_t)(nl - p));
		p = nl + 1;
	}
	if (end - p >= LINE_MOST) {
		n = (size_t)(end - p) / LINE_MOST * LINE_MOST;
		say(l, p, n);
		p += n;
	}
	l->len = (size_t)(end - p);
	memmove(l->text, p, l->len);
}

/* What is there, max bytes at most: how many; -1 at its end. */
static ssize_t
look(struct child_log *l, size_t max)
{
	size_t	total = 0;
	ssize_t	n;
	bool	end = false;

	log_out_hold(true);
	do {
		n = read(l->fd, l->text + l->len, READ_MAX);
		if (n == -1 && errno == EINTR)
			continue;
		if (n <= 0) {
			end = n == 0 || errno != EAGAIN;
			break;
		}
		total += (size_t)n;
		take(l, (size_t)n);
	} while (n == -1 || (n == READ_MAX && total < max));
	log_out_hold(false);
	return end ? -1 : (ssize_t)total;
}

/*
 * After a line the next look at that pipe is a moment later, at all of those
 * at once: to wake up for each line would cost more than the line does, and
 * the child, too.  The pipe has room for what it can say until then.
 */
static void
pause_log(struct child_log *l)
{
	static const struct timeval	 tv = { .tv_usec = PAUSE_US };
	struct event			*ev = l->proc->paild->log_pause;

	if (!l->paused)
		event_del(l->ev);
	l->paused = true;
	if (!evtimer_pending(ev, NULL))
		evtimer_add(ev, &tv);
}

static void
on_readable(evutil_socket_t fd, short what, void *arg)
{
	struct child_log	*l = arg;

	(void)fd;
	(void)what;
	if (look(l, TURN_MAX) == -1)
		event_del(l->ev);	/* its end is seen in reap */
	else
		pause_log(l);
}

static void
on_pause(evutil_socket_t fd, short what, void *arg)
{
	struct paild		*pd = arg;
	struct child_log	*l;
	size_t			 i;
	ssize_t			 n;

	(void)fd;
	(void)what;
	for (i = 0; i < pd->nprocs; i++) {
		if ((l = pd->procs[i].log) == NULL || !l->paused)
			continue;
		if ((n = look(l, TURN_MAX)) > 0)
			pause_log(l);
		else
			l->paused = false;
		if (n == 0)
			event_add(l->ev, NULL);
	}
}

static void
log_free(struct child_log *l)
{
	if (l->ev != NULL)
		event_free(l->ev);
	close(l->fd);
	free(l);
}

int
child_log_pipe(int fds[2])
{
	int	i;

	if (pipe(fds) == -1)
		return -1;
	for (i = 0; i < 2; i++)
		if (fcntl(fds[i], F_SETFD, FD_CLOEXEC) == -1 ||
		    fcntl(fds[i], F_SETFL, O_NONBLOCK) == -1)
			return -1;
#ifdef F_SETPIPE_SZ
	/* One that has less room by default, or may not have more, loses
	 * lines sooner. */
	(void)fcntl(fds[1], F_SETPIPE_SZ, CHILD_LOG_ROOM);
#endif
	return 0;
}

int
child_log_open(struct proc *p, int fd)
{
	struct paild		*pd = p->paild;
	struct child_log	*l = mem_new(1, sizeof(*l));

	l->fd = fd;
	if (pd->log_pause == NULL)
		pd->log_pause = evtimer_new(pd->base, on_pause, pd);
	l->ev = event_new(pd->base, fd, EV_READ | EV_PERSIST, on_readable, l);
	if (pd->log_pause == NULL || l->ev == NULL ||
	    event_add(l->ev, NULL) == -1) {
		log_free(l);
		return -1;
	}
	l->proc = p;
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
		say(l, l->text, l->len);
	log_free(l);
}
