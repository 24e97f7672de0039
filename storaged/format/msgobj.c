/*
 * Message objects; pail-bucket.5, "Message objects".  The table's length
 * follows from the content's, so it stands in front and is written last.
 */
#include "common/compat.h"

#include <sys/types.h>
#include <errno.h>
#include <string.h>

#include "common/sum.h"
#include "common/write_all.h"
#include "storaged/format/msgobj.h"
#include "storaged/format/object.h"
#include "storaged/util/file_at.h"

#define ENTRY		45	/* u64 offset, u32 stored, u8 codec, SHA-256 of
				   the stored bytes */

static uint64_t
chunks_of(uint64_t content)
{
	return (content + MSGOBJ_CHUNK - 1) / MSGOBJ_CHUNK;
}

uint64_t
msgobj_start(uint64_t content)
{
	return OBJECT_HEADER + chunks_of(content) * ENTRY;
}

int
msgobj_begin(struct msgobj_writer *w, int fd, const uint8_t history[16],
    const struct codec_choice *codec, uint64_t content)
{
	memset(w, 0, sizeof(*w));
	buf_init(&w->chunk, MSGOBJ_CHUNK);
	buf_init(&w->table, 0);
	buf_init(&w->packed, 0);
	if (content > MSGOBJ_CONTENT_MAX) {
		errno = EFBIG;
		return -1;
	}
	w->fd = fd;
	memcpy(w->history, history, 16);
	w->codec = *codec;
	w->content = content;
	w->at = msgobj_start(content);
	return 0;
}

/* The open chunk is full, or the last. */
static int
flush(struct msgobj_writer *w)
{
	enum codec_id	 used = CODEC_NONE;
	uint8_t		 sum[32];

	buf_reset(&w->packed);
	if (codec_compress(&w->codec, w->chunk.data, w->chunk.len,
	    &w->packed, &used) == -1) {
		errno = ENOMEM;
		return -1;
	}
	sum_of(w->packed.data, w->packed.len, sum);
	buf_put_u64(&w->table, w->at);
	buf_put_u32(&w->table, (uint32_t)w->packed.len);
	buf_put_u8(&w->table, (uint8_t)used);
	buf_put(&w->table, sum, sizeof(sum));
	if (w->table.failed ||
	    write_all_at(w->fd, w->packed.data, w->packed.len, w->at) == -1)
		return -1;
	w->at += w->packed.len;
	buf_reset(&w->chunk);
	return 0;
}

int
msgobj_write(struct msgobj_writer *w, const void *p, size_t len)
{
	const uint8_t	*q = p;
	size_t		 n;

	if (len > w->content - w->done) {
		errno = EINVAL;
		return -1;
	}
	while (len > 0) {
		n = MSGOBJ_CHUNK - w->chunk.len;
		if (n > len)
			n = len;
		if (buf_put(&w->chunk, q, n) == -1)
			return -1;
		q += n;
		len -= n;
		w->done += n;
		if ((w->chunk.len == MSGOBJ_CHUNK || w->done == w->content) &&
		    flush(w) == -1)
			return -1;
	}
	return 0;
}

int
msgobj_end(struct msgobj_writer *w, uint64_t *size)
{
	struct object_header	 f = { .kind = OBJECT_MSG,
	    .length = w->content };
	int		 ret = -1;

	if (w->done != w->content) {
		errno = EINVAL;
		return -1;
	}
	memcpy(f.history, w->history, 16);
	f.codec = (uint8_t)w->codec.id;
	buf_reset(&w->packed);
	if (object_header_put(&f, w->table.data, w->table.len,
	    &w->packed) == 0 &&
	    buf_put(&w->packed, w->table.data, w->table.len) == 0 &&
	    write_all_at(w->fd, w->packed.data, w->packed.len, 0) == 0) {
		*size = w->at;
		ret = 0;
	}
	return ret;
}

void
msgobj_writer_free(struct msgobj_writer *w)
{
	buf_free(&w->chunk);
	buf_free(&w->table);
	buf_free(&w->packed);
}

static void
entry_get(const uint8_t *p, uint64_t *offset, uint32_t *stored,
    uint8_t *codec, const uint8_t **sum)
{
	struct cursor	 c;

	cursor_init(&c, p, ENTRY);
	*offset = cursor_u64(&c);
	*stored = cursor_u32(&c);
	*codec = cursor_u8(&c);
	*sum = cursor_bytes(&c, 32);
}

int
msgobj_open(struct msgobj *m, const void *p, size_t len,
    const uint8_t history[16])
{
	struct object_header	 f;
	const uint8_t	*sum;
	uint64_t	 at, offset;
	uint32_t	 stored;
	uint8_t		 codec;
	size_t		 i;
	int		 r;

	memset(m, 0, sizeof(*m));
	if ((r = object_header_get(&f, OBJECT_MSG, p, len)) != 0)
		return r;
	if (f.length > MSGOBJ_CONTENT_MAX || msgobj_start(f.length) > len ||
	    memcmp(f.history, history, 16) != 0)
		return FORMAT_DAMAGED;
	m->content = f.length;
	m->codec = f.codec;
	m->nchunks = (size_t)chunks_of(f.length);
	m->table = (const uint8_t *)p + OBJECT_HEADER;
	m->first = at = msgobj_start(f.length);
	if (object_header_check(p, m->table, m->nchunks * ENTRY) != 0)
		return FORMAT_DAMAGED;
	for (i = 0; i < m->nchunks; i++) {
		entry_get(m->table + i * ENTRY, &offset, &stored, &codec,
		    &sum);
		if (offset != at || stored > 2 * MSGOBJ_CHUNK)
			return FORMAT_DAMAGED;
		if (codec > CODEC_LZ4)
			return FORMAT_UNKNOWN;
		at += stored;
	}
	return 0;
}

int
msgobj_chunk(const struct msgobj *m, size_t i, uint64_t *offset,
    uint32_t *stored)
{
	const uint8_t	*sum;
	uint8_t		 codec;

	if (i >= m->nchunks)
		return FORMAT_DAMAGED;
	entry_get(m->table + i * ENTRY, offset, stored, &codec, &sum);
	return 0;
}

int
msgobj_expand(const struct msgobj *m, size_t i, const void *p, size_t len,
    struct buf *out)
{
	const uint8_t	*sum;
	uint64_t	 offset, want = MSGOBJ_CHUNK;
	uint32_t	 stored;
	uint8_t		 codec;

	if (i >= m->nchunks)
		return FORMAT_DAMAGED;
	entry_get(m->table + i * ENTRY, &offset, &stored, &codec, &sum);
	if (len != stored || !sum_is(p, len, sum))
		return FORMAT_DAMAGED;
	if (i == m->nchunks - 1 && m->content % MSGOBJ_CHUNK != 0)
		want = m->content % MSGOBJ_CHUNK;
	errno = 0;
	if (codec_expand((enum codec_id)codec, p, len, (size_t)want, out) ==
	    -1)
		return errno == ENOMEM ? FORMAT_NO_MEMORY : FORMAT_DAMAGED;
	return 0;
}
