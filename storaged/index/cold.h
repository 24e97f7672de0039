/*
 * Digests by message (the number of its ADD record), compressed one by one, in
 * the cold file of the index (index_cold.c).  It is filled from memory by local
 * APPENDs and from the bucket when a digest is requested; it may be lost at any
 * time.
 */
#ifndef STORAGED_COLD_H
#define STORAGED_COLD_H

#include <stddef.h>
#include <stdint.h>

#include "common/buf.h"
#include "storaged/format/codec.h"
#include "storaged/index/index.h"

struct cold_wait;

struct cold {
	struct event_base *base;
	struct index	*ix;		/* borrowed, and open */
	const char	*user;		/* for the log, borrowed */
	uint64_t	*dead;		/* digests to be dropped */
	size_t		 ndead;
	struct cold_wait *wait;		/* digests to be written */
};

void	 cold_init(struct cold *c, struct event_base *base, struct index *ix,
	    const char *user);
/* With cold_stop(); the index is still open.  Also one of zeros. */
void	 cold_free(struct cold *c);

/*
 * Looks at some of the messages m[] (at least the first; all that lie close
 * together in ascending order) and gives fn the digest of each m[i] that is
 * here, borrowed: it returns 1, 0 (no more now) or -1 (damaged: it is dropped
 * here).  Returns how many were looked at, or -1: no cold file.
 */
typedef int cold_fn(void *arg, unsigned i, struct str digest);
int	 cold_each(struct cold *c, const uint64_t *m, unsigned n, cold_fn *fn,
	    void *arg);
void	 cold_put(struct cold *c, uint64_t m, const void *digest, size_t len);
/* How one of len octets is stored: small ones take longer to decompress than to
 * read. */
struct codec_choice cold_codec(size_t len);
/*
 * Adds one that is compressed already, with codec; takes ownership of data
 * (malloc).  It is written together with others soon: before the next
 * cold_each(), once there are enough, or after a moment.
 */
void	 cold_put_later(struct cold *c, uint64_t m, size_t len, uint8_t codec,
	    void *data, size_t datalen);
/* To be called before the index is idle: writes what is pending. */
void	 cold_stop(struct cold *c);
/* The digests of messages that the last transaction ended. */
void	 cold_forget(struct cold *c);

#endif
