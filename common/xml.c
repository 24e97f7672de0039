/* See xml.h.  What is parsed comes from a server: hostile. */
#include "common/compat.h"

#include <limits.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <expat.h>

#include "common/xml.h"

struct xml {
	XML_Parser		 parser;
	const struct xml_ops	*ops;
	void			*arg;
	int			 depth;
	int			 failed;
	size_t			 len[XML_DEPTH_MAX];
	char			 text[XML_DEPTH_MAX][XML_TEXT_MAX];
};

/* -- expat's memory, wiped when it is let go -- */

union xml_block {
	size_t		len;
	max_align_t	align;
};

static void *
xml_malloc(size_t len)
{
	union xml_block	*b;

	if (len > SIZE_MAX - sizeof(*b) ||
	    (b = malloc(sizeof(*b) + len)) == NULL)
		return NULL;
	b->len = len;
	return b + 1;
}

static void
xml_free(void *p)
{
	union xml_block	*b = p;

	if (p != NULL)
		freezero(b - 1, sizeof(*b) + b[-1].len);
}

static void *
xml_realloc(void *p, size_t len)
{
	union xml_block	*b = p;
	void		*to;

	if ((to = xml_malloc(len)) != NULL && p != NULL) {
		memcpy(to, p, b[-1].len < len ? b[-1].len : len);
		xml_free(p);
	}
	return to;
}

/* -- elements -- */

static void
xml_fail(struct xml *x)
{
	x->failed = 1;
	XML_StopParser(x->parser, XML_FALSE);
}

/* "{http://s3.amazonaws.com/doc/2006-03-01/}Key" is "Key". */
static const char *
local_name(const char *name)
{
	const char *sep = strrchr(name, '}');

	return sep != NULL ? sep + 1 : name;
}

static void
on_start(void *arg, const char *name, const char **attrs)
{
	struct xml *x = arg;

	(void)attrs;
	if (x->failed)
		return;
	if (x->depth == XML_DEPTH_MAX) {
		xml_fail(x);
		return;
	}
	x->len[x->depth++] = 0;
	if (x->ops->start != NULL &&
	    x->ops->start(local_name(name), x->depth, x->arg) == -1)
		xml_fail(x);
}

static void
on_text(void *arg, const char *s, int len)
{
	struct xml *x = arg;
	size_t *have;

	if (x->failed || x->depth == 0)
		return;
	have = &x->len[x->depth - 1];
	if ((size_t)len >= XML_TEXT_MAX - *have) {
		xml_fail(x);
		return;
	}
	memcpy(x->text[x->depth - 1] + *have, s, (size_t)len);
	*have += (size_t)len;
}

static void
on_end(void *arg, const char *name)
{
	struct xml *x = arg;
	int d = x->depth - 1;

	if (x->failed)
		return;
	x->text[d][x->len[d]] = '\0';
	if (x->ops->end(local_name(name), x->depth, x->text[d], x->len[d],
	    x->arg) == -1)
		xml_fail(x);
	x->depth--;
}

static void
on_doctype(void *arg, const char *name, const char *sysid,
    const char *pubid, int internal)
{
	(void)name;
	(void)sysid;
	(void)pubid;
	(void)internal;
	xml_fail(arg);
}

int
xml_parse(const void *p, size_t len, const struct xml_ops *ops,
    void *arg)
{
	static const XML_Memory_Handling_Suite memory = {
		xml_malloc, xml_realloc, xml_free
	};
	struct xml x;
	enum XML_Status st;

	if (len > INT_MAX)
		return -1;
	x.ops = ops;
	x.arg = arg;
	x.depth = x.failed = 0;
	if ((x.parser = XML_ParserCreate_MM("UTF-8", &memory, "}")) == NULL)
		return -1;
	XML_SetUserData(x.parser, &x);
	XML_SetElementHandler(x.parser, on_start, on_end);
	XML_SetCharacterDataHandler(x.parser, on_text);
	XML_SetStartDoctypeDeclHandler(x.parser, on_doctype);
	st = XML_Parse(x.parser, p, (int)len, XML_TRUE);
	XML_ParserFree(x.parser);
	explicit_bzero(x.text, sizeof(x.text));
	return st == XML_STATUS_OK && !x.failed ? 0 : -1;
}
