/*
 * Reads back what was written (s3_verify.h).  Each part is compared in a
 * helper thread, where the file it came from is read, too.
 */
#include "common/compat.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/log.h"
#include "common/mem.h"
#include "storaged/bucket/s3/s3_verify.h"
#include "storaged/util/file_at.h"

struct s3_verify {
	struct s3	*s3;
	struct s3_call	*call;
	struct helper_job *job;
	char		 name[KEY_MAX];
	char		 etag[BLOB_ETAG_MAX];
	const struct piece *pieces;
	size_t		 npieces;
	int		 fd;
	uint64_t	 len, at;	/* in all; where the part begins */
	enum blob_priority prio;
	uint8_t		*part;		/* that was read */
	size_t		 part_len;
	bool		 same;
	s3_verify_cb	 cb;
	void		*arg;
};

static void verify_read(struct s3_verify *);

static void
verify_free(struct s3_verify *v)
{
	free(v->part);
	free(v);
}

static void
verify_over(struct s3_verify *v, const char *why)
{
	v->cb(why, v->arg);
	verify_free(v);
}

static bool
same_in_file(int fd, uint64_t at, const uint8_t *p, size_t len)
{
	uint8_t	 buf[65536];
	size_t	 n;

	for (; len > 0; p += n, at += n, len -= n) {
		n = len < sizeof(buf) ? len : sizeof(buf);
		if (file_read_at(fd, buf, n, at) == -1 ||
		    memcmp(buf, p, n) != 0)
			return false;
	}
	return true;
}

/* In a thread: the part against the pieces and the file. */
static void
compare(void *arg)
{
	struct s3_verify	*v = arg;
	const uint8_t		*p = v->part;
	uint64_t		 skip = v->at;
	size_t			 i, n, left = v->part_len;

	v->same = true;
	for (i = 0; i < v->npieces && left > 0; i++) {
		if (skip >= v->pieces[i].len) {
			skip -= v->pieces[i].len;
			continue;
		}
		n = v->pieces[i].len - (size_t)skip;
		if (n > left)
			n = left;
		if (memcmp((const uint8_t *)v->pieces[i].p + skip, p, n) != 0)
			v->same = false;
		p += n;
		left -= n;
		skip = 0;
	}
	if (left > 0 && (v->fd == -1 || !same_in_file(v->fd, skip, p, left)))
		v->same = false;
}

static void
compared(void *arg)
{
	struct s3_verify	*v = arg;
	char			 why[120];

	v->job = NULL;
	if (!v->same) {
		snprintf(why, sizeof(why), "verify: the %zu bytes from %llu on "
		    "are not what was written", v->part_len,
		    (unsigned long long)v->at);
		verify_over(v, why);
		return;
	}
	free(v->part);
	v->part = NULL;
	v->at += v->part_len;
	if (v->at == v->len)
		verify_over(v, NULL);
	else
		verify_read(v);
}

static void
part_read(const struct s3_answer *a, void *arg)
{
	struct s3_verify	*v = arg;
	uint64_t		 left = v->len - v->at;
	size_t			 want = left < S3_VERIFY_PART ? (size_t)left :
				    S3_VERIFY_PART;
	const struct blob_result body = { .body = a->body, .own = a->own,
			    .len = a->len };
	char			 why[800];

	v->call = NULL;
	if (a->outcome != BLOB_DONE)
		snprintf(why, sizeof(why), "verify: GET after the PUT: %s %s",
		    blob_outcome_name(a->outcome), a->why);
	else if (a->len != want || a->size != v->len ||
	    (a->status == 206 ? a->offset : 0) != v->at)
		snprintf(why, sizeof(why), "verify: %llu bytes were written, "
		    "GET returned %zu from %llu on, of %llu",
		    (unsigned long long)v->len, a->len,
		    (unsigned long long)(a->status == 206 ? a->offset : 0),
		    (unsigned long long)a->size);
	else if ((v->part = blob_take(&body)) == NULL)
		snprintf(why, sizeof(why), "verify: out of memory");
	else {
		v->part_len = a->len;
		v->job = helper_run(v->s3->pool, v->prio == BLOB_USER,
		    compare, compared, v);
		return;
	}
	verify_over(v, why);
}

static void
verify_read(struct s3_verify *v)
{
	uint64_t	left = v->len - v->at;
	char		range[64];

	if (left > S3_VERIFY_PART)
		left = S3_VERIFY_PART;
	snprintf(range, sizeof(range), "bytes=%llu-%llu",
	    (unsigned long long)v->at,
	    (unsigned long long)(v->at + left - 1));
	v->call = s3_call_new(v->s3, "GET", v->name, "", S3_READ, v->prio);
	s3_call_max_body(v->call, S3_VERIFY_PART);
	s3_call_header(v->call, "Range", range);
	/* Of another object that took its place we can say nothing. */
	s3_call_header(v->call, "If-Match", v->etag);
	s3_call_start(v->call, part_read, v);
}

struct s3_verify *
s3_verify_start(struct s3 *s3, const char *name, const char *etag,
    const struct piece *pieces, size_t npieces, int fd, uint64_t fdlen,
    enum blob_priority prio, s3_verify_cb cb, void *arg)
{
	struct s3_verify	*v = mem_new(1, sizeof(*v));
	size_t			 i;

	v->s3 = s3;
	strlcpy(v->name, name, sizeof(v->name));
	strlcpy(v->etag, etag, sizeof(v->etag));
	v->pieces = pieces;
	v->npieces = npieces;
	v->fd = fd;
	v->len = fd != -1 ? fdlen : 0;
	for (i = 0; i < npieces; i++)
		v->len += pieces[i].len;
	v->prio = prio;
	v->cb = cb;
	v->arg = arg;
	verify_read(v);
	return v;
}

void
s3_verify_cancel(struct s3_verify *v)
{
	if (v == NULL)
		return;
	if (v->job != NULL)
		helper_cancel(v->job);
	s3_call_cancel(v->call);
	verify_free(v);
}
