/*
 * A call of the S3 API: hashed, admitted by the gate, signed, sent, read, and
 * retried where permitted.  The operations of blob.h are made of these
 * (blob_s3_*.c, s3_multipart.c, s3_probe*.c).
 */
#ifndef STORAGED_S3_REQUEST_H
#define STORAGED_S3_REQUEST_H

#include <sys/queue.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/http.h"
#include "common/sigv4.h"
#include "storaged/bucket/blob_impl.h"
#include "storaged/bucket/s3/s3_away.h"
#include "storaged/bucket/s3/s3_clock.h"
#include "storaged/bucket/s3/s3_customer.h"
#include "storaged/bucket/s3/s3_error.h"
#include "storaged/bucket/s3/s3_gate.h"
#include "storaged/bucket/s3/s3_keys.h"
#include "storaged/bucket/s3/s3_url.h"
#include "storaged/util/helper.h"

#define S3_EXTRA	4	/* headers that a call may add, */
#define S3_EXTRA_MAX	3400	/* bytes of each: the source of a copy */
#define S3_ALWAYS	8	/* headers of every request */
#define S3_CREATES	4	/* headers of what makes an object */
#define S3_WIDE		1000	/* connections, at most */
#define S3_HASH_INLINE	262144	/* more is hashed in a helper thread */

struct s3_call;
TAILQ_HEAD(s3_calls, s3_call);

struct s3 {
	struct blob_store *store;
	struct http	*http;
	/* The probe: has as many connections as it has requests, until it is
	 * over.  The next call goes there if via is set. */
	struct http	*wide, *via;
	struct helper_pool *pool;
	struct s3_url	 url;
	char		 bucket[80];	/* for what is said of them */
	char		 region[65];
	struct s3_gate	 gate;
	struct s3_away	 away;
	struct s3_clock	 clock;
	struct s3_keys	 keys;
	bool		 refused;	/* told credd about the keys we have */
	unsigned	 timeout_ms;
	unsigned	 max_retries;
	size_t		 deletes;	/* keys in one request */
	bool		 verify, verify_read;
	bool		 unverified;	/* the probe: not now */
	bool		 hasty;		/* the probe: of calls made now, who
					   has no answer hears so at once, and
					   tries anew */
	/* Of every request (store.request-headers), split in name and
	 * value. */
	struct s3_always { char text[256]; const char *value; }
			 always[S3_ALWAYS];
	size_t		 nalways;
	/* Headers of each request that makes an object (store.storage-class
	 * and the like). */
	struct s3_create { const char *name; char value[260]; }
			 creates[S3_CREATES];
	size_t		 ncreates;
	struct s3_customer *customer;	/* NULL: no SSE-C */
	bool		 proxied;	/* the proxy finds the endpoint */
	char		 address[64];	/* the probe: calls made now go
					   there */
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
	const char	*cause;		/* "" when the answer names none */
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
/* It makes an object: with the headers that the configuration wants. */
void	 s3_call_creates(struct s3_call *c);
/* The body: borrowed until the callback; only the array is copied. */
void	 s3_call_body(struct s3_call *c, const struct piece *pieces,
	    size_t n);
void	 s3_call_body_fd(struct s3_call *c, int fd, uint64_t offset,
	    uint64_t len);
void	 s3_call_max_body(struct s3_call *c, size_t max);
void	 s3_call_once(struct s3_call *c);	/* conditional: never repeat */
/* ms since the process started; shared by the calls of a request.  0: none. */
void	 s3_call_deadline(struct s3_call *c, uint64_t deadline);
/* Exactly one callback, later, unless cancelled; the call then frees itself. */
void	 s3_call_start(struct s3_call *c, s3_cb cb, void *arg);
void	 s3_call_cancel(struct s3_call *c);	/* NULL is fine */

/* Starts to check whether the endpoint is unavailable: s3_away.h. */
void	 s3_watch(struct s3 *s3);

/* A key has arrived: continues with calls that wait for one. */
void	 s3_wake(struct s3 *s3);

#endif
