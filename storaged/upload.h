/*
 * What was uploaded and is not named by a commit yet.  An upload is named
 * within an hour of its start or never; what a lost attempt uploaded is used
 * again by the next, or named as garbage by it (DESIGN section 3, "Objects
 * before commits").
 */
#ifndef STORAGED_UPLOAD_H
#define STORAGED_UPLOAD_H

#include <sys/queue.h>
#include <stdbool.h>
#include <stdint.h>

#include "common/buf.h"
#include "storaged/key.h"
#include "storaged/logref.h"
#include "storaged/manifest.h"

struct commit;

enum upload_state {
	UPLOAD_OPEN,		/* being sent, or its owner's to name */
	UPLOAD_READY,		/* in the bucket */
	UPLOAD_DROPPED		/* to be named as garbage */
};

struct upload {
	enum key_kind		 kind;
	enum upload_state	 state;
	uint8_t			 id[16];
	char			 name[KEY_NAME_MAX];
	uint64_t		 begun;		/* ms, boottime */
	bool			 large;		/* KEY_MSG: a session's */
	unsigned		 used;		/* by the attempt: from which
						   intent on; 0: not */
	bool			 orphan;	/* used; its owner has gone */
	bool			 named;		/* by it, as garbage */
	struct buf		 bytes;		/* until it is there */
	void			*request;
	void			(*cb)(struct upload *u, bool ok);
	struct commit		*c;
	struct logref		 ref;		/* KEY_LOG */
	struct manifest		*manifest;	/* KEY_MANIFEST: its content */
	size_t			 logs;		/* how many of the head's */
	size_t			 garbage;	/* changes it took over */
	bool			 had_manifest;	/* made when the head named */
	uint8_t			 before[16];	/* this one */
	TAILQ_ENTRY(upload)	 entry;
};
TAILQ_HEAD(uploads, upload);

/* With a new id; entered in the list.  NULL on ENOMEM. */
struct upload *upload_new(struct commit *c, enum key_kind kind);
/* Sets the name once id (and ref, for a log) are known.  0 or -1. */
int	 upload_name(struct upload *u);
/* Sends u->bytes; cb when it is there or failed, not after commit_free(). */
int	 upload_send(struct upload *u, bool background,
	    void (*cb)(struct upload *u, bool ok));
struct upload *upload_find(const struct uploads *l, enum key_kind kind,
	    const uint8_t id[16]);
/* May a commit made now name it? */
bool	 upload_live(const struct upload *u);
/* For an attempt about to be made: dropped and useless ones go to its
 * garbage.  0 or -1. */
int	 upload_garbage(struct commit *c, struct garbagelist *g, int64_t now);
/* The attempt was won: what it named is the bucket's now. */
void	 upload_won(struct commit *c);
/* It was lost for good: all is as before it. */
void	 upload_lost(struct commit *c);
/* Nobody knows: what it named, either way, is never named again. */
void	 upload_forget(struct commit *c);
void	 upload_free_all(struct commit *c);

#endif
