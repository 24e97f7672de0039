/*
 * A probe in a unit test, and what it said.
 */
#ifndef STORAGED_PROBED_H
#define STORAGED_PROBED_H

#include "storaged/bucket/s3/s3_probe.h"
#include "storaged/bucket/test/s3_fake.h"

struct probed {
	struct s3_fake	*const *fake;	/* NULL once it was freed */
	bool		 done, begins, likely, nearly;
	unsigned	 gets, puts;	/* of the fake, when it begins */
	unsigned	 likely_waits, nearly_waits;
	enum probe_verdict verdict;
	char		 line[2048];
	char		 report[16384];
};

/* Until its verdict; the store is one of fake's. */
void	 probed_run(struct event_base *base, struct blob_store *s,
	    struct s3_fake *const *fake, bool report, struct probed *p);
/* Until it has removed its objects. */
void	 probed_end(struct event_base *base);

#endif
