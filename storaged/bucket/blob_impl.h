/* Shared by blob.c and the backends only. */
#ifndef STORAGED_BLOB_IMPL_H
#define STORAGED_BLOB_IMPL_H

#include <time.h>

#include <event2/event.h>

#include "storaged/bucket/blob.h"
#include "storaged/format/key.h"

struct blob_store {
	struct event_base *base;
	const struct blob_backend *backend;
	void		*b;		/* the backend's own */
	char		 prefix[KEY_PREFIX_MAX + 1];	/* canonical */
	struct blob_counts counts;
	void		(*refused)(const char *access_key, const char *why,
			    void *arg);
	void		*refused_arg;
	unsigned	 failures;	/* one after the other */
	uint64_t	 away;		/* since then (s); 0: it answers */
};

/* Every backend's request begins with this. */
struct blob_request {
	struct blob_store *store;
};

/*
 * To be called by backends with the result of each request: counts errors, and
 * logs once that the store is unavailable and once that it is back.
 */
void	 blob_heard(struct blob_store *s, enum blob_outcome o,
	    const char *why);

#define BLOB_LIST_MAX	1000	/* keys a LIST */
#define BLOB_DELETE_MAX	1000

extern const struct blob_backend blob_file_backend, blob_s3_backend;

#endif
