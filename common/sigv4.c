/*
 * Signature Version 4 (sigv4.h), from AWS's "Signature Calculations for
 * the Authorization Header".  Pure: it reads no clock and keeps no state.
 */
#include "common/compat.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "common/buf.h"
#include "common/hex.h"
#include "common/sigv4.h"
#include "common/sum.h"

#define QUERY_MAX	16	/* parameters */

struct canon {
	struct buf	 b;
	char		 names[1024];	/* SignedHeaders */
};

int
sigv4_encode(const char *src, int keep_slash, char *dst, size_t size)
{
	static const char digits[] = "0123456789ABCDEF";
	size_t n = 0;

	for (; *src != '\0'; src++) {
		unsigned char c = (unsigned char)*src;

		if ((c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
		    (c >= '0' && c <= '9') || c == '-' || c == '.' ||
		    c == '_' || c == '~' || (c == '/' && keep_slash)) {
			if (n + 1 >= size)
				return -1;
			dst[n++] = (char)c;
		} else {
			if (n + 3 >= size)
				return -1;
			dst[n++] = '%';
			dst[n++] = digits[c >> 4];
			dst[n++] = digits[c & 15];
		}
	}
	dst[n] = '\0';
	return (int)n;
}

void
sigv4_date(int64_t t, char dst[SIGV4_DATE_LEN + 1])
{
	time_t when = (time_t)t;
	struct tm tm;

	if (gmtime_r(&when, &tm) == NULL ||
	    strftime(dst, SIGV4_DATE_LEN + 1, "%Y%m%dT%H%M%SZ", &tm) !=
	    SIGV4_DATE_LEN)
		memset(dst, 0, SIGV4_DATE_LEN + 1);
}

/* -- the canonical request -- */

struct param { const char *p; size_t len, name; };

static int
param_compare(const void *a, const void *b)
{
	const struct param *x = a, *y = b;
	size_t n = x->name < y->name ? x->name : y->name;
	int c = memcmp(x->p, y->p, n);

	if (c == 0 && x->name != y->name)
		c = x->name < y->name ? -1 : 1;
	if (c == 0) {		/* the same name: by value */
		n = x->len < y->len ? x->len : y->len;
		c = memcmp(x->p, y->p, n);
		if (c == 0 && x->len != y->len)
			c = x->len < y->len ? -1 : 1;
	}
	return c;
}

static int
canon_query(struct buf *b, const char *query)
{
	struct param v[QUERY_MAX];
	const char *eq;
	size_t i, n = 0, len;

	while (*query != '\0') {
		len = strcspn(query, "&");
		if (n == QUERY_MAX)
			return -1;
		eq = memchr(query, '=', len);
		v[n++] = (struct param){ query, len,
		    eq != NULL ? (size_t)(eq - query) : len };
		query += len;
		if (*query == '&')
			query++;
	}
	qsort(v, n, sizeof(*v), param_compare);
	for (i = 0; i < n; i++) {
		if (i > 0)
			buf_put_u8(b, '&');
		buf_put(b, v[i].p, v[i].len);
		if (v[i].name == v[i].len)
			buf_put_u8(b, '=');
	}
	return 0;
}

/* Trimmed, each run of white space one space. */
static int
canon_value(struct buf *b, const char *s)
{
	bool space = false, any = false;

	for (; *s != '\0'; s++) {
		if (*s == ' ' || *s == '\t') {
			space = any;
			continue;
		}
		if ((unsigned char)*s < ' ' || *s == 0x7f)
			return -1;
		if (space)
			buf_put_u8(b, ' ');
		buf_put_u8(b, (uint8_t)*s);
		space = false;
		any = true;
	}
	return 0;
}

struct name { char s[64]; const char *value; size_t at; };

static int
name_compare(const void *a, const void *b)
{
	const struct name *x = a, *y = b;
	int c = strcmp(x->s, y->s);

	if (c == 0)		/* several of one name keep their order */
		c = x->at < y->at ? -1 : 1;
	return c;
}

static int
canon_headers(struct canon *c, const struct sigv4_request *r)
{
	struct name v[SIGV4_HEADERS_MAX];
	size_t i, k;

	if (r->nheaders > SIGV4_HEADERS_MAX)
		return -1;
	for (i = 0; i < r->nheaders; i++) {
		if (strlcpy(v[i].s, r->headers[i].name, sizeof(v[i].s)) >=
		    sizeof(v[i].s))
			return -1;
		for (k = 0; v[i].s[k] != '\0'; k++) {
			if (v[i].s[k] >= 'A' && v[i].s[k] <= 'Z')
				v[i].s[k] += 'a' - 'A';
		}
		v[i].value = r->headers[i].value;
		v[i].at = i;
	}
	qsort(v, r->nheaders, sizeof(*v), name_compare);
	for (i = 0; i < r->nheaders; i++) {
		if (i > 0 && strcmp(v[i].s, v[i - 1].s) == 0)
			buf_put_u8(&c->b, ',');
		else {
			if (i > 0) {
				buf_put_u8(&c->b, '\n');
				strlcat(c->names, ";", sizeof(c->names));
			}
			buf_printf(&c->b, "%s:", v[i].s);
			if (strlcat(c->names, v[i].s, sizeof(c->names)) >=
			    sizeof(c->names))
				return -1;
		}
		if (canon_value(&c->b, v[i].value) == -1)
			return -1;
	}
	return 0;
}

static int
canon_make(struct canon *c, const struct sigv4_request *r)
{
	memset(c, 0, sizeof(*c));
	buf_printf(&c->b, "%s\n%s\n", r->method, r->path);
	if (canon_query(&c->b, r->query) == -1)
		return -1;
	buf_put_u8(&c->b, '\n');
	if (canon_headers(c, r) == -1)
		return -1;
	buf_printf(&c->b, "\n\n%s\n%s", c->names, r->payload);
	return c->b.failed ? -1 : 0;
}

static void
hash_hex(const struct buf *b, char dst[65])
{
	uint8_t md[32];

	sum_of(b->data, b->len, md);
	hex_print(md, sizeof(md), dst);
}

int
sigv4_canonical_hash(const struct sigv4_request *r, char dst[65])
{
	struct canon c;
	int rc;

	if ((rc = canon_make(&c, r)) == 0)
		hash_hex(&c.b, dst);
	buf_free(&c.b);
	return rc;
}

int
sigv4_sign(const struct sigv4_key *key, const struct sigv4_request *r,
    char *dst, size_t size)
{
	struct canon c;
	char scope[128], text[320], hash[65];
	uint8_t md[32];
	int n = -1;

	if (strlen(r->date) != SIGV4_DATE_LEN ||
	    strncmp(r->date, key->date, 8) != 0)
		return -1;
	if (canon_make(&c, r) == -1)
		goto out;
	hash_hex(&c.b, hash);
	n = snprintf(scope, sizeof(scope), "%s/%s/%s/aws4_request", key->date,
	    key->region, key->service);
	if (n < 0 || (size_t)n >= sizeof(scope)) {
		n = -1;
		goto out;
	}
	snprintf(text, sizeof(text), "AWS4-HMAC-SHA256\n%s\n%s\n%s", r->date,
	    scope, hash);
	sum_hmac(key->key, sizeof(key->key), text, strlen(text), md);
	hex_print(md, sizeof(md), hash);
	n = snprintf(dst, size, "AWS4-HMAC-SHA256 Credential=%s/%s, "
	    "SignedHeaders=%s, Signature=%s", key->access_key, scope, c.names,
	    hash);
out:
	buf_free(&c.b);
	return n >= 0 && (size_t)n < size ? 0 : -1;
}
