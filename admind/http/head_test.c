/* Heads of requests: each way to be read in two ways is refused. */
#include "common/compat.h"

#include <stdlib.h>
#include <string.h>

#include "admind/http/head.h"
#include "common/test.h"

#define GET	"GET /x HTTP/1.1\r\n"
#define POST	"POST /x HTTP/1.1\r\n"
#define H	"Host: a\r\n"

static const struct {
	const char	*text;
	int		 status;
} rows[] = {
	{ GET H "\r\n", 0 },
	{ GET "host:\ta \r\n\r\n", 0 },
	{ "HEAD /x?y=z HTTP/1.0\r\n\r\n", 0 },
	{ "GET http://a:1/x HTTP/1.1\r\n" H "\r\n", 0 },
	{ "get /x HTTP/1.1\r\n" H "\r\n", 0 },	/* a method that we have not */
	{ "OPTIONS * HTTP/1.1\r\n" H "\r\n", 0 },
	{ GET H "Content-Length: 0\r\n\r\n", 0 },
	{ GET H "X: \xc3\xa4\r\n\r\n", 0 },
	{ GET "\r\n", 400 },
	{ GET H H "\r\n", 400 },
	{ "GET http://[::1]:80/x HTTP/1.1\r\n" H "\r\n", 0 },
	{ "GET http://a HTTP/1.1\r\n" H "\r\n", 400 },
	{ "GET http:///x HTTP/1.1\r\n" H "\r\n", 400 },
	{ "GET http://a?/x HTTP/1.1\r\n" H "\r\n", 400 },
	{ "GET http://a@b/x HTTP/1.1\r\n" H "\r\n", 400 },
	{ "GET http://a\\/x HTTP/1.1\r\n" H "\r\n", 400 },
	{ "GET * HTTP/1.1\r\n" H "\r\n", 400 },
	{ "GET x HTTP/1.1\r\n" H "\r\n", 400 },
	{ "GET\t/x HTTP/1.1\r\n" H "\r\n", 400 },
	{ "GET /x\r\n" H "\r\n", 400 },
	{ "GET /x HTTP/1.1 \r\n" H "\r\n", 400 },
	{ "GET /x HTTP/1.1\n" H "\r\n", 400 },
	{ "GET /x HTTP/1.2\r\n" H "\r\n", 505 },
	{ "GET /x http/1.1\r\n" H "\r\n", 400 },
	{ "GET /\x7f HTTP/1.1\r\n" H "\r\n", 400 },
	{ "GET /\xff HTTP/1.1\r\n" H "\r\n", 400 },
	{ "G\"T /x HTTP/1.1\r\n" H "\r\n", 400 },
	{ GET H "X\r\n\r\n", 400 },
	{ GET H ":\r\n\r\n", 400 },
	{ GET H "X :y\r\n\r\n", 400 },
	{ GET H " X:y\r\n\r\n", 400 },
	{ GET H "X:\ry\r\n\r\n", 400 },
	{ GET H "X:\ny\r\n\r\n", 400 },
	{ GET H "Content-Length:\r\n\r\n", 400 },
	{ GET H "Content-Length: 0x0\r\n\r\n", 400 },
	{ GET H "Content-Length: 00\r\n\r\n", 0 },
	{ GET H "Content-Length: 01\r\n\r\n", 413 },
	{ "HEAD /x HTTP/1.1\r\n" H "Content-Length: 1\r\n\r\n", 413 },
	{ "PUT /x HTTP/1.1\r\n" H "Content-Length: 1\r\n\r\n", 413 },
	{ POST H "Content-Length: 1\r\n\r\n", 0 },
	{ POST H "Content-Length: 999999999\r\n\r\n", 0 },
	{ POST H "Content-Length: 0000000001\r\n\r\n", 413 },
	{ POST H "Content-Length: 1\r\nTransfer-Encoding: x\r\n\r\n", 400 },
	{ POST H "Content-Length: 1\r\nContent-Length: 1\r\n\r\n", 400 },
	{ POST H "Cookie: a\r\ncookie: b\r\n\r\n", 400 },
	{ POST H "Origin: a\r\nOrigin: a\r\n\r\n", 400 },
	{ POST H "Content-Type: a\r\nContent-Type: a\r\n\r\n", 400 },
	{ POST H "Sec-Fetch-Site: a\r\nSec-Fetch-Site: a\r\n\r\n", 400 },
	{ GET H "Content-Length: 0\r\nContent-length: 0\r\n\r\n", 400 },
	{ GET H "Transfer-Encoding: identity\r\n\r\n", 501 },
	{ GET H "Transfer-Encoding: x\r\nContent-Length: 0\r\n\r\n", 400 },
	{ GET H "Expect: x\r\n\r\n", 417 },
	{ GET H "Authorization: a\r\nAuthorization: b\r\n\r\n", 400 },
};

static size_t
whole(const char *p, size_t len)
{
	size_t	 from = 0, n = 0, i;

	for (i = 0; i <= len && n == 0; i++)	/* an octet at a time */
		n = head_end(p, i, &from);
	return n;
}

static void
test_rows(void)
{
	struct head	 h;
	char		*copy;
	size_t		 i, n;

	for (i = 0; i < nitems(rows); i++) {
		n = strlen(rows[i].text);
		CHECK_ROW(whole(rows[i].text, n) == n, "%zu", i);
		/* Of its own size, for ASan. */
		copy = malloc(n);
		memcpy(copy, rows[i].text, n);
		CHECK_ROW(head_parse(copy, n, &h) == rows[i].status, "%zu: %d",
		    i, head_parse(copy, n, &h));
		free(copy);
	}
}

static void
test_values(void)
{
	static const char	 text[] = "GET /a?b?c HTTP/1.1\r\n" H
				    "Accept: x/y , z\r\n"
				    "Connection: keep-alive , Close\r\n"
				    "AUTHORIZATION:\t Bearer x \r\n\r\nmore";
	struct head		 h;
	size_t			 from = 0, n;

	n = head_end(text, sizeof(text) - 1, &from);
	CHECK(n == sizeof(text) - 1 - 4);
	CHECK(head_parse(text, n, &h) == 0);
	CHECK(h.method == HEAD_GET && h.last && !h.old);
	CHECK(str_eq(h.path, STR("/a")) && str_eq(h.query, STR("b?c")));
	CHECK(str_eq(h.accept, STR("x/y , z")));
	CHECK(str_eq(h.authorization, STR("Bearer x")));
	CHECK(head_parse("HEAD / HTTP/1.0\r\n\r\n", 19, &h) == 0);
	CHECK(h.method == HEAD_HEAD && h.last && h.old && h.query.len == 0);
	CHECK(head_parse("GET / HTTP/1.1\r\nHost: x:1 \r\n\r\n", 30, &h) ==
	    0 && str_eq(h.host, STR("x:1")));
	/* The target's counts: RFC 9112, section 3.2.2. */
	CHECK(head_parse("GET http://h:2/ HTTP/1.1\r\nHost: x\r\n\r\n", 37,
	    &h) == 0 && str_eq(h.host, STR("h:2")));
	CHECK(head_parse("GET http://h/p?q HTTP/1.1\r\nHost:\r\n\r\n", 36,
	    &h) == 0);
	CHECK(str_eq(h.path, STR("/p")) && str_eq(h.query, STR("q")));
	CHECK(!h.last);
}

static void
test_form(void)
{
	static const char	 text[] = POST H "Cookie:a=b; c \r\n"
				    "Origin: http://a\r\nSec-Fetch-Site: z\r\n"
				    "Sec-Fetch-Dest: image\r\n"
				    "Content-Type: t/u; v\r\n"
				    "Content-Length: 0012\r\n\r\n";
	struct head		 h;

	CHECK(head_parse(text, sizeof(text) - 1, &h) == 0);
	CHECK(h.method == HEAD_POST && h.length && h.content == 12);
	CHECK(str_eq(h.cookie, STR("a=b; c")) && str_eq(h.origin,
	    STR("http://a")) && str_eq(h.fetch_site, STR("z")) &&
	    str_eq(h.fetch_dest, STR("image")) &&
	    str_eq(h.type, STR("t/u; v")) && str_eq(h.host, STR("a")));
	CHECK(head_parse(GET H "\r\n", sizeof(GET H "\r\n") - 1, &h) == 0);
	CHECK(!h.length && h.content == 0 && h.cookie.len == 0);
}

/* Cut anywhere, it is no head; and nothing beyond is read. */
static void
test_prefixes(void)
{
	static const char	 text[] = GET H "Accept: x\r\n\r\n";
	struct head		 h;
	char			*copy;
	size_t			 n, from;

	for (n = 1; n < sizeof(text) - 1; n++) {
		copy = malloc(n);
		memcpy(copy, text, n);
		from = 0;
		CHECK_ROW(head_end(copy, n, &from) == 0 && from <= n, "%zu",
		    n);
		CHECK_ROW(head_parse(copy, n, &h) == 400, "%zu", n);
		free(copy);
	}
	CHECK(head_parse("", 0, &h) == 400);
}

static void
test_fields(void)
{
	char		 text[4096] = GET H;
	struct head	 h;
	int		 i;

	for (i = 1; i < HEAD_FIELDS; i++)
		strlcat(text, "X: y\r\n", sizeof(text));
	i = (int)strlen(text);
	strlcat(text, "\r\n", sizeof(text));
	CHECK(head_parse(text, strlen(text), &h) == 0);
	text[i] = '\0';
	strlcat(text, "X: y\r\n\r\n", sizeof(text));
	CHECK(head_parse(text, strlen(text), &h) == 400);
}

int
main(void)
{
	test_rows();
	test_values();
	test_form();
	test_prefixes();
	test_fields();
	return TEST_END();
}
