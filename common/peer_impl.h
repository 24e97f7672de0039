/* Shared by peer.c (input) and peer_send.c (output) only. */
#ifndef COMMON_PEER_IMPL_H
#define COMMON_PEER_IMPL_H

#include <event2/event.h>
#include <event2/event_struct.h>

#include "common/compat.h"
#include "common/peer.h"

#define PEER_HEADER	16		/* bytes of a frame's header */
#define PEER_RBUF	(4 * MSG_FRAME_MAX) /* bytes of one read, with what
					   was left of the last one */
#define PEER_LAZY_MAX	4096		/* bytes that may wait for more */
#define PEER_MORE	1		/* flags of a frame */
#define PEER_FD		2

#define PEER_NO_FD	(-1)
#define PEER_LOST_FD	(-2)		/* one arrived, but we had run out */

enum peer_state {
	PEER_OPEN,
	PEER_CUT,	/* closed() follows at the end of this event */
	PEER_CLOSED	/* by peer_close(): freed at the loop's end */
};

struct peer_chunk {			/* whole frames to be written */
	TAILQ_ENTRY(peer_chunk)	 entry;
	size_t			 size;
	size_t			 len;
	size_t			 off;	/* what has been written */
	int			 fd;	/* goes with the first byte; -1 */
	uint8_t			 data[];
};
TAILQ_HEAD(peer_chunks, peer_chunk);
TAILQ_HEAD(peer_list, peer);

struct peer {
	TAILQ_ENTRY(peer)	 entry;		/* dying */
	struct event		 io;
	struct event		 later;
	struct event_base	*base;
	const struct peer_ops	*ops;
	void			*arg;
	int			 fd;
	enum msg_channel	 channel;
	enum msg_side		 side;
	enum peer_state		 state;
	short			 interest;	/* events that io waits for */
	bool			 held;
	bool			 unparsed;	/* in may hold whole frames */
	bool			 blocked;	/* the socket was full */
	bool			 deaf;		/* the other end is closed */
	bool			 greeted;	/* its HELLO came */
	bool			 secret;	/* wipe the data after use */
	bool			 full;		/* drained() is owed */
	int			 wait_ms;	/* of a read that waits; 0: none
						   has yet */

	const char		*why;		/* PEER_CUT */
	uint16_t		 why_type;

	uint16_t		 frag_type;	/* 0: none under way */
	uint32_t		 frag_id;
	uint8_t			*frag;		/* a long message's pieces */
	size_t			 frag_len;
	size_t			 frag_size;

	uint8_t			*in;		/* read, not yet handled */
	size_t			 in_len;
	/* Received, not yet delivered; PEER_NO_FD, PEER_LOST_FD. */
	int			 in_fds[2];

	struct peer_chunks	 out;
	size_t			 queued;
	size_t			 queued_fds;
};

/* Marks p; closed() is called at the end of its event, or from peer_later(). */
void	 peer_cut(struct peer *p, const char *why, uint16_t type);
void	 peer_wake(struct peer *p);	/* peer_later() soon */

int	 peer_enqueue(struct peer *p, uint16_t type, uint32_t id,
	    const void *data, size_t len, int fd);
/* One read, into PEER_RBUF bytes, and what it had is handled.  wait: as long
 * as wait_ms says.  false: nothing was there. */
bool	 peer_read(struct peer *p, uint8_t *rbuf, bool wait);
void	 peer_flush(struct peer *p);	/* writes what the socket accepts */
void	 peer_tell_drained(struct peer *p);
void	 peer_out_free(struct peer *p);

#endif
