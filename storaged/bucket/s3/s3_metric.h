/*
 * What is counted of each HTTP request to S3 (common/metric.h), and what the
 * provider charges for it.  A retry is another request.
 */
#ifndef STORAGED_S3_METRIC_H
#define STORAGED_S3_METRIC_H

#include <stdint.h>

#include "common/http.h"
#include "common/slice.h"

struct metric_family;

/* One that was sent, as far as its operation follows from it. */
struct s3_asked {
	const char	*method;
	const char	*query;
	bool		 bucket;	/* of the bucket, not of an object */
	bool		 copy;		/* with x-amz-copy-source */
};

/* Its end, as common/http.h tells it.  queued_us: what it waited before. */
void	 s3_metric_done(const struct s3_asked *a, const struct http_result *r,
	    uint64_t queued_us);
/* We have ended it: its answer is not known.  why: "cancelled" or "hung". */
void	 s3_metric_ended(const struct s3_asked *a, const char *why);
/* The same request is sent again. */
void	 s3_metric_retry(void);
/* metrics.prices.*, for requests from now on. */
void	 s3_metric_prices(const struct slice *conf);
/* AWS's name of the operation; "other" if it is none of ours. */
const char *s3_metric_operation(const struct s3_asked *a);
/* For the daemon's counts(): calls tell for each family; nothing where no
 * request was made. */
void	 s3_metric_tell(void (*tell)(const struct metric_family *));

#endif
