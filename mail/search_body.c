/*
 * BODY and TEXT: a message streams by, cut anywhere.  Each header and each
 * text part is a text of its own; nothing matches across two.
 */
#include <stdlib.h>
#include <string.h>

#include "mail/charset.h"
#include "mail/decode.h"
#include "mail/encword.h"
#include "mail/header.h"
#include "mail/search.h"

struct body_search {
	const struct mail_tree	*tree;
	struct body_key		*keys;
	struct match		*matches;
	size_t			 nkeys;
	size_t			 part;		/* the current segment's */
	bool			 in_body;	/* its body, else its header */
	bool			 active;	/* the segment has begun */
	uint64_t		 offset;	/* octets fed */
	struct decoder		 decoder;
	struct convert		 convert;
	struct buf		 header;
	struct buf		 utf8;
	struct buf		 folded;
};

struct body_search *
body_search_new(const struct mail_tree *t, struct body_key *keys,
    size_t nkeys)
{
	struct body_search	*s;
	size_t			 i;

	if ((s = calloc(1, sizeof(*s))) == NULL)
		return NULL;
	s->tree = t;
	s->keys = keys;
	s->nkeys = nkeys;
	if ((s->matches = calloc(nkeys + 1, sizeof(*s->matches))) == NULL) {
		free(s);
		return NULL;
	}
	for (i = 0; i < nkeys; i++) {
		match_init(&s->matches[i], keys[i].needle);
		keys[i].found = s->matches[i].found;
	}
	return s;
}

void
body_search_free(struct body_search *s)
{
	if (s == NULL)
		return;
	if (s->active && s->in_body)
		convert_close(&s->convert);
	buf_free(&s->header);
	buf_free(&s->utf8);
	buf_free(&s->folded);
	free(s->matches);
	free(s);
}

static bool
all_found(const struct body_search *s)
{
	size_t	 i;

	for (i = 0; i < s->nkeys; i++)
		if (!s->keys[i].found)
			return false;
	return true;
}

/* UTF-8 (whole characters) of the current text, in s->utf8. */
static void
look(struct body_search *s, bool root_header)
{
	size_t	 i;

	buf_reset(&s->folded);
	if (s->utf8.len > 0)
		fold_utf8(s->utf8.data, s->utf8.len, &s->folded);
	buf_reset(&s->utf8);
	if (s->folded.len == 0)
		return;
	for (i = 0; i < s->nkeys; i++)
		if (!root_header || s->keys[i].header)
			s->keys[i].found = match_feed(&s->matches[i],
			    s->folded.data, s->folded.len);
}

static void
new_text(struct body_search *s)
{
	size_t	 i;

	for (i = 0; i < s->nkeys; i++)
		match_reset(&s->matches[i]);
}

static void
look_header(struct body_search *s)
{
	struct header_field	 f;
	struct str		 header;
	struct buf		 value = BUF_INIT;

	header = (struct str){ (const char *)s->header.data, s->header.len };
	while (header_next(&header, &f)) {
		new_text(s);
		buf_reset(&value);
		if (f.name.len > 0) {
			buf_put(&s->utf8, f.name.p, f.name.len);
			buf_puts(&s->utf8, ": ");
			header_unfold(f.value, &value);
		} else
			header_unfold(f.raw, &value);
		encword_decode((struct str){ (const char *)value.data,
		    value.len }, &s->utf8);
		look(s, s->part == 0);
	}
	buf_free(&value);
	buf_reset(&s->header);
}

static void
look_body(struct body_search *s, const uint8_t *p, size_t len)
{
	uint8_t	 out[4096 + DECODE_HELD + 4];
	size_t	 n, k;

	while (len > 0) {
		n = len < 4096 ? len : 4096;
		k = decoder_feed(&s->decoder, p, n, out);
		convert_feed(&s->convert, out, k, &s->utf8);
		look(s, false);
		p += n;
		len -= n;
	}
}

/* Where the segment lies; false: nothing in it is looked at. */
static bool
extent(const struct body_search *s, uint64_t *off, uint64_t *len)
{
	const struct mail_part	*p = &s->tree->v[s->part];
	size_t			 i;

	if (s->in_body) {
		*off = p->body_off;
		*len = p->body_len;
		return p->kind == MAIL_LEAF &&
		    (mail_type_is(p, "text", NULL) ||
		    mail_type_is(p, "message", NULL));
	}
	*off = p->header_off;
	*len = p->header_len;
	if (s->part > 0)
		return true;
	for (i = 0; i < s->nkeys; i++)
		if (s->keys[i].header)
			return true;
	return false;
}

static void
segment_begin(struct body_search *s)
{
	const struct mail_part	*p = &s->tree->v[s->part];
	struct buf		 charset = BUF_INIT;

	s->active = true;
	new_text(s);
	if (!s->in_body)
		return;
	decoder_init(&s->decoder, (enum mail_encoding)p->encoding);
	(void)mail_param_text(p->params, "charset", &charset);
	convert_open(&s->convert, charset_find((struct str){
	    (char *)charset.data, charset.len }));
	buf_free(&charset);
}

static void
segment_end(struct body_search *s)
{
	uint8_t	 out[DECODE_HELD + 4];
	size_t	 n;

	if (s->active && s->in_body) {
		n = decoder_end(&s->decoder, out);
		if (n > 0)
			convert_feed(&s->convert, out, n, &s->utf8);
		convert_end(&s->convert, &s->utf8);
		look(s, false);
		convert_close(&s->convert);
	} else if (s->active)
		look_header(s);
	s->active = false;
	if (s->in_body)
		s->part++;
	s->in_body = !s->in_body;
}

bool
body_search_feed(struct body_search *s, const void *v, size_t len)
{
	const uint8_t	*p = v;
	uint64_t	 off, size, skip;
	size_t		 n;

	while (len > 0 && s->part < s->tree->n && !all_found(s)) {
		if (!extent(s, &off, &size) || size == 0) {
			segment_end(s);
			continue;
		}
		if (s->offset < off) {
			skip = off - s->offset;
			n = skip < len ? (size_t)skip : len;
		} else if (s->offset < off + size) {
			if (!s->active)
				segment_begin(s);
			skip = off + size - s->offset;
			n = skip < len ? (size_t)skip : len;
			if (n > 65536)
				n = 65536;
			if (s->in_body)
				look_body(s, p, n);
			else {
				buf_put(&s->header, p, n);
				if (s->header.len >= MAIL_HEADER_MAX)
					look_header(s);
			}
			if (skip == n)
				segment_end(s);
		} else {
			segment_end(s);
			continue;
		}
		s->offset += n;
		p += n;
		len -= n;
	}
	return all_found(s) || s->part >= s->tree->n;
}

void
body_search_end(struct body_search *s)
{
	while (s->active)
		segment_end(s);
}
