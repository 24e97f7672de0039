/* What the check of a store needs of the S3 backend beyond blob.h. */
#ifndef STORAGED_BLOB_S3_H
#define STORAGED_BLOB_S3_H

#include "storaged/bucket/blob.h"

struct s3;

/* The client behind the store; NULL if the store is not S3. */
struct s3 *blob_s3_client(struct blob_store *s);
/* s is to use the customer's key of another client of the same store (S3 or
 * not): a slice forgets that key for the first one.  -1: without memory. */
int	 blob_s3_share_key(struct blob_store *s, struct blob_store *other);

#endif
