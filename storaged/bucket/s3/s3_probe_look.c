/*
 * The probe's look at the answer of a step (s3_probe_step.c): is it, to the
 * octet, what was written, with the ETag that it was given?
 */
#include "common/compat.h"

#include <stdio.h>
#include <string.h>

#include "storaged/bucket/s3/s3_probe_int.h"

const uint8_t *
probe_body_of(const struct probe *p, enum probe_body b, size_t *len)
{
	/* First and third are as long: an ETag made of time and size would
	 * be the same. */
	static const char *const texts[] = { "", "first", "second", "third",
	    "fourth" };

	if (b == LARGE || b == HUGE_ONE) {
		*len = b == LARGE ? PROBE_LARGE : PROBE_HUGE;
		return p->large;
	}
	*len = strlen(texts[b]);
	return (const uint8_t *)texts[b];
}

/* The bytes, the length of the whole, the ETag: NULL, or what is wrong. */
static const char *
look_at_body(struct probe *p, const struct probe_slot *t,
    const struct blob_result *r)
{
	const struct probe_step *s = t->s;
	const uint8_t *body;
	size_t whole, len;

	if (s->body == NONE || r->outcome != BLOB_DONE)
		return NULL;
	body = probe_body_of(p, s->body, &whole);
	len = s->len != 0 ? (size_t)s->len : whole;
	if (len > whole - s->offset)
		len = whole - (size_t)s->offset;
	if (s->verb == STEP_GET && (r->len != len ||
	    memcmp(r->body, body + s->offset, len) != 0))
		return "the content differs";
	if (r->size != whole)
		return "the length differs";
	return NULL;
}

static const char *
look_at_etag(struct probe *p, const struct probe_slot *t,
    const struct blob_result *r, char *buf, size_t size)
{
	const struct probe_step *s = t->s;
	const char *kept = p->etag[t->address][s->same];

	if (r->outcome != BLOB_DONE)
		return NULL;
	if (s->keep == ETAG_G_NEW &&
	    strcmp(r->etag, p->etag[t->address][ETAG_G]) == 0)
		return "the ETag has not changed";
	if (s->same == ETAG_NONE || kept[0] == '\0' ||
	    strcmp(r->etag, kept) == 0)
		return NULL;
	snprintf(buf, size, "the PUT returned ETag %s, this request %s", kept,
	    r->etag[0] != '\0' ? r->etag : "none");
	return buf;
}

const char *
probe_look(struct probe *p, const struct probe_slot *t,
    const struct blob_result *r, char *buf, size_t size)
{
	const char *wrong;

	if ((wrong = look_at_body(p, t, r)) == NULL)
		wrong = look_at_etag(p, t, r, buf, size);
	return wrong;
}

/* -- lists -- */

/* Is it there, that long, and behind the one before it? */
static bool
listed_has(const struct blob_listed *v, size_t n, const char *key,
    uint64_t size)
{
	bool found = false;
	size_t i;

	for (i = 0; i < n; i++) {
		if (i > 0 && strcmp(v[i - 1].key, v[i].key) >= 0)
			return false;
		if (strcmp(v[i].key, key) == 0 && v[i].size == size)
			found = true;
	}
	return found;
}

/* The first of all names?  Whether an edition that was given up is there is
 * not known. */
static bool
listed_first(const struct probe *p, const char *key)
{
	char name[KEY_MAX];
	unsigned i;

	for (i = 0; i <= probe_edition(p, 'a', 0); i++) {
		probe_name_edition(p, 'a', 0, i, name);
		if (strcmp(name, key) == 0)
			return true;
	}
	return false;
}

const char *
probe_look_list(struct probe *p, const struct probe_slot *t,
    const struct blob_listed *v, size_t n, bool more, char *buf, size_t size)
{
	char key[KEY_MAX], large[KEY_MAX];

	switch (t->s->list) {
	case LIST_EMPTY:
		return n == 0 && !more ? NULL : "the listing is not empty";
	case LIST_ONE:
		if (n == 1 && more && listed_first(p, v[0].key))
			return NULL;
		probe_name(p, 'a', 0, key);
		snprintf(buf, size, "expected the key %s and IsTruncated, got "
		    "%zu keys%s%s%s", key, n, n > 0 ? ", first " : "",
		    n > 0 ? v[0].key : "", more ? " and IsTruncated" : "");
		return buf;
	case LIST_AFTER:
		probe_name(p, 'a', p->naddresses - 1, key);
		return n > 0 && strcmp(v[0].key, key) > 0 ? NULL :
		    "it starts at another key";
	case LIST_ALL:
		probe_name(p, 'a', t->address, key);
		probe_name(p, 'e', t->address, large);
		return listed_has(v, n, key, strlen("first")) &&
		    listed_has(v, n, large, PROBE_LARGE) ? NULL :
		    "a key is missing, out of order or has the wrong length";
	}
	return NULL;
}

