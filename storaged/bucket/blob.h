/*
 * The bucket as seen by the rest of storaged: objects by name, written and read
 * asynchronously on the event loop.  Backends (file, s3) are chosen by one
 * table; the cache (blob_cache) wraps either with the same interface for
 * immutable objects.  The result of a conditional PUT that is not DONE or
 * CONFLICT is never known here: commit.c settles it.
 *
 * Callbacks come from the event loop, never from within the call that
 * started the request; exactly one per request, unless it is cancelled.
 */
#ifndef STORAGED_BLOB_H
#define STORAGED_BLOB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/buf.h"
#include "common/slice.h"
#include "storaged/format/key.h"
#include "storaged/util/piece.h"

struct event_base;
struct http_result;
struct sandbox;
struct blob_store;
struct blob_request;		/* under way; owned by the store */

#define BLOB_ETAG_MAX	128	/* with NUL; longer ones are an error */

enum blob_outcome {
	BLOB_DONE,		/* 200, 204, 206 */
	BLOB_UNCHANGED,		/* 304 */
	BLOB_ABSENT,		/* 404, with NoSuchKey: for a GET or HEAD, or
				   for a PUT with If-Match */
	BLOB_CONFLICT,		/* 412, 409 */
	BLOB_DENIED,		/* 403 */
	BLOB_UNSURE,		/* a PUT or DELETE that may or may not land */
	BLOB_UNAVAILABLE,	/* no answer, 5xx, after the retries */
	BLOB_BEHIND,		/* 416: the range begins behind the end */
	BLOB_LONG,		/* GET: there is more than max_len */
	BLOB_ERROR		/* an answer that makes no sense; 400 */
};
const char *blob_outcome_name(enum blob_outcome o);
/* Of the same object?  Quotes and a weak mark are no difference: some servers
 * lack them.  And an ETag without them. */
bool	 blob_etag_same(const char *a, const char *b);
const char *blob_etag_bare(const char *etag, size_t *len);

struct blob_result {
	enum blob_outcome outcome;
	const char	*etag;		/* "" when none; dies with the call */
	const uint8_t	*body;		/* GET: dies with the call, */
	uint8_t		**own;		/* unless blob_take() took it */
	size_t		 len;
	uint64_t	 size;		/* GET and HEAD: of the whole object */
	int64_t		 date;		/* the server's Date, seconds; 0 none */
	uint64_t	 retry_after;	/* ms: before then it is of no use */
	int		 status;	/* s3: HTTP's; 0: no answer, or none */
	const char	*why;		/* log: status, code, request id */
	const char	*cause;		/* what the operator must fix, if the
					   response says so; else NULL, "" */
	const struct http_result *http;	/* s3: of a GET or HEAD, for
					   blob_metadata(); else NULL */
	const char	*left_out;	/* LIST: the first name that does not
					   fit in KEY_MAX, cut short; NULL */
};
/* cause and why as one text: returns dst. */
const char *blob_reason(const struct blob_result *r, char *dst, size_t size);
typedef void (*blob_cb)(const struct blob_result *r, void *arg);
/*
 * In a callback: the body, now owned by the caller; a copy if the store cannot
 * give its memory away.  NULL: ENOMEM.
 */
uint8_t	*blob_take(const struct blob_result *r);

enum blob_condition {
	BLOB_ALWAYS,		/* immutable objects: ids are never reused */
	BLOB_IF_NONE_MATCH,	/* create: If-None-Match: * */
	BLOB_IF_MATCH		/* replace: If-Match: etag */
};

enum blob_priority { BLOB_USER, BLOB_BACKGROUND };

/*
 * PUT: the bytes must remain valid until the callback.  An unconditional PUT is
 * retried by the store (max-retries, timeout, full jitter); a conditional one
 * is sent exactly once.  With verify-after-write a HEAD's ETag and length are
 * compared before DONE (mismatch: BLOB_UNSURE; for a conditional PUT whose HEAD
 * shows another ETag, that may be the next commit: UNSURE, read it). body_len
 * may come in several pieces (iov): head and messages need not be copied
 * together.
 */
struct blob_request *blob_put(struct blob_store *s, const char *key,
	    const struct piece *pieces, size_t npieces,
	    enum blob_condition cond, const char *etag,
	    enum blob_priority prio, blob_cb cb, void *arg);
/*
 * A PUT whose body is read from a file descriptor (borrowed until the
 * callback; offset 0, len bytes), for spooled large messages.
 */
struct blob_request *blob_put_file(struct blob_store *s, const char *key,
	    int fd, uint64_t len, enum blob_priority prio, blob_cb cb,
	    void *arg);
/*
 * GET of [offset, offset + len) (len 0: the whole object; BLOB_LONG over
 * max_len). none_match (NULL: none): BLOB_UNCHANGED if the ETag is still the
 * same.  The ETag and the total size are in the result.
 */
struct blob_request *blob_get(struct blob_store *s, const char *key,
	    uint64_t offset, uint64_t len, size_t max_len,
	    const char *none_match, enum blob_priority prio, blob_cb cb,
	    void *arg);
struct blob_request *blob_head(struct blob_store *s, const char *key,
	    enum blob_priority prio, blob_cb cb, void *arg);
/* In the callback of a GET or HEAD: the object's user-defined metadata of that
 * name ("recipients"), hostile.  false: none, or it does not fit. */
bool	 blob_metadata(const struct blob_result *r, const char *name,
	    char *dst, size_t size);
/*
 * Copies an object on the server, if its ETag is still this one: else
 * BLOB_CONFLICT, and BLOB_ABSENT if it is gone.  Repeating it is harmless.
 * For stores of type s3 only.
 */
struct blob_request *blob_copy(struct blob_store *s, const char *key,
	    const char *etag, const char *to, enum blob_priority prio,
	    blob_cb cb, void *arg);
/*
 * Gives an object one tag, instead of those that it has; name and value need no
 * escapes.  BLOB_ABSENT: it is gone.  For stores of type s3 only.
 */
struct blob_request *blob_tag(struct blob_store *s, const char *key,
	    const char *name, const char *value, enum blob_priority prio,
	    blob_cb cb, void *arg);
/* Delete up to 1,000 keys at once; the result's why names the first that
 * failed. */
struct blob_request *blob_delete(struct blob_store *s,
	    const char *const *keys, size_t n, enum blob_priority prio,
	    blob_cb cb, void *arg);
/*
 * LIST: at most max keys with the prefix, after start_after (NULL: from the
 * first).  body and len of the result are unused; see blob_list_cb.  Names
 * whose last part begins with a dot, or that do not fit in KEY_MAX, are left
 * out, so n may be less than max though there is more; it is 0 only when there
 * is no more.
 */
struct blob_listed {
	const char	*key;
	uint64_t	 size;
	int64_t		 modified;	/* by the server's clock; 0: none */
	char		 etag[BLOB_ETAG_MAX];	/* "": the backend has none */
};
typedef void (*blob_list_cb)(const struct blob_result *r,
	    const struct blob_listed *v, size_t n, bool more, void *arg);
struct blob_request *blob_list(struct blob_store *s, const char *prefix,
	    const char *start_after, unsigned max, enum blob_priority prio,
	    blob_list_cb cb, void *arg);
/* No callback follows.  What was sent may still be carried out by the
 * server. */
void	 blob_cancel(struct blob_request *r);

/* What the store that the slice names will have to reach. */
void	 blob_reach(const struct slice *conf, struct sandbox *box);
/*
 * Open the store that the slice names (store.*).  NULL with the reason in
 * why.  Keys given to the calls above are without the key-prefix.
 */
struct blob_store *blob_open(struct event_base *base, struct slice *conf,
	    char *why, size_t size);
void	 blob_close(struct blob_store *s);
/* Keys that may change without a restart. */
void	 blob_reload(struct blob_store *s, const struct slice *conf);
/* s3: the signing key that credd pushed (common/msg_auth.h). */
struct cred_key;
void	 blob_set_key(struct blob_store *s, const struct cred_key *key);
/* s3: called when the server refuses the access key (403, expired). */
void	 blob_on_refused(struct blob_store *s,
	    void (*cb)(const char *access_key,
	    const char *why, void *arg), void *arg);
/* True once requests can be sent (s3: there is a key). */
bool	 blob_ready(const struct blob_store *s);
/* Its objects are local files: a cache would only duplicate them. */
bool	 blob_local(const struct blob_store *s);

/* Counters since startup, for CTL_COUNTS and tests. */
struct blob_counts {
	uint64_t put, get, head, del, list, retries, errors;
	uint64_t cut;			/* reads whose answer broke off */
	uint64_t bytes_in, bytes_out;
	int64_t	 clock_offset;		/* s: the server's clock is ahead by
					   that, and requests are signed so */
};
const struct blob_counts *blob_counts(const struct blob_store *s);

/* A backend, for the table in blob.c. */
struct blob_backend {
	const char *name;		/* store.type */
	bool	 local;			/* blob_local() */
	void	 (*reach)(const struct slice *conf, struct sandbox *box);
	void	*(*open)(struct event_base *base, struct slice *conf,
		    struct blob_store *s, char *why, size_t size);
	void	 (*close)(void *b);
	void	 (*reload)(void *b, const struct slice *conf);
	struct blob_request *(*put)(void *b, const char *key,
		    const struct piece *pieces, size_t npieces, int fd,
		    uint64_t fdlen, enum blob_condition cond,
		    const char *etag, enum blob_priority prio, blob_cb cb,
		    void *arg);
	struct blob_request *(*get)(void *b, const char *key, uint64_t offset,
		    uint64_t len, size_t max_len, const char *none_match,
		    enum blob_priority prio, blob_cb cb, void *arg);
	struct blob_request *(*head)(void *b, const char *key,
		    enum blob_priority prio, blob_cb cb, void *arg);
	struct blob_request *(*del)(void *b, const char *const *keys,
		    size_t n, enum blob_priority prio, blob_cb cb, void *arg);
	struct blob_request *(*list)(void *b, const char *prefix,
		    const char *start_after, unsigned max,
		    enum blob_priority prio, blob_list_cb cb, void *arg);
	/* NULL: it cannot copy. */
	struct blob_request *(*copy)(void *b, const char *key,
		    const char *etag, const char *to, enum blob_priority prio,
		    blob_cb cb, void *arg);
	/* NULL: it has none. */
	struct blob_request *(*tag)(void *b, const char *key,
		    const char *name, const char *value,
		    enum blob_priority prio, blob_cb cb, void *arg);
	void	 (*cancel)(void *b, struct blob_request *r);
	void	 (*set_key)(void *b, const struct cred_key *key);
	bool	 (*ready)(const void *b);
};

#endif
