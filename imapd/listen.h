/* The listening sockets, and who may connect. */
#ifndef IMAPD_LISTEN_H
#define IMAPD_LISTEN_H

struct event_base;
struct slice;

/* protocol: "imap" or "imaps".  Takes ownership of fd; closes it if the same
 * listener exists already. */
void	 listen_add(struct event_base *base, const char *protocol,
	    const char *address, int fd);
/* After a reload: closes those that are no longer in "listen" (each value is
 * protocol://address). */
void	 listen_keep(const struct slice *s);
void	 listen_close(void);		/* all of them */

#endif
