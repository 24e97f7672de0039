/*
 * Reading messages: place -> ranges of objects -> expanded and checked
 * content (the digest, then the message's octets).  One fetch reads one
 * message after the other and keeps the window that it read last.
 */
#ifndef STORAGED_FETCH_H
#define STORAGED_FETCH_H

#include "common/buf.h"
#include "storaged/index.h"
#include "storaged/msgobj.h"
#include "storaged/user.h"
#include "storaged/window.h"

#define FETCH_SMALL_MAX	(16 * 1024 * 1024) /* content outside an object of
					      its own, expanded */

enum fetch_state {
	FETCH_READY,
	FETCH_WAIT,		/* ready() follows: ask again */
	FETCH_UNAVAILABLE,	/* the bucket is away */
	FETCH_DAMAGED		/* damaged or missing (logged) */
};

struct fetch {
	struct user		*user;
	void			(*ready)(void *arg);
	void			*arg;
	size_t			 wsize;		/* of log objects and packs */
	struct window_wait	 win;
	char			 key[BLOB_KEY_MAX];
	enum key_kind		 kind;		/* what key names: a pack */
	uint8_t			 id[16];	/* (this one), a log */
	uint64_t		 commit;	/* (with this commit, whose */
	uint64_t		 area, area_len; /* messages lie there) */
	uint64_t		 m;		/* its content; 0 none */
	struct buf		 content;	/* a part of it */
	uint64_t		 content_at;	/* where the part begins */
	struct buf		 stored;	/* the range being read */
	struct buf		 table;		/* of a message object */
	struct buf		 loghead;	/* start of a log object */
	char			 loghead_key[BLOB_KEY_MAX];
};

/* With windows of WINDOW_SMALL; wsize may be set before the first read. */
void	 fetch_init(struct fetch *f, struct user *u, void (*ready)(void *),
	    void *arg);
void	 fetch_free(struct fetch *f);		/* cancels; also if zeroed */
/*
 * The content from octet at on (below digest_len + size): as much as is at
 * hand, borrowed until the next call.  A small message's SHA-256 has been
 * checked; of a large one each frame's checksum.
 */
enum fetch_state fetch_at(struct fetch *f, const struct place *p,
	    uint64_t at, const uint8_t **data, size_t *len);

/*
 * A small message (not RECORD_MSG) as it is stored: p->at.stored bytes,
 * borrowed until the next call, not checked yet.
 */
enum fetch_state fetch_stored(struct fetch *f, const struct place *p,
	    const uint8_t **stored);

/* Do both begin in one window of wsize, as far as their places tell? */
bool	 fetch_together(const struct place *a, const struct place *b,
	    size_t wsize);
/*
 * The window (of f->wsize) that has the beginning of a small message, as far
 * as that can be told without reading: to be asked for ahead.  len: at most
 * so many bytes will come.  0 or -1.
 */
int	 fetch_where(const struct fetch *f, const struct place *p,
	    char key[BLOB_KEY_MAX], uint64_t *base, size_t *len);

#endif
