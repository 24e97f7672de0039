/* Objects over 64 MiB in parts (CreateMultipartUpload and so on). */
#ifndef STORAGED_S3_MULTIPART_H
#define STORAGED_S3_MULTIPART_H

#include "storaged/bucket/s3/s3_request.h"

#define S3_MULTIPART_MIN	((uint64_t)64 << 20)
#define S3_PART_SIZE		((uint64_t)16 << 20)
#define S3_PARTS_MAX		10000

struct s3_multipart;

/*
 * Uploads len bytes of fd (borrowed until the callback) as name; one part
 * after the other, each with its own retries and time-out.  On failure the
 * upload is aborted, so that the provider keeps no parts (best effort: the
 * manual asks for a lifecycle rule).
 */
struct s3_multipart *s3_multipart_start(struct s3 *s3, const char *name,
	    int fd, uint64_t len, enum blob_priority prio, s3_cb cb,
	    void *arg);
/* No callback follows; the upload is aborted. */
void	 s3_multipart_cancel(struct s3_multipart *m);

#endif
