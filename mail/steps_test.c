/*
 * Whatever a stranger sends, reading it takes steps in proportion to its
 * length.  Time is not measured: this room is compiled with a call in each
 * basic block (mk/rules.sh), and the C library's calls that walk over
 * octets are counted by what they walk over.  Each function here reads
 * inputs made of all pairs of tokens that mean something to a parser, then
 * the same four times as long, and may take not many more times the steps.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/arena.h"
#include "common/compat.h"
#include "common/digest.h"
#include "common/test.h"
#include "mail/address.h"
#include "mail/charset.h"
#include "mail/date.h"
#include "mail/decode.h"
#include "mail/digest_fields.h"
#include "mail/encword.h"
#include "mail/header.h"
#include "mail/imap_text.h"
#include "mail/msgid.h"
#include "mail/param.h"
#include "mail/parser.h"
#include "mail/preview.h"
#include "mail/search.h"
#include "mail/structure.h"
#include "mail/subject.h"

#define SHORT	160		/* octets of the shorter input */
#define FACTOR	4		/* the longer one */
#define GROWTH	7.0		/* of the steps, at most; squares: 16 */
/* What an octet may cost at most: a bounded look ahead for each is no
 * growth, but adds up as well. */
#define STEPS_OCTET	300

static uint64_t	 steps;

void	 __sanitizer_cov_trace_pc(void);
void
__sanitizer_cov_trace_pc(void)
{
	steps++;
}

/* How far a search walked: to what it found, or to the end. */
#define WALKED(found, from, len) \
	((found) == NULL ? (len) : (size_t)((const char *)(found) - \
	(const char *)(from)))

void	*__real_memchr(const void *, int, size_t);
void	*__wrap_memchr(const void *, int, size_t);
void *
__wrap_memchr(const void *p, int c, size_t len)
{
	void	*r = __real_memchr(p, c, len);

	steps += WALKED(r, p, len) / 8 + 1;
	return r;
}

void	*__real_memmem(const void *, size_t, const void *, size_t);
void	*__wrap_memmem(const void *, size_t, const void *, size_t);
void *
__wrap_memmem(const void *p, size_t len, const void *q, size_t n)
{
	void	*r = __real_memmem(p, len, q, n);

	steps += WALKED(r, p, len) / 8 + 1;
	return r;
}

void	*__real_memcpy(void *, const void *, size_t);
void	*__wrap_memcpy(void *, const void *, size_t);
void *
__wrap_memcpy(void *to, const void *p, size_t len)
{
	steps += len / 8 + 1;
	return __real_memcpy(to, p, len);
}

void	*__real_memmove(void *, const void *, size_t);
void	*__wrap_memmove(void *, const void *, size_t);
void *
__wrap_memmove(void *to, const void *p, size_t len)
{
	steps += len / 8 + 1;
	return __real_memmove(to, p, len);
}

void	*__real_memset(void *, int, size_t);
void	*__wrap_memset(void *, int, size_t);
void *
__wrap_memset(void *to, int c, size_t len)
{
	steps += len / 8 + 1;
	return __real_memset(to, c, len);
}

int	 __real_memcmp(const void *, const void *, size_t);
int	 __wrap_memcmp(const void *, const void *, size_t);
int
__wrap_memcmp(const void *p, const void *q, size_t len)
{
	steps += len / 8 + 1;
	return __real_memcmp(p, q, len);
}

size_t	 __real_strlen(const char *);
size_t	 __wrap_strlen(const char *);
size_t
__wrap_strlen(const char *p)
{
	size_t	 n = __real_strlen(p);

	steps += n / 8 + 1;
	return n;
}

char	*__real_strchr(const char *, int);
char	*__wrap_strchr(const char *, int);
char *
__wrap_strchr(const char *p, int c)
{
	char	*r = __real_strchr(p, c);

	steps += WALKED(r, p, __real_strlen(p)) / 8 + 1;
	return r;
}

char	*__real_strstr(const char *, const char *);
char	*__wrap_strstr(const char *, const char *);
char *
__wrap_strstr(const char *p, const char *q)
{
	char	*r = __real_strstr(p, q);

	steps += WALKED(r, p, __real_strlen(p)) / 8 + 1;
	return r;
}

int	 __real_strncasecmp(const char *, const char *, size_t);
int	 __wrap_strncasecmp(const char *, const char *, size_t);
int
__wrap_strncasecmp(const char *p, const char *q, size_t len)
{
	steps += len / 8 + 1;
	return __real_strncasecmp(p, q, len);
}

/* ---- the readers -------------------------------------------------------- */

static struct buf	 out;

static void
run_subject(struct str s)
{
	base_subject(s, &out, NULL);
}

static void
run_address(struct str s)
{
	(void)address_parse(s, &out, 1000000, NULL);
}

static void
run_address_cut(struct str s)
{
	(void)address_parse(s, &out, 300, NULL);
}

static void
run_params(struct str s)
{
	struct lex	 l;
	struct buf	 b = BUF_INIT;

	lex_init(&l, s);
	(void)params_parse(&l, &out);
	(void)buf_puts(&b, "; name=");
	(void)buf_put(&b, s.p, s.len);
	lex_init(&l, (struct str){ (char *)b.data, b.len });
	(void)params_parse(&l, &out);
	buf_free(&b);
}

static void
run_type(struct str s)
{
	struct lex	 l;
	struct str	 type, subtype;

	lex_init(&l, s);
	(void)type_parse(&l, &type, &subtype);
	(void)languages_parse(s, &out);
}

static void
run_words(struct str s)
{
	encword_decode(s, &out);
}

static void
run_msgid(struct str s)
{
	(void)msgid_only(s, &out);
	buf_reset(&out);
	(void)msgid_references(s, s, 100, &out);
}

static void
run_date(struct str s)
{
	int64_t	 when;
	int	 zone;

	(void)mail_date_parse(s, &when, &zone);
}

static void
run_preview(struct str s)
{
	preview_make((const uint8_t *)s.p, s.len, STR("utf-8"), true, &out);
	buf_reset(&out);
	preview_make((const uint8_t *)s.p, s.len, STR(""), false, &out);
}

/* The names believed, and not. */
static void
run_charsets(struct str s)
{
	struct convert	 c;
	static const char *const names[] = { "us-ascii", "iso-8859-1",
		"utf-7", "iso-2022-jp", "iso-2022-kr", "gb18030" };
	size_t	 i;

	for (i = 0; i < nitems(names); i++) {
		buf_reset(&out);
		(void)charset_to_utf8(charset_find(str_from(names[i])), s,
		    &out);
		buf_reset(&out);
		convert_open(&c, charset_find(str_from(names[i])));
		convert_feed(&c, (const uint8_t *)s.p, s.len, &out);
		convert_end(&c, &out);
		convert_close(&c);
	}
}

static void
run_header(struct str s)
{
	const struct str	 names[] = { STR("a"), STR("b") };
	struct header_field	 f;

	header_filter(s, names, 2, false, &out);
	header_filter(s, names, 2, true, &out);
	while (header_next(&s, &f))
		header_unfold(f.value, &out);
}

static void
run_search(struct str s)
{
	struct search_scratch	 scratch = { { 0 }, { 0 } };
	struct arena		*a = arena_new(0);
	struct needle		 n;

	if (needle_make(&n, STR("aaaaaaaaab"), a) == 0) {
		(void)search_value(&scratch, &n, s);
		(void)search_header(&scratch, &n, s, STR("a"));
	}
	search_scratch_free(&scratch);
	arena_free(a);
}

static void
run_text(struct str s)
{
	(void)imap_string(&out, s);
}

/* A message whose fields each have this value. */
static void
run_fields(struct str s)
{
	static const char *const names[] = { "From", "To", "Subject",
		"References", "Message-ID", "Content-Type",
		"Content-Disposition", "Content-Language" };
	struct buf	 b = BUF_INIT;
	size_t		 i;

	for (i = 0; i < nitems(names); i++) {
		(void)buf_puts(&b, names[i]);
		(void)buf_puts(&b, ": ");
		(void)buf_put(&b, s.p, s.len);
		(void)buf_puts(&b, "\r\n");
	}
	(void)buf_puts(&b, "\r\n");
	(void)mail_digest(b.data, b.len, &out);
	buf_free(&b);
}

static void
run_message(struct str s)
{
	(void)mail_digest(s.p, s.len, &out);
}

/* As the body of a multipart, and searched. */
static void
run_multipart(struct str s)
{
	struct buf	 b = BUF_INIT;

	(void)buf_puts(&b, "Content-Type: multipart/mixed; boundary=a\r\n"
	    "\r\n--a\r\nContent-Type: text/html\r\n\r\n");
	(void)buf_put(&b, s.p, s.len);
	(void)mail_digest(b.data, b.len, &out);
	buf_free(&b);
}

/* As a message whose body is searched. */
static void
run_body(struct str s)
{
	struct arena		*a = arena_new(0);
	struct mail_tree	 t;
	struct body_key		 key = { .header = true };
	struct body_search	*b;
	struct needle		 n;
	struct str		 v;

	if (mail_digest(s.p, s.len, &out) == 0 && digest_find(out.data,
	    out.len, DIGEST_STRUCTURE, &v) && structure_decode(v, a,
	    &t) == 0 && needle_make(&n, STR("aaaaaaaaab"), a) == 0) {
		key.needle = &n;
		if ((b = body_search_new(&t, &key, 1)) != NULL) {
			(void)body_search_feed(b, s.p, s.len);
			body_search_end(b);
			body_search_free(b);
		}
		buf_reset(&out);
		(void)structure_render(&t, true, &out);
	}
	arena_free(a);
}

static void
run_decoders(struct str s)
{
	struct decoder	 d;
	uint8_t		*to = malloc(s.len + DECODE_HELD + 4);

	if (to == NULL)
		return;
	decoder_init(&d, MAIL_ENC_QP);
	(void)decoder_feed(&d, (const uint8_t *)s.p, s.len, to);
	decoder_init(&d, MAIL_ENC_BASE64);
	(void)decoder_feed(&d, (const uint8_t *)s.p, s.len, to);
	free(to);
}

static const struct reader {
	const char	*name;
	void		(*run)(struct str s);
	unsigned int	 times;		/* that it reads its input */
} readers[] = {
	{ "subject", run_subject, 1 }, { "address", run_address, 1 },
	{ "address, cut", run_address_cut, 1 }, { "params", run_params, 2 },
	{ "type", run_type, 1 }, { "encoded words", run_words, 1 },
	{ "message ids", run_msgid, 3 }, { "date", run_date, 1 },
	{ "preview", run_preview, 2 }, { "charsets", run_charsets, 12 },
	{ "header", run_header, 3 }, { "search", run_search, 2 },
	{ "text", run_text, 1 }, { "fields", run_fields, 8 },
	{ "message", run_message, 1 }, { "multipart", run_multipart, 1 },
	{ "body", run_body, 2 }, { "decoders", run_decoders, 2 },
};

/* ---- the inputs --------------------------------------------------------- */

static const char *const tokens[] = {
	"a", " ", "\t", "\r\n", "\r\n ", "[]", "[", "]", "(", ")", "()", "\"",
	"\\\"", "<", ">", "<a", "@", ",", ";", ":", ".", "=", "?", "*", "'",
	"&", "-", "--a\r\n", "--a--\r\n", "a@b", "<a@b>", "a:", "a=", "a*0=",
	";a*1=", ";b=\"", "re:", "[fwd:", "(fwd)", "=?", "?=", "=?utf-8?q?",
	"=?a?b?", "=?utf-8?q?=C3=A4?= ", "<!--", "-->", "<style>",
	"</style>", "&#1", "\303\244", "\344", "\377", "\033$B", "\033(B",
	"\016", "+A", "1", "Jan ", "Content-Type: message/rfc822\r\n\r\n",
	"Content-Type: multipart/mixed; boundary=a\r\n\r\n--a\r\n",
	"To: a@b\r\n",
};

/* n octets: first a, then b; or in turns. */
static void
make(struct buf *b, const char *x, const char *y, bool turns, size_t n)
{
	const char	*t = x;

	buf_reset(b);
	while (b->len < n) {
		(void)buf_puts(b, t);
		if (turns)
			t = t == x ? y : x;
		else if (b->len >= n / 2)
			t = y;
	}
}

static uint64_t
count(const struct reader *r, const struct buf *in)
{
	buf_reset(&out);
	steps = 0;
	r->run((struct str){ (const char *)in->data, in->len });
	return steps;
}

static void
compare(const struct reader *r, const char *x, const char *y, bool turns)
{
	struct buf	 in = BUF_INIT;
	uint64_t	 few, many;

	if (test_failed > 20)
		return;			/* enough is told */
	make(&in, x, y, turns, SHORT);
	few = count(r, &in);
	make(&in, x, y, turns, FACTOR * SHORT);
	many = count(r, &in);
	/* What does not depend on the length is not growth. */
	CHECK_ROW((double)many < GROWTH * (double)(few + SHORT),
	    "%s of '%s' '%s'%s: %llu steps, then %llu", r->name, x, y,
	    turns ? " in turns" : "", (unsigned long long)few,
	    (unsigned long long)many);
	CHECK_ROW(many < (uint64_t)STEPS_OCTET * r->times * FACTOR * SHORT,
	    "%s of '%s' '%s'%s: %llu steps an octet", r->name, x, y,
	    turns ? " in turns" : "",
	    (unsigned long long)(many / (FACTOR * SHORT)));
	buf_free(&in);
}

static void
test_growth(void)
{
	size_t	 i, j, k;

	for (k = 0; k < nitems(readers); k++)
		for (i = 0; i < nitems(tokens); i++)
			for (j = 0; j < nitems(tokens); j++) {
				compare(&readers[k], tokens[i], tokens[j],
				    true);
				if (i != j)
					compare(&readers[k], tokens[i],
					    tokens[j], false);
			}
}

/* Levels of multiparts, each with its boundary, then lines that could be
 * one. */
static uint64_t
nested(size_t levels, const char *line)
{
	struct buf	 in = BUF_INIT;
	uint64_t	 n;
	size_t		 i;

	for (i = 0; i < levels; i++)
		(void)buf_printf(&in, "Content-Type: multipart/mixed; "
		    "boundary=\"%0100zu\"\r\n\r\n--%0100zu\r\n", i, i);
	(void)buf_puts(&in, "\r\n");
	buf_reset(&out);
	steps = 0;
	(void)mail_digest(in.data, in.len, &out);
	n = steps;
	for (i = 0; i < 2000; i++)
		(void)buf_puts(&in, line);
	buf_reset(&out);
	steps = 0;
	(void)mail_digest(in.data, in.len, &out);
	buf_free(&in);
	return steps - n;
}

/* A line costs the same whatever is open. */
static void
test_nested_boundaries(void)
{
	static const char	*const lines[] = { "--\r\n", "--x\r\n", "--"
	    "00000000000000000000000000000000000000000000000000"
	    "0000000000000000000000000000000000000000000000000x--\r\n" };
	uint64_t		 few, many;
	size_t			 i;

	for (i = 0; i < nitems(lines); i++) {
		few = nested(1, lines[i]);
		many = nested(99, lines[i]);
		CHECK_ROW(many < 2 * few, "%llu steps, then %llu",
		    (unsigned long long)few, (unsigned long long)many);
	}
}

int
main(void)
{
	charset_prepare();
	test_nested_boundaries();
	test_growth();
	buf_free(&out);
	return TEST_END();
}
