/*
 * mail_parser_finish_prefixed(): byte for byte the digest of prefix and
 * message together, for edges, for the fuzz corpus, and for the files named
 * as arguments.
 */
#include <dirent.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "common/compat.h"
#include "common/test.h"
#include "mail/parser.h"

#define CORPUS	"regress/corpus/parser"

#define TRACE								\
	"Return-Path: <ann@example.org>\r\n"				\
	"Delivered-To: bob@example.org\r\n"				\
	"Received: from mx.example.org (mx.example.org [192.0.2.1])\r\n" \
	"\tby store.example.org with LMTP id 1234\r\n"			\
	"\tfor <bob@example.org>; Sun, 29 Nov 2026 08:00:00 +0000\r\n"

static const char *const prefixes[] = {
	"", "X: \n", "Return-Path: <>\r\n", TRACE,
	"Delivered-To : odd\r\nX-Empty:\r\n",
};

static void
compare(const char *what, const uint8_t *p, size_t len)
{
	struct mail_parser	*m = mail_parser_new();
	struct buf		 both = BUF_INIT, want = BUF_INIT;
	struct buf		 got = BUF_INIT;
	size_t			 i;

	CHECK(mail_parser_feed(m, p, len) == 0);
	/* the longest first, and one twice: nothing is left of the others */
	for (i = nitems(prefixes) + 1; i-- > 0;) {
		const char	*pre = prefixes[i % nitems(prefixes)];

		buf_reset(&both);
		buf_reset(&want);
		buf_reset(&got);
		(void)buf_puts(&both, pre);
		(void)buf_put(&both, p, len);
		CHECK(mail_digest(both.data, both.len, &want) == 0);
		CHECK(mail_parser_finish_prefixed(m, str_from(pre),
		    &got) == 0);
		CHECK_ROW(got.len == want.len && memcmp(got.data, want.data,
		    got.len) == 0, "%s, prefix %zu", what, i);
	}
	mail_parser_free(m);
	buf_free(&both);
	buf_free(&want);
	buf_free(&got);
}

static const char *const edges[] = {
	"", "\r\n", "\n", "\r", "x", "\r\nbody only\r\n",
	"no colon at all\r\nand no empty line",
	"Subject: no body\r\n", "Subject: no body and no line's end",
	"Subject: x\r\n\r\n", "Subject: x\n\nbare\n",
	"From ann Sun Nov 29 08:00:00 2026\r\nSubject: x\r\n\r\nbody\r\n",
	">From ann\r\nSubject: x\r\n\r\nbody\r\n",
	" continues what was before\r\nSubject: x\r\n\r\nbody\r\n",
	"\t\r\nSubject: x\r\n\r\nbody\r\n", " \r\n\r\nbody\r\n",
	": no name\r\nSubject: x\r\n\r\nbody\r\n",
	"--b\r\nSubject: a boundary first\r\n\r\n--b--\r\n",
	"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\none\r\n"
	    "--b\r\nContent-Type: message/rfc822\r\n\r\nSubject: in\r\n\r\n"
	    "two\r\n--b\r\nContent-Transfer-Encoding: base64\r\n\r\nQUJD\r\n"
	    "--b--\r\nepilogue\r\n",
	"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b--",
	"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n--b\r\n--b",
	"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n"
	    "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\n--b",
	"Content-Type: multipart/mixed; boundary=b",
	"Content-Type: message/rfc822\r\n\r\n",
	"Content-Type: message/rfc822\r\n\r\nFrom ann\r\nSubject: in\r\n",
	"Content-Type: message/rfc822\r\n\r\n\r\nbody\r\n",
	"Content-Type: message/rfc822",
	"Content-Type: text/html\r\n\r\n<p>hello",
	"Subject: a\r\nSubject: b\r\nMessage-ID: <1@x>\r\nDate: Sun, 29 Nov "
	    "2026 08:00:00 +0100\r\nReferences: <2@x> <3@x>\r\n\r\nx",
};

/* A header with n fields of 76 octets, and one that is cut in ENVELOPE. */
static void
long_header(size_t n, size_t to)
{
	struct buf	 b = BUF_INIT;
	char		 what[64];
	size_t		 i;

	for (i = 0; i < n; i++)
		(void)buf_printf(&b, "X-Field-%05zu: %060d\r\n", i, 7);
	(void)buf_puts(&b, "To: a@example.org");
	for (i = 0; i < to; i++)
		(void)buf_printf(&b, ",\r\n a%zu@example.org", i);
	(void)buf_puts(&b, "\r\n\r\nbody\r\n");
	(void)snprintf(what, sizeof(what), "%zu fields, %zu addresses", n, to);
	compare(what, b.data, b.len);
	buf_free(&b);
}

static void
test_edges(void)
{
	/* header octets around 256 KiB, with and without the prefix */
	static const size_t	 fields[] = { 0, 3, 3400, 3409, 3410, 3411,
		3412, 3413, 3414, 3415, 3416, 3500 };
	size_t			 i;

	for (i = 0; i < nitems(edges); i++)
		compare(edges[i], (const uint8_t *)edges[i],
		    strlen(edges[i]));
	for (i = 0; i < nitems(fields); i++)
		long_header(fields[i], i % 2 == 0 ? 1 : 6000);
}

/* Parts by the thousand leave less room for the header. */
static void
test_many_parts(void)
{
	struct buf	 b = BUF_INIT;
	size_t		 i;

	(void)buf_puts(&b, "Content-Type: multipart/mixed; boundary=b\r\n");
	for (i = 0; i < 3400; i++)
		(void)buf_printf(&b, "X-Field-%05zu: %060d\r\n", i, 7);
	for (i = 0; i < 11000; i++)
		(void)buf_printf(&b, "\r\n--b\r\nContent-Type: x%zu/y%zu; "
		    "a=bcdefghijklmnopqrstuvwxyz\r\n\r\n", i, i);
	compare("many parts", b.data, b.len);
	buf_free(&b);
}

static void
compare_file(const char *path)
{
	struct buf	 b = BUF_INIT;
	uint8_t		 piece[4096];
	size_t		 n;
	FILE		*f = fopen(path, "r");

	CHECK_ROW(f != NULL, "%s", path);
	if (f == NULL)
		return;
	while ((n = fread(piece, 1, sizeof(piece), f)) > 0)
		(void)buf_put(&b, piece, n);
	(void)fclose(f);
	compare(path, b.data, b.len);
	buf_free(&b);
}

static void
test_corpus(void)
{
	struct dirent	*e;
	DIR		*d = opendir(CORPUS);
	char		 path[PATH_MAX];
	int		 n = 0;

	while (d != NULL && (e = readdir(d)) != NULL)
		if (e->d_name[0] != '.') {
			(void)snprintf(path, sizeof(path), CORPUS "/%s",
			    e->d_name);
			compare_file(path);
			n++;
		}
	if (d != NULL)
		(void)closedir(d);
	CHECK_ROW(n > 100, "%d files in " CORPUS, n);
}

/* What would change the digest in other ways is no prefix. */
static void
test_refused(void)
{
	static const char *const	 wrong[] = { "X", "X: y", "\r\n",
		"X: y\r\n\r\n", " X: y\r\n", "X: y\r\nno field\r\n",
		"Subject: x\r\n", "X: y\r\nMESSAGE-ID : <1@x>\r\n",
		"content-type: text/html\r\n", "References: <1@x>\r\n" };
	struct mail_parser		*m = mail_parser_new();
	struct buf			 d = BUF_INIT;
	size_t				 i;

	CHECK(mail_parser_feed(m, "Subject: x\r\nY", 13) == 0);
	CHECK(mail_parser_header(m).len == 12);
	for (i = 0; i < nitems(wrong); i++)
		CHECK_ROW(mail_parser_finish_prefixed(m, str_from(wrong[i]),
		    &d) == -1 && d.len == 0, "%s", wrong[i]);
	CHECK(mail_parser_finish(m, &d) == 0 && d.len > 0);
	CHECK(str_eq(mail_parser_header(m), STR("Subject: x\r\nY")));
	mail_parser_free(m);
	buf_free(&d);
}

int
main(int argc, char **argv)
{
	test_edges();
	test_many_parts();
	test_refused();
	test_corpus();
	while (argc > 1)
		compare_file(argv[--argc]);
	return TEST_END();
}
