/*
 * The body of a leaf: its transfer encoding undone, the beginning of what
 * is shown kept for the preview, and its text handed to whoever asked.
 */
#include "mail/parser_impl.h"

#include <stdlib.h>
#include <string.h>

#include "common/compat.h"
#include "mail/charset.h"

#define TEXT_PIECE	4096	/* handed over at once, about */
#define LEAF_PIECE	2048	/* decoded at once */

/* Of a parser with a sink. */
struct parser_texts {
	const struct mail_sink	*sink;
	void			*arg;
	bool			 open;		/* a text has begun */
	struct convert		 convert;
	struct buf		 utf8;		/* not yet handed over */
};

int
mail_parser_sink(struct mail_parser *p, const struct mail_sink *sink,
    void *arg)
{
	if (p->texts != NULL || p->offset > 0 ||
	    (p->texts = calloc(1, sizeof(*p->texts))) == NULL)
		return -1;
	p->texts->sink = sink;
	p->texts->arg = arg;
	return 0;
}

static void
texts_begin(struct mail_parser *p, const struct mail_part *part)
{
	struct parser_texts	*t = p->texts;
	struct buf		 charset = BUF_INIT;

	(void)mail_param_text(part->params, "charset", &charset);
	convert_open(&t->convert, charset_find((struct str){
	    (char *)charset.data, charset.len }));
	buf_free(&charset);
	t->open = true;
	t->sink->begin(t->arg, (uint32_t)p->tree.n - 1, part);
}

static void
texts_flush(struct mail_parser *p)
{
	struct parser_texts	*t = p->texts;

	if (t->utf8.failed)
		p->failed = true;
	else if (t->utf8.len > 0)
		t->sink->text(t->arg, t->utf8.data, t->utf8.len);
	buf_reset(&t->utf8);
}

/* Decoded octets, in the part's charset. */
static void
texts_octets(struct mail_parser *p, const uint8_t *data, size_t len)
{
	struct parser_texts	*t = p->texts;
	size_t			 n;

	for (; t->open && len > 0; len -= n, data += n) {
		n = len < TEXT_PIECE ? len : TEXT_PIECE;
		convert_feed(&t->convert, data, n, &t->utf8);
		if (t->utf8.len >= TEXT_PIECE || t->utf8.failed)
			texts_flush(p);
	}
}

static void
texts_end(struct mail_parser *p)
{
	struct parser_texts	*t = p->texts;

	if (!t->open)
		return;
	convert_end(&t->convert, &t->utf8);
	texts_flush(p);
	convert_close(&t->convert);
	t->open = false;
	t->sink->end(t->arg);
}

void
leaf_free(struct mail_parser *p)
{
	if (p->texts == NULL)
		return;
	if (p->texts->open)
		convert_close(&p->texts->convert);
	buf_free(&p->texts->utf8);
	free(p->texts);
	p->texts = NULL;
}

/* Octets of the current leaf as they are without their encoding. */
static void
leaf_decoded(struct mail_parser *p, const uint8_t *data, size_t len)
{
	p->tree.v[p->tree.n - 1].decoded += len;
	if (p->capture != NULL) {
		if (buf_put(p->capture, data, len) == -1)
			p->failed = true;
		if (p->capture->len >= p->capture_max)
			p->capture = NULL;
	}
	if (p->texts != NULL)
		texts_octets(p, data, len);
}

static void
leaf_decode(struct mail_parser *p, const uint8_t *data, size_t len)
{
	uint8_t	 out[LEAF_PIECE + DECODE_HELD + 4];

	leaf_decoded(p, out, decoder_feed(&p->decoder, data, len, out));
}

/*
 * Octets of the current leaf.  Each line comes here twice, itself and its
 * end: what needs no decoding needs no room for it, which the compiler fills
 * with zeros.
 */
static void
leaf_octets(struct mail_parser *p, const uint8_t *data, size_t len)
{
	bool	 encoded = p->decoder.encoding == MAIL_ENC_BASE64 ||
		    p->decoder.encoding == MAIL_ENC_QP;
	size_t	 n;

	for (; len > 0; len -= n, data += n) {
		n = len < LEAF_PIECE ? len : LEAF_PIECE;
		if (encoded)
			leaf_decode(p, data, n);
		else
			leaf_decoded(p, data, n);
	}
}

/*
 * A piece of a line of the leaf's body.  Its end is held back: it belongs
 * to a boundary if that is the next line (RFC 2046 section 5.1.1).
 */
void
leaf_line(struct mail_parser *p, const uint8_t *data, size_t len)
{
	uint8_t	 tail[2];
	size_t	 n = 0;

	if (len == 1 && data[0] == '\n' && p->npend == 1 &&
	    p->pend[0] == '\r') {
		p->pend[p->npend++] = '\n';
		return;
	}
	leaf_octets(p, p->pend, p->npend);
	p->npend = 0;
	if (data[len - 1] == '\n') {
		tail[n++] = '\n';
		if (len > 1 && data[len - 2] == '\r')
			tail[n++] = '\r';
	} else if (data[len - 1] == '\r')
		tail[n++] = '\r';
	leaf_octets(p, data, len - n);
	while (n > 0)
		p->pend[p->npend++] = tail[--n];
}

void
leaf_begin(struct mail_parser *p)
{
	struct mail_part	*part = &p->tree.v[p->tree.n - 1];
	bool			 shown;

	p->state = PARSE_BODY;
	p->npend = 0;
	p->capture = NULL;
	decoder_init(&p->decoder, (enum mail_encoding)part->encoding);
	shown = !str_caseeq(part->disposition, STR("attachment"));
	if (p->text_part == -1 && shown &&
	    mail_type_is(part, "text", "plain")) {
		p->text_part = (int)p->tree.n - 1;
		p->capture = &p->text;
		p->capture_max = PREVIEW_TEXT;
	} else if (p->html_part == -1 && shown &&
	    mail_type_is(part, "text", "html")) {
		p->html_part = (int)p->tree.n - 1;
		p->capture = &p->html;
		p->capture_max = PREVIEW_HTML;
	}
	if (p->texts != NULL && (mail_type_is(part, "text", NULL) ||
	    mail_type_is(part, "message", NULL)))
		texts_begin(p, part);
}

void
leaf_end(struct mail_parser *p, bool with_term)
{
	uint8_t	 out[DECODE_HELD + 4];
	size_t	 n;

	if (with_term)
		leaf_octets(p, p->pend, p->npend);
	p->npend = 0;
	n = decoder_end(&p->decoder, out);
	p->tree.v[p->tree.n - 1].decoded += n;
	if (p->capture != NULL)
		buf_put(p->capture, out, n);
	p->capture = NULL;
	if (p->texts != NULL) {
		texts_octets(p, out, n);
		texts_end(p);
	}
}
