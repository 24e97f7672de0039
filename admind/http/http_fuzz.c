/*
 * Any octets as a request: what is taken of it lies within it; and its query,
 * its cookies and its form, which are written into a page, where they must not
 * be markup.
 */
#include "common/compat.h"

#include "admind/http/head.h"
#include "admind/web/cookie.h"
#include "admind/web/csrf.h"
#include "admind/web/form.h"
#include "admind/web/html.h"
#include "admind/web/origin.h"
#include "admind/web/pages.h"
#include "common/fuzz.h"

static void
check(struct str s, const uint8_t *in, size_t n)
{
	FUZZ_CHECK(s.len == 0 || (s.p >= (const char *)in && s.p + s.len <=
	    (const char *)in + n && memchr(s.p, '\n', s.len) == NULL &&
	    memchr(s.p, '\0', s.len) == NULL));
}

/* Whatever it was, it is text: no tag begins or ends, no quote ends. */
static void
check_page(struct str s)
{
	struct buf	 b = BUF_INIT;
	size_t		 i, quotes = 0;

	html_text(&b, s);
	for (i = 0; i < b.len; i++)
		FUZZ_CHECK(strchr("<>\"'\r", b.data[i]) == NULL ||
		    b.data[i] == '\0');
	for (i = 0; i < b.len; i++)
		FUZZ_CHECK(b.data[i] != '\0');
	buf_reset(&b);
	html_hidden(&b, "n", s);
	for (i = 0; i < b.len; i++)
		quotes += b.data[i] == '"';
	FUZZ_CHECK(quotes == 6 && memchr(b.data + 1, '<', b.len - 1) == NULL &&
	    memchr(b.data, '>', b.len) == b.data + b.len - 1);
	buf_reset(&b);
	html_percent(&b, s);
	for (i = 0; i < b.len; i++)
		FUZZ_CHECK(b.data[i] > ' ' && b.data[i] <= '~' &&
		    strchr("<>\"'&?#", b.data[i]) == NULL);
	buf_free(&b);
}

static void
check_form(struct str raw)
{
	struct form	 f;
	struct str	 v;
	struct buf	 b = BUF_INIT;
	size_t		 i;

	form_init(&f);
	if (form_parse(&f, raw) == -1)
		FUZZ_CHECK(f.n == 0);
	for (i = 0; i < f.n; i++) {
		FUZZ_CHECK(f.fields[i].value.len <= raw.len &&
		    f.fields[i].name.len <= raw.len);
		check_page(f.fields[i].name);
		check_page(f.fields[i].value);
		pages_back(&b, f.fields[i].value);
		FUZZ_CHECK(str_eq((struct str){ (char *)b.data, b.len },
		    STR(PAGES_ROOT)));	/* there are no pages here */
		buf_reset(&b);
	}
	(void)form_get(&f, "name", &v);
	buf_free(&b);
	form_free(&f);
}

static void
check_web(const struct head *h, struct str body)
{
	struct str	 v;

	(void)origin_ok(h, true);
	FUZZ_CHECK(cookie_get(h->cookie, COOKIE_SESSION, true, &v) !=
	    COOKIE_FOUND || (csrf_is_hex(v) && v.p >= h->cookie.p && v.p +
	    v.len <= h->cookie.p + h->cookie.len));
	check_page(h->path);
	check_form(h->query);
	if (h->content <= body.len)
		check_form((struct str){ body.p, h->content });
}

static void
fuzz_http(const uint8_t *in, size_t len)
{
	struct head	 h;
	size_t		 from = 0, n, i;

	n = head_end(in, len, &from);
	FUZZ_CHECK(n <= len && from <= len);
	for (i = 0; i < len && n != 0; i++)	/* its first end */
		FUZZ_CHECK(i + 4 >= n || memcmp(in + i, "\r\n\r\n", 4) != 0);
	if (head_parse(in, n, &h) != 0)
		return;
	check(h.path, in, n);
	check(h.query, in, n);
	check(h.accept, in, n);
	check(h.authorization, in, n);
	check(h.host, in, n);
	check(h.cookie, in, n);
	check(h.origin, in, n);
	check(h.fetch_site, in, n);
	check(h.fetch_dest, in, n);
	check(h.type, in, n);
	FUZZ_CHECK(h.content == 0 || h.method == HEAD_POST);
	check_web(&h, (struct str){ (const char *)in + n, len - n });
	FUZZ_CHECK(h.method == HEAD_OTHER || h.path.p[0] == '/');
}

int
main(int argc, char **argv)
{
	return fuzz_main(argc, argv, fuzz_http);
}
