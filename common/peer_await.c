/*
 * A channel without its loop: for a library that calls us and wants its answer
 * when we return.
 */
#include <sys/types.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <fcntl.h>
#include <poll.h>

#include "common/peer_impl.h"

/* The loop's own buffer may be in use: by whose handler this is called. */
static uint8_t	 rbuf[PEER_RBUF];

/*
 * From now on a read may wait, for ms at most: set once for who always waits as
 * long.  (Whoever is not to wait says so with each call, MSG_DONTWAIT.)
 */
static int
may_wait(struct peer *p, int ms)
{
	struct timeval	tv = { ms / 1000, ms % 1000 * 1000 };
	int		flags;

	if (p->wait_ms == ms)
		return 0;
	if ((p->wait_ms == 0 && ((flags = fcntl(p->fd, F_GETFL)) == -1 ||
	    fcntl(p->fd, F_SETFL, flags & ~O_NONBLOCK) == -1)) ||
	    setsockopt(p->fd, SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof(tv)) == -1)
		return -1;
	p->wait_ms = ms;
	return 0;
}

/* The same while there is still something to be sent. */
static int
await_both(struct peer *p, int ms)
{
	struct pollfd	pfd = { .fd = p->fd, .events = POLLIN | POLLOUT };
	int		n = poll(&pfd, 1, ms);

	if (n > 0 && (pfd.revents & POLLOUT) != 0) {
		p->blocked = false;
		peer_flush(p);
	}
	if (n > 0 && (pfd.revents & ~POLLOUT) != 0)
		(void)peer_read(p, rbuf, false);
	return n > 0;
}

int
peer_await(struct peer *p, int ms)
{
	int	n;

	if (p->state != PEER_OPEN || p->held)
		return -1;
	peer_push(p);
	if (p->blocked)
		n = await_both(p, ms);
	else
		n = peer_read(p, rbuf, ms > 0 && may_wait(p, ms) == 0);
	if (p->blocked || p->state != PEER_OPEN)
		peer_wake(p);		/* watches anew, or closes */
	return p->state != PEER_OPEN ? -1 : n;
}
