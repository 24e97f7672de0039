/*
 * One end of a channel between two of our processes: imsg-like frames over
 * a Unix stream socket, on libevent.  The other end may have been taken
 * over: each header is checked against msg.h before its body is waited for,
 * and a peer that breaks a rule is cut.  What is sent is in peer_send.c.
 *
 * All peers of a process read into one buffer and keep only what is left of
 * an unfinished frame, so that ten thousand idle sessions cost little.
 */
#include <sys/types.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/peer_impl.h"

#define PEER_VERSION	1		/* of the protocols, in HELLO */
#define FRAG_FIRST	(64 * 1024)	/* first allocation of a long message */

/* What is unfinished is below a frame; then one read follows. */
static uint8_t	 peer_rbuf[PEER_RBUF];
/* Those that wait for the loop's end to be freed. */
static struct peer_list dying = TAILQ_HEAD_INITIALIZER(dying);

struct frame {
	uint32_t	 len;	/* header included */
	uint16_t	 type;
	uint16_t	 flags;
	uint32_t	 id;
};

static void	peer_io(evutil_socket_t, short, void *);
static void	peer_later(evutil_socket_t, short, void *);

static int
send_hello(struct peer *p)
{
	struct buf	b;
	int		r;

	buf_init(&b, 64);
	buf_put_u32(&b, (uint32_t)p->channel);
	buf_put_u32(&b, PEER_VERSION);
	r = b.failed ? -1 :
	    peer_enqueue(p, IMSG_HELLO, 0, b.data, b.len, -1);
	buf_free(&b);
	return r;
}

struct peer *
peer_new(struct event_base *base, int fd, enum msg_channel channel,
    enum msg_side side, const struct peer_ops *ops, void *arg)
{
	struct peer	*p = calloc(1, sizeof(*p));
	int		 flags;

	if (p == NULL)
		return NULL;
	p->fd = fd;
	p->in_fds[0] = p->in_fds[1] = PEER_NO_FD;
	p->base = base;
	p->channel = channel;
	p->side = side;
	p->ops = ops;
	p->arg = arg;
	/* Passwords and keys pass here: nothing of them is left behind. */
	p->secret = channel != MSG_CHANNEL_MBOX && channel != MSG_CHANNEL_GRANT;
	TAILQ_INIT(&p->out);
	event_assign(&p->io, base, fd, EV_READ | EV_PERSIST, peer_io, p);
	event_assign(&p->later, base, -1, 0, peer_later, p);
	if ((flags = fcntl(fd, F_GETFL)) == -1 ||
	    ((flags & O_NONBLOCK) == 0 &&
	    fcntl(fd, F_SETFL, flags | O_NONBLOCK) == -1) ||
	    fcntl(fd, F_SETFD, FD_CLOEXEC) == -1 || send_hello(p) == -1 ||
	    event_add(&p->io, NULL) == -1) {
		event_del(&p->later);
		peer_out_free(p);
		free(p);
		return NULL;
	}
	p->interest = EV_READ;
	peer_wake(p);
	return p;
}

void
peer_listen_first(struct peer *p)
{
	event_del(&p->later);
}

void
peer_wake(struct peer *p)
{
	event_active(&p->later, EV_TIMEOUT, 1);
}

/* Watch for what we can use; nothing at all while held and idle. */
static void
peer_watch(struct peer *p)
{
	short want = 0;

	if (p->state == PEER_OPEN) {
		if (!p->held)
			want |= EV_READ;
		if (p->blocked)
			want |= EV_WRITE;
	}
	if (want == p->interest)
		return;
	event_del(&p->io);
	p->interest = want;
	if (want == 0)
		return;
	event_assign(&p->io, p->base, p->fd, want | EV_PERSIST, peer_io, p);
	if (event_add(&p->io, NULL) == -1)
		peer_cut(p, "event_add", 0);
}

void
peer_cut(struct peer *p, const char *why, uint16_t type)
{
	if (p->state != PEER_OPEN)
		return;
	p->state = PEER_CUT;
	p->why = why;
	p->why_type = type;
}

static void
release(struct peer *p, void *mem, size_t len)
{
	if (p->secret)
		freezero(mem, len);
	else
		free(mem);
}

/* Gives back all but the struct. */
static void
shut(struct peer *p)
{
	size_t i;

	event_del(&p->io);
	p->interest = 0;
	if (p->fd != -1)
		close(p->fd);
	p->fd = -1;
	for (i = 0; i < nitems(p->in_fds); i++) {
		if (p->in_fds[i] >= 0)
			close(p->in_fds[i]);
		p->in_fds[i] = PEER_NO_FD;
	}
	release(p, p->in, p->in_len);
	release(p, p->frag, p->frag_size);
	p->in = p->frag = NULL;
	p->in_len = p->frag_len = p->frag_size = 0;
	peer_out_free(p);
}

/* The end of an event of p: nothing may touch it after this. */
static void
settle(struct peer *p)
{
	char why[128];

	if (p->state == PEER_OPEN) {
		peer_watch(p);
		if (p->state == PEER_OPEN)
			return;
	}
	if (p->state == PEER_CLOSED)
		return;			/* peer_later() frees it */
	snprintf(why, sizeof(why), "%s%s%s", p->why,
	    p->why_type != 0 ? ": " : "",
	    p->why_type != 0 ? msg_name(p->why_type) : "");
	shut(p);
	if (p->ops->closed != NULL)
		p->ops->closed(p, why, p->arg);
	event_del(&p->later);
	free(p);
}

void
peer_close(struct peer *p)
{
	if (p == NULL || p->state == PEER_CLOSED)
		return;
	if (p->state == PEER_CUT && p->fd == -1)
		return;			/* within closed() */
	if (p->state == PEER_OPEN)
		peer_flush(p);
	p->state = PEER_CLOSED;
	shut(p);
	TAILQ_INSERT_TAIL(&dying, p, entry);
	peer_wake(p);
}

/* Takes the oldest descriptor that came, or its loss; PEER_NO_FD: none. */
static int
take_fd(struct peer *p)
{
	int fd = p->in_fds[0];

	p->in_fds[0] = p->in_fds[1];
	p->in_fds[1] = PEER_NO_FD;
	return fd;
}

static void
check_hello(struct peer *p, const struct msg *m)
{
	struct cursor	c;
	uint32_t	channel, version;

	cursor_init(&c, m->data, m->len);
	channel = cursor_u32(&c);
	version = cursor_u32(&c);
	if (!cursor_done(&c) || m->id != 0 || channel != (uint32_t)p->channel)
		peer_cut(p, "wrong protocol", 0);
	else if (version != PEER_VERSION)
		peer_cut(p, "wrong version of the protocol", 0);
	p->greeted = true;
}

static void
deliver(struct peer *p, const struct frame *f, const uint8_t *data,
    size_t len)
{
	const struct msg_rule	*rule = msg_rule(f->type);
	struct msg		 m;

	m.type = rule->type;
	m.id = f->id;
	m.data = data;
	m.len = len;
	m.fd = rule->fds != 0 ? take_fd(p) : -1;
	if (rule->fds != 0 && m.fd == PEER_NO_FD) {
		peer_cut(p, "the descriptor is missing", f->type);
		return;
	}
	if (m.fd == PEER_LOST_FD)
		m.fd = -1;
	if (f->type == IMSG_HELLO)
		check_hello(p, &m);
	else if (p->ops->message(p, &m, p->arg) == -1)
		peer_cut(p, "malformed message", f->type);
}

/* Everything that a header can break; NULL when it may pass. */
static const char *
check_frame(const struct peer *p, const struct frame *f,
    const struct msg_rule *rule)
{
	size_t len = f->len - PEER_HEADER;

	if (rule == NULL)
		return "unknown message";
	if ((rule->channel != MSG_CHANNEL_ANY && rule->channel != p->channel) ||
	    (rule->sender & ~p->side & MSG_SIDE_BOTH) == 0)
		return "not allowed from this peer";
	if (p->greeted == (f->type == IMSG_HELLO))
		return p->greeted ? "HELLO twice" : "no HELLO";
	if ((f->flags & ~(PEER_MORE | PEER_FD)) != 0)
		return "unknown flags";
	if (p->frag_type != 0 &&
	    (f->type != p->frag_type || f->id != p->frag_id))
		return "interleaved messages";
	if (len > rule->max - p->frag_len)
		return "too long";
	if ((f->flags & PEER_MORE) != 0 && len == 0)
		return "empty fragment";
	/* What carries a descriptor is one frame. */
	if ((f->flags & PEER_FD) != 0 && rule->fds == 0)
		return "unexpected descriptor";
	if (rule->fds != 0 && (f->flags & PEER_FD) == 0)
		return "the descriptor is missing";
	if (rule->fds != 0 && (f->flags & PEER_MORE) != 0)
		return "descriptor with a fragment";
	return NULL;
}

/* Joins a piece to what came of its message. */
static int
join(struct peer *p, const struct frame *f, const uint8_t *data, size_t len,
    size_t max)
{
	size_t	 size = p->frag_size;
	uint8_t	*frag;

	if (len > size - p->frag_len) {
		size = size == 0 ? FRAG_FIRST : size * 2;
		if (size > max)
			size = max;
		if ((frag = malloc(size)) == NULL)
			return -1;
		if (p->frag_len != 0)
			memcpy(frag, p->frag, p->frag_len);
		release(p, p->frag, p->frag_size);
		p->frag = frag;
		p->frag_size = size;
	}
	memcpy(p->frag + p->frag_len, data, len);
	p->frag_len += len;
	p->frag_type = f->type;
	p->frag_id = f->id;
	return 0;
}

/* A whole frame that check_frame() let pass. */
static void
frame_in(struct peer *p, const struct frame *f, const uint8_t *data)
{
	size_t	 len = f->len - PEER_HEADER, size;
	uint8_t	*frag;

	if ((f->flags & PEER_MORE) == 0 && p->frag_type == 0) {
		deliver(p, f, data, len);
		return;
	}
	if (join(p, f, data, len, msg_rule(f->type)->max) == -1) {
		peer_cut(p, "out of memory", f->type);
		return;
	}
	if ((f->flags & PEER_MORE) != 0)
		return;
	frag = p->frag;
	size = p->frag_size;
	len = p->frag_len;
	p->frag = NULL;
	p->frag_len = p->frag_size = 0;
	p->frag_type = 0;
	deliver(p, f, frag, len);
	release(p, frag, size);
}

static void
get_header(struct frame *f, const uint8_t *data, uint32_t *zero)
{
	struct cursor c;

	cursor_init(&c, data, PEER_HEADER);
	f->len = cursor_u32(&c);
	f->type = cursor_u16(&c);
	f->flags = cursor_u16(&c);
	f->id = cursor_u32(&c);
	*zero = cursor_u32(&c);
}

/*
 * Handles the whole frames at the front of data; returns how many bytes
 * they were.  Stops early when a handler closed or held the peer.
 */
static size_t
parse(struct peer *p, const uint8_t *data, size_t len)
{
	struct frame	 f;
	const char	*why;
	uint32_t	 zero;
	size_t		 used = 0;

	while (p->state == PEER_OPEN && !p->held &&
	    len - used >= PEER_HEADER) {
		get_header(&f, data + used, &zero);
		if (f.len < PEER_HEADER || f.len > MSG_FRAME_MAX || zero != 0) {
			peer_cut(p, "malformed frame", 0);
			break;
		}
		if ((why = check_frame(p, &f, msg_rule(f.type))) != NULL) {
			peer_cut(p, why, f.type);
			break;
		}
		if (len - used < f.len) {
			if ((f.flags & PEER_FD) == 0 &&
			    p->in_fds[0] != PEER_NO_FD)
				peer_cut(p, "unexpected descriptor", f.type);
			break;
		}
		frame_in(p, &f, data + used + PEER_HEADER);
		used += f.len;
	}
	/* At most the descriptor of an unfinished frame may be left. */
	if (p->state == PEER_OPEN && !p->held &&
	    p->in_fds[len == used ? 0 : 1] != PEER_NO_FD)
		peer_cut(p, "unexpected descriptor", 0);
	return used;
}

/* Parses, and keeps what is unfinished. */
static void
feed(struct peer *p, const uint8_t *data, size_t len)
{
	size_t used = parse(p, data, len);

	if (p->state != PEER_OPEN || used == len)
		return;
	if ((p->in = malloc(len - used)) == NULL) {
		peer_cut(p, "out of memory", 0);
		return;
	}
	p->in_len = len - used;
	memcpy(p->in, data + used, p->in_len);
}

/* What a hold has left: parsed before anything more is read. */
static void
feed_left(struct peer *p)
{
	uint8_t	*in = p->in;
	size_t	 len = p->in_len;

	p->unparsed = false;
	p->in = NULL;
	p->in_len = 0;
	if (in != NULL)
		feed(p, in, len);
	release(p, in, len);
	if (p->held)
		p->unparsed = true;
}

/* Notes a descriptor, or the loss of one; -1 when there are too many. */
static int
keep_fd(struct peer *p, int fd)
{
	size_t i;

	for (i = 0; i < nitems(p->in_fds); i++)
		if (p->in_fds[i] == PEER_NO_FD) {
			p->in_fds[i] = fd;
			return 0;
		}
	if (fd >= 0)
		close(fd);
	return -1;
}

/*
 * Keeps the descriptors that came; -1: more than an honest end sends, which
 * is one with a call.  What is cut off when none came is that one: there was
 * no free descriptor for it.
 */
static int
keep_fds(struct peer *p, struct msghdr *mh)
{
	struct cmsghdr	*cm;
	size_t		 n, i, came = 0;
	int		 fd, r = 0;

	for (cm = CMSG_FIRSTHDR(mh); cm != NULL; cm = CMSG_NXTHDR(mh, cm)) {
		if (cm->cmsg_level != SOL_SOCKET ||
		    cm->cmsg_type != SCM_RIGHTS ||
		    cm->cmsg_len < CMSG_LEN(0))
			continue;
		n = (cm->cmsg_len - CMSG_LEN(0)) / sizeof(int);
		for (i = 0; i < n; i++) {
			memcpy(&fd, CMSG_DATA(cm) + i * sizeof(int),
			    sizeof(int));
#ifndef MSG_CMSG_CLOEXEC
			fcntl(fd, F_SETFD, FD_CLOEXEC);
#endif
			came++;
			if (keep_fd(p, fd) == -1)
				r = -1;
		}
	}
	if ((mh->msg_flags & MSG_CTRUNC) != 0 &&
	    (came != 0 || keep_fd(p, PEER_LOST_FD) == -1))
		r = -1;
	return r;
}

bool
peer_read(struct peer *p, uint8_t *rbuf, bool wait)
{
	union {
		struct cmsghdr	cm;
		char		space[CMSG_SPACE(sizeof(int))];
	} control;
	struct msghdr	mh = { 0 };
	struct iovec	iov;
	size_t		left = p->in_len;
	ssize_t		n;
	int		flags = wait ? 0 : MSG_DONTWAIT;

#ifdef MSG_CMSG_CLOEXEC
	flags |= MSG_CMSG_CLOEXEC;
#endif
	/* Where a stream's frames are as long as they may be, each read ends
	 * at the end of one: nothing has to be kept for the next. */
	iov.iov_base = rbuf + left;
	iov.iov_len = PEER_RBUF - left;
	mh.msg_iov = &iov;
	mh.msg_iovlen = 1;
	mh.msg_control = control.space;
	mh.msg_controllen = sizeof(control.space);
	if ((n = recvmsg(p->fd, &mh, flags)) == -1) {
		/* OpenBSD says so, and has dropped the descriptor. */
		if ((errno == EMFILE || errno == ENFILE) &&
		    keep_fd(p, PEER_LOST_FD) == 0)
			return true;
		if (errno != EAGAIN && errno != EINTR)
			peer_cut(p, strerror(errno), 0);
		return false;
	}
	if (keep_fds(p, &mh) == -1) {
		peer_cut(p, "unexpected descriptor", 0);
		return true;
	}
	if (n == 0) {
		peer_cut(p, left != 0 || p->frag_type != 0 ?
		    "end of file within a message" : "end of file", 0);
		return true;
	}
	if (left != 0)
		memcpy(rbuf, p->in, left);
	release(p, p->in, left);
	p->in = NULL;
	p->in_len = 0;
	feed(p, rbuf, left + (size_t)n);
	if (p->held)
		p->unparsed = true;
	if (p->secret)
		explicit_bzero(rbuf, left + (size_t)n);
	return true;
}

static void
peer_io(evutil_socket_t fd, short what, void *arg)
{
	struct peer *p = arg;

	(void)fd;
	if ((what & EV_WRITE) != 0 && p->state == PEER_OPEN) {
		p->blocked = false;
		peer_flush(p);
		peer_tell_drained(p);
	}
	if ((what & EV_READ) != 0 && p->state == PEER_OPEN && !p->held) {
		if (p->unparsed)
			feed_left(p);
		else
			(void)peer_read(p, peer_rbuf, false);
	}
	settle(p);
}

/* What was put off to the loop's end. */
static void
peer_later(evutil_socket_t fd, short what, void *arg)
{
	struct peer *p = arg;

	(void)fd;
	(void)what;
	if (p->state == PEER_CLOSED) {
		TAILQ_REMOVE(&dying, p, entry);
		event_del(&p->later);
		free(p);
		return;
	}
	if (p->state == PEER_OPEN && p->unparsed && !p->held)
		feed_left(p);
	if (p->state == PEER_OPEN && !p->blocked) {
		peer_flush(p);
		peer_tell_drained(p);
	}
	settle(p);
}

void
peer_push(struct peer *p)
{
	if (p->state == PEER_OPEN && !p->blocked && !TAILQ_EMPTY(&p->out))
		peer_flush(p);
}

void
peer_hold(struct peer *p, bool hold)
{
	if (p->state != PEER_OPEN || p->held == hold)
		return;
	p->held = hold;
	peer_wake(p);		/* reads what was left, and watches anew */
}

int
peer_fd(const struct peer *p)
{
	return p->fd;
}
