/*
 * The cold file of the index: digests by message (the number of its ADD
 * record), compressed one by one.  It fills from memory on an own APPEND
 * and from the bucket when a digest is asked for; it can always be lost.
 */
#ifndef STORAGED_COLD_H
#define STORAGED_COLD_H

#include "common/buf.h"
#include "storaged/user.h"

/*
 * Looks at some of the messages m[] (at least the first; all that lie close
 * together in ascending order) and gives fn the digest of each m[i] that is
 * here, borrowed: it returns 1, 0 (no more now) or -1 (damaged: it is dropped
 * here).  Returns how many were looked at, or -1: no cold file.
 */
typedef int cold_fn(void *arg, unsigned i, struct str digest);
int	 cold_each(struct user *u, const uint64_t *m, unsigned n, cold_fn *fn,
	    void *arg);
void	 cold_put(struct user *u, uint64_t m, const void *digest, size_t len);
/* How one of len octets is kept: small ones expand slower than the disk
 * gives them. */
struct codec_choice cold_codec(size_t len);
/*
 * One that is packed already, as codec says; data (malloc) is taken over.
 * It is written with others soon: before the next cold_each(), or when some
 * wait, or after a moment.
 */
void	 cold_put_later(struct user *u, uint64_t m, size_t len, uint8_t codec,
	    void *data, size_t datalen);
/* Before the index is closed: writes what waits. */
void	 cold_stop(struct user *u);
/* The digests of messages that the last transaction ended. */
void	 cold_forget(struct user *u);
/* For a clean stop: synced and marked.  Called by index_close(). */
void	 cold_clean(struct index *ix);

#endif
