/*
 * FETCH and SEARCH on META rows: a header that the digest has only a part
 * of is read from the message; hostile digests cost only their message.
 */
#include <string.h>

#include "common/arena.h"
#include "common/compat.h"
#include "common/digest.h"
#include "common/test.h"
#include "imapd/body_head.h"
#include "imapd/fetch.h"
#include "imapd/fetch_names.h"
#include "imapd/search.h"
#include "imapd/setcut.h"
#include "imapd/view.h"
#include "mail/parser.h"

static struct uidset	 sets[4];
static size_t		 nsets;

static struct uidset *
new_set(void *arg)
{
	(void)arg;
	return &sets[nsets++ % nitems(sets)];
}

static struct view *
view(void)
{
	struct mbox_selected	 sel = { .box = 1, .uidnext = 10 };
	struct view		*v;

	CHECK(uidset_add(&sel.uids, 1, 9) == 0);
	v = view_new(&sel, STR("INBOX"), false);
	uidset_free(&sel.uids);
	return v;
}

/* A message with n octets of X-Fill, then "X-Last: here". */
static void
big_mail(size_t n, struct buf *m)
{
	size_t	 i;

	(void)buf_puts(m, "Subject: big\r\n");
	for (i = 0; i < n; i += 64)
		(void)buf_printf(m, "X-Fill: %053zu\r\n", i);
	(void)buf_puts(m, "X-Last: here\r\n\r\nbody\r\n");
}

static enum search_verdict
search(struct view *v, const char *text, const struct mbox_meta_row *row,
    const struct str *header)
{
	struct arena		*a = arena_new(0);
	struct search_program	 prog;
	struct search_eval	 e = { .prog = &prog, .view = v };
	struct parse		 p;
	enum search_error	 why;
	enum search_verdict	 r;

	parse_init(&p, text, strlen(text), a);
	CHECK_ROW(search_parse(&p, v, new_set, NULL, &prog, &why) == 0,
	    "%s", text);
	r = search_eval(&e, row, NULL, header);
	search_scratch_free(&e.scratch);
	buf_free(&e.from_header);
	arena_free(a);
	return r;
}

static size_t
fetch(struct view *v, const char *text, const struct mbox_meta_row *row,
    struct buf *out, struct fetch_job *jobs)
{
	struct arena		*a = arena_new(0);
	struct fetch_plan	 plan;
	struct fetch_row	 r = { .view = v, .plan = &plan,
	    .meta = row, .arena = a, .jobs = jobs };
	struct parse		 p;

	parse_init(&p, text, strlen(text), a);
	CHECK_ROW(fetch_parse(&p, false, false, &plan) == 0, "%s", text);
	buf_reset(out);
	CHECK(fetch_render(&r, 7, out) == 0);
	arena_free(a);
	return r.njobs;
}

static void
test_cut_header(struct view *v)
{
	static const struct { size_t fill; bool cut; } sizes[] = {
		{ 1000, false }, { 200 * 1024, false }, { 300 * 1024, true },
	};
	struct mbox_meta_row	 row = { .uid = 7 };
	struct buf		 m = BUF_INIT, d = BUF_INIT, out = BUF_INIT;
	struct fetch_job	 jobs[2];
	struct str		 header;
	size_t			 i;

	for (i = 0; i < nitems(sizes); i++) {
		buf_reset(&m);
		buf_reset(&d);
		big_mail(sizes[i].fill, &m);
		CHECK(mail_digest(m.data, m.len, &d) == 0);
		row.digest = (struct str){ (char *)d.data, d.len };
		header = (struct str){ (char *)m.data, m.len - 6 };
		CHECK(search(v, "HEADER X-Last here", &row, NULL) ==
		    (sizes[i].cut ? SEARCH_OPEN : SEARCH_YES));
		CHECK(search(v, "HEADER X-Last gone", &row, NULL) ==
		    (sizes[i].cut ? SEARCH_OPEN : SEARCH_NO));
		CHECK(search(v, "HEADER X-Last here", &row, &header) ==
		    SEARCH_YES);
		CHECK(search(v, "HEADER X-Last gone", &row, &header) ==
		    SEARCH_NO);
		CHECK(search(v, "NOT HEADER X-Last x SUBJECT small", &row,
		    NULL) == SEARCH_NO);
		CHECK(search(v, "SUBJECT big", &row, NULL) == SEARCH_YES);
		CHECK(fetch(v, "BODY[HEADER]", &row, &out, jobs) ==
		    (sizes[i].cut ? 1 : 0));
		if (sizes[i].cut)
			CHECK(jobs[0].off == 0 && jobs[0].len == m.len - 6);
		CHECK(fetch(v, "BODY[HEADER.FIELDS (X-Last)]", &row, &out,
		    jobs) == (sizes[i].cut ? 1 : 0));
		CHECK(!sizes[i].cut || jobs[0].filter);
	}
	buf_free(&m);
	buf_free(&d);
	buf_free(&out);
}

/*
 * A message that ends in its header: the digest has all of it, and the
 * message need not be read.  Only its structure tells: where that is
 * damaged the message is.
 */
static void
test_header_alone(struct view *v)
{
	static const char	 mail[] = "Subject: x\r\nX-Last: here\r\n";
	static const struct { const char *item, *want; } rows[] = {
		{ "BODY.PEEK[HEADER]", "* 7 FETCH (BODY[HEADER] {26}\r\n"
		    "Subject: x\r\nX-Last: here\r\n" },
		{ "RFC822.HEADER", "* 7 FETCH (RFC822.HEADER {26}\r\n"
		    "Subject: x\r\nX-Last: here\r\n" },
		{ "BODY[HEADER]<2.5>", "* 7 FETCH (BODY[HEADER]<2> {5}\r\n"
		    "bject" },
		{ "BODY[HEADER.FIELDS (X-LAST)]", "* 7 FETCH (BODY[HEADER."
		    "FIELDS (X-LAST)] {16}\r\nX-Last: here\r\n\r\n" }
	};
	struct mbox_meta_row	 row = { .uid = 7 };
	struct arena		*a;
	struct fetch_plan	 plan;
	struct fetch_job	 jobs[2];
	struct parse		 p;
	struct str		 s;
	struct buf		 d = BUF_INIT, out = BUF_INIT;
	size_t			 i;

	CHECK(mail_digest(mail, sizeof(mail) - 1, &d) == 0);
	row.digest = (struct str){ (char *)d.data, d.len };
	for (i = 0; i < nitems(rows); i++) {
		CHECK_ROW(fetch(v, rows[i].item, &row, &out, jobs) == 0,
		    "row %zu", i);
		CHECK_ROW(out.len == strlen(rows[i].want) &&
		    memcmp(out.data, rows[i].want, out.len) == 0,
		    "row %zu: %.*s", i, (int)out.len, (char *)out.data);
	}
	CHECK(digest_find(d.data, d.len, DIGEST_STRUCTURE, &s));
	d.data[s.p - (char *)d.data] = 0;	/* no part */
	for (i = 0; i < nitems(rows); i++) {
		struct fetch_row r = { .view = v, .plan = &plan,
		    .meta = &row, .arena = a = arena_new(0), .jobs = jobs };

		parse_init(&p, rows[i].item, strlen(rows[i].item), a);
		CHECK(fetch_parse(&p, false, false, &plan) == 0);
		buf_reset(&out);
		CHECK_ROW(fetch_render(&r, 7, &out) == -1 && out.len == 0,
		    "row %zu", i);
		arena_free(a);
	}
	buf_free(&d);
	buf_free(&out);
}

/* An envelope that the digest has only a part of. */
static void
test_cut_envelope(struct view *v)
{
	struct mbox_meta_row	 row = { .uid = 7 };
	struct buf		 m = BUF_INIT, d = BUF_INIT, out = BUF_INIT;
	struct buf		 whole = BUF_INIT;
	struct fetch_job	 jobs[4];
	struct fetch_item	 item = { .name = fetch_name_find(
	    STR("ENVELOPE")), .label = STR("ENVELOPE") };
	struct str		 header;
	size_t			 i;

	(void)buf_puts(&m, "From: first@x\r\nTo: ");
	for (i = 0; i < 9000; i++)
		(void)buf_printf(&m, "t%zu@x.example,\r\n ", i);
	(void)buf_puts(&m, "\r\nSubject: one\r\nSubject: two\r\n\r\n");
	header.len = m.len;
	(void)buf_puts(&m, "body");
	header.p = (char *)m.data;
	CHECK(mail_digest(m.data, m.len, &d) == 0);
	row.digest = (struct str){ (char *)d.data, d.len };
	/* what is there is found; what may be is looked for in the header */
	CHECK(search(v, "TO t1@x", &row, NULL) == SEARCH_YES);
	CHECK(search(v, "TO t8999@x", &row, NULL) == SEARCH_OPEN);
	CHECK(search(v, "NOT TO t8999@x", &row, NULL) == SEARCH_OPEN);
	CHECK(search(v, "TO t8999@x", &row, &header) == SEARCH_YES);
	CHECK(search(v, "TO t9000@x", &row, &header) == SEARCH_NO);
	CHECK(search(v, "FROM second", &row, NULL) == SEARCH_NO);
	CHECK(search(v, "FROM second TO t8999@x", &row, NULL) == SEARCH_NO);
	CHECK(search(v, "SUBJECT two", &row, NULL) == SEARCH_NO);
	CHECK(search(v, "SUBJECT two", &row, &header) == SEARCH_NO);
	CHECK(search(v, "HEADER Subject two", &row, NULL) == SEARCH_OPEN);
	CHECK(search(v, "HEADER Subject two", &row, &header) == SEARCH_YES);
	CHECK(search(v, "HEADER Subject one", &row, NULL) == SEARCH_YES);
	/* its job comes first, whatever is asked for beside it */
	CHECK(fetch(v, "ENVELOPE", &row, &out, jobs) == 1);
	CHECK(jobs[0].filter && jobs[0].off == 0 && jobs[0].len == header.len);
	CHECK(fetch(v, "(BODY[TEXT] ENVELOPE)", &row, &out, jobs) == 2);
	CHECK(jobs[0].filter && !jobs[1].filter && jobs[1].len == 4);
	CHECK(fetch(v, "(FLAGS ENVELOPE BODY[])", &row, &out, jobs) == 2);
	fetch_filter(&item, header, &whole);
	CHECK(whole.len > 9000 * 20 && memcmp(whole.data, " ENVELOPE (NIL "
	    "\"one\" ((NIL NIL \"first\" \"x\"))", 44) == 0);
	CHECK(memmem(whole.data, whole.len, "\"t8999\"", 7) != NULL);
	buf_free(&m);
	buf_free(&d);
	buf_free(&out);
	buf_free(&whole);
}

static void
test_hostile_digest(struct view *v)
{
	static const char	 mail[] = "Subject: x\r\nFrom: a@b\r\n\r\ny";
	struct arena		*a = arena_new(0);
	struct mbox_meta_row	 row = { .uid = 7 };
	struct fetch_plan	 plan;
	struct fetch_job	 jobs[4];
	struct parse		 p;
	struct buf		 d = BUF_INIT, out = BUF_INIT;
	const char		*items = "(ENVELOPE BODYSTRUCTURE BODY[1] "
	    "BODY[HEADER])";
	size_t			 i, k, ok = 0;

	CHECK(mail_digest(mail, sizeof(mail) - 1, &d) == 0);
	parse_init(&p, items, strlen(items), a);
	CHECK(fetch_parse(&p, false, true, &plan) == 0 && !plan.seen);
	for (i = 0; i < d.len; i++)
		for (k = 0; k < 256; k += 3) {
			uint8_t	 keep = d.data[i];
			struct arena *ra = arena_new(0);
			struct fetch_row r = { .view = v, .plan = &plan,
			    .meta = &row, .arena = ra, .jobs = jobs };

			d.data[i] ^= (uint8_t)(k + 1);
			row.digest = (struct str){ (char *)d.data, d.len };
			buf_reset(&out);
			ok += fetch_render(&r, 7, &out) == 0;
			(void)search(v, "OR FROM x HEADER Subject z", &row,
			    NULL);
			d.data[i] = keep;
			arena_free(ra);
		}
	CHECK(ok > 0 && ok < d.len * 86);
	row.digest = (struct str){ NULL, 0 };
	CHECK(search(v, "SUBJECT x", &row, NULL) == SEARCH_NO);
	buf_free(&d);
	buf_free(&out);
	arena_free(a);
}

static void
test_heads(void)
{
	struct buf		 b = BUF_INIT;
	struct body_head	 h;
	size_t			 n;

	(void)buf_put_varint(&b, 4000000000u);
	(void)buf_put_u8(&b, MBOX_BODY_OK);
	(void)buf_put_varint(&b, 1000000);
	for (n = 0; n < b.len; n++)
		CHECK(body_head(&h, b.data, n) == 0);
	CHECK(body_head(&h, b.data, b.len) == (int)b.len &&
	    h.uid == 4000000000u && h.state == 0 && h.len == 1000000);
	CHECK(body_head(&h, (const uint8_t *)"\0\0\1", 3) == -1);
	CHECK(body_head(&h, (const uint8_t *)"\1\4\0", 3) == -1);
	CHECK(body_head(&h, (const uint8_t *)"\1\1\1", 3) == -1);
	CHECK(body_head(&h, (const uint8_t *)"\1\1\0", 3) == 3);
	buf_reset(&b);
	for (n = 0; n < 40; n++)
		(void)buf_put_u8(&b, 0xff);
	CHECK(body_head(&h, b.data, b.len) == -1);
	buf_free(&b);
}

static void
test_cut(void)
{
	struct uidset	 from = UIDSET_INIT, to = UIDSET_INIT;
	uint64_t	 n, all;

	for (n = 0; n < 12; n++) {
		uidset_clear(&from);
		uidset_clear(&to);
		CHECK(uidset_add(&from, 1, 3) == 0 &&
		    uidset_add(&from, 7, 7) == 0 &&
		    uidset_add(&from, 9, 12) == 0);
		CHECK(set_cut(&from, n, &to) == 0);
		all = uidset_count(&from) + uidset_count(&to);
		CHECK(all == 8 && uidset_count(&to) == (n < 8 ? n : 8));
		CHECK(from.n == 0 || to.n == 0 ||
		    uidset_last(&to) < from.v[0].first);
	}
	uidset_free(&from);
	uidset_free(&to);
}

int
main(void)
{
	struct view	*v = view();
	size_t		 i;

	test_cut_header(v);
	test_header_alone(v);
	test_cut_envelope(v);
	test_hostile_digest(v);
	test_heads();
	test_cut();
	view_free(v);
	for (i = 0; i < nitems(sets); i++)
		uidset_free(&sets[i]);
	return TEST_END();
}
