/*
 * What keeps a client from its bucket, found step by step before the probe
 * begins: credentials, name lookup, connection, TLS, clock, region,
 * addressing, rights.  Each step is a line of the report, and the first that
 * fails is the last: it says what to change.
 */
#ifndef STORAGED_S3_CHECK_H
#define STORAGED_S3_CHECK_H

#include <stdbool.h>

#include "common/buf.h"
#include "storaged/bucket/blob.h"

/* What credd tells of the credentials; "": it does not know. */
struct s3_check_who {
	char	 source[64];
	char	 identity[513];	/* an ARN */
};

struct s3_check_result {
	bool		 good;		/* the probe may go on */
	const struct buf *report;	/* lines, each with its newline */
	const char	*line;		/* unless good: keys and values */
};
typedef void (*s3_check_cb)(const struct s3_check_result *r, void *arg);

/*
 * s is a store on S3 that is ready, and must live until the callback, which
 * comes exactly once, later; r is valid only during it.  who is copied.
 * Makes one object and one multipart upload below KEY_PROBE and removes them.
 * Calls fatal() if out of memory.
 */
void	 s3_check_start(struct event_base *base, struct blob_store *s,
	    const struct s3_check_who *who, s3_check_cb cb, void *arg);

#endif
