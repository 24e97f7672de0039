/*
 * Multipart upload (s3_multipart.h).  CompleteMultipartUpload may answer 200
 * and tell of a failure in the body: only <CompleteMultipartUploadResult>
 * counts.
 */
#include "common/compat.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/buf.h"
#include "common/log.h"
#include "common/xml.h"
#include "storaged/bucket/s3/s3_multipart.h"

struct s3_multipart {
	struct s3	*s3;
	struct s3_call	*call;
	char		 name[KEY_MAX];
	char		 id[1024];	/* UploadId, encoded for a query */
	int		 fd;
	uint64_t	 len, part_size;
	unsigned	 nparts, part;	/* part: the one that flies, from 1 */
	char		(*etags)[BLOB_ETAG_MAX];
	enum blob_priority prio;
	struct buf	 xml;
	s3_cb		 cb;
	void		*arg;
};

static void part_send(struct s3_multipart *);

/* -- the two answers that matter -- */

struct find { const char *root, *element; char *dst; size_t size; bool ok; };

static int
find_start(const char *name, int depth, void *arg)
{
	struct find *f = arg;

	return depth != 1 || strcmp(name, f->root) == 0 ? 0 : -1;
}

static int
find_end(const char *name, int depth, const char *text, size_t len, void *arg)
{
	struct find *f = arg;

	if (depth == 2 && strcmp(name, f->element) == 0 && len > 0 &&
	    strlen(text) == len)
		f->ok = strlcpy(f->dst, text, f->size) < f->size;
	return 0;
}

static const struct xml_ops find_ops = { find_start, find_end };

static bool
find(const struct s3_answer *a, const char *root, const char *element,
    char *dst, size_t size)
{
	struct find f = { root, element, dst, size, false };

	return xml_parse(a->body, a->len, &find_ops, &f) == 0 && f.ok;
}

/* -- the end -- */

static void
multipart_free(struct s3_multipart *m)
{
	buf_free(&m->xml);
	free(m->etags);
	free(m);
}

static void
abort_done(const struct s3_answer *a, void *arg)
{
	if (a->outcome != BLOB_DONE && a->outcome != BLOB_ABSENT)
		log_debug("s3: aborting an upload: %s", a->why);
	(void)arg;
}

static void
multipart_abort(struct s3_multipart *m)
{
	char query[1100];

	if (m->id[0] == '\0')
		return;
	snprintf(query, sizeof(query), "uploadId=%s", m->id);
	s3_call_start(s3_call_new(m->s3, "DELETE", m->name, query, S3_CHANGE,
	    BLOB_BACKGROUND), abort_done, NULL);
}

static void
multipart_fail(struct s3_multipart *m, const struct s3_answer *a,
    enum blob_outcome o, const char *why)
{
	struct s3_answer copy = *a;

	multipart_abort(m);
	copy.outcome = o;
	if (why != NULL)
		copy.why = why;
	m->cb(&copy, m->arg);
	multipart_free(m);
}

void
s3_multipart_cancel(struct s3_multipart *m)
{
	s3_call_cancel(m->call);
	multipart_abort(m);
	multipart_free(m);
}

static void
complete_done(const struct s3_answer *a, void *arg)
{
	struct s3_multipart *m = arg;
	struct s3_answer copy = *a;

	m->call = NULL;
	if (a->outcome != BLOB_DONE) {
		multipart_fail(m, a, a->outcome, NULL);
		return;
	}
	if (!find(a, "CompleteMultipartUploadResult", "ETag", copy.etag,
	    sizeof(copy.etag))) {
		multipart_fail(m, a, BLOB_UNSURE,
		    "CompleteMultipartUpload: 200 without a result");
		return;
	}
	m->cb(&copy, m->arg);
	multipart_free(m);
}

/* -- the parts -- */

static void
complete_send(struct s3_multipart *m)
{
	char query[1100];
	struct piece piece;
	const char *p;
	unsigned i;

	buf_puts(&m->xml, "<CompleteMultipartUpload xmlns="
	    "\"http://s3.amazonaws.com/doc/2006-03-01/\">");
	for (i = 0; i < m->nparts; i++) {
		buf_printf(&m->xml, "<Part><PartNumber>%u</PartNumber><ETag>",
		    i + 1);
		for (p = m->etags[i]; *p != '\0'; p++) {
			if (*p == '"')
				buf_puts(&m->xml, "&quot;");
			else if (*p != '<' && *p != '&')
				buf_put_u8(&m->xml, (uint8_t)*p);
		}
		buf_puts(&m->xml, "</ETag></Part>");
	}
	buf_puts(&m->xml, "</CompleteMultipartUpload>");
	if (m->xml.failed)
		fatalx("s3_multipart: out of memory");
	piece = (struct piece){ m->xml.data, m->xml.len };
	snprintf(query, sizeof(query), "uploadId=%s", m->id);
	m->call = s3_call_new(m->s3, "POST", m->name, query, S3_CHANGE,
	    m->prio);
	s3_call_body(m->call, &piece, 1);
	s3_call_start(m->call, complete_done, m);
}

static void
part_done(const struct s3_answer *a, void *arg)
{
	struct s3_multipart *m = arg;

	m->call = NULL;
	if (a->outcome != BLOB_DONE || a->etag[0] == '\0') {
		/* The object itself cannot have come into being. */
		multipart_fail(m, a, a->outcome == BLOB_UNSURE ?
		    BLOB_UNAVAILABLE : a->outcome == BLOB_DONE ? BLOB_ERROR :
		    a->outcome, a->outcome == BLOB_DONE ?
		    "UploadPart: no ETag" : NULL);
		return;
	}
	strlcpy(m->etags[m->part - 1], a->etag, sizeof(m->etags[0]));
	if (m->part++ < m->nparts)
		part_send(m);
	else
		complete_send(m);
}

static void
part_send(struct s3_multipart *m)
{
	uint64_t at = (m->part - 1) * m->part_size, left = m->len - at;
	char query[1200];

	snprintf(query, sizeof(query), "partNumber=%u&uploadId=%s", m->part,
	    m->id);
	m->call = s3_call_new(m->s3, "PUT", m->name, query, S3_CHANGE,
	    m->prio);
	s3_call_body_fd(m->call, m->fd, at, left < m->part_size ? left :
	    m->part_size);
	s3_call_start(m->call, part_done, m);
}

static void
create_done(const struct s3_answer *a, void *arg)
{
	struct s3_multipart *m = arg;
	char id[512];

	m->call = NULL;
	if (a->outcome != BLOB_DONE) {
		multipart_fail(m, a, a->outcome == BLOB_UNSURE ?
		    BLOB_UNAVAILABLE : a->outcome, NULL);
		return;
	}
	if (!find(a, "InitiateMultipartUploadResult", "UploadId", id,
	    sizeof(id)) || sigv4_encode(id, 0, m->id, sizeof(m->id)) == -1) {
		m->id[0] = '\0';
		multipart_fail(m, a, BLOB_ERROR,
		    "CreateMultipartUpload: no UploadId");
		return;
	}
	part_send(m);
}

struct s3_multipart *
s3_multipart_start(struct s3 *s3, const char *name, int fd, uint64_t len,
    enum blob_priority prio, s3_cb cb, void *arg)
{
	struct s3_multipart *m;

	if ((m = calloc(1, sizeof(*m))) == NULL)
		fatal("s3_multipart");
	m->s3 = s3;
	m->fd = fd;
	m->len = len;
	m->prio = prio;
	m->cb = cb;
	m->arg = arg;
	m->part = 1;
	m->part_size = S3_PART_SIZE;
	while ((len + m->part_size - 1) / m->part_size > S3_PARTS_MAX)
		m->part_size *= 2;
	m->nparts = (unsigned)((len + m->part_size - 1) / m->part_size);
	strlcpy(m->name, name, sizeof(m->name));
	if ((m->etags = calloc(m->nparts, sizeof(m->etags[0]))) == NULL)
		fatal("s3_multipart");
	m->call = s3_call_new(s3, "POST", name, "uploads=", S3_CHANGE, prio);
	s3_call_creates(m->call);
	s3_call_start(m->call, create_done, m);
	return m;
}
