/* What s3_probe.c needs of the S3 backend beyond blob.h. */
#ifndef STORAGED_BLOB_S3_H
#define STORAGED_BLOB_S3_H

#include "storaged/bucket/blob.h"

struct s3;

/* The client behind the store; NULL if the store is not S3. */
struct s3 *blob_s3_client(struct blob_store *s);

#endif
