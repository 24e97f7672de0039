/* See ingest_reason.h. */
#include "common/compat.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/json.h"
#include "storaged/bucket/ingest/ingest_reason.h"

static void
take(struct str s, char *dst, size_t size)
{
	size_t	 n = s.len < size ? s.len : size - 1;

	if (n > 0)
		memcpy(dst, s.p, n);
	dst[n] = '\0';
}

struct ingest_reason *
ingest_reason_new(const struct ingest_result *res)
{
	const struct ingest_answer	*a = res->answers.v;
	struct ingest_reason		*r;
	size_t				 i;

	if ((r = calloc(1, sizeof(*r))) == NULL || (res->answers.n > 0 &&
	    (r->v = calloc(res->answers.n, sizeof(*r->v))) == NULL)) {
		free(r);
		return NULL;
	}
	take(res->why, r->why, sizeof(r->why));
	r->n = res->answers.n;
	for (i = 0; i < r->n; i++) {
		take(a[i].recipient, r->v[i].recipient,
		    sizeof(r->v[i].recipient));
		r->v[i].code = a[i].code;
		take(a[i].text, r->v[i].text, sizeof(r->v[i].text));
	}
	return r;
}

void
ingest_reason_free(struct ingest_reason *r)
{
	if (r == NULL)
		return;
	free(r->v);
	free(r->envelope);
	free(r);
}

static void
put_string(struct buf *b, const char *name, const char *s)
{
	buf_printf(b, "\"%s\": ", name);
	json_put_text(b, s);
}

int
ingest_reason_write(const struct ingest_reason *r, struct buf *b)
{
	size_t	 i;

	buf_puts(b, "{");
	put_string(b, "key", r->key);
	buf_puts(b, ",\n ");
	put_string(b, "etag", r->etag);
	buf_puts(b, ",\n ");
	put_string(b, "at", r->at);
	buf_puts(b, ",\n ");
	put_string(b, "why", r->why);
	if (r->envelope != NULL) {
		buf_puts(b, ",\n ");
		put_string(b, "envelope", r->envelope);
		buf_puts(b, ",\n ");
		put_string(b, "sender", r->sender);
	}
	buf_puts(b, ",\n \"answers\": [");
	for (i = 0; i < r->n; i++) {
		buf_puts(b, i > 0 ? ",\n  {" : "\n  {");
		put_string(b, "recipient", r->v[i].recipient);
		buf_printf(b, ", \"code\": %lld, ", (long long)r->v[i].code);
		put_string(b, "text", r->v[i].text);
		buf_puts(b, "}");
	}
	return buf_puts(b, "]}\n");
}

static int
text_of(struct str object, const char *name, char *dst, size_t size)
{
	struct str	 value;

	return json_member(object, name, &value) &&
	    json_text(value, dst, size) != -1 ? 0 : -1;
}

static int
read_answers(struct ingest_reason *r, struct str all)
{
	struct ingest_reason_answer	*a;
	struct str			 rest = all, one, code;

	while (json_element(&rest, &one))
		r->n++;
	if (r->n > INGEST_RECIPIENTS)
		return -1;
	if (r->n == 0)
		return 0;
	if ((r->v = calloc(r->n, sizeof(*r->v))) == NULL)
		return -1;
	for (a = r->v, rest = all; json_element(&rest, &one); a++)
		if (text_of(one, "recipient", a->recipient,
		    sizeof(a->recipient)) == -1 ||
		    strchr(a->recipient, ',') != NULL ||
		    !json_member(one, "code", &code) ||
		    !json_int(code, &a->code) || a->code < 0 ||
		    a->code > 599 ||
		    text_of(one, "text", a->text, sizeof(a->text)) == -1)
			return -1;
	return 0;
}

/* They may be missing. */
static int
read_envelope(struct ingest_reason *r, struct str text)
{
	struct str	 v;

	if (!json_member(text, "envelope", &v))
		return 0;
	if ((r->envelope = malloc(INGEST_ENVELOPE_MAX + 1)) == NULL ||
	    json_text(v, r->envelope, INGEST_ENVELOPE_MAX + 1) == -1)
		return -1;
	return text_of(text, "sender", r->sender, sizeof(r->sender));
}

struct ingest_reason *
ingest_reason_read(const void *p, size_t len)
{
	struct str		 text = { p, len }, all;
	struct ingest_reason	*r;

	while (text.len > 0 && (text.p[text.len - 1] == '\n'))
		text.len--;
	if (len > INGEST_REASON_MAX || !json_strict(text) ||
	    (r = calloc(1, sizeof(*r))) == NULL)
		return NULL;
	if (text_of(text, "key", r->key, sizeof(r->key)) == -1 ||
	    text_of(text, "etag", r->etag, sizeof(r->etag)) == -1 ||
	    text_of(text, "at", r->at, sizeof(r->at)) == -1 ||
	    text_of(text, "why", r->why, sizeof(r->why)) == -1 ||
	    read_envelope(r, text) == -1 ||
	    !json_member(text, "answers", &all) || all.len == 0 ||
	    all.p[0] != '[' || read_answers(r, all) == -1) {
		ingest_reason_free(r);
		return NULL;
	}
	return r;
}

const char *
ingest_reason_line(const struct ingest_reason *r, char *dst, size_t size)
{
	const char	*sep = "";
	size_t		 i, at;

	at = strlcpy(dst, r->why, size);
	if (*dst != '\0')
		sep = "; ";
	for (i = 0; i < r->n && at < size; i++) {
		if (r->v[i].code == 250)
			continue;
		at += (size_t)snprintf(dst + at, size - at, "%s%s: %lld %s",
		    sep, r->v[i].recipient, (long long)r->v[i].code,
		    r->v[i].text);
		sep = "; ";
	}
	return dst;
}
