/* A client of the fake S3 server, as the tests of the S3 backend want it. */
#ifndef STORAGED_TEST_S3_STORE_H
#define STORAGED_TEST_S3_STORE_H

#include "storaged/bucket/blob.h"
#include "storaged/bucket/test/s3_fake.h"

struct s3_store_conf {
	const char	*timeout, *retries;
	const char	*verify;		/* NULL: "false" */
	const char	*prefix;		/* NULL: none */
	bool		 keyless;		/* credd has sent no key */
};

/* NULL when it cannot be opened, which a check has told then. */
struct blob_store *s3_store_open(struct event_base *base, struct s3_fake *fake,
	    const struct s3_store_conf *c);

/* What blob_on_refused() told: with s3_refusals_count and one of these. */
struct s3_refusals {
	int		 n;
	char		 last[64];	/* access key, a space, why */
};
void	 s3_refusals_count(const char *access_key, const char *why,
	    void *refusals);

#endif
