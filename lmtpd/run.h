/* A connection and what it is for. */
#ifndef LMTPD_RUN_H
#define LMTPD_RUN_H

struct event_base;
struct listen_from;

/* Takes from->fd, and greets.  -1, with it closed: out of memory. */
int	 run_accept(struct event_base *base, const struct listen_from *from);

#endif
