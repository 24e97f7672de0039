/*
 * Parcels, and the channels that they go over.  Credit bounds what is queued
 * for a storaged, which is what memory they cost here.
 */
#include "lmtpd/parcel.h"

#include <unistd.h>

#include "common/arena.h"
#include "common/compat.h"
#include "common/log.h"
#include "common/lost.h"
#include "common/msg_deliver.h"
#include "common/msg_mbox.h"
#include "common/peer.h"

enum parcel_state {
	PARCEL_WAITS,		/* for a channel, or for someone to begin */
	PARCEL_OPENED,
	PARCEL_ENDED,
	PARCEL_IS_READY,
	PARCEL_IS_GONE
};

struct parcel {
	TAILQ_ENTRY(parcel)	 entry;
	uint32_t		 index;
	uint32_t		 id;
	enum parcel_state	 state;
	size_t			 room;
	uint64_t		 sent;
	const struct parcel_ops	*ops;
	void			*arg;
};

static struct channel {
	struct peer		*peer;
	uint32_t		 last;		/* id */
	TAILQ_HEAD(, parcel)	 parcels;	/* by id, as they were opened */
	bool			 used;
} channels[PARCEL_STORAGED_MAX];

static struct channel *
channel_of(uint32_t index)
{
	struct channel	*ch = &channels[index];

	if (!ch->used)
		TAILQ_INIT(&ch->parcels);
	ch->used = true;
	return ch;
}

/* A failed send cuts the channel, from the loop: gone() comes then. */
static void
parcel_open(struct channel *ch, struct parcel *p)
{
	if (ch->peer == NULL)
		return;
	if (++ch->last == 0)
		ch->last = 1;
	p->id = ch->last;
	p->room = PARCEL_WINDOW;
	p->state = PARCEL_OPENED;
	(void)peer_send(ch->peer, IMSG_PARCEL_OPEN, p->id, NULL, 0, -1);
}

struct parcel *
parcel_new(uint32_t index, const struct parcel_ops *ops, void *arg)
{
	struct channel	*ch;
	struct parcel	*p;

	if (index >= PARCEL_STORAGED_MAX ||
	    (p = calloc(1, sizeof(*p))) == NULL)
		return NULL;
	ch = channel_of(index);
	p->index = index;
	p->ops = ops;
	p->arg = arg;
	TAILQ_INSERT_TAIL(&ch->parcels, p, entry);
	parcel_open(ch, p);
	return p;
}

void
parcel_free(struct parcel *p)
{
	struct channel	*ch;

	if (p == NULL)
		return;
	ch = &channels[p->index];
	if (ch->peer != NULL && p->state >= PARCEL_OPENED &&
	    p->state <= PARCEL_IS_READY)
		(void)peer_send(ch->peer, IMSG_PARCEL_DROP, p->id, NULL, 0,
		    -1);
	TAILQ_REMOVE(&ch->parcels, p, entry);
	free(p);
}

uint32_t
parcel_id(const struct parcel *p)
{
	return p->id;
}

size_t
parcel_room(const struct parcel *p)
{
	return p->state == PARCEL_OPENED ? p->room : 0;
}

void
parcel_data(struct parcel *p, const void *data, size_t len)
{
	struct channel	*ch = &channels[p->index];
	const uint8_t	*q = data;
	size_t		 n;

	if (p->state != PARCEL_OPENED || len > p->room)
		return;
	p->room -= len;
	p->sent += len;
	for (; len > 0; q += n, len -= n) {
		n = len < MSG_DATA_MAX ? len : MSG_DATA_MAX;
		if (ch->peer != NULL)
			(void)peer_send(ch->peer, IMSG_PARCEL_DATA, p->id, q,
			    n, -1);
	}
}

void
parcel_end(struct parcel *p, const uint8_t sha256[32])
{
	struct parcel_end	 m = {
		.size = p->sent,
		.sha256 = { (const char *)sha256, 32 }
	};
	struct channel		*ch = &channels[p->index];

	if (p->state != PARCEL_OPENED)
		return;
	p->state = PARCEL_ENDED;
	if (ch->peer != NULL)
		(void)peer_send_struct(ch->peer, IMSG_PARCEL_END, p->id, &m,
		    -1);
}

static void
parcel_gone(struct parcel *p, const struct verdict *v)
{
	p->state = PARCEL_IS_GONE;
	p->ops->gone(p->arg, v);
}

static struct parcel *
parcel_find(struct channel *ch, uint32_t id)
{
	struct parcel	*p;

	TAILQ_FOREACH(p, &ch->parcels, entry)
		if (p->id == id && p->state >= PARCEL_OPENED &&
		    p->state <= PARCEL_IS_READY)
			return p;
	return NULL;
}

static int
on_credit(struct parcel *p, const struct data_credit *m)
{
	if (p == NULL)
		return 0;	/* dropped meanwhile */
	if (m->bytes > PARCEL_WINDOW - p->room)
		return -1;	/* more than it was sent */
	p->room += m->bytes;
	if (p->state == PARCEL_OPENED)
		p->ops->room(p->arg);
	return 0;
}

static int
on_no(struct parcel *p, const struct parcel_no *m)
{
	struct verdict	 v;

	if (p == NULL)
		return 0;
	verdict_mbox(&v, m->code, m->text);
	parcel_gone(p, &v);
	return 0;
}

static int
on_message(struct channel *ch, struct msg *m, struct arena *a)
{
	struct parcel		*p = parcel_find(ch, m->id);
	struct data_credit	 credit;
	struct parcel_no	 no;

	switch (m->type) {
	case IMSG_PARCEL_CREDIT:
		return wire_decode(&data_credit_wire, &credit, m->data,
		    m->len, a) == -1 ? -1 : on_credit(p, &credit);
	case IMSG_PARCEL_NO:
		return wire_decode(&parcel_no_wire, &no, m->data, m->len,
		    a) == -1 ? -1 : on_no(p, &no);
	case IMSG_PARCEL_READY:
		if (p == NULL)
			return 0;
		if (p->state != PARCEL_ENDED)
			return -1;
		p->state = PARCEL_IS_READY;
		p->ops->ready(p->arg);
		return 0;
	default:
		return -1;
	}
}

static struct {
	int		(*message)(struct peer *, struct msg *);
	void		(*gone)(struct peer *);
} others;

void
parcel_others(int (*message)(struct peer *, struct msg *),
    void (*gone)(struct peer *))
{
	others.message = message;
	others.gone = gone;
}

static int
channel_message(struct peer *peer, struct msg *m, void *arg)
{
	struct arena	*a;
	int		 ret = -1;

	if (m->type >= IMSG_INGEST_OFFER)
		return others.message != NULL ? others.message(peer, m) : -1;
	if ((a = arena_new(64 * 1024)) != NULL)
		ret = on_message(arg, m, a);
	arena_free(a);
	return ret;
}

/* What was opened there: that nothing was sent of is as if it were new. */
static void
channel_lost(struct channel *ch)
{
	struct parcel	*p;
	struct verdict	 v;

	verdict_set(&v, 451, "4.3.0", "The store was interrupted");
	for (;;) {
		TAILQ_FOREACH(p, &ch->parcels, entry)
			if (p->state != PARCEL_WAITS &&
			    p->state != PARCEL_IS_GONE)
				break;
		if (p == NULL)
			return;
		p->id = 0;
		p->room = 0;
		if (p->sent == 0 && p->state == PARCEL_OPENED) {
			p->state = PARCEL_WAITS;
			p->ops->room(p->arg);
		} else
			parcel_gone(p, &v);	/* may free any of them */
	}
}

static void
channel_closed(struct peer *peer, const char *why, void *arg)
{
	struct channel	*ch = arg;

	ch->peer = NULL;
	if (others.gone != NULL)
		others.gone(peer);
	channel_lost(ch);
	lost(PROC_STORAGED, (uint32_t)(ch - channels), why);
}

static const struct peer_ops channel_ops = {
	.message = channel_message,
	.closed = channel_closed
};

void
parcel_channel(struct event_base *base, uint32_t index, int fd)
{
	struct channel	*ch;
	struct parcel	*p;

	if (index >= PARCEL_STORAGED_MAX) {
		close(fd);
		return;
	}
	ch = channel_of(index);
	if (ch->peer != NULL) {
		if (others.gone != NULL)
			others.gone(ch->peer);
		peer_close(ch->peer);
		ch->peer = NULL;
		channel_lost(ch);
	}
	ch->last = 0;
	ch->peer = peer_new(base, fd, MSG_CHANNEL_PARCEL, MSG_SIDE_A,
	    &channel_ops, ch);
	if (ch->peer == NULL) {
		log_warn("cannot open the channel to storaged");
		close(fd);
		lost(PROC_STORAGED, index, "out of memory");
		return;
	}
	do {			/* from the start: room() may free any */
		TAILQ_FOREACH(p, &ch->parcels, entry)
			if (p->state == PARCEL_WAITS)
				break;
		if (p != NULL) {
			parcel_open(ch, p);
			p->ops->room(p->arg);
		}
	} while (p != NULL);
}
