/* Between the files of the suite (blob_suite.h). */
#ifndef STORAGED_BLOB_SUITE_IMPL_H
#define STORAGED_BLOB_SUITE_IMPL_H

#include "common/test.h"
#include "storaged/bucket/test/blob_suite.h"

struct suite {
	struct event_base *base;
	struct blob_store *a, *b;
	const char	*name;		/* of the backend */
	char		 root[64];	/* what this run's keys begin with */
};

/* An object's name below the run's root; the eighth one after it takes its
 * room. */
char *suite_key(struct suite *t, const char *name);
/* One request, waited for. */
enum blob_outcome suite_put(struct suite *t, struct blob_store *s,
	    const char *k, const void *p, size_t len, enum blob_condition cond,
	    const char *etag, struct suite_result *r);
enum blob_outcome suite_get(struct suite *t, struct blob_store *s,
	    const char *k, uint64_t offset, uint64_t len, size_t max,
	    const char *etag, struct suite_result *r);
enum blob_outcome suite_head(struct suite *t, struct blob_store *s,
	    const char *k, struct suite_result *r);
enum blob_outcome suite_list(struct suite *t, const char *prefix,
	    const char *after, unsigned max, struct suite_result *r);

/* blob_suite_race.c */
void	 suite_race_create(struct suite *t);
void	 suite_race_match(struct suite *t);
void	 suite_cancel(struct suite *t);

#endif
