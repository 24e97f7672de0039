/*
 * A channel that one of its ends has lost (it had no descriptor for it, or
 * cut it for what the other said) is made again while both ends run, so
 * that no process goes on for ever without what it needs.  With the end of
 * a process its channels go, and come with its next start.
 */
#include "common/compat.h"

#include <sys/socket.h>

#include <event2/event.h>
#include <stdio.h>
#include <unistd.h>

#include "common/json_write.h"
#include "common/log.h"
#include "paild/chan.h"
#include "common/mem.h"
#include "paild/listen.h"
#include "paild/proc.h"

struct chan {
	struct paild	*paild;
	struct proc	*a;
	struct proc	*b;		/* NULL: a's listeners */
	uint32_t	 serial;	/* of the one that is there */
	bool		 lost;		/* to be made again, by the timer */
	struct event	*timer;
	time_t		 since;		/* made, or lost; monotonic */
	unsigned	 backoff;	/* ms before the next one */
};

/* The kinds' names, as bits. */
enum {
	PAILD = MSG_KIND(PROC_PAILD),
	CHILDREN = (int)(MSG_KIND(PROC_KINDS) - 1) & ~PAILD,
#define X(kind, name, program, user, traits, stop)			\
	kind = MSG_KIND(PROC_##kind),
	PROC_TABLE(X)
#undef X
};

/* Which kinds have a channel between each two of them. */
static const struct {
	unsigned	a, b;
	enum msg_made	made;
} wiring[] = {
#define X(name, num, a, b, made) { a, b, MSG_MADE_##made },
	MSG_CHANNELS(X)
#undef X
};

static void	chan_again(evutil_socket_t, short, void *);

/* Which one of n processes a process of another kind shares with others of its
 * kind. */
static uint32_t
shared_by(uint32_t index, uint32_t n)
{
	return n > 1 ? 1 + index % (n - 1) : 0;
}

static bool
is_made(enum msg_made made, const struct proc *a, const struct proc *b)
{
	switch (made) {
	case MSG_MADE_WIRE:
		return true;
	case MSG_MADE_FIRST:
		return a->index == 0;
	case MSG_MADE_SHARE:
		return a->index == shared_by(b->index,
		    a->paild->count[a->kind]);
	default:
		return false;
	}
}

bool
chan_is_wired(const struct proc *a, const struct proc *b)
{
	size_t	i;

	for (i = 0; i < nitems(wiring); i++)
		if ((wiring[i].a & MSG_KIND(a->kind)) != 0 &&
		    (wiring[i].b & MSG_KIND(b->kind)) != 0 &&
		    is_made(wiring[i].made, a, b))
			return true;
	return false;
}

static int
chan_add(struct paild *pd, struct proc *a, struct proc *b)
{
	struct chan	*c = &pd->chans[pd->nchans];

	c->paild = pd;
	c->a = a;
	c->b = b;
	if ((c->timer = evtimer_new(pd->base, chan_again, c)) == NULL)
		return -1;
	pd->nchans++;
	return 0;
}

int
chan_table(struct paild *pd)
{
	struct proc	*a, *b;

	/* No row twice, so there are fewer than pairs; and one for each's
	 * listeners. */
	pd->chans = mem_new(pd->nprocs * (pd->nprocs + 1),
	    sizeof(*pd->chans));
	for (a = pd->procs; a < pd->procs + pd->nprocs; a++) {
		for (b = pd->procs; b < pd->procs + pd->nprocs; b++)
			if (chan_is_wired(a, b) && chan_add(pd, a, b) == -1)
				return -1;
		if ((proc_row(a->kind)->traits & PROC_LISTENS) &&
		    chan_add(pd, a, NULL) == -1)
			return -1;
	}
	return 0;
}

void
chan_free(struct paild *pd)
{
	size_t	i;

	for (i = 0; i < pd->nchans; i++)
		event_free(pd->chans[i].timer);
	free(pd->chans);
	pd->chans = NULL;
	pd->nchans = 0;
}

static const char *
chan_name(const struct chan *c)
{
	static char	name[128];
	char		b[64] = "its listeners";

	if (c->b != NULL)
		strlcpy(b, proc_name(c->b), sizeof(b));
	snprintf(name, sizeof(name), "%s - %s", proc_name(c->a), b);
	return name;
}

static int
send_peer(struct proc *to, const struct proc *other, uint32_t serial, int fd)
{
	struct setup_peer	sp = { .kind = (uint8_t)other->kind,
				    .index = other->index, .serial = serial };

	return peer_send_struct(to->setup, IMSG_SETUP_PEER, 0, &sp, fd);
}

static void
chan_mark_lost(struct chan *c)
{
	struct timeval	tv;
	time_t		now = paild_now();

	if (c->lost)
		return;
	if (c->backoff == 0 || now - c->since >= CHAN_STEADY)
		c->backoff = CHAN_BACKOFF_MIN;
	c->lost = true;
	c->since = now;
	tv.tv_sec = (time_t)(c->backoff / 1000);
	tv.tv_usec = (suseconds_t)(c->backoff % 1000) * 1000;
	if ((c->backoff *= 2) > CHAN_BACKOFF_MAX)
		c->backoff = CHAN_BACKOFF_MAX;
	event_add(c->timer, &tv);
}

static void
chan_make(struct chan *c)
{
	int	pair[2];

	event_del(c->timer);
	c->lost = false;
	c->since = paild_now();
	if (c->b == NULL) {
		if (c->paild->open || proc_listens_early(c->a))
			listen_send(c->a);
		return;
	}
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) == -1) {
		log_warn("channel=\"%s\" result=no", chan_name(c));
		chan_mark_lost(c);
		return;
	}
	/* A setup channel that breaks here ends its process. */
	c->serial++;
	(void)send_peer(c->a, c->b, c->serial, pair[0]);
	(void)send_peer(c->b, c->a, c->serial, pair[1]);
}

static bool
chan_can(const struct chan *c)
{
	return c->a->setup != NULL && (c->b == NULL || c->b->setup != NULL);
}

static void
chan_again(evutil_socket_t fd, short what, void *arg)
{
	struct chan	*c = arg;

	(void)fd;
	(void)what;
	/* If an end is gone, its start makes it. */
	if (!c->lost || c->paild->stopping || !chan_can(c))
		return;
	log_warnx("channel=\"%s\" result=again why=\"the channel was broken\"",
	    chan_name(c));
	chan_make(c);
}

void
chan_wire(struct proc *p)
{
	struct paild	*pd = p->paild;
	struct chan	*c;

	for (c = pd->chans; c < pd->chans + pd->nchans; c++)
		if ((c->a == p || c->b == p) && c->b != NULL && chan_can(c))
			chan_make(c);
}

void
chan_ended(struct proc *p)
{
	struct paild	*pd = p->paild;
	struct chan	*c;

	for (c = pd->chans; c < pd->chans + pd->nchans; c++)
		if (c->a == p || c->b == p) {
			event_del(c->timer);
			c->lost = false;
		}
}

int
chan_lost(struct proc *p, const struct setup_peer *which)
{
	struct paild	*pd = p->paild;
	struct proc	*q;
	struct chan	*c;

	for (c = pd->chans; c < pd->chans + pd->nchans; c++) {
		q = c->a == p ? c->b : c->a;
		if ((c->a != p && c->b != p) || (q == NULL ?
		    which->kind != PROC_PAILD : (uint8_t)q->kind !=
		    which->kind || q->index != which->index))
			continue;
		/* The end of an older one may cross the new one. */
		if (chan_can(c) && (q == NULL || which->serial == c->serial))
			chan_mark_lost(c);
		return 0;
	}
	return -1;
}

void
chan_status(const struct paild *pd, struct buf *out)
{
	const struct chan	*c;

	for (c = pd->chans; c < pd->chans + pd->nchans; c++)
		if (c->lost && chan_can(c))
			buf_printf(out, "channel down for %llds: "
			    "%s\n", (long long)(paild_now() - c->since),
			    chan_name(c));
}

void
chan_status_json(const struct paild *pd, struct buf *out)
{
	const struct chan	*c;

	for (c = pd->chans; c < pd->chans + pd->nchans; c++) {
		if (!c->lost || !chan_can(c))
			continue;
		json_add_object(out, NULL);
		json_add_text(out, "between", chan_name(c));
		json_add_signed(out, "seconds", paild_now() - c->since);
		json_end_object(out);
	}
}
