/*
 * What an operator must fix if the server refuses: the cause of an error
 * response, in terms of the configuration.
 */
#ifndef STORAGED_S3_CAUSE_H
#define STORAGED_S3_CAUSE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "storaged/bucket/s3/s3_error.h"

#define S3_CAUSE_MAX	400	/* bytes, with NUL */

/* What was asked, and what came. */
struct s3_refusal {
	int		 status;	/* HTTP's */
	const struct s3_error *error;	/* "" in it: the answer had none */
	const char	*region_told;	/* x-amz-bucket-region; "" none */
	int64_t		 date;		/* the server's; 0: none told */
	int64_t		 now;		/* ours */
	bool		 customer;	/* sent with store.customer-key */
	const char	*bucket, *region, *endpoint, *access_key;
	bool		 token;		/* sent with a session token */
};
/*
 * Of no answer at all: what libcurl says, in terms of the configuration; "" if
 * it is not known.  endpoint: to be named.  True: it does not pass by itself.
 */
bool	 s3_cause_link(const char *why, const char *endpoint, char *dst,
	    size_t size);
/* The cause as a line of printable ASCII; "" if the response does not tell. */
void	 s3_cause(const struct s3_refusal *r, char *dst, size_t size);

#endif
