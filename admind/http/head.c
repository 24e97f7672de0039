/*
 * What is taken is less than what RFC 9112 lets a server take: no bare LF, no
 * folded lines, no empty lines before a request, no content but that of POST
 * with a Content-Length.  Browsers, scrapers and probes send none of these;
 * attackers do (section 11.2).
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
		h->host = (struct str){ t.p + begin.len, (size_t)(slash -
		    t.p) - begin.len };
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
	    str_eq(method, STR("HEAD")) ? HEAD_HEAD :
	    str_eq(method, STR("POST")) ? HEAD_POST : HEAD_OTHER;
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
	struct str	 host;		/* the field, which the target may
					   overrule */
	unsigned int	 seen;		/* bits of once[] */
	bool		 coding;	/* Transfer-Encoding */
	bool		 expect;
};

/* Fields of which a second one is a trap: two programs would believe one
 * each. */
enum { F_HOST, F_AUTHORIZATION, F_COOKIE, F_ORIGIN, F_FETCH_SITE,
    F_FETCH_DEST, F_TYPE, F_LENGTH, F_ONCE };
static const struct str	 once[F_ONCE] = {
	[F_HOST] = STR("host"),
	[F_AUTHORIZATION] = STR("authorization"),
	[F_COOKIE] = STR("cookie"),
	[F_ORIGIN] = STR("origin"),
	[F_FETCH_SITE] = STR("sec-fetch-site"),
	[F_FETCH_DEST] = STR("sec-fetch-dest"),
	[F_TYPE] = STR("content-type"),
	[F_LENGTH] = STR("content-length")
};

static int
content_length(struct str v, struct head *h)
{
	size_t	 i;

	if (v.len == 0)
		return 400;
	h->length = true;
	for (i = 0; i < v.len; i++) {
		if (v.p[i] < '0' || v.p[i] > '9')
			return 400;
		if (i < HEAD_CONTENT)
			h->content = h->content * 10 + (size_t)(v.p[i] - '0');
	}
	return v.len > HEAD_CONTENT ? 413 : 0;
}

static int
field_once(unsigned int k, struct str v, struct head *h, struct fields *f)
{
	struct str	*const to[F_ONCE] = {
		[F_HOST] = &f->host,
		[F_AUTHORIZATION] = &h->authorization,
		[F_COOKIE] = &h->cookie,
		[F_ORIGIN] = &h->origin,
		[F_FETCH_SITE] = &h->fetch_site,
		[F_FETCH_DEST] = &h->fetch_dest,
		[F_TYPE] = &h->type,
		[F_LENGTH] = NULL
	};

	if ((f->seen & (1u << k)) != 0)
		return 400;
	f->seen |= 1u << k;
	if (k == F_LENGTH)
		return content_length(v, h);
	*to[k] = v;
	return 0;
}

static int
field(struct str l, struct head *h, struct fields *f)
{
	struct str	 name;
	unsigned int	 k;
	size_t		 i;

	/* A line that is folded begins with a space: that is no name. */
	if (!str_split(&l, ':', &name) || name.len == 0)
		return 400;
	for (i = 0; i < name.len; i++)
		if (!is_token(name.p[i]))
			return 400;
	l = str_trim(l, OWS);
	for (k = 0; k < F_ONCE; k++)
		if (str_caseeq(name, once[k]))
			return field_once(k, l, h, f);
	if (str_caseeq(name, STR("transfer-encoding")))
		f->coding = true;
	else if (str_caseeq(name, STR("expect")))
		f->expect = true;
	else if (str_caseeq(name, STR("connection")))
		h->last = h->last || has_word(l, STR("close"));
	else if (str_caseeq(name, STR("accept")) && h->accept.len == 0)
		h->accept = l;
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
	/* HTTP/1.0 has no Host. */
	if (rest.len != 0 || ((f.seen & (1u << F_HOST)) == 0 && !h->old))
		return 400;
	if (h->host.len == 0)
		h->host = f.host;
	if (f.coding)
		return h->length ? 400 : 501;
	if (h->content != 0 && h->method != HEAD_POST)
		return 413;
	return f.expect ? 417 : 0;
}
