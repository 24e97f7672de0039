/*
 * For tests: what a process that was taken over might send on a channel.  All
 * follows from MSG_TABLE, so that new messages are forged too.
 */
#ifndef COMMON_TEST_FORGE_H
#define COMMON_TEST_FORGE_H

#include <stdbool.h>
#include <stddef.h>

#include "common/buf.h"
#include "common/msg.h"

enum forge_how {
	FORGE_VALID,		/* a message that the sender may say here */
	FORGE_PAYLOAD,		/* the same with some octets changed */
	FORGE_STRANGER,		/* any message of the table, any number */
	FORGE_FRAME,		/* a header that lies, a descriptor too many */
	FORGE_NOISE,		/* random octets */
	FORGE_HOWS
};

struct forge {
	enum forge_how	 how;
	enum msg_type	 type;		/* in its header, but for NOISE */
	uint32_t	 id;
	struct buf	 b;		/* the frame, or frames */
	size_t		 nfds;		/* descriptors with its first octet */
};

/* $FORGED, or so many; fewer with sanitizers. */
unsigned forge_count(unsigned usual);
/* Seeds random(3) with $SEED or the time, and prints it. */
void	 forge_seed(void);
/* The frame that comes first on a channel. */
void	 forge_hello(enum msg_channel channel, struct buf *b);
/* A payload that wire_decode() takes; at most some hundred octets. */
void	 forge_payload(const struct msg_rule *rule, struct buf *b);
/* The next one from this side of the channel; f->b is reused. */
void	 forge_next(struct forge *f, enum msg_channel channel,
	    enum msg_side from);
/* As many octets as the socket takes, with descriptors of /dev/null; -1: the
 * other end is gone. */
int	 forge_send(int s, const void *p, size_t len, size_t nfds);

#endif
