/* Between op_append.c (the protocol) and append_large.c (messages that
 * become objects of their own). */
#ifndef STORAGED_APPEND_H
#define STORAGED_APPEND_H

#include "storaged/msgobj.h"
#include "storaged/op.h"
#include "storaged/sum.h"

#define APPEND_MEMORY	(32 * 1024)	/* of a message before it spools */
#define APPEND_SMALL	(256 * 1024)	/* content that may be compressed in
					   one go on the loop */
#define APPEND_DIGEST	(16 * 1024)	/* a longer digest: an object */
#define APPEND_ITEMS_MAX 10000		/* messages of one APPEND */
#define APPEND_BYTES_MAX (8 * 1024 * 1024) /* of them in memory */

/* A message being made an object: spool -> frames -> upload. */
struct large {
	TAILQ_ENTRY(large)	 entry;
	size_t			 item;		/* its index */
	int			 in;		/* its spool; -1: in mem */
	struct buf		 mem;
	struct buf		 digest;
	uint64_t		 size, at;
	int			 out;		/* the object's spool; -1 */
	struct msgobj_writer	 writer;
	bool			 writing;
	uint8_t			 id[16];
	struct blob_request	*put;
};

struct append {
	bool			 open;		/* the first credit was given */
	bool			 done;		/* APPEND_DONE came */
	bool			 ready;		/* and all is uploaded */
	bool			 submitted;	/* or given up */
	struct append_item	*v;
	size_t			 n, size;
	size_t			 bytes;		/* in memory */
	/* the message being received */
	struct buf		 mem;
	int			 fd;		/* its spool; -1 */
	uint64_t		 got;
	struct sum		 sum;
	/* flow control */
	uint32_t		 window;	/* the peer may send */
	uint32_t		 owed;		/* taken, not yet credited */
	TAILQ_HEAD(, large)	 larges;	/* the first is at work */
	bool			 kept;		/* a commit names the uploads */
};

/* Takes the received message over.  0, -1: ENOMEM. */
int	 large_new(struct op *op, size_t item, struct str digest);
/* Goes on with the first one: false when op is gone. */
bool	 large_work(struct op *op);
void	 large_free(struct append *x, struct large *l);
/* All is received and uploaded: submit if APPEND_DONE came; else credit. */
void	 append_next(struct op *op);

#endif
