/* The response to ListObjectsV2 (encoding-type=url). */
#ifndef STORAGED_S3_LIST_H
#define STORAGED_S3_LIST_H

#include <stdbool.h>
#include <stddef.h>

#include "storaged/bucket/blob.h"

struct s3_list {
	struct blob_listed *v;	/* keys as the bucket has them */
	size_t		 n;
	bool		 more;	/* IsTruncated */
	size_t		 size;
};
/*
 * Keys have at most KEY_MAX bytes, as S3 has it, and the NUL is behind them:
 * one of that length fits in no buffer of ours.
 *
 * -1: no ListBucketResult, over max keys, a key over KEY_MAX or with a NUL, an
 * invalid size.  *l is emptied first and on failure.
 */
int	 s3_list_parse(const void *p, size_t len, unsigned max,
	    struct s3_list *l);
void	 s3_list_free(struct s3_list *l);
/* In place: %XX and '+' (MinIO and AWS send it for a space).  -1: malformed,
 * or a NUL. */
int	 s3_list_unescape(char *s);

#endif
