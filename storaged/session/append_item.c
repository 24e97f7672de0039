/* One message of an APPEND, as its record will have it: ids, flags, the digest
 * and, when it is small, its packed content. */
#include "common/compat.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "common/digest.h"
#include "storaged/index/cold.h"
#include "storaged/session/append.h"
#include "storaged/util/file_at.h"

/* It is in the records: the same on every machine. */
static uint64_t
id_hash(const void *p, size_t len)
{
	uint8_t		 sha[32];
	uint64_t	 h = 0;
	unsigned	 i;

	sum_of(p, len, sha);
	for (i = 0; i < 8; i++)
		h |= (uint64_t)sha[i] << (8 * i);
	return h == 0 ? 1 : h;
}

static void
item_ids(struct append_item *it, struct str digest)
{
	struct cursor	 c;
	struct str	 v, id;

	if (digest_find(digest.p, digest.len, DIGEST_MESSAGE_ID, &v) &&
	    v.len > 0)
		it->mid = id_hash(v.p, v.len);
	if (!digest_find(digest.p, digest.len, DIGEST_REFERENCES, &v))
		return;
	cursor_init(&c, v.p, v.len);
	while (cursor_left(&c) > 0) {
		id = cursor_str(&c);
		if (c.bad)
			return;
		/* Of many the newest stay, and the oldest. */
		if (it->nrefs == APPEND_REFS_MAX)
			it->nrefs--;
		it->refs[it->nrefs++] = id_hash(id.p, id.len);
	}
}

int
append_item_fill(struct op *op, struct append_item *it,
    const struct append_msg *r)
{
	const struct mbox_word	*w = r->keywords.v;
	size_t			 i;

	if ((r->flags & ~MBOX_FLAGS_ALL) != 0 || r->zone < -1440 ||
	    r->zone > 1440)
		return -1;
	it->flags = r->flags;
	it->date = r->dated ? r->date : (int64_t)time(NULL);
	it->zone = r->dated ? (int16_t)r->zone : 0;
	it->size = r->size;
	arc4random_buf(it->msgid, sizeof(it->msgid));
	it->nkeywords = r->keywords.n;
	it->keywords = arena_array(op->arena, it->nkeywords + 1,
	    sizeof(*it->keywords));
	for (i = 0; it->keywords != NULL && i < it->nkeywords; i++) {
		if (!keyword_valid(w[i].word))
			return -1;
		it->keywords[i].len = w[i].word.len;
		it->keywords[i].p = arena_dup(op->arena, w[i].word.p,
		    w[i].word.len);
		if (it->keywords[i].p == NULL)
			return -1;
	}
	if (it->keywords == NULL)
		return -1;
	item_ids(it, r->digest);
	return 0;
}

int
append_item_digest(struct append *x, struct append_item *it, struct str digest)
{
	const struct codec_choice	 choice = cold_codec(digest.len);
	struct buf			 b = BUF_INIT;
	enum codec_id			 used;

	if (codec_compress(&choice, digest.p, digest.len, &b, &used) == -1) {
		buf_free(&b);
		return -1;
	}
	it->place.digest_len = digest.len;
	it->digest_codec = (uint8_t)used;
	it->digest = (struct str){ (const char *)b.data, b.len };
	x->bytes += b.len;
	return 0;		/* b's memory is the item's */
}

bool
append_small(const struct append *x, struct str digest)
{
	return digest.len <= APPEND_DIGEST &&
	    digest.len + x->got <= APPEND_SMALL;
}

int
append_item_pack(const struct codec_choice *codec, struct append *x,
    struct append_item *it, struct str digest)
{
	struct piece	 v[2];
	struct record_place	*p = &it->small.place;
	struct buf		 out = BUF_INIT;
	enum codec_id		 used;
	void			*mem = NULL;
	int			 rv;

	if (!append_small(x, digest))
		return 0;
	v[0] = (struct piece){ digest.p, digest.len };
	v[1] = (struct piece){ x->mem.data, x->mem.len };
	if (x->fd != -1) {
		if ((mem = malloc((size_t)x->got)) == NULL ||
		    file_read_at(x->fd, mem, (size_t)x->got, 0) == -1) {
			free(mem);
			return -1;
		}
		v[1] = (struct piece){ mem, (size_t)x->got };
	}
	rv = codec_compress_pieces(codec, v, 2, &out, &used);
	free(mem);
	if (rv == -1 || out.len > COMMIT_INLINE_MAX) {
		buf_free(&out);
		return rv;
	}
	it->bytes = out.data;
	it->small.bytes = out.data;
	p->codec = (uint8_t)used;
	p->stored = out.len;
	p->digest_len = digest.len;
	x->bytes += out.len;
	return 1;
}

struct append_item *
append_item_new(struct append *x)
{
	struct append_item	*v;
	size_t			 size;

	if (x->n == x->size) {
		size = x->size == 0 ? 1 : x->size * 2;
		v = reallocarray(x->v, size, sizeof(*v));
		if (v == NULL)
			return NULL;
		x->v = v;
		x->size = size;
	}
	v = &x->v[x->n++];
	memset(v, 0, sizeof(*v));
	return v;
}
