/*
 * One end of a channel to another of our processes: frames with an optional
 * descriptor over a Unix stream socketpair, on an event loop.  Checks each
 * frame against msg.h; a peer that breaks a rule is disconnected, not answered.
 *
 * Frame: u32 length (header included), u16 type, u16 flags, u32 id, u32 zero;
 * little-endian.  Flag 1: more frames of this message follow (same type and id,
 * nothing between them); flag 2: a descriptor is attached to this frame.
 * peer_send() splits long messages into frames; the receiver joins them, up to
 * the maximum of the type.
 */
#ifndef COMMON_PEER_H
#define COMMON_PEER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/msg.h"
#include "common/wire.h"

struct event_base;
struct peer;

struct msg {
	enum msg_type	 type;
	uint32_t	 id;	/* of the request; a reply repeats it */
	const uint8_t	*data;	/* borrowed: valid only in the handler */
	size_t		 len;
	/*
	 * -1, or a descriptor that the handler owns.  -1 in a message that
	 * carries one: it was lost, because this process (or the system) has
	 * run out of descriptors.  Then this message fails, and the handler
	 * must say so in its reply, but the channel lives on.
	 */
	int		 fd;
};

struct peer_ops {
	/*
	 * A message that msg.h allows.  -1: its content is invalid; the peer is
	 * disconnected and closed() follows.  The handler may call peer_close()
	 * (which frees later, from the loop).
	 */
	int	(*message)(struct peer *p, struct msg *m, void *arg);
	/* End of file, an error or a broken rule; why is for the log.  The
	 * peer frees itself after this call.  Not called on peer_close(). */
	void	(*closed)(struct peer *p, const char *why, void *arg);
	/* May be NULL: the queue has fallen below the low-water mark. */
	void	(*drained)(struct peer *p, void *arg);
};

#define PEER_HIGH_WATER	(256 * 1024)	/* bytes queued: stop adding */
#define PEER_LOW_WATER	(64 * 1024)

/*
 * Takes ownership of fd (and sets it non-blocking and close-on-exec). side is
 * ours.  NULL on ENOMEM (fd remains the caller's). ops is kept by reference.
 */
struct peer *peer_new(struct event_base *base, int fd,
	    enum msg_channel channel, enum msg_side side,
	    const struct peer_ops *ops, void *arg);
/* Right after peer_new(), when the other end has the first word: our HELLO may
 * wait until we have something to say. */
void	 peer_listen_first(struct peer *p);
/* Safe to call from its own handlers; NULL is fine.  Tries once to send what is
 * queued, then drops it. */
void	 peer_close(struct peer *p);

/*
 * Queue a message; fd is taken (-1: none) and closed once sent.  Never blocks.
 * Returns 0; -1 if our own message violates msg.h or memory ran out (fatal for
 * the channel, which is closed from the loop, with closed()).
 */
int	 peer_send(struct peer *p, enum msg_type type, uint32_t id,
	    const void *data, size_t len, int fd);
/*
 * The same, of what is not urgent: waits for the next message, or for others
 * of its kind, but no longer than PEER_LAZY_MS; the order is kept.  Saves
 * waking the other end for each.
 */
#define PEER_LAZY_MS	5
int	 peer_send_lazy(struct peer *p, enum msg_type type, uint32_t id,
	    const void *data, size_t len);
/* Encode src as the struct that the row of msg.h names, and send it (src may
 * be NULL where that has no fields). */
int	 peer_send_struct(struct peer *p, enum msg_type type, uint32_t id,
	    const void *src, int fd);
size_t	 peer_queued(const struct peer *p);	/* bytes not yet written */
size_t	 peer_queued_fds(const struct peer *p);	/* descriptors, the same */
/* Writes as much as the socket accepts now, instead of later from the loop. */
void	 peer_push(struct peer *p);
/*
 * Without the loop: writes what is queued, and waits for the other end's next
 * words for at most ms milliseconds; they go to message() as ever, from within
 * this call.  1: something came; 0: nothing; -1: the channel is no longer open
 * (closed() follows from the loop).  Not from the peer's own handlers.
 */
int	 peer_await(struct peer *p, int ms);
/* Stops or resumes reading, for back-pressure. */
void	 peer_hold(struct peer *p, bool hold);
int	 peer_fd(const struct peer *p);

#endif
