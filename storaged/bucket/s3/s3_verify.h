/* store.verify-after-write: read. */
#ifndef STORAGED_S3_VERIFY_H
#define STORAGED_S3_VERIFY_H

#include "storaged/bucket/s3/s3_request.h"

#define S3_VERIFY_PART	((size_t)1 << 20)	/* bytes of one GET */

struct s3_verify;

/* why NULL: it is what was written; else in words why that is not known. */
typedef void (*s3_verify_cb)(const char *why, void *arg);

/*
 * Reads the object back, in parts, and compares it with what was written:
 * the pieces, then fdlen bytes of fd (-1: none); more than 0 bytes in all.
 * etag: the PUT's, of which every part has to be.  Pieces, their array and fd
 * stay until the callback, of which there is one, later, unless cancelled.
 */
struct s3_verify *s3_verify_start(struct s3 *s3, const char *name,
	    const char *etag, const struct piece *pieces, size_t npieces,
	    int fd, uint64_t fdlen, enum blob_priority prio,
	    s3_verify_cb cb, void *arg);
void	 s3_verify_cancel(struct s3_verify *v);	/* NULL is fine */

#endif
