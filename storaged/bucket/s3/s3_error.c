/*
 * What an answer means (s3_error.h): S3's "Error responses", and what other
 * servers do (SERVERS: MinIO, Ceph, R2, GCS).  A 403 is never "not there"; a
 * 404 is only when it is the key that is missing, not the bucket.
 */
#include "common/compat.h"

#include <string.h>

#include "common/xml.h"
#include "storaged/bucket/s3/s3_error.h"

struct parse {
	struct s3_error	*e;
	const char	*root;
	int		 level;		/* depth of <Error> */
	bool		 root_seen;
	bool		 in_error, found;
	char		*key;
	size_t		 size;
};

static int
on_start(const char *name, int depth, void *arg)
{
	struct parse *p = arg;

	if (depth == 1) {
		if (strcmp(name, p->root) != 0)
			return -1;
		p->root_seen = true;
	}
	if (depth == p->level && strcmp(name, "Error") == 0)
		p->in_error = true;
	return 0;
}

static int
on_end(const char *name, int depth, const char *text, size_t len, void *arg)
{
	struct parse *p = arg;

	(void)len;
	if (depth == p->level && p->in_error) {
		p->in_error = false;
		p->found = true;
		return 0;
	}
	if (!p->in_error || p->found || depth != p->level + 1)
		return 0;
	if (strcmp(name, "Code") == 0)
		strlcpy(p->e->code, text, sizeof(p->e->code));
	else if (strcmp(name, "Message") == 0)
		strlcpy(p->e->message, text, sizeof(p->e->message));
	else if (strcmp(name, "RequestId") == 0)
		strlcpy(p->e->request, text, sizeof(p->e->request));
	else if (strcmp(name, "Region") == 0)
		strlcpy(p->e->region, text, sizeof(p->e->region));
	else if (strcmp(name, "Endpoint") == 0)
		strlcpy(p->e->endpoint, text, sizeof(p->e->endpoint));
	else if (p->key != NULL && strcmp(name, "Key") == 0)
		strlcpy(p->key, text, p->size);
	return 0;
}

static const struct xml_ops ops = { on_start, on_end };

int
s3_error_parse(const void *body, size_t len, struct s3_error *e)
{
	struct parse p = { .e = e, .root = "Error", .level = 1 };

	memset(e, 0, sizeof(*e));
	if (len == 0 || len > S3_ERROR_MAX ||
	    xml_parse(body, len, &ops, &p) == -1) {
		memset(e, 0, sizeof(*e));
		return -1;
	}
	return 0;
}

int
s3_error_deleted(const void *body, size_t len, struct s3_error *e, char *key,
    size_t size)
{
	struct parse p = { .e = e, .root = "DeleteResult", .level = 2,
	    .key = key, .size = size };

	memset(e, 0, sizeof(*e));
	key[0] = '\0';
	if (xml_parse(body, len, &ops, &p) == -1)
		return -1;
	return p.found ? 1 : 0;
}

/* Where the code says more than the status. */
static const struct code_row {
	const char	*code;
	enum blob_outcome outcome;
	bool		 again, refused;
} codes[] = {
	{ "NoSuchKey", BLOB_ABSENT, false, false },
	{ "NoSuchBucket", BLOB_ERROR, false, false },
	{ "NoSuchUpload", BLOB_ERROR, false, false },
	{ "PreconditionFailed", BLOB_CONFLICT, false, false },
	{ "ConditionalRequestConflict", BLOB_CONFLICT, true, false },
	{ "OperationAborted", BLOB_CONFLICT, true, false },
	{ "ExpiredToken", BLOB_UNAVAILABLE, true, true },
	{ "ExpiredTokenException", BLOB_UNAVAILABLE, true, true },
	{ "InvalidToken", BLOB_DENIED, false, true },
	{ "InvalidTokenId", BLOB_DENIED, false, true },
	{ "InvalidAccessKeyId", BLOB_DENIED, false, true },
	{ "XAdminUserNotFound", BLOB_DENIED, false, true },
	{ "SignatureDoesNotMatch", BLOB_DENIED, false, true },
	{ "RequestTimeTooSkewed", BLOB_UNAVAILABLE, true, false },
	{ "RequestExpired", BLOB_UNAVAILABLE, true, true },
	{ "RequestTimeout", BLOB_UNAVAILABLE, true, false },
	{ "BadDigest", BLOB_UNAVAILABLE, true, false },
	{ "XAmzContentSHA256Mismatch", BLOB_UNAVAILABLE, true, false },
	{ "IncompleteBody", BLOB_UNAVAILABLE, true, false },
	{ "EntityTooLarge", BLOB_ERROR, false, false },
	{ "InvalidRange", BLOB_BEHIND, false, false },
};

struct s3_meaning
s3_error_meaning(int status, const char *code, enum s3_verb verb)
{
	struct s3_meaning m = { BLOB_ERROR, false, false };
	enum blob_outcome unsure = verb == S3_CHANGE ? BLOB_UNSURE :
	    BLOB_UNAVAILABLE;
	size_t i;

	/* A code cannot make a failure out of a success (blob_s3_delete.c has
	 * the one verb that answers 200 with an error). */
	if (status >= 400 && status < 500) {
		for (i = 0; i < nitems(codes); i++) {
			if (strcmp(codes[i].code, code) == 0) {
				m.outcome = codes[i].outcome;
				m.again = codes[i].again;
				m.refused = codes[i].refused;
				return m;
			}
		}
	}
	switch (status) {
	case 200:
	case 204:
	case 206:
		m.outcome = BLOB_DONE;
		break;
	case 304:
		m.outcome = BLOB_UNCHANGED;
		break;
	case 401:
	case 403:
		m.outcome = BLOB_DENIED;
		break;
	case 404:
		m.outcome = verb == S3_HEAD ? BLOB_ABSENT : BLOB_ERROR;
		break;
	case 409:
		m.outcome = BLOB_CONFLICT;
		m.again = true;
		break;
	case 412:
		m.outcome = BLOB_CONFLICT;
		break;
	case 416:
		m.outcome = BLOB_BEHIND;
		break;
	case 408:
	case 425:
	case 429:
	case 500:
	case 502:
	case 503:
	case 504:
	case 507:
	case 509:
	case 529:
		m.outcome = unsure;
		m.again = true;
		break;
	default:
		if (status > 504 && status < 600)
			m.outcome = unsure;
		break;
	}
	return m;
}
