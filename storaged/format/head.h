/*
 * The head: a user's only mutable object (pail-bucket.5, "The head").
 */
#ifndef STORAGED_HEAD_H
#define STORAGED_HEAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/buf.h"
#include "common/user.h"
#include "storaged/format/block.h"
#include "storaged/format/logref.h"

#define HEAD_MAX	(2 * 1024 * 1024)	/* bytes; we write far less */
#define HEAD_NODES_MAX	256			/* entries, read and written */
#define HEAD_NODES_KEEP	16			/* beyond: prune the silent */
#define HEAD_SILENT	3600			/* for so many seconds */
#define HEAD_FOREIGN	(-4)			/* of head_decode() */

struct head_prune {
	size_t	 keep;
	int64_t	 silent;
};

struct head_node {
	uint8_t		 id[16];
	uint8_t		 nonce[16];	/* of its last commit */
	uint64_t	 commit;	/* and its number */
	int64_t		 time;		/* and when, seconds */
};

struct head {
	char			 user[USER_ID_MAX + 1];	/* by user_key() */
	uint8_t			 history[16];
	uint64_t		 commit;	/* from 1 */
	uint8_t			 nonce[16];
	int64_t			 time;
	uint64_t		 records;	/* number of the last record */
	uint32_t		 uidvalidity;
	uint8_t			 state_hash[32];
	size_t			 nnodes;
	uint64_t		 floor;		/* highest commit of a pruned
						   entry; 0: none */
	bool			 has_manifest;
	uint8_t			 manifest[16];
	uint8_t			 manifest_sha256[32];
	struct loglist		 logs;		/* since the manifest */
	struct garbagelist	 garbage;	/* since the manifest */
	struct buf		 unknown;	/* fields to be copied */
	struct blocklist	 blocks;	/* the inline part, owned */
	struct head_node	 nodes[HEAD_NODES_MAX];	/* last: nearly all of
					   it is not in use */
};

void	 head_init(struct head *h);
void	 head_free(struct head *h);		/* and leaves it initialised */
void	 head_move(struct head *dst, struct head *src);	/* frees dst's */
/* All but the blocks, whose list in dst is empty.  0 or -1. */
int	 head_copy(struct head *dst, const struct head *src);
/*
 * Appends the object.  first: one of another head's blocks; it and those behind
 * it come before the blocks of h (NULL: none).  0 or -1.
 */
int	 head_encode(const struct head *h, const struct block *first,
	    struct buf *out);
/*
 * user: by user_key(), whose head it has to be (NULL: anyone's, for tests).
 * *h is initialised by it and freed by the caller whatever comes.  0,
 * FORMAT_DAMAGED, FORMAT_UNKNOWN, FORMAT_NO_MEMORY, or HEAD_FOREIGN: another
 * user's.
 */
int	 head_decode(struct head *h, const char *user, const void *p,
	    size_t len);
/* Describes it in a line for pailctl dump, without its lists. */
void	 head_print(const struct head *h, struct buf *b);
/* What to log about a head for which head_decode() returned e. */
const char *head_why(int e);

const struct head_node *head_find(const struct head *h,
	    const uint8_t node[16]);
/*
 * Records a commit of node; prunes entries beyond keep that have not changed
 * for a long time (the oldest, whatever its age, if the table is full), and
 * raises the floor.
 */
void	 head_enter(struct head *h, const uint8_t node[16],
	    const uint8_t nonce[16], uint64_t commit, int64_t now,
	    const struct head_prune *how);

#endif
