/*
 * What is taken is less than what RFC 9112 lets a server take: no bare LF, no
 * folded lines, no empty lines before a request, no content.  Clients of
 * metrics and probes send none of these; attackers do (section 11.2).
 */
#include "common/compat.h"

#include <string.h>

#include "admind/http/head.h"

static bool
is_alnum(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	    (c >= '0' && c <= '9');
}

/* RFC 9110, section 5.6.2. */
static bool
is_token(char c)
{
	return is_alnum(c) || (c != '\0' && strchr("!#$%&'*+-.^_`|~", c) !=
	    NULL);
}

size_t
head_end(const void *p, size_t len, size_t *from)
{
	const char	*begin = p, *end;

	if (*from > len)
		*from = len;
	end = memmem(begin + *from, len - *from, "\r\n\r\n", 4);
	if (end != NULL)
		return (size_t)(end - begin) + 4;
	*from = len > 3 ? len - 3 : 0;
	return 0;
}

/* The next line without its CRLF; false: there is none, or it has a control
 * character. */
static bool
line(struct str *rest, struct str *l)
{
	const char	*end = rest->len == 0 ? NULL : memmem(rest->p,
			    rest->len, "\r\n", 2);
	size_t		 i;

	if (end == NULL)
		return false;
	l->p = rest->p;
	l->len = (size_t)(end - rest->p);
	rest->p = end + 2;
	rest->len -= l->len + 2;
	for (i = 0; i < l->len; i++)
		if (((unsigned char)l->p[i] < 0x20 && l->p[i] != '\t') ||
		    l->p[i] == 0x7f)
			return false;
	return true;
}

/* A host, and perhaps a port; else another program would see another path, or
 * none. */
static bool
is_authority(struct str s)
{
	size_t	 i;

	for (i = 0; i < s.len; i++)
		if (!is_alnum(s.p[i]) && strchr(".-_:[]", s.p[i]) == NULL)
			return false;
	return s.len > 0;
}

/* The origin-form; and the absolute-form, which a server has to take (RFC
 * 9112, section 3.2.2). */
static int
target(struct str t, struct head *h)
{
	static const struct str	 schemes[] = { STR("http://"),
				    STR("https://") };
	struct str		 begin;
	const char		*slash;
	size_t			 i;

	for (i = 0; i < t.len; i++)
		if (t.p[i] <= ' ' || t.p[i] > '~' || t.p[i] == '#')
			return 400;
	for (i = 0; i < nitems(schemes); i++) {
		begin = (struct str){ t.p, schemes[i].len };
		if (t.len <= begin.len || !str_caseeq(begin, schemes[i]))
			continue;
		if ((slash = memchr(t.p + begin.len, '/', t.len -
		    begin.len)) == NULL || !is_authority((struct str){ t.p +
		    begin.len, (size_t)(slash - t.p) - begin.len }))
			return 400;
		h->host = (struct str){ t.p + begin.len,
		    (size_t)(slash - t.p) - begin.len };
		t.len -= (size_t)(slash - t.p);
		t.p = slash;
		break;
	}
	if (t.len == 0 || t.p[0] != '/')
		return h->method == HEAD_OTHER ? 0 : 400;
	if (str_split(&t, '?', &h->path))
		h->query = t;
	else
		h->path = t;
	return 0;
}

static int
request_line(struct str l, struct head *h)
{
	struct str	 method, t;
	size_t		 i;

	if (!str_split(&l, ' ', &method) || method.len == 0 ||
	    !str_split(&l, ' ', &t))
		return 400;
	for (i = 0; i < method.len; i++)
		if (!is_token(method.p[i]))
			return 400;
	h->method = str_eq(method, STR("GET")) ? HEAD_GET :
	    str_eq(method, STR("HEAD")) ? HEAD_HEAD : HEAD_OTHER;
	if (str_eq(l, STR("HTTP/1.0")))
		h->last = h->old = true;
	else if (l.len == 8 && memcmp(l.p, "HTTP/", 5) == 0 && !str_eq(l,
	    STR("HTTP/1.1")))
		return 505;
	else if (!str_eq(l, STR("HTTP/1.1")))
		return 400;
	return target(t, h);
}

/* "close" anywhere in the list; what else it says is for proxies. */
static bool
has_word(struct str list, struct str word)
{
	struct str	 part;
	bool		 more;

	do {
		more = str_split(&list, ',', &part);
		if (str_caseeq(str_trim(more ? part : list, OWS), word))
			return true;
	} while (more);
	return false;
}

/* What is remembered of the fields while they are read. */
struct fields {
	unsigned int	 hosts;
	bool		 length;	/* Content-Length */
	bool		 content;	/* and it is not 0 */
	bool		 coding;	/* Transfer-Encoding */
	bool		 expect;
};

static int
content_length(struct str v, struct fields *f)
{
	size_t	 i;

	if (f->length || v.len == 0)
		return 400;
	f->length = true;
	for (i = 0; i < v.len; i++) {
		if (v.p[i] < '0' || v.p[i] > '9')
			return 400;
		f->content = f->content || v.p[i] != '0';
	}
	return 0;
}

static int
field(struct str l, struct head *h, struct fields *f)
{
	struct str	 name;
	size_t		 i;

	/* A line that is folded begins with a space: that is no name. */
	if (!str_split(&l, ':', &name) || name.len == 0)
		return 400;
	for (i = 0; i < name.len; i++)
		if (!is_token(name.p[i]))
			return 400;
	l = str_trim(l, OWS);
	if (str_caseeq(name, STR("host"))) {
		f->hosts++;
		if (h->host.len == 0)
			h->host = l;
	} else if (str_caseeq(name, STR("content-length")))
		return content_length(l, f);
	else if (str_caseeq(name, STR("transfer-encoding")))
		f->coding = true;
	else if (str_caseeq(name, STR("expect")))
		f->expect = true;
	else if (str_caseeq(name, STR("connection")))
		h->last = h->last || has_word(l, STR("close"));
	else if (str_caseeq(name, STR("accept")) && h->accept.len == 0)
		h->accept = l;
	else if (str_caseeq(name, STR("authorization"))) {
		if (h->authorization.len != 0)
			return 400;
		h->authorization = l;
	}
	return 0;
}

int
head_parse(const void *p, size_t len, struct head *h)
{
	struct str	 rest = { p, len }, l;
	struct fields	 f = { 0 };
	unsigned int	 n = 0;
	int		 status;

	memset(h, 0, sizeof(*h));
	if (!line(&rest, &l))
		return 400;
	if ((status = request_line(l, h)) != 0)
		return status;
	for (;;) {
		if (!line(&rest, &l) || n++ > HEAD_FIELDS)
			return 400;
		if (l.len == 0)
			break;
		if ((status = field(l, h, &f)) != 0)
			return status;
	}
	/* HTTP/1.0 has no Host; two of them are a trap for proxies. */
	if (rest.len != 0 || f.hosts > 1 || (f.hosts == 0 && !h->old))
		return 400;
	if (f.coding)
		return f.length ? 400 : 501;
	if (f.content)
		return 413;
	return f.expect ? 417 : 0;
}
