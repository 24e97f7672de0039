/*
 * A channel without its loop: for a library that calls us and wants its answer
 * when we return.
 */
#include <poll.h>

#include "common/peer_impl.h"

/* The loop's own buffer may be in use: by whose handler this is called. */
static uint8_t	 rbuf[PEER_RBUF];

int
peer_await(struct peer *p, int ms)
{
	struct pollfd	pfd = { .fd = p->fd, .events = POLLIN };
	int		n;

	if (p->state != PEER_OPEN || p->held)
		return -1;
	peer_push(p);
	if (p->blocked)
		pfd.events |= POLLOUT;
	n = poll(&pfd, 1, ms);
	if (n > 0 && (pfd.revents & POLLOUT) != 0) {
		p->blocked = false;
		peer_flush(p);
	}
	if (n > 0 && (pfd.revents & ~POLLOUT) != 0)
		peer_read(p, rbuf);
	if (p->blocked || p->state != PEER_OPEN)
		peer_wake(p);		/* watches anew, or closes */
	return p->state != PEER_OPEN ? -1 : n > 0;
}
