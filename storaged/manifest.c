/*
 * Manifests; pail-bucket.5, "Manifests".
 */
#include "common/compat.h"

#include <string.h>

#include "storaged/frame.h"
#include "storaged/manifest.h"
#include "storaged/sum.h"

enum field {
	F_COMMIT = 1,
	F_LOGS,
	F_CHECKPOINT,		/* none yet: critical and unknown here */
	F_GARBAGE,
	F_LAST = F_GARBAGE
};

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
	struct buf	 body = BUF_INIT, part = BUF_INIT;
	int		 ret = -1;

	tlv_put_varint(&body, F_COMMIT, m->commit);
	if (loglist_encode(&m->logs, &part) == -1)
		goto done;
	tlv_put(&body, F_LOGS, true, part.data, part.len);
	buf_reset(&part);
	if (garbage_encode(&m->garbage, &part) == -1)
		goto done;
	tlv_put(&body, F_GARBAGE, true, part.data, part.len);
	buf_put(&body, m->unknown.data, m->unknown.len);
	if (!body.failed && body.len <= MANIFEST_MAX)
		ret = frame_seal(FRAME_MANIFEST, history, codec, body.data,
		    body.len, out);
done:
	buf_free(&part);
	buf_free(&body);
	return ret;
}

static int
field_decode(struct manifest *m, struct tlv *t)
{
	switch ((enum field)t->number) {
	case F_COMMIT:
		return tlv_varint(t, &m->commit);
	case F_LOGS:
		return loglist_decode(&m->logs, &t->value);
	case F_CHECKPOINT:
		return FORMAT_UNKNOWN;
	case F_GARBAGE:
		return garbage_decode(&m->garbage, &t->value);
	}
	return FORMAT_DAMAGED;
}

static int
body_decode(struct manifest *m, const uint8_t *p, size_t len)
{
	struct cursor	 c;
	struct tlv	 t = { 0 };
	struct str	 rest = { 0 };
	const uint8_t	*start;
	uint32_t	 seen = 0;
	int		 r, e;

	cursor_init(&c, p, len);
	for (start = c.p; (r = tlv_next(&c, &t)) == 1; start = c.p) {
		if (t.number > F_LAST) {
			r = tlv_rest(&c, &t, start, &rest);
			break;
		}
		if ((e = field_decode(m, &t)) != 0)
			return e;
		seen |= (uint32_t)1 << t.number;
	}
	if (r != 0)
		return r;
	if (seen != ((1 << F_COMMIT) | (1 << F_LOGS) | (1 << F_GARBAGE)))
		return FORMAT_DAMAGED;
	return buf_put(&m->unknown, rest.p, rest.len) == -1 ?
	    FORMAT_DAMAGED : 0;
}

int
manifest_decode(struct manifest *m, const void *p, size_t len,
    const uint8_t history[16], const uint8_t *sha256)
{
	struct buf	 store = BUF_INIT;
	struct frame	 frame;
	const uint8_t	*body;
	size_t		 n;
	int		 r;

	manifest_init(m);
	if (sha256 != NULL && !sum_is(p, len, sha256))
		return FORMAT_DAMAGED;
	r = frame_open(&frame, FRAME_MANIFEST, p, len, MANIFEST_MAX, &store,
	    &body, &n);
	if (r == 0 && memcmp(frame.history, history, 16) != 0)
		r = FORMAT_DAMAGED;
	if (r == 0)
		r = body_decode(m, body, n);
	buf_free(&store);
	return r;
}
