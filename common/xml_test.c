/* XML's elements and their texts, and what is not taken. */
#include "common/compat.h"

#include <stdlib.h>
#include <string.h>

#include "common/buf.h"
#include "common/test.h"
#include "common/xml.h"

static struct buf	 told;
static const char	*stop;		/* fails at this element's end */

static int
on_start(const char *name, int depth, void *arg)
{
	(void)arg;
	return buf_printf(&told, "(%s%d", name, depth);
}

static int
on_end(const char *name, int depth, const char *text, size_t len, void *arg)
{
	(void)depth;
	(void)arg;
	CHECK(strlen(text) == len);
	if (stop != NULL && strcmp(stop, name) == 0)
		return -1;
	return buf_printf(&told, " %s)", text);
}

static const struct xml_ops	ops = { on_start, on_end };

static int
parse(const void *p, size_t len)
{
	int	r;

	buf_reset(&told);
	r = xml_parse(p, len, &ops, NULL);
	buf_put_u8(&told, '\0');
	return r;
}

static void
check_rows(void)
{
	static const struct { const char *in; const char *out; } rows[] = {
		{ "<a/>", "(a1 )" },
		{ "<?xml version=\"1.0\"?><a>x<b>y&amp;&#65;</b>z</a>",
		    "(a1(b2 y&A) xz)" },
		{ "<a xmlns=\"http://h/\" b=\"c\"><d/></a>",
		    "(a1(d2 ) )" },
		{ "<a><![CDATA[<b>]]></a>", "(a1 <b>)" },
		{ "", NULL }, { "x", NULL }, { "<a>", NULL },
		{ "<a></b>", NULL }, { "<a/><b/>", NULL },
		{ "<a>&b;</a>", NULL }, { "<a>\xff</a>", NULL },
		{ "<a>\xc3\x28</a>", NULL }, { "<a>&#0;</a>", NULL },
		{ "<!DOCTYPE a><a/>", NULL },
		{ "<!DOCTYPE a [<!ENTITY b \"c\">]><a>&b;</a>", NULL },
		{ "<a><s/></a>", NULL }
	};
	size_t	i;

	stop = "s";
	for (i = 0; i < nitems(rows); i++) {
		if (rows[i].out == NULL)
			CHECK_ROW(parse(rows[i].in, strlen(rows[i].in)) == -1,
			    "row %zu", i);
		else
			CHECK_ROW(parse(rows[i].in, strlen(rows[i].in)) == 0 &&
			    strcmp((char *)told.data, rows[i].out) == 0,
			    "row %zu: %s", i, (char *)told.data);
	}
	CHECK(parse("<a>\0</a>", 8) == -1);
}

/* Each prefix, in memory of just its size, is an error. */
static void
check_prefixes(void)
{
	static const char	 in[] = "<a><b>text</b><c/></a>";
	char			*copy;
	size_t			 i;

	for (i = 0; i < sizeof(in) - 1; i++) {
		copy = malloc(i + 1);
		memcpy(copy, in, i);
		CHECK_ROW(parse(copy, i) == -1, "prefix %zu", i);
		free(copy);
	}
}

static void
check_bounds(void)
{
	struct buf	b = BUF_INIT;
	int		depth, i;
	size_t		len;

	for (depth = XML_DEPTH_MAX; depth <= XML_DEPTH_MAX + 1; depth++) {
		buf_reset(&b);
		for (i = 0; i < depth; i++)
			buf_puts(&b, "<a>");
		for (i = 0; i < depth; i++)
			buf_puts(&b, "</a>");
		CHECK_ROW(parse(b.data, b.len) == (depth > XML_DEPTH_MAX ?
		    -1 : 0), "depth %d", depth);
	}
	for (len = XML_TEXT_MAX - 1; len <= XML_TEXT_MAX; len++) {
		buf_reset(&b);
		buf_puts(&b, "<a>");
		memset(buf_reserve(&b, len), 'x', len);
		b.len += len;
		buf_puts(&b, "</a>");
		CHECK_ROW(parse(b.data, b.len) == (len == XML_TEXT_MAX ?
		    -1 : 0), "text %zu", len);
	}
	buf_free(&b);
}

int
main(void)
{
	check_rows();
	check_prefixes();
	check_bounds();
	buf_free(&told);
	return TEST_END();
}
