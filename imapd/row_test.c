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
    const struct str *block)
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
	r = search_eval(&e, row, NULL, block);
	search_scratch_free(&e.scratch);
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
	struct str		 block;
	size_t			 i;

	for (i = 0; i < nitems(sizes); i++) {
		buf_reset(&m);
		buf_reset(&d);
		big_mail(sizes[i].fill, &m);
		CHECK(mail_digest(m.data, m.len, &d) == 0);
		row.digest = (struct str){ (char *)d.data, d.len };
		block = (struct str){ (char *)m.data, m.len - 6 };
		CHECK(search(v, "HEADER X-Last here", &row, NULL) ==
		    (sizes[i].cut ? SEARCH_OPEN : SEARCH_YES));
		CHECK(search(v, "HEADER X-Last gone", &row, NULL) ==
		    (sizes[i].cut ? SEARCH_OPEN : SEARCH_NO));
		CHECK(search(v, "HEADER X-Last here", &row, &block) ==
		    SEARCH_YES);
		CHECK(search(v, "HEADER X-Last gone", &row, &block) ==
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
	test_hostile_digest(v);
	test_heads();
	test_cut();
	view_free(v);
	for (i = 0; i < nitems(sets); i++)
		uidset_free(&sets[i]);
	return TEST_END();
}
