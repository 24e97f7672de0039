/* What an answer of S3 means. */
#ifndef STORAGED_S3_ERROR_H
#define STORAGED_S3_ERROR_H

#include <stdbool.h>
#include <stddef.h>

#include "storaged/bucket/blob.h"

#define S3_ERROR_MAX	16384	/* bytes of an error answer that are read */

struct s3_error {
	char	 code[64];	/* "" when the answer had none */
	char	 message[256];
	char	 request[80];	/* RequestId in the body */
	char	 region[65];	/* the bucket's, where that is wrong */
	char	 endpoint[256];	/* a redirect's: the bucket's host */
};
/*
 * The <Error> of a body.  -1: there is none (not XML, or another root); *e
 * is then empty.
 */
int	 s3_error_parse(const void *p, size_t len, struct s3_error *e);
/* The first <Error> in a <DeleteResult>: 1 and *e (key: its Key); 0 if there is
 * none; -1 if it is not a DeleteResult. */
int	 s3_error_deleted(const void *p, size_t len, struct s3_error *e,
	    char *key, size_t size);

struct s3_meaning {
	enum blob_outcome outcome;
	bool	 again;		/* a request that may be retried */
	bool	 refused;	/* the key is no (longer) good: tell credd */
};
enum s3_verb { S3_READ, S3_HEAD, S3_CHANGE };
/*
 * S3_HEAD has no body and so no code: its 404 is believed.  Any other 404
 * is BLOB_ABSENT only by its code.  S3_CHANGE: a PUT or the like, which a
 * 5xx leaves unsure.
 */
struct s3_meaning s3_error_meaning(int status, const char *code,
	    enum s3_verb verb);

#endif
