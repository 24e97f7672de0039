/*
 * Internal to the S3 backend: shared by blob_s3*.c only.
 */
#ifndef STORAGED_BLOB_S3_INT_H
#define STORAGED_BLOB_S3_INT_H

#include "storaged/bucket/s3/blob_s3.h"
#include "storaged/bucket/s3/s3_request.h"
#include "storaged/bucket/s3/s3_verify.h"

#define LIST_BYTES	((size_t)3 << 20)	/* of an answer on many keys */

struct s3_blob {
	struct blob_request r;		/* first */
	TAILQ_ENTRY(s3_blob) entry;
	struct s3	*s3;
	struct s3_call	*call;
	struct s3_multipart *multipart;
	struct s3_verify *verify;
	char		 key[KEY_MAX];	/* whole */
	struct event	*timer;		/* for what fails or ends at once */
	enum blob_outcome at_once;
	const char	*why;
	/* PUT */
	char		 etag[BLOB_ETAG_MAX];
	uint64_t	 put_len;
	int64_t		 put_date;
	struct piece	*pieces;	/* to verify it: the array is ours */
	size_t		 npieces;
	int		 fd;
	uint64_t	 fdlen;
	enum blob_priority prio;
	uint64_t	 deadline;
	/* GET */
	uint64_t	 offset, want;
	/* DELETE: all names, those from at on in batches */
	char		**names;
	size_t		 nnames, at, batch;
	struct buf	 xml;
	unsigned	 max;		/* LIST */
	unsigned	 pages;		/* of hidden names, so far */
	char		 after[KEY_MAX + 1];	/* whole */
	char		 left_out[200];	/* as in struct blob_result */
	blob_cb		 cb;
	blob_list_cb	 list_cb;
	void		*arg;
};

/* blob_s3.c: the life cycle of a request. key: without the key-prefix. */
struct s3_blob *s3_blob_new(struct s3 *s3, const char *key,
	    enum blob_priority prio, blob_cb cb, void *arg);
void	 s3_blob_free(struct s3_blob *q);
/* The callback, and it is gone. */
void	 s3_blob_over(struct s3_blob *q, const struct blob_result *r);
/* It ends with that result in the next iteration of the loop; returns the
 * request. */
struct blob_request *s3_blob_end(struct s3_blob *q, enum blob_outcome o,
	    const char *why);
/* Is its name invalid?  True: it ends with that result, soon. */
bool	 s3_blob_bad(struct s3_blob *q);
/* Names that every server accepts: no component is empty, "." or "..". */
bool	 s3_name_valid(const char *key);

/* The verbs, as struct blob_backend has them, each with a file of its own
 * (HEAD is with GET). */
struct blob_request *blob_s3_put(void *b, const char *key,
	    const struct piece *pieces, size_t npieces, int fd,
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
struct blob_request *blob_s3_copy(void *b, const char *key, const char *etag,
	    const char *to, enum blob_priority prio, blob_cb cb, void *arg);
struct blob_request *blob_s3_tag(void *b, const char *key, const char *name,
	    const char *value, enum blob_priority prio, blob_cb cb, void *arg);

/* The MD5 of q->xml, in base64, that some requests want; -1: there is none. */
int	 s3_blob_md5(const struct s3_blob *q, char dst[32]);

#endif
