/* See html_check.h. */
#include "common/compat.h"

#include <stdio.h>
#include <string.h>

#include "admind/web/test/html_check.h"

#define NAMES	600
#define OPEN	32

static const char *const known_tags[] = { "a", "abbr", "button", "caption",
    "circle", "code", "dd", "desc", "details", "div", "dl", "dt", "fieldset",
    "figcaption", "figure", "form", "h1", "h2", "h3", "label", "legend", "li",
    "main", "meter", "nav", "ol", "option", "p", "path", "section", "select",
    "span", "strong", "summary", "svg", "table", "tbody", "td", "text",
    "th", "thead", "time", "title", "tr", "ul", NULL };
static const char *const void_tags[] = { "br", "hr", "input", NULL };
static const char *const known_attrs[] = { "action", "aria-describedby",
    "aria-current", "aria-hidden", "aria-label", "aria-labelledby",
    "autocapitalize", "autocomplete", "class", "d", "datetime", "fill", "for",
    "height", "high", "href", "id", "low", "max", "maxlength", "method", "min",
    "name", "open", "optimum", "rel", "required", "role", "scope", "selected",
    "spellcheck", "stroke-dasharray", "stroke-linecap", "stroke-linejoin",
    "stroke-width", "tabindex", "text-anchor", "type", "value", "viewBox",
    "width", "x", "y", NULL };

struct name { char s[80]; };

static struct {
	const char	*p;
	struct name	 open[OPEN];
	size_t		 nopen;
	struct name	 ids[NAMES], refs[NAMES];
	size_t		 nids, nrefs;
	char		 why[400];
} c;

static const char *
bad(const char *what, const char *at)
{
	snprintf(c.why, sizeof(c.why), "%s: %.200s", what, at);
	return c.why;
}

static bool
among(const char *name, const char *const *list)
{
	for (; *list != NULL; list++)
		if (strcmp(name, *list) == 0)
			return true;
	return false;
}

static bool
take_name(struct name *n)
{
	size_t	 len = strspn(c.p, "abcdefghijklmnopqrstuvwxyz0123456789-B");

	if (len == 0 || len >= sizeof(n->s))
		return false;
	memcpy(n->s, c.p, len);
	n->s[len] = '\0';
	c.p += len;
	return true;
}

static const char *
add(struct name *list, size_t *n, const char *s, size_t len)
{
	if (*n == NAMES || len >= sizeof(list->s))
		return bad("too many names", s);
	memcpy(list[*n].s, s, len);
	list[*n].s[len] = '\0';
	(*n)++;
	return NULL;
}

/* An entity, as html.h writes them. */
static bool
entity(const char *p)
{
	size_t	 n = strcspn(p, ";");

	return n < 12 && p[n] == ';' && (strncmp(p, "&amp;", 5) == 0 ||
	    strncmp(p, "&lt;", 4) == 0 || strncmp(p, "&gt;", 4) == 0 ||
	    strncmp(p, "&quot;", 6) == 0 || strncmp(p, "&#", 2) == 0);
}

static const char *
refer(const char *p, size_t len)
{
	const char	*why = NULL;
	size_t		 n;

	while (len > 0 && why == NULL) {
		for (n = 0; n < len && p[n] != ' '; n++)
			;
		why = add(c.refs, &c.nrefs, p, n);
		n += n < len;
		p += n;
		len -= n;
	}
	return why;
}

static const char *
attribute(const char *name, const char *v, size_t len)
{
	size_t	 i;

	for (i = 0; i < len; i++)
		if (v[i] == '<' || v[i] == '>' || (v[i] == '&' &&
		    !entity(v + i)))
			return bad("not escaped", v);
	if (strcmp(name, "href") == 0 || strcmp(name, "action") == 0)
		return strncmp(v, "/admin", 6) == 0 ? NULL :
		    bad("leads elsewhere", v);
	if (strcmp(name, "id") == 0) {
		for (i = 0; i < c.nids; i++)
			if (strlen(c.ids[i].s) == len &&
			    memcmp(c.ids[i].s, v, len) == 0)
				return bad("id twice", v);
		return add(c.ids, &c.nids, v, len);
	}
	if (strcmp(name, "for") == 0 || strncmp(name, "aria-labelledby",
	    15) == 0 || strcmp(name, "aria-describedby") == 0)
		return refer(v, len);
	return NULL;
}

static const char *
attributes(const char *tag)
{
	struct name	 n, seen[24];
	const char	*why, *end;
	size_t		 i, k = 0;
	bool		 named = strcmp(tag, "input") != 0, hidden = false;

	while (*c.p == ' ') {
		c.p++;
		if (!take_name(&n) || !among(n.s, known_attrs) || k == 24)
			return bad("attribute", c.p);
		for (i = 0; i < k; i++)
			if (strcmp(seen[i].s, n.s) == 0)
				return bad("attribute twice", n.s);
		seen[k++] = n;
		named |= strcmp(n.s, "id") == 0;
		if (c.p[0] != '=')
			continue;
		if (c.p[1] != '"' || (end = strchr(c.p + 2, '"')) == NULL)
			return bad("not quoted", c.p);
		hidden |= strncmp(c.p, "=\"hidden\"", 9) == 0;
		if ((why = attribute(n.s, c.p + 2, (size_t)(end - c.p -
		    2))) != NULL)
			return why;
		c.p = end + 1;
	}
	return named || hidden ? NULL : bad("an input without a label", c.p);
}

static const char *
element(void)
{
	struct name	 n;
	const char	*why, *at = c.p;

	if (*++c.p == '/') {
		c.p++;
		if (!take_name(&n) || *c.p++ != '>' || c.nopen == 0 ||
		    strcmp(c.open[--c.nopen].s, n.s) != 0)
			return bad("closed out of turn", at);
		return NULL;
	}
	if (!take_name(&n) || (!among(n.s, known_tags) &&
	    !among(n.s, void_tags)))
		return bad("no element of ours", at);
	if ((why = attributes(n.s)) != NULL)
		return why;
	if (strncmp(c.p, "/>", 2) == 0) {
		c.p += 2;
		return strcmp(n.s, "path") == 0 || strcmp(n.s, "circle") == 0 ?
		    NULL : bad("only in SVG", at);
	}
	if (*c.p++ != '>')
		return bad("tag", at);
	if (among(n.s, void_tags))
		return NULL;
	if (c.nopen == OPEN)
		return bad("too deep", at);
	c.open[c.nopen++] = n;
	return NULL;
}

static const char *
resolve(void)
{
	size_t	 i, k;

	for (i = 0; i < c.nrefs; i++) {
		for (k = 0; k < c.nids; k++)
			if (strcmp(c.refs[i].s, c.ids[k].s) == 0)
				break;
		if (k == c.nids)
			return bad("refers to nothing", c.refs[i].s);
	}
	return NULL;
}

const char *
html_check(const struct buf *b)
{
	static char	 text[4 * 1024 * 1024];
	const char	*why;

	if (b->failed || b->len >= sizeof(text) ||
	    memchr(b->data, '\0', b->len) != NULL)
		return "failed, too long, or with a NUL";
	memcpy(text, b->data, b->len);
	text[b->len] = '\0';
	c.p = text;
	c.nopen = c.nids = c.nrefs = 0;
	while (*c.p != '\0') {
		if (*c.p == '<') {
			if ((why = element()) != NULL)
				return why;
			continue;
		}
		if (*c.p == '>' || *c.p == '"' || *c.p == '\'' ||
		    (*c.p == '&' && !entity(c.p)) ||
		    ((unsigned char)*c.p < ' ' && *c.p != '\n' &&
		    *c.p != '\t'))
			return bad("not escaped", c.p);
		c.p++;
	}
	if (c.nopen != 0)
		return bad("not closed", c.open[c.nopen - 1].s);
	return resolve();
}

size_t
html_count(const struct buf *b, const char *text)
{
	const uint8_t	*p = b->data, *end = b->data + b->len;
	size_t		 n = 0, len = strlen(text);

	while (p != NULL && p < end && (p = memmem(p, (size_t)(end - p), text,
	    len)) != NULL) {
		n++;
		p += len;
	}
	return n;
}
