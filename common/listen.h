/* The listening sockets, and who may connect. */
#ifndef COMMON_LISTEN_H
#define COMMON_LISTEN_H

#include <sys/socket.h>

#include <stdbool.h>

struct event_base;
struct slice;
struct tls_rule;

/* A connection, at its client's own address. */
struct listen_from {
	int			 fd;
	bool			 implicit;	/* begins with TLS */
	bool			 tls_outside;	/* it speaks TLS to a proxy */
	bool			 loopback;
	struct tls_rule		*tls_rule;	/* borrowed; NULL: none */
	char			 remote[64];	/* numeric; "local": no
						   address */
	struct sockaddr_storage	 ss;
	socklen_t		 len;
};

struct listen_ops {
	/* What has TLS from the beginning ("imaps"), and what a client of the
	 * others hears that is turned away. */
	const char	*implicit;
	const char	*busy;
	/* Whether one more from remote may come; if not, why (static). */
	bool		(*room)(const char *remote, const char **why);
	/* Takes from->fd.  -1: out of memory. */
	int		(*serve)(struct event_base *base,
			    const struct listen_from *from);
};

/* Takes ownership of fd; closes it if the same listener exists already. ops is
 * kept by reference. */
void	 listen_add(struct event_base *base, const struct listen_ops *ops,
	    const char *protocol, const char *address, int fd);
/* After a reload: closes those that are no longer in "listen" (each value is
 * protocol://address). */
void	 listen_keep(const struct slice *s);
void	 listen_close(void);		/* all of them */

#endif
