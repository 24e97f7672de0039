/*
 * The tests that every backend must pass, and the few lines with which tests
 * wait for a request.  Only for unit tests.
 */
#ifndef STORAGED_BLOB_SUITE_H
#define STORAGED_BLOB_SUITE_H

#include "common/buf.h"
#include "common/slice.h"
#include "storaged/bucket/blob.h"

struct event_base;

/* A result that outlives the callback. */
struct suite_result {
	bool		 called;
	enum blob_outcome outcome;
	char		 etag[BLOB_ETAG_MAX];
	uint8_t		*body;		/* a NUL follows; suite_result_free() */
	uint8_t		*taken;		/* the same, by blob_take() */
	size_t		 len;
	uint64_t	 size;
	int64_t		 date;
	uint64_t	 retry_after;
	char		 why[512];
	char		**keys;		/* LIST */
	uint64_t	*sizes;
	size_t		 n;
	bool		 more;
};
void	 suite_result_free(struct suite_result *r);
void	 suite_cb(const struct blob_result *r, void *arg);
void	 suite_list_cb(const struct blob_result *r,
	    const struct blob_listed *v, size_t n, bool more, void *arg);
/* Runs the loop until r was called; at most 30 s. */
void	 suite_wait(struct event_base *base, struct suite_result *r);

/* As credd does: derives today's key and hands it to the store. */
void	 suite_day_key(struct blob_store *s, const char *access_key,
	    const char *secret, const char *region);
/* The same of temporary keys. */
void	 suite_session_key(struct blob_store *s, const char *access_key,
	    const char *secret, const char *token, const char *region);

/*
 * Runs all on two handles of one empty or used store (as two processes would
 * have it).
 */
void	 blob_suite(struct event_base *base, struct blob_store *a,
	    struct blob_store *b, const char *name);

#endif
