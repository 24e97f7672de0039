/*
 * Uploads that no commit refers to yet.  An upload is referred to within an
 * hour of its start, or never; what a lost attempt has uploaded is used by the
 * next one, or listed in it as garbage (DESIGN section 3, "Objects before
 * commits").
 */
#ifndef STORAGED_UPLOAD_H
#define STORAGED_UPLOAD_H

#include <sys/queue.h>
#include <stdbool.h>
#include <stdint.h>

#include "common/buf.h"
#include "storaged/commit/commit_io.h"
#include "storaged/format/key.h"
#include "storaged/format/logref.h"
#include "storaged/format/manifest.h"

#define UPLOAD_LIFE_MS	(55 * 60 * 1000)	/* it may be named */

struct commit;
struct upload;

typedef void upload_cb(struct upload *u, const struct blob_result *r);

/* Those of one user. */
struct uploads {
	TAILQ_HEAD(, upload)	 list;
	const struct commit_io	*io;
	const char		*user;		/* for the log */
	const char		*prefix;	/* key_user() */
	struct commit		*c;		/* whose they are: for cb */
};

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
	upload_cb		*cb;
	struct uploads		*of;
	struct upload		**job;		/* background work's, which
						   may use it later: where it
						   keeps it; NULL: not */
	struct logref		 ref;		/* KEY_LOG */
	struct manifest		*manifest;	/* KEY_MANIFEST: its content */
	size_t			 logs;		/* how many of the head's */
	size_t			 garbage;	/* changes it took over */
	bool			 had_manifest;	/* made when the head named */
	uint8_t			 before[16];	/* this one */
	TAILQ_ENTRY(upload)	 entry;
};

/* All but c borrowed, and longer-lived than l. */
void	 uploads_init(struct uploads *l, const struct commit_io *io,
	    const char *user, const char *prefix, struct commit *c);
/* A new one with a new id, added to the list.  NULL on ENOMEM. */
struct upload *upload_new(struct uploads *l, enum key_kind kind);
/* Sets the name once id (and ref, for a log) are known.  0 or -1. */
int	 upload_name(struct upload *u);
/* Sends u->bytes; cb is called when it is stored (BLOB_DONE) or has failed, but
 * not after uploads_free(). */
int	 upload_send(struct upload *u, bool background, upload_cb *cb);
struct upload *upload_find(const struct uploads *l, enum key_kind kind,
	    const uint8_t id[16]);
/* May a commit made now name it? */
bool	 upload_live(const struct upload *u);
/* For an attempt about to be built: adds dropped and useless ones to its
 * garbage.  0 or -1. */
int	 uploads_garbage(struct uploads *l, struct garbagelist *g,
	    int64_t now);
/* The attempt was won: its uploads now belong to the bucket. */
void	 uploads_won(struct uploads *l);
/* It was lost for good: everything is as before. */
void	 uploads_lost(struct uploads *l);
/* Unknown: whatever it referred to is never referred to again. */
void	 uploads_forget(struct uploads *l);
void	 uploads_free(struct uploads *l);

#endif
