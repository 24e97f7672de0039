/* See s3_list.h.  What a server lists is hostile. */
#include "common/compat.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "common/xml.h"
#include "storaged/bucket/s3/s3_list.h"

struct parse {
	struct s3_list	*l;
	unsigned	 max;
	bool		 in_contents, encoded, root, has_key;
};

static int
hexval(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

int
s3_list_unescape(char *s)
{
	char *d = s;
	int hi, lo;

	for (; *s != '\0'; s++, d++) {
		if (*s == '+')
			*d = ' ';
		else if (*s == '%') {
			if ((hi = hexval(s[1])) == -1 ||
			    (lo = hexval(s[2])) == -1 || hi + lo == 0)
				return -1;
			*d = (char)(hi << 4 | lo);
			s += 2;
		} else
			*d = *s;
	}
	*d = '\0';
	return 0;
}

/* 2009-10-12T17:50:30.000Z; 0 when it is something else. */
static int64_t
parse_time(const char *s)
{
	struct tm tm = { 0 };
	const char *end = strptime(s, "%Y-%m-%dT%H:%M:%S", &tm);

	return end != NULL && (*end == '.' || *end == 'Z') ?
	    (int64_t)timegm(&tm) : 0;
}

static int
on_start(const char *name, int depth, void *arg)
{
	struct parse *p = arg;
	struct blob_listed *v;

	if (depth == 1) {
		p->root = strcmp(name, "ListBucketResult") == 0;
		return p->root ? 0 : -1;
	}
	if (depth != 2 || strcmp(name, "Contents") != 0)
		return 0;
	if (p->l->n == p->max)
		return -1;
	if (p->l->n == p->l->size) {
		p->l->size = p->l->size != 0 ? p->l->size * 2 : 64;
		v = reallocarray(p->l->v, p->l->size, sizeof(*v));
		if (v == NULL)
			return -1;
		p->l->v = v;
	}
	memset(&p->l->v[p->l->n++], 0, sizeof(*v));
	p->in_contents = true;
	p->has_key = false;
	return 0;
}

static int
parse_entry(struct parse *p, const char *name, const char *text, size_t len)
{
	struct blob_listed *v = &p->l->v[p->l->n - 1];
	const char *errstr;

	if (strcmp(name, "Key") == 0) {
		if (p->has_key || strlen(text) != len ||
		    (v->key = strdup(text)) == NULL)
			return -1;
		p->has_key = true;
	} else if (strcmp(name, "Size") == 0) {
		v->size = (uint64_t)strtonum(text, 0, INT64_MAX, &errstr);
		if (errstr != NULL)
			return -1;
	} else if (strcmp(name, "LastModified") == 0)
		v->modified = parse_time(text);
	else if (strcmp(name, "ETag") == 0 &&
	    strlcpy(v->etag, text, sizeof(v->etag)) >= sizeof(v->etag))
		v->etag[0] = '\0';
	return 0;
}

static int
on_end(const char *name, int depth, const char *text, size_t len, void *arg)
{
	struct parse *p = arg;

	if (depth == 3 && p->in_contents)
		return parse_entry(p, name, text, len);
	if (depth != 2)
		return 0;
	if (p->in_contents) {
		p->in_contents = false;
		return p->has_key ? 0 : -1;
	}
	if (strcmp(name, "IsTruncated") == 0)
		p->l->more = strcmp(text, "true") == 0;
	else if (strcmp(name, "EncodingType") == 0)
		p->encoded = strcmp(text, "url") == 0;
	return 0;
}

static const struct xml_ops ops = { on_start, on_end };

int
s3_list_parse(const void *body, size_t len, unsigned max, struct s3_list *l)
{
	struct parse p = { .l = l, .max = max };
	char *key;
	size_t i;

	memset(l, 0, sizeof(*l));
	if (xml_parse(body, len, &ops, &p) == -1)
		goto fail;
	for (i = 0; i < l->n; i++) {
		memcpy(&key, &l->v[i].key, sizeof(key));
		if ((p.encoded && s3_list_unescape(key) == -1) ||
		    strlen(key) > KEY_MAX)
			goto fail;
	}
	return 0;
fail:
	s3_list_free(l);
	return -1;
}

void
s3_list_free(struct s3_list *l)
{
	char *key;
	size_t i;

	for (i = 0; i < l->n; i++) {
		memcpy(&key, &l->v[i].key, sizeof(key));
		free(key);
	}
	free(l->v);
	memset(l, 0, sizeof(*l));
}
