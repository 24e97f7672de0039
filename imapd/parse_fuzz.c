/*
 * Any octets as commands, without a client around them: cut into commands
 * whole and in pieces to the same texts, and each text behind its tag tried
 * as the arguments of every kind.  What a production refuses it must not
 * consume; what it takes must print, encode or match as it was read.
 */
#include "common/compat.h"

#include <string.h>

#include "common/arena.h"
#include "common/fuzz.h"
#include "imapd/base64.h"
#include "imapd/command.h"
#include "imapd/fetch.h"
#include "imapd/list.h"
#include "imapd/parse.h"
#include "imapd/scan.h"
#include "imapd/search.h"
#include "imapd/utf7.h"
#include "imapd/view.h"
#include "mail/parser.h"

#define ROWS	3	/* of META, that FETCH and SEARCH are tried on */

static struct view		*view;
static struct mbox_meta_row	 rows[ROWS];
static struct buf		 digests[ROWS];
static struct uidset		 sets[SEARCH_KEYS_MAX];
static size_t			 nsets;

static struct uidset *
new_set(void *arg)
{
	(void)arg;
	FUZZ_CHECK(nsets < nitems(sets));
	return &sets[nsets++];
}

/* Every command's text, with its length before it. */
static void
scan_all(const uint8_t *p, size_t len, size_t step, struct buf *out)
{
	struct scan	 s;
	struct buf	 text = BUF_INIT;
	enum scan_event	 ev;
	size_t		 off = 0, end, used;

	scan_init(&s);
	while (off < len) {
		end = step == 0 || len - off < step ? len : off + step;
		ev = scan_feed(&s, &text, p + off, end - off, &used);
		FUZZ_CHECK(used <= end - off && (used > 0 || ev != SCAN_MORE));
		FUZZ_CHECK(text.len <= SCAN_LINE_MAX + 2 && !text.failed);
		off += used;
		if (ev == SCAN_LITERAL && !scan_literal(&s, &text))
			scan_drop(&s);
		if (ev == SCAN_COMMAND) {
			(void)buf_put_u8(out, s.drop);
			(void)buf_put_bytes(out, text.data, text.len);
			buf_reset(&text);
			scan_init(&s);
		}
	}
	buf_free(&text);
}

/* A production on its own: nothing consumed when it says no. */
#define TRY(ret, parser, call) do {					\
	const char	*from = (parser)->p;				\
									\
	(ret) = (call);							\
	FUZZ_CHECK((parser)->p >= from && (parser)->p <= (parser)->end); \
	FUZZ_CHECK((ret) == 0 || (parser)->p == from);			\
} while (0)

static void
try_names(struct parse p)
{
	struct buf	 u7 = BUF_INIT, u8 = BUF_INIT;
	struct parse	 q = p;
	struct str	 name = STR("INBOX/a"), pattern;
	int		 ret;

	TRY(ret, &q, parse_mailbox(&q, &name));
	FUZZ_CHECK(ret == -1 || (name.p == NULL) == (q.noname != NULL));
	if (ret == 0 && name.p == NULL)
		name = STR("INBOX/a");
	else if (ret == 0) {
		FUZZ_CHECK(name.len <= MBOX_NAME_MAX && utf8_is_text(name));
		FUZZ_CHECK(utf8_to_utf7(name, &u7) == 0);
		FUZZ_CHECK(utf7_to_utf8((struct str){ (char *)u7.data,
		    u7.len }, &u8) == 0);
		FUZZ_CHECK(u8.len == name.len && (name.len == 0 ||
		    memcmp(u8.data, name.p, name.len) == 0));
		FUZZ_CHECK(list_pattern(STR("*"), name));
		(void)list_pattern(name, name);
	}
	q = p;
	TRY(ret, &q, parse_mailbox(&q, &pattern));
	if (ret == 0 && pattern.p != NULL) {
		(void)list_pattern(pattern, STR("INBOX/a/bc/abc"));
		(void)list_pattern(pattern, name);
	}
	buf_free(&u7);
	buf_free(&u8);
}

/* utf-7 and base64 have one form each for what they stand for. */
static void
try_codings(struct str s)
{
	struct buf	 plain = BUF_INIT, again = BUF_INIT;

	if (utf7_to_utf8(s, &plain) == 0) {
		FUZZ_CHECK(utf8_to_utf7((struct str){ plain.len == 0 ? "" :
		    (char *)plain.data, plain.len }, &again) == 0);
		FUZZ_CHECK(again.len == s.len && (s.len == 0 ||
		    memcmp(again.data, s.p, s.len) == 0));
	}
	buf_reset(&plain);
	buf_reset(&again);
	if (base64_decode(s, &plain) == 0) {
		FUZZ_CHECK(base64_encode((struct str){ plain.len == 0 ? "" :
		    (char *)plain.data, plain.len }, &again) == 0);
		FUZZ_CHECK(again.len == s.len && (s.len == 0 ||
		    memcmp(again.data, s.p, s.len) == 0));
	}
	buf_free(&plain);
	buf_free(&again);
}

static void
try_scalars(struct parse p)
{
	struct flag_list flags = { 0 };
	struct parse	 q;
	struct str	 s;
	char		 text[32], quoted[40];
	int64_t		 when, then;
	uint64_t	 n64;
	uint32_t	 n;
	bool		 nil;
	int		 zone, again, ret;

	q = p;
	TRY(ret, &q, parse_nstring(&q, &s, &nil));
	if (ret == 0 && !nil)
		try_codings(s);
	q = p;
	TRY(ret, &q, parse_astring(&q, &s));
	q = p;
	TRY(ret, &q, parse_number64(&q, &n64));
	FUZZ_CHECK(ret == -1 || n64 <= INT64_MAX);
	q = p;
	TRY(ret, &q, parse_nz_number(&q, &n));
	FUZZ_CHECK(ret == -1 || n > 0);
	q = p;
	TRY(ret, &q, parse_date(&q, &when));
	q = p;
	TRY(ret, &q, parse_date_time(&q, &when, &zone));
	if (ret == 0) {
		date_print(text, sizeof(text), when, zone);
		snprintf(quoted, sizeof(quoted), "\"%s\"", text);
		parse_init(&q, quoted, strlen(quoted), p.arena);
		FUZZ_CHECK(parse_date_time(&q, &then, &again) == 0);
		FUZZ_CHECK(then == when && again == zone);
	}
	q = p;
	(void)parse_store_flags(&q, &flags);
	FUZZ_CHECK((flags.flags & ~MBOX_FLAGS_ALL) == 0);
}

static void
try_set(struct parse *p)
{
	struct uidset	 set = UIDSET_INIT, rest = UIDSET_INIT;
	struct seqset	 seq;
	enum view_error	 why;
	int		 ret, uid;

	TRY(ret, p, parse_seqset(p, &seq));
	for (uid = 0; ret == 0 && uid < 2; uid++) {
		if (view_resolve(view, &seq, uid, &set, &why) == -1) {
			FUZZ_CHECK(!uid && why == VIEW_BEYOND);
			continue;
		}
		FUZZ_CHECK(uidset_copy(&rest, &set) == 0 &&
		    uidset_subtract(&rest, &view->told) == 0 && rest.n == 0);
		FUZZ_CHECK(view_cover(view, &set) == 0);
	}
	uidset_free(&set);
	uidset_free(&rest);
}

static void
try_fetch(struct parse p)
{
	struct fetch_plan	 plan;
	struct fetch_row	 r = { .view = view, .plan = &plan };
	struct buf		 out = BUF_INIT;
	size_t			 i, k;

	if (fetch_parse(&p, p.arena != NULL && p.end > p.p, false,
	    &plan) == -1)
		return;
	r.jobs = arena_array(p.arena, plan.nbodies + 1, sizeof(*r.jobs));
	FUZZ_CHECK(r.jobs != NULL);
	for (i = 0; i < ROWS; i++) {
		r.meta = &rows[i];
		r.arena = arena_new(0);
		r.has_tree = false;
		r.njobs = 0;
		FUZZ_CHECK(fetch_render(&r, 7, &out) == 0);
		FUZZ_CHECK(r.njobs <= plan.nbodies);
		for (k = 0; k < r.njobs; k++)
			fetch_partial(r.jobs[k].item, &r.jobs[k].off,
			    &r.jobs[k].len);
		arena_free(r.arena);
	}
	buf_free(&out);
}

static void
try_search(struct parse p)
{
	static const bool	 found[SEARCH_KEYS_MAX];
	const struct str	 header = STR("Subject: x\r\n\r\n");
	struct search_program	 prog;
	struct search_eval	 e = { .prog = &prog, .view = view };
	struct uidset		 set = UIDSET_INIT;
	enum search_error	 why;
	size_t			 i;
	bool			 all;

	nsets = 0;
	if (search_parse(&p, view, new_set, NULL, &prog, &why) == 0) {
		FUZZ_CHECK(parse_end(&p));
		FUZZ_CHECK(prog.nkeys <= SEARCH_KEYS_MAX);
		for (i = 0; i < ROWS; i++) {
			(void)search_eval(&e, &rows[i], NULL, NULL);
			FUZZ_CHECK(search_eval(&e, &rows[i], found,
			    &header) != SEARCH_OPEN);
		}
		FUZZ_CHECK(!e.damaged);
		FUZZ_CHECK(uidset_copy(&set, &view->told) == 0 &&
		    search_narrow(&prog, view, &set, &all) == 0);
		uidset_free(&set);
	}
	search_scratch_free(&e.scratch);
	buf_free(&e.from_header);
	for (i = 0; i < nsets; i++)
		uidset_free(&sets[i]);
}

/* The text of a command: every kind of argument at each of its words. */
static void
try_text(const char *text, size_t len)
{
	struct arena	*a = arena_new(COMMAND_ARENA_MAX);
	struct parse	 p;
	unsigned int	 word;

	parse_init(&p, text, len, a);
	for (word = 0; word < 6; word++) {
		while (!parse_end(&p) && parse_sp(&p) == -1)
			p.p++;
		if (parse_end(&p))
			break;
		try_names(p);
		try_scalars(p);
		try_fetch(p);
		try_search(p);
		try_set(&p);
	}
	arena_free(a);
}

static void
fuzz_parse(const uint8_t *in, size_t len)
{
	struct buf	 whole = BUF_INIT, pieces = BUF_INIT;
	struct cursor	 c;
	struct str	 text;
	unsigned int	 commands = 0;

	scan_all(in, len, 0, &whole);
	scan_all(in, len, 1 + len % 7, &pieces);
	FUZZ_CHECK(whole.len == pieces.len && (whole.len == 0 ||
	    memcmp(whole.data, pieces.data, whole.len) == 0));
	cursor_init(&c, whole.data, whole.len);
	while (cursor_left(&c) > 0 && commands++ < 8) {
		(void)cursor_u8(&c);
		text = cursor_str(&c);
		try_text(text.len == 0 ? "" : text.p, text.len);
	}
	buf_free(&whole);
	buf_free(&pieces);
}

/* A mailbox of nine messages, and three of their rows. */
static void
set_up(void)
{
	static const char *const mails[ROWS] = {
		"Subject: x\r\n\r\nhello\r\n",
		"Date: Wed, 17 Jul 1996 02:23:25 -0700\r\n"
		"From: Ann <a@b>\r\nTo: b@c, d@e\r\nMessage-ID: <1@b>\r\n"
		"Content-Type: multipart/mixed; boundary=x\r\n\r\n"
		"--x\r\n\r\none\r\n--x\r\nContent-Type: message/rfc822\r\n\r\n"
		"Subject: y\r\n\r\ntwo\r\n--x--\r\n",
		"Content-Type: text/html; charset=koi8-r\r\n"
		"Content-Transfer-Encoding: base64\r\n"
		"Subject: =?utf-8?q?=C3=A4?=\r\n\r\naGVs\r\n"
	};
	static const uint32_t	 keywords[] = { 1 };
	struct mbox_selected	 sel = { .box = 1, .uidnext = 40 };
	size_t			 i;

	FUZZ_CHECK(uidset_add(&sel.uids, 1, 3) == 0 &&
	    uidset_add(&sel.uids, 10, 12) == 0 &&
	    uidset_add(&sel.uids, 30, 32) == 0);
	view = view_new(&sel, STR("INBOX"), false);
	uidset_free(&sel.uids);
	FUZZ_CHECK(view != NULL && view_keyword_set(view, 1, STR("kw")) == 0);
	for (i = 0; i < ROWS; i++) {
		FUZZ_CHECK(mail_digest(mails[i], strlen(mails[i]),
		    &digests[i]) == 0);
		rows[i] = (struct mbox_meta_row){ .uid = 10 + (uint32_t)i,
		    .flags = (uint8_t)(i * 5), .keywords = keywords,
		    .nkeywords = i & 1, .modseq = i, .date = 837570205,
		    .zone = -420, .size = (uint32_t)strlen(mails[i]) };
		rows[i].digest = (struct str){ (char *)digests[i].data,
		    digests[i].len };
	}
}

int
main(int argc, char **argv)
{
	int	 status;
	size_t	 i;

	set_up();
	status = fuzz_main(argc, argv, fuzz_parse);
	for (i = 0; i < ROWS; i++)
		buf_free(&digests[i]);
	view_free(view);
	return status;
}
