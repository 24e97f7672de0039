/* What the store's credentials must be allowed, as policies of AWS. */
#ifndef PAILCTL_POLICY_H
#define PAILCTL_POLICY_H

#include <stdbool.h>

#include "common/buf.h"

/* What they are for; "" where the configuration has nothing. */
struct policy_store {
	const char	*bucket, *region;
	const char	*prefix;	/* as written, of store.key-prefix */
	const char	*kms_key;	/* an ARN; what is none is left out */
	bool		 tls;		/* the endpoint's */
};

/* An entry of "ingest". */
struct policy_place {
	unsigned	 number;
	const char	*bucket, *region, *prefix;	/* as above */
	const char	*queue;		/* a URL; "": none */
	bool		 tag;		/* delivered mails are tagged */
};

/*
 * For the user or role that the access key belongs to: the actions that Pail
 * needs, on this bucket below this prefix (s NULL: none), and on the places.
 * JSON, and a newline.
 */
void	 policy_iam(const struct policy_store *s,
	    const struct policy_place *places, size_t n, struct buf *b);
/*
 * For the bucket: what narrows a key that is derived for a day (credd(8)).
 */
void	 policy_bucket(const struct policy_store *s, struct buf *b);

#endif
