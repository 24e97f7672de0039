/*
 * Manifests; pail-bucket.5, "Manifests".
 */
#include "common/compat.h"

#include <string.h>

#include "common/sum.h"
#include "storaged/format/fields.h"
#include "storaged/format/manifest.h"
#include "storaged/format/object.h"

enum {
	F_COMMIT = 1,
	F_LOGS,
	F_CHECKPOINT,		/* none yet: critical and unknown here */
	F_GARBAGE,
	F_LAST = F_GARBAGE
};

#define AT(m)	FIELD_AT(struct manifest, m)
static const struct field rows[] = {
	[F_COMMIT] =	 { FIELD_NUM, "commit", AT(commit) },
	[F_LOGS] =	 { FIELD_OWN, "logs", AT(logs), .own = &loglist_own },
	[F_CHECKPOINT] = { .kind = FIELD_NEWER, .name = "checkpoint" },
	[F_GARBAGE] =	 { FIELD_OWN, "garbage", AT(garbage),
			   .own = &garbage_own },
};
static const struct fields fields = { rows, F_LAST,
	FIELD_ALL(F_LAST) - FIELD_BIT(F_CHECKPOINT),
	FIELD_BIT(F_CHECKPOINT) };

void
manifest_init(struct manifest *m)
{
	memset(m, 0, sizeof(*m));
}

void
manifest_free(struct manifest *m)
{
	loglist_free(&m->logs);
	garbage_free(&m->garbage);
	buf_free(&m->unknown);
	manifest_init(m);
}

int
manifest_encode(const struct manifest *m, const uint8_t history[16],
    const struct codec_choice *codec, struct buf *out)
{
	struct buf	 body = BUF_INIT;
	int		 ret = -1;

	if (fields_encode(&fields, m, &body) == 0 &&
	    buf_put(&body, m->unknown.data, m->unknown.len) == 0 &&
	    body.len <= MANIFEST_MAX)
		ret = object_seal(OBJECT_MANIFEST, history, codec, body.data,
		    body.len, out);
	buf_free(&body);
	return ret;
}

int
manifest_decode(struct manifest *m, const void *p, size_t len,
    const uint8_t history[16], const uint8_t *sha256)
{
	manifest_init(m);
	if (sha256 != NULL && !sum_is(p, len, sha256))
		return FORMAT_DAMAGED;
	return fields_open(&fields, m, OBJECT_MANIFEST, history, p, len,
	    MANIFEST_MAX, &m->unknown);
}
