/* What becomes of a message that is somebody's own. */
#include "common/compat.h"

#include <stdio.h>
#include <sysexits.h>

#include "common/test.h"
#include "deliver/message.h"

#define FROM	"From: \"A \\\"B\\\"\" <ann@host>\r\n"
#define DATE	"Date: Sun, 29 Nov 2026 08:00:00 +0000\r\n"
#define ID	"Message-ID: <1795939200."

static char	got[4096], why[256];
static int	status;

static int
complete(const char *text, bool recipients, const char *name,
    struct buf *rcpts)
{
	struct message_fields	m = { "ann@host", name, "host", 1795939200,
				    recipients };
	FILE			*in = tmpfile(), *out = tmpfile();
	size_t			 n;
	int			 r;

	CHECK(in != NULL && out != NULL && fputs(text, in) >= 0);
	r = message_complete(in, out, &m, rcpts, &status, why, sizeof(why));
	rewind(out);
	n = fread(got, 1, sizeof(got) - 1, out);
	got[n] = '\0';
	fclose(in);
	fclose(out);
	return r;
}

/* The random part of our Message-ID is cut out of got. */
static void
cut_id(void)
{
	char	*s, *end;

	if ((s = strstr(got, ID)) != NULL &&
	    (end = strstr(s += strlen(ID), "@host>")) != NULL) {
		CHECK(end - s == 24);
		memmove(s, end, strlen(end) + 1);
	}
}

static void
test_fields(void)
{
	static const struct { const char *in, *out; } t[] = {
		{ "To: b\r\n\r\ntext\r\n",
		    "To: b\r\n" FROM DATE ID "@host>\r\n\r\ntext\r\n" },
		{ "from: x\r\ndate: y\r\n\r\ntext\r\n",
		    "from: x\r\ndate: y\r\n" ID "@host>\r\n\r\ntext\r\n" },
		{ "From: x\r\nDate: y\r\nMessage-Id: z\r\nBcc: b\r\n\r\n",
		    "From: x\r\nDate: y\r\nMessage-Id: z\r\nBcc: b\r\n\r\n" },
		/* No header, and one without an empty line. */
		{ "only text\r\nFrom: x\r\n", FROM DATE ID
		    "@host>\r\n\r\nonly text\r\nFrom: x\r\n" },
		{ "\r\ntext", FROM DATE ID "@host>\r\n\r\ntext" },
		{ "To: b", "To: b\r\n" FROM DATE ID "@host>\r\n" },
		{ "To: b\r\n c\r\ntext\r\n\r\nmore", "To: b\r\n c\r\n" FROM
		    DATE ID "@host>\r\n\r\ntext\r\n\r\nmore" },
	};
	struct buf	rcpts;
	size_t		i;

	CHECK(setenv("TZ", "UTC", 1) == 0);
	buf_init(&rcpts, 0);
	for (i = 0; i < nitems(t); i++) {
		CHECK_ROW(complete(t[i].in, false, "A \"B\"", &rcpts) == 0,
		    "row %zu: %s", i, why);
		cut_id();
		CHECK_ROW(strcmp(got, t[i].out) == 0, "row %zu: %s", i, got);
	}
	CHECK(rcpts.len == 0);
	CHECK(complete("\r\n", false, "\xc3\xa4", &rcpts) == 0);
	CHECK(strncmp(got, "From: <ann@host>\r\n", 18) == 0);
	buf_free(&rcpts);
}

static void
test_recipients(void)
{
	static const struct { const char *in, *rcpts; } t[] = {
		{ "To: Ann <ann@x>, bob@y (Bob)\r\nCc: c\r\n\r\n",
		    "ann@x bob@y c " },
		{ "Subject: To\r\nbcc: \"d e\"@z,\r\n \"f\\\"g\"@z\r\n\r\n",
		    "\"d e\"@z \"f\\\"g\"@z " },
		{ "To: team: a@x, b@x;\r\n\r\nTo: not@x\r\n", "a@x b@x " },
		{ "To: undisclosed-recipients:;\r\nTo: a@x\r\nTo: b@x\r\n\r\n",
		    "a@x b@x " },
		{ "To: J\xc3\xbcrgen <j\xc3\xbc@x>\r\n\r\n", "j\xc3\xbc@x " },
		{ "Reply-To: a@x\r\n\r\n", "" },
	};
	struct buf	rcpts;
	size_t		i, k;

	for (i = 0; i < nitems(t); i++) {
		buf_init(&rcpts, 0);
		CHECK_ROW(complete(t[i].in, true, NULL, &rcpts) == 0,
		    "row %zu: %s", i, why);
		for (k = 0; k < rcpts.len; k++)
			if (rcpts.data[k] == 0)
				rcpts.data[k] = ' ';
		CHECK_ROW(rcpts.len == strlen(t[i].rcpts) &&
		    (rcpts.len == 0 ||
		    memcmp(rcpts.data, t[i].rcpts, rcpts.len) == 0),
		    "row %zu: %.*s", i, (int)rcpts.len, (char *)rcpts.data);
		buf_free(&rcpts);
	}
	buf_init(&rcpts, 0);
	CHECK(complete("To: a\r\nBcc: b,\r\n c\r\nX: y\r\n\r\nBcc: z\r\n",
	    true, NULL, &rcpts) == 0);
	CHECK(strncmp(got, "To: a\r\nX: y\r\nFrom: ", 19) == 0);
	CHECK(strstr(got, "\r\n\r\nBcc: z\r\n") != NULL);
	buf_free(&rcpts);
}

static void
test_large_header(void)
{
	struct buf	text, rcpts;
	size_t		i;

	buf_init(&text, 0);
	buf_init(&rcpts, 0);
	for (i = 0; i < 30000; i++)
		buf_puts(&text, "To: aaaaaaaaaaaaaaaaaaaaaaaaaaaa@b\r\n");
	buf_puts(&text, "\r\n");
	buf_put_u8(&text, 0);
	CHECK(complete((char *)text.data, true, NULL, &rcpts) == -1);
	CHECK(status == EX_DATAERR);
	buf_free(&text);
	buf_free(&rcpts);
}

int
main(void)
{
	test_fields();
	test_recipients();
	test_large_header();
	return TEST_END();
}
