/* One readable line for a record: pailctl dump. */
#include "common/compat.h"

#include <inttypes.h>

#include "common/log.h"
#include "storaged/codec.h"
#include "storaged/record.h"

static const char *const hows[] = { "set", "add", "remove" };
static const char *const wheres[] = { "inline", "pack/", "msg/" };

static void
print_hex(struct buf *b, const uint8_t *p, size_t len)
{
	size_t	 i;

	for (i = 0; i < len; i++)
		buf_printf(b, "%02x", p[i]);
}

static void
print_quoted(struct buf *b, const char *key, struct str s)
{
	char	 quoted[4200];

	buf_printf(b, " %s=\"%s\"", key,
	    log_quote(quoted, sizeof(quoted), s.p, s.len));
}

static void
print_flags(struct buf *b, const struct record *r)
{
	size_t	 i;

	buf_printf(b, " flags=%02x", r->flags);
	for (i = 0; i < r->nkeywords; i++)
		print_quoted(b, "keyword", r->keywords[i]);
}

static void
print_place(struct buf *b, const struct record_place *p)
{
	buf_printf(b, " place=%s", wheres[p->where <= RECORD_MSG ?
	    p->where : RECORD_MSG]);
	if (p->where != RECORD_INLINE)
		print_hex(b, p->object, sizeof(p->object));
	buf_printf(b, "@%" PRIu64 "+%" PRIu64 " codec=%s digest=%" PRIu64
	    " sha256=", p->offset, p->stored,
	    codec_name((enum codec_id)p->codec), p->digest_len);
	print_hex(b, p->sha256, sizeof(p->sha256));
}

static void
print_add(struct buf *b, const struct record *r)
{
	buf_printf(b, " uid=%u size=%" PRIu64 " date=%" PRId64 " zone=%d"
	    " saved=%" PRId64 " thread=%016" PRIx64 " msgid=", r->uid,
	    r->size, r->date, r->zone, r->savedate, r->threadid);
	print_hex(b, r->msgid, sizeof(r->msgid));
	print_flags(b, r);
	print_place(b, &r->place);
}

int
record_print(const struct record *r, struct buf *b)
{
	buf_printf(b, "%" PRIu64 " %s", r->number, record_type_name(r->type));
	if (r->type != RECORD_SUBSCRIBE)
		buf_printf(b, " box=%016" PRIx64, r->box);
	if (r->name.len > 0)
		print_quoted(b, "name", r->name);
	if (r->type == RECORD_CREATE)
		buf_printf(b, " uidvalidity=%u use=%02x", r->uidvalidity,
		    r->use);
	if (r->type == RECORD_SUBSCRIBE)
		buf_printf(b, " on=%d", r->on);
	if (r->uids.n > 0) {
		buf_puts(b, " uids=");
		uidset_print(&r->uids, b);
	}
	if (r->type == RECORD_ADD)
		print_add(b, r);
	if (r->type == RECORD_COPY)
		buf_printf(b, " dst=%016" PRIx64 " first=%u saved=%" PRId64,
		    r->dst, r->dst_first, r->savedate);
	if (r->type == RECORD_FLAGS) {
		buf_printf(b, " how=%s", hows[r->how <= 2 ? r->how : 0]);
		print_flags(b, r);
	}
	if (r->unknown.len > 0)
		buf_printf(b, " unknown=%zu", r->unknown.len);
	return buf_puts(b, "\n");
}
