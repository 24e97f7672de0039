/*
 * A commit block: the content of one commit, in the inline part of the head and
 * later, byte for byte the same, in a log object (pail-bucket.5, "Commit
 * blocks").
 */
#ifndef STORAGED_BLOCK_H
#define STORAGED_BLOCK_H

#include <sys/queue.h>
#include <stddef.h>
#include <stdint.h>

#include "common/buf.h"

#define BLOCK_MAX	(64 * 1024 * 1024)	/* bytes of one block */

struct block {
	uint64_t	 number;	/* of the commit */
	uint8_t		 nonce[16];
	uint8_t		 prev[16];	/* nonce of the commit before; zeros
					   for the first */
	uint8_t		 node[16];
	int64_t		 time;
	uint64_t	 first;		/* number of its first record */
	uint64_t	 count;		/* of records; 0 for an empty commit */
	uint8_t		 state_hash[32];	/* after it */
	const uint8_t	*records;	/* borrowed from bytes */
	size_t		 records_len;
	const uint8_t	*messages;	/* the message area */
	size_t		 messages_len;
	const uint8_t	*bytes;		/* the whole block */
	size_t		 len;
	struct block_bytes *own;	/* copies share them; NULL: borrowed */
	TAILQ_ENTRY(block) entry;	/* of a blocklist */
};
TAILQ_HEAD(blocklist, block);

/* From all but bytes and len.  0 or -1. */
int	 block_encode(const struct block *k, struct buf *b);
/* Reads one, borrowing; 0, FORMAT_DAMAGED or FORMAT_UNKNOWN. */
int	 block_decode(struct block *k, struct cursor *c);
/* Describes it in a line for pailctl dump, without its records. */
void	 block_print(const struct block *k, struct buf *b);
/* An independent copy; NULL on ENOMEM. */
struct block *block_dup(const struct block *k);
void	 block_free(struct block *k);
void	 blocklist_free(struct blocklist *l);
/* Bytes of all; of k (NULL: none) and those behind it. */
size_t	 blocklist_bytes(const struct blocklist *l);
size_t	 blocks_bytes(const struct block *k);
/*
 * Reads blocks to the end of the bytes as copies: numbers without gaps from
 * number on, each prev the nonce before, starting with prev.  0,
 * FORMAT_DAMAGED or FORMAT_UNKNOWN (*l is then empty).
 */
int	 blocklist_decode(struct blocklist *l, const void *p, size_t len);

#endif
