/*
 * Reads messages: place -> ranges of objects -> decompressed and verified
 * content (the digest, then the message's octets).  A reader reads one message
 * after another and keeps the window that it read last.
 */
#ifndef STORAGED_READER_H
#define STORAGED_READER_H

#include "common/buf.h"
#include "storaged/format/logobj.h"
#include "storaged/format/msgobj.h"
#include "storaged/index/index.h"
#include "storaged/session/user.h"
#include "storaged/session/window.h"

/* Maximum decompressed content that has no object of its own. */
#define READER_SMALL_MAX	(16 * 1024 * 1024)

enum reader_state {
	READER_READY,
	READER_WAIT,		/* ready() follows: ask again */
	READER_UNAVAILABLE,	/* the bucket is away, or no memory */
	READER_DAMAGED		/* damaged or missing (logged) */
};

struct reader {
	struct user		*user;
	void			(*ready)(void *arg);
	void			*arg;
	size_t			 wsize;		/* of log objects and packs */
	struct window_wait	 win;
	char			 key[KEY_MAX];
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
	char			 loghead_key[KEY_MAX];
	struct logobj_mark	 loghead_mark;
};

/* With windows of WINDOW_SMALL; wsize may be set before the first read. */
void	 reader_init(struct reader *f, struct user *u, void (*ready)(void *),
	    void *arg);
void	 reader_free(struct reader *f);		/* cancels; also if zeroed */
/*
 * The content from octet at onwards (below digest_len + size): as much as is
 * available, borrowed until the next call.  For a small message, its SHA-256
 * has been verified; for a large one, the checksum of each chunk.
 */
enum reader_state reader_at(struct reader *f, const struct place *p,
	    uint64_t at, const uint8_t **data, size_t *len);

/*
 * A small message (not RECORD_MSG) as it is stored: p->at.stored bytes,
 * borrowed until the next call, not checked yet.
 */
enum reader_state reader_stored(struct reader *f, const struct place *p,
	    const uint8_t **stored);

/* Do both begin in one window of wsize, as far as their places tell? */
bool	 reader_together(const struct place *a, const struct place *b,
	    size_t wsize);
/*
 * The window (of f->wsize) that has the beginning of a small message, as far
 * as that can be told without reading: to be asked for ahead.  len: at most
 * so many bytes will come.  0 or -1.
 */
int	 reader_where(const struct reader *f, const struct place *p,
	    char key[KEY_MAX], uint64_t *base, size_t *len);

#endif
