/*
 * The sending half of a channel: messages become frames in chunks, and one
 * sendmsg(2) writes as many chunks as there are.  Never blocks, and never
 * sends what msg.h does not allow us.
 */
#include <sys/types.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/uio.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/peer_impl.h"

#define OUT_CHUNK	4096		/* room of a chunk behind another */
#define OUT_IOV		16		/* chunks of one sendmsg */
#define OUT_WRITES	8		/* sendmsg calls of one event */
#define OUT_MAX		(64 * 1024 * 1024) /* queued: it does not read */
#define FRAME_DATA	(MSG_FRAME_MAX - PEER_HEADER)

static void
chunk_free(struct peer *p, struct peer_chunk *ck)
{
	if (ck->fd != -1)
		close(ck->fd);
	if (p->secret)
		freezero(ck, sizeof(*ck) + ck->size);
	else
		free(ck);
}

void
peer_out_free(struct peer *p)
{
	struct peer_chunk *ck;

	while ((ck = TAILQ_FIRST(&p->out)) != NULL) {
		TAILQ_REMOVE(&p->out, ck, entry);
		chunk_free(p, ck);
	}
	p->queued = p->queued_fds = 0;
}

size_t
peer_queued(const struct peer *p)
{
	return p->queued;
}

size_t
peer_queued_fds(const struct peer *p)
{
	return p->queued_fds;
}

static uint8_t *
put_le(uint8_t *dst, uint32_t v, size_t n)
{
	for (; n > 0; n--, v >>= 8)
		*dst++ = (uint8_t)v;
	return dst;
}

/* The last chunk when it has room, else a new one; NULL on ENOMEM. */
static struct peer_chunk *
chunk_for(struct peer *p, size_t len, int fd)
{
	struct peer_chunk	*ck = TAILQ_LAST(&p->out, peer_chunks);
	size_t			 size = len;

	if (ck != NULL && fd == -1 && len <= ck->size - ck->len)
		return ck;
	if (ck != NULL && size < OUT_CHUNK)
		size = OUT_CHUNK;
	if ((ck = malloc(sizeof(*ck) + size)) == NULL)
		return NULL;
	ck->size = size;
	ck->len = ck->off = 0;
	ck->fd = fd;
	TAILQ_INSERT_TAIL(&p->out, ck, entry);
	return ck;
}

/* Cuts a message into frames and queues them; nobody is woken for it.  On -1
 * fd is the caller's. */
int
peer_enqueue(struct peer *p, uint16_t type, uint32_t id, const void *data,
    size_t len, int fd)
{
	struct peer_chunk	*ck;
	const uint8_t		*src = data;
	uint8_t			*dst;
	size_t			 frames, total, n;
	uint16_t		 flags = fd == -1 ? 0 : PEER_FD;

	frames = len == 0 ? 1 : (len + FRAME_DATA - 1) / FRAME_DATA;
	total = len + frames * PEER_HEADER;
	if ((ck = chunk_for(p, total, fd)) == NULL)
		return -1;
	dst = ck->data + ck->len;
	ck->len += total;
	p->queued += total;
	p->queued_fds += fd != -1;
	if (p->queued >= PEER_LOW_WATER)
		p->full = true;
	for (; frames > 0; frames--) {
		n = len < FRAME_DATA ? len : FRAME_DATA;
		if (frames > 1)
			flags |= PEER_MORE;
		dst = put_le(dst, (uint32_t)(n + PEER_HEADER), 4);
		dst = put_le(dst, type, 2);
		dst = put_le(dst, flags, 2);
		dst = put_le(dst, id, 4);
		dst = put_le(dst, 0, 4);
		if (n != 0)
			memcpy(dst, src, n);
		dst += n;
		src = n != 0 ? src + n : src;
		len -= n;
		flags = 0;
	}
	return 0;
}

static int
send_failed(struct peer *p, const char *why, uint16_t type, int fd)
{
	if (fd != -1)
		close(fd);
	peer_cut(p, why, type);
	peer_wake(p);
	return -1;
}

/* 1: it is queued; else what peer_send() returns. */
static int
enqueue(struct peer *p, enum msg_type type, uint32_t id, const void *data,
    size_t len, int fd)
{
	const struct msg_rule *rule = msg_rule((uint32_t)type);

	if (p->state != PEER_OPEN) {
		if (fd != -1)
			close(fd);
		return -1;
	}
	if (rule == NULL || rule->channel != p->channel ||
	    (rule->sender & p->side) == 0 || len > rule->max ||
	    (rule->fds != 0) != (fd != -1))
		return send_failed(p, "internal error: message not allowed",
		    (uint16_t)type, fd);
	if (p->deaf) {			/* its end will be read soon */
		if (fd != -1)
			close(fd);
		return 0;
	}
	if (p->queued > OUT_MAX)
		return send_failed(p, "the peer does not read", 0, fd);
	if (peer_enqueue(p, (uint16_t)type, id, data, len, fd) == -1)
		return send_failed(p, "out of memory", (uint16_t)type, fd);
	return 1;
}

int
peer_send(struct peer *p, enum msg_type type, uint32_t id, const void *data,
    size_t len, int fd)
{
	int	r = enqueue(p, type, id, data, len, fd);

	if (r == 1)
		peer_wake(p);
	return r == -1 ? -1 : 0;
}

int
peer_send_lazy(struct peer *p, enum msg_type type, uint32_t id,
    const void *data, size_t len)
{
	static const struct timeval	tv = { .tv_usec = PEER_LAZY_MS * 1000 };
	int				r = enqueue(p, type, id, data, len, -1);

	if (r == 1 && p->queued >= PEER_LAZY_MAX)
		peer_wake(p);
	else if (r == 1 && !event_pending(&p->later, EV_TIMEOUT, NULL) &&
	    event_add(&p->later, &tv) == -1)
		peer_wake(p);
	return r == -1 ? -1 : 0;
}

int
peer_send_struct(struct peer *p, enum msg_type type, uint32_t id,
    const void *src, int fd)
{
	const struct msg_rule	*rule = msg_rule((uint32_t)type);
	struct buf		 b;
	int			 r;

	if (rule == NULL || rule->ws->nfields == 0)
		return peer_send(p, type, id, NULL, 0, fd);
	buf_init(&b, rule->max);
	if (wire_encode(rule->ws, src, &b) == -1) {
		if (p->state == PEER_OPEN)
			r = send_failed(p,
			    "internal error: message cannot be encoded",
			    (uint16_t)type, fd);
		else
			r = peer_send(p, type, id, NULL, 0, fd);
	} else
		r = peer_send(p, type, id, b.data, b.len, fd);
	if (p->secret)
		buf_freezero(&b);
	else
		buf_free(&b);
	return r;
}

/* Drops n written bytes from the queue's front. */
static void
written(struct peer *p, size_t n)
{
	struct peer_chunk	*ck = TAILQ_FIRST(&p->out);
	size_t			 part;

	if (ck->fd != -1) {
		close(ck->fd);
		ck->fd = -1;
		p->queued_fds--;
	}
	p->queued -= n;
	while (n != 0 && (ck = TAILQ_FIRST(&p->out)) != NULL) {
		part = ck->len - ck->off;
		if (n < part) {
			ck->off += n;
			return;
		}
		n -= part;
		TAILQ_REMOVE(&p->out, ck, entry);
		chunk_free(p, ck);
	}
}

/*
 * One sendmsg.  A descriptor travels with the first byte of a call, so a
 * chunk that has one begins its own.
 */
static ssize_t
send_some(struct peer *p)
{
	union {
		struct cmsghdr	cm;
		char		space[CMSG_SPACE(sizeof(int))];
	} control;
	struct msghdr		 mh = { 0 };
	struct iovec		 iov[OUT_IOV];
	struct peer_chunk	*ck, *first = TAILQ_FIRST(&p->out);
	size_t			 n = 0;

	TAILQ_FOREACH(ck, &p->out, entry) {
		if (n == OUT_IOV || (ck != first && ck->fd != -1))
			break;
		iov[n].iov_base = ck->data + ck->off;
		iov[n++].iov_len = ck->len - ck->off;
	}
	mh.msg_iov = iov;
	mh.msg_iovlen = n;
	if (first->fd != -1) {
		memset(&control, 0, sizeof(control));
		control.cm.cmsg_len = CMSG_LEN(sizeof(int));
		control.cm.cmsg_level = SOL_SOCKET;
		control.cm.cmsg_type = SCM_RIGHTS;
		memcpy(CMSG_DATA(&control.cm), &first->fd, sizeof(int));
		mh.msg_control = control.space;
		mh.msg_controllen = sizeof(control.space);
	}
	return sendmsg(p->fd, &mh, MSG_NOSIGNAL | MSG_DONTWAIT);
}

void
peer_flush(struct peer *p)
{
	static const struct timeval	soon = { 0, 10000 };
	ssize_t				n;
	int				i;

	for (i = 0; i < OUT_WRITES && !TAILQ_EMPTY(&p->out); i++) {
		if ((n = send_some(p)) >= 0) {
			written(p, (size_t)n);
			continue;
		}
		switch (errno) {
		case EINTR:
			continue;
		case EAGAIN:
			p->blocked = true;
			return;
		case ETOOMANYREFS:	/* too many descriptors on their way */
		case ENOBUFS:
			event_add(&p->later, &soon);
			return;
		default:
			/* What it said before it went is still to be read. */
			p->deaf = true;
			peer_out_free(p);
			return;
		}
	}
	p->blocked = !TAILQ_EMPTY(&p->out);
}

void
peer_tell_drained(struct peer *p)
{
	if (!p->full || p->state != PEER_OPEN || p->queued >= PEER_LOW_WATER)
		return;
	p->full = false;
	if (p->ops->drained != NULL)
		p->ops->drained(p, p->arg);
}
