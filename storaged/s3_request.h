/*
 * One call of the S3 API: hashed, let through the gate, signed, sent, read,
 * and where that is right sent again.  The verbs of blob.h are made of these
 * (blob_s3_*.c, s3_multipart.c, s3_probe*.c).
 */
#ifndef STORAGED_S3_REQUEST_H
#define STORAGED_S3_REQUEST_H

#include <sys/queue.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/http.h"
#include "storaged/blob_impl.h"
#include "storaged/helper.h"
#include "storaged/s3_away.h"
#include "storaged/s3_error.h"
#include "storaged/s3_gate.h"
#include "storaged/s3_sign.h"
#include "storaged/s3_url.h"

#define S3_KEYS		3	/* yesterday's, today's, tomorrow's */
#define S3_EXTRA	4	/* headers that a call may add */
#define S3_HASH_INLINE	262144	/* more is hashed in a helper thread */

struct s3_call;
TAILQ_HEAD(s3_calls, s3_call);

struct s3 {
	struct blob_store *store;
	struct http	*http;
	struct helper_pool *pool;
	struct s3_url	 url;
	struct s3_gate	 gate;
	struct s3_away	 away;
	struct s3_key	 keys[S3_KEYS];
	size_t		 nkeys, next_key;
	bool		 refused;	/* told credd about the keys we have */
	unsigned	 timeout_ms;
	unsigned	 max_retries;
	bool		 verify;
	char		 address[64];	/* the probe: calls made now go there */
	struct s3_calls	 calls;
	TAILQ_HEAD(, s3_blob) blobs;	/* blob_s3.c's */
};

struct s3_answer {
	enum blob_outcome outcome;
	int		 status;	/* of the last try; 0: no answer */
	const struct s3_error *error;
	char		 etag[BLOB_ETAG_MAX];
	const uint8_t	*body;		/* dies with the call, */
	uint8_t		**own;		/* unless it is taken */
	size_t		 len;
	uint64_t	 size;		/* Content-Range's, else
					   Content-Length's */
	uint64_t	 offset;	/* 206: where the range begins */
	int64_t		 date;
	uint64_t	 retry_after;	/* ms, of a failure */
	const char	*why;
	const struct http_result *http;	/* NULL: there was no answer */
};
typedef void (*s3_cb)(const struct s3_answer *a, void *arg);

/*
 * A new call on an object ("" is the bucket; without the key-prefix's
 * handling: name is whole).  query is encoded.  fatal()s when out of memory.
 */
struct s3_call *s3_call_new(struct s3 *s3, const char *method,
	    const char *name, const char *query, enum s3_verb verb,
	    enum blob_priority prio);
/* At most S3_EXTRA; -1 is kept and shows as BLOB_ERROR. */
void	 s3_call_header(struct s3_call *c, const char *name,
	    const char *value);
/* The body: borrowed until the callback; only the array is copied. */
void	 s3_call_body(struct s3_call *c, const struct blob_piece *pieces,
	    size_t n);
void	 s3_call_body_fd(struct s3_call *c, int fd, uint64_t offset,
	    uint64_t len);
void	 s3_call_max_body(struct s3_call *c, size_t max);
void	 s3_call_once(struct s3_call *c);	/* conditional: never repeat */
/* ms since the process' start; calls of one request share it.  0: none. */
void	 s3_call_deadline(struct s3_call *c, uint64_t deadline);
/* Exactly one callback, later, unless cancelled; the call then frees itself. */
void	 s3_call_start(struct s3_call *c, s3_cb cb, void *arg);
void	 s3_call_cancel(struct s3_call *c);	/* NULL is fine */

/* For s3_away.c: remember how far each request is; later, break off those
 * that have not moved since.  How many that were. */
void	 s3_mark(struct s3 *s3);
unsigned s3_break_off(struct s3 *s3);

/* A key has come: who waits for one goes on. */
void	 s3_wake(struct s3 *s3);

#endif
