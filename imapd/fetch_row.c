/*
 * One message's FETCH answer from its META row.  Pure.  The digest comes
 * from storaged and is decoded as hostile: a damaged one costs the message.
 */
#include <string.h>

#include "common/arena.h"
#include "common/compat.h"
#include "common/digest.h"
#include "imapd/fetch.h"
#include "imapd/fetch_names.h"
#include "imapd/view.h"
#include "mail/digest_fields.h"
#include "mail/envelope.h"
#include "mail/header.h"
#include "mail/imap_text.h"
#include "mail/structure.h"

static int
row_field(const struct fetch_row *r, enum digest_field f, struct str *v)
{
	return digest_find(r->meta->digest.p, r->meta->digest.len, f, v) ?
	    0 : -1;
}

static int
row_tree(struct fetch_row *r)
{
	struct str	 v;

	if (r->has_tree)
		return 0;
	if (row_field(r, DIGEST_STRUCTURE, &v) == -1 ||
	    structure_decode(v, r->arena, &r->tree) == -1)
		return -1;
	r->has_tree = true;
	return 0;
}

static int
put_uid(const struct fetch_row *r, struct buf *out)
{
	(void)buf_puts(out, " UID ");
	return buf_put_decimal(out, r->meta->uid);
}

static int
render_uid(struct fetch_row *r, const struct fetch_item *item,
    struct buf *out)
{
	(void)item;
	/* UID FETCH says it anyway */
	return r->plan->uid ? 0 : put_uid(r, out);
}

static int
render_flags(struct fetch_row *r, const struct fetch_item *item,
    struct buf *out)
{
	(void)item;
	(void)buf_puts(out, " FLAGS ");
	view_print_flags(r->view, out, r->meta);
	return 0;
}

static int
render_date(struct fetch_row *r, const struct fetch_item *item,
    struct buf *out)
{
	char	 date[40];

	(void)item;
	return buf_printf(out, " INTERNALDATE \"%s\"", date_print(date,
	    sizeof(date), r->meta->date, r->meta->zone));
}

static int
render_size(struct fetch_row *r, const struct fetch_item *item,
    struct buf *out)
{
	(void)item;
	(void)buf_puts(out, " RFC822.SIZE ");
	return buf_put_decimal(out, r->meta->size);
}

/* A field that the digest has only a part of comes from the header. */
static int
render_envelope(struct fetch_row *r, const struct fetch_item *item,
    struct buf *out)
{
	struct fetch_job	 job = { .item = item, .filter = true,
	    .len = FETCH_FILTER_MAX };
	struct envelope_view	 view;
	struct digest_cut	 cut;
	struct str		 v;

	if (row_field(r, DIGEST_ENVELOPE, &v) == -1 ||
	    envelope_decode(v, &view) == -1)
		return -1;
	digest_cut(r->meta->digest, &view, &cut);
	if (cut.cut == 0) {
		fetch_label(item, out);
		return envelope_print(&view, out);
	}
	if (cut.header_len > 0 && cut.header_len < job.len)
		job.len = cut.header_len;
	/* first: there is no good way to say that it cannot be had */
	memmove(r->jobs + 1, r->jobs, r->njobs++ * sizeof(job));
	r->jobs[0] = job;
	return 0;
}

static int
render_structure(struct fetch_row *r, const struct fetch_item *item,
    struct buf *out)
{
	if (row_tree(r) == -1)
		return -1;
	(void)buf_put_u8(out, ' ');
	(void)buf_puts(out, item->name->name);
	(void)buf_put_u8(out, ' ');
	return structure_render(&r->tree, item->name->name[4] != '\0', out);
}

void
fetch_label(const struct fetch_item *item, struct buf *out)
{
	(void)buf_put_u8(out, ' ');
	(void)buf_put(out, item->label.p, item->label.len);
	(void)buf_put_u8(out, ' ');
}

void
fetch_partial(const struct fetch_item *item, uint64_t *off, uint64_t *len)
{
	uint64_t	 skip;

	if (!item->partial)
		return;
	skip = item->first < *len ? item->first : *len;
	*off += skip;
	*len -= skip;
	if (*len > item->count)
		*len = item->count;
}

static void
put_literal(struct buf *out, const char *p, uint64_t len)
{
	imap_literal(out, len);
	if (len > 0 && buf_put(out, p, (size_t)len) == 0)
		imap_clean(out->data + out->len - len, (size_t)len);
}

static void
render_octets(const struct fetch_item *item, struct str s, struct buf *out)
{
	uint64_t	 off = 0, len = s.len;

	fetch_partial(item, &off, &len);
	fetch_label(item, out);
	put_literal(out, s.p + off, len);
}

void
fetch_filter(const struct fetch_item *item, struct str header,
    struct buf *out)
{
	struct buf	 b = BUF_INIT;

	if (!item->name->body) {		/* ENVELOPE */
		fetch_label(item, out);
		if (envelope_from_header(header, &b) == -1 || envelope_render(
		    (struct str){ (const char *)b.data, b.len }, out) == -1)
			out->failed = true;
		buf_free(&b);
		return;
	}
	header_filter(header, item->section.fields, item->section.nfields,
	    item->section.kind == SECTION_FIELDS_NOT, &b);
	render_octets(item, (struct str){ (const char *)b.data, b.len },
	    out);
	if (b.failed)
		out->failed = true;
	buf_free(&b);
}

/* The root's header, if the digest has all of it. */
static bool
render_top_header(struct fetch_row *r, const struct fetch_item *item,
    struct buf *out)
{
	struct str	 header;

	if (row_field(r, DIGEST_HEADER, &header) == -1)
		return false;
	if (!header_whole(header) && (row_tree(r) == -1 ||
	    header.len != r->tree.v[0].header_len))
		return false;
	if (item->section.kind == SECTION_HEADER)
		render_octets(item, header, out);
	else
		fetch_filter(item, header, out);
	return true;
}

static int
render_body(struct fetch_row *r, const struct fetch_item *item,
    struct buf *out)
{
	struct fetch_job	 job = { .item = item };

	if (!r->plan->octets_only && section_is_top_header(&item->section) &&
	    render_top_header(r, item, out))
		return 0;
	if (section_is_whole(&item->section))
		job.len = UINT64_MAX;
	else {
		if (row_tree(r) == -1)
			return -1;
		if (section_resolve(&r->tree, &item->section, &job.off,
		    &job.len) == -1) {
			fetch_label(item, out);
			return buf_puts(out, "NIL");
		}
	}
	job.filter = item->section.kind == SECTION_FIELDS ||
	    item->section.kind == SECTION_FIELDS_NOT;
	if (!job.filter)
		fetch_partial(item, &job.off, &job.len);
	else if (job.len > FETCH_FILTER_MAX)
		job.len = FETCH_FILTER_MAX;
	if (job.len > 0)
		r->jobs[r->njobs++] = job;
	else if (job.filter)
		fetch_filter(item, STR(""), out);
	else
		render_octets(item, STR(""), out);
	return 0;
}

#define FLAGS	MBOX_WHAT_FLAGS
#define BIT(x)	DIGEST_BIT(DIGEST_##x)

static const struct fetch_name names[] = {
	{ "UID",	  0, 0, render_uid, 0, false, true },
	{ "FLAGS",	  FLAGS, 0, render_flags, 0, false, true },
	{ "INTERNALDATE", MBOX_WHAT_DATE, 0, render_date, 0, false, true },
	{ "RFC822.SIZE",  MBOX_WHAT_SIZE, 0, render_size, 0, false, true },
	{ "ENVELOPE",	  0, BIT(ENVELOPE) | BIT(CUT), render_envelope, 0,
	    false, true },
	{ "BODYSTRUCTURE", 0, BIT(STRUCTURE), render_structure, 0, false,
	    true },
	{ "BODY",	  0, BIT(STRUCTURE), render_structure, 0, false,
	    true },
	{ "RFC822",	  0, 0, render_body, SECTION_ALL, true, false },
	{ "RFC822.HEADER", 0, 0, render_body, SECTION_HEADER, true, true },
	{ "RFC822.TEXT",  0, 0, render_body, SECTION_TEXT, true, false },
};
/* IMAP4 (RFC 1730) had these, and answered as without PEEK; so do clients
 * that never left it. */
static const struct { const char *name; struct fetch_name is; } peeks[] = {
	{ "RFC822.PEEK", { "RFC822", 0, 0, render_body, SECTION_ALL, true,
	    true } },
	{ "RFC822.TEXT.PEEK", { "RFC822.TEXT", 0, 0, render_body,
	    SECTION_TEXT, true, true } },
};
const struct fetch_name fetch_body =
	{ "BODY[", 0, 0, render_body, SECTION_ALL, true, false };
const struct fetch_name fetch_body_peek =
	{ "BODY[", 0, 0, render_body, SECTION_ALL, true, true };

#undef FLAGS
#undef BIT

const struct fetch_name *
fetch_name_find(struct str name)
{
	size_t	 i;

	for (i = 0; i < nitems(names); i++)
		if (str_caseeq(name, str_from(names[i].name)))
			return &names[i];
	for (i = 0; i < nitems(peeks); i++)
		if (str_caseeq(name, str_from(peeks[i].name)))
			return &peeks[i].is;
	return NULL;
}

const struct fetch_plan *
fetch_untold(bool uid)
{
	static const struct fetch_name	 flags = { "FLAGS", MBOX_WHAT_FLAGS,
	    0, render_flags, 0, false, true };
	static struct fetch_item	 item = { .name = &flags };
	static const struct fetch_plan	 plans[] = {
		{ .v = &item, .n = 1, .what = MBOX_WHAT_FLAGS },
		{ .v = &item, .n = 1, .what = MBOX_WHAT_FLAGS, .uid = true }
	};

	return &plans[uid];
}

int
fetch_render(struct fetch_row *r, uint32_t seq, struct buf *out)
{
	const struct fetch_item	*it;
	size_t			 i, from = out->len, first;

	r->njobs = 0;
	r->has_tree = false;
	if (r->plan->fields != 0 &&
	    digest_check(r->meta->digest.p, r->meta->digest.len) == -1)
		return -1;
	(void)buf_puts(out, "* ");
	(void)buf_put_decimal(out, seq);
	(void)buf_puts(out, " FETCH (");
	first = out->len;
	if (r->plan->uid)
		(void)put_uid(r, out);
	for (i = 0; i < r->plan->n; i++) {
		it = &r->plan->v[i];
		if (it->name->render(r, it, out) == -1) {
			if (!out->failed)
				out->len = from;
			return -1;
		}
	}
	/* the first item's space, if any was written */
	if (out->len > first) {
		memmove(out->data + first, out->data + first + 1,
		    out->len - first - 1);
		out->len--;
	}
	return out->failed ? -1 : 0;
}
