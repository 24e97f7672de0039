/*
 * The inside of the S3 backend: shared by blob_s3*.c, by nobody else.
 */
#ifndef STORAGED_BLOB_S3_INT_H
#define STORAGED_BLOB_S3_INT_H

#include "storaged/blob_s3.h"
#include "storaged/s3_request.h"

#define LIST_BYTES	((size_t)3 << 20)	/* of an answer on many keys */

struct s3_blob {
	struct blob_request r;		/* first */
	TAILQ_ENTRY(s3_blob) entry;
	struct s3	*s3;
	struct s3_call	*call;
	struct s3_multipart *multipart;
	char		 key[BLOB_KEY_MAX];	/* whole */
	struct event	*timer;		/* for what fails or ends at once */
	enum blob_outcome at_once;
	const char	*why;
	/* PUT */
	char		 etag[BLOB_ETAG_MAX];
	uint64_t	 put_len;
	int64_t		 put_date;
	enum blob_priority prio;
	uint64_t	 deadline;
	/* GET */
	uint64_t	 offset, want;
	struct buf	 xml;		/* DELETE */
	unsigned	 max;		/* LIST */
	blob_cb		 cb;
	blob_list_cb	 list_cb;
	void		*arg;
};

/* blob_s3.c: the life of one request.  key: without the key-prefix. */
struct s3_blob *s3_blob_new(struct s3 *s3, const char *key,
	    enum blob_priority prio, blob_cb cb, void *arg);
void	 s3_blob_free(struct s3_blob *q);
/* The callback, and it is gone. */
void	 s3_blob_over(struct s3_blob *q, const struct blob_result *r);
/* It ends so at the loop's next turn; the request. */
struct blob_request *s3_blob_end(struct s3_blob *q, enum blob_outcome o,
	    const char *why);
/* Is its name one that cannot be?  True: it ends so, soon. */
bool	 s3_blob_bad(struct s3_blob *q);
/* The names that every server takes: no empty part, no "." or "..". */
bool	 s3_name_valid(const char *key);

/* The verbs, as struct blob_backend has them, each with a file of its own
 * (HEAD is with GET). */
struct blob_request *blob_s3_put(void *b, const char *key,
	    const struct blob_piece *pieces, size_t npieces, int fd,
	    uint64_t fdlen, enum blob_condition cond, const char *etag,
	    enum blob_priority prio, blob_cb cb, void *arg);
struct blob_request *blob_s3_get(void *b, const char *key, uint64_t offset,
	    uint64_t len, size_t max_len, const char *none_match,
	    enum blob_priority prio, blob_cb cb, void *arg);
struct blob_request *blob_s3_head(void *b, const char *key,
	    enum blob_priority prio, blob_cb cb, void *arg);
struct blob_request *blob_s3_delete(void *b, const char *const *keys,
	    size_t n, enum blob_priority prio, blob_cb cb, void *arg);
struct blob_request *blob_s3_list(void *b, const char *prefix,
	    const char *start_after, unsigned max, enum blob_priority prio,
	    blob_list_cb cb, void *arg);

#endif
