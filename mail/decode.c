/*
 * Base64 and quoted-printable, byte by byte, with a state that survives any
 * cut of the input.  Trailing white space of a quoted-printable line is
 * dropped (RFC 2045 section 6.7, rule 3); more than DECODE_HELD bytes of it
 * are let through, so that nothing grows.
 */
#include "mail/decode.h"

#include <string.h>

enum { QP_TEXT, QP_EQUAL, QP_HEX, QP_SOFT, QP_SOFT_CR };

/* Value of a base64 character, 64 for '=', 65 for all others. */
static uint8_t
base64_value(uint8_t c)
{
	if (c >= 'A' && c <= 'Z')
		return (uint8_t)(c - 'A');
	if (c >= 'a' && c <= 'z')
		return (uint8_t)(c - 'a' + 26);
	if (c >= '0' && c <= '9')
		return (uint8_t)(c - '0' + 52);
	if (c == '+')
		return 62;
	if (c == '/')
		return 63;
	return c == '=' ? 64 : 65;
}

static int
hex_value(uint8_t c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return -1;
}

void
decoder_init(struct decoder *d, enum mail_encoding e)
{
	memset(d, 0, sizeof(*d));
	d->encoding = (uint8_t)e;
}

/* The bytes that fewer than four characters carry. */
static size_t
base64_flush(struct decoder *d, uint8_t *out)
{
	size_t	 n = 0;

	if (d->nbits >= 2)
		out[n++] = (uint8_t)(d->bits >> (6 * d->nbits - 8));
	if (d->nbits == 3)
		out[n++] = (uint8_t)(d->bits >> 2);
	d->nbits = 0;
	d->bits = 0;
	return n;
}

static size_t
base64_feed(struct decoder *d, const uint8_t *in, size_t len, uint8_t *out)
{
	uint8_t	 v;
	size_t	 i, n = 0;

	for (i = 0; i < len; i++) {
		v = base64_value(in[i]);
		if (v == 65)
			continue;
		if (v == 64) {		/* several encodings may be glued */
			n += base64_flush(d, out + n);
			continue;
		}
		d->bits = d->bits << 6 | v;
		if (++d->nbits < 4)
			continue;
		out[n++] = (uint8_t)(d->bits >> 16);
		out[n++] = (uint8_t)(d->bits >> 8);
		out[n++] = (uint8_t)d->bits;
		d->nbits = 0;
		d->bits = 0;
	}
	return n;
}

static size_t
qp_release(struct decoder *d, uint8_t *out)
{
	size_t	 n = d->nheld;

	memcpy(out, d->held, n);
	d->nheld = 0;
	return n;
}

static size_t
qp_text(struct decoder *d, uint8_t c, uint8_t *out)
{
	size_t	 n = 0;

	if (c == ' ' || c == '\t') {
		if (d->nheld == DECODE_HELD - 4)
			n = qp_release(d, out);
		d->held[d->nheld++] = c;
		return n;
	}
	if (c == '\r' || c == '\n') {
		/* A CR may be the first half of the line's end. */
		d->nheld = 0;
		out[n++] = c;
		return n;
	}
	n = qp_release(d, out);
	if (c == '=')
		d->state = QP_EQUAL;
	else
		out[n++] = c;
	return n;
}

/* One character behind a '='. */
static size_t
qp_escape(struct decoder *d, uint8_t c, uint8_t *out)
{
	size_t	 n = 0;

	switch (d->state) {
	case QP_EQUAL:
		if (hex_value(c) != -1) {
			d->hex = c;
			d->state = QP_HEX;
			return 0;
		}
		if (c == ' ' || c == '\t') {
			d->state = QP_SOFT;
			return 0;
		}
		if (c == '\r' || c == '\n') {
			d->state = c == '\r' ? QP_SOFT_CR : QP_TEXT;
			return 0;
		}
		out[n++] = '=';
		break;
	case QP_HEX:
		d->state = QP_TEXT;
		if (hex_value(c) != -1) {
			out[n++] = (uint8_t)(hex_value(d->hex) << 4 |
			    hex_value(c));
			return n;
		}
		out[n++] = '=';
		out[n++] = d->hex;
		break;
	case QP_SOFT:
		if (c == ' ' || c == '\t')
			return 0;
		if (c == '\r' || c == '\n') {
			d->state = c == '\r' ? QP_SOFT_CR : QP_TEXT;
			return 0;
		}
		break;
	case QP_SOFT_CR:
		d->state = QP_TEXT;
		if (c == '\n')
			return 0;
		break;
	}
	d->state = QP_TEXT;
	return n + qp_text(d, c, out + n);
}

size_t
decoder_feed(struct decoder *d, const uint8_t *in, size_t len, uint8_t *out)
{
	size_t	 i, n = 0;

	switch (d->encoding) {
	case MAIL_ENC_BASE64:
		return base64_feed(d, in, len, out);
	case MAIL_ENC_QP:
		for (i = 0; i < len; i++)
			n += d->state == QP_TEXT ?
			    qp_text(d, in[i], out + n) :
			    qp_escape(d, in[i], out + n);
		return n;
	default:
		memcpy(out, in, len);
		return len;
	}
}

size_t
decoder_end(struct decoder *d, uint8_t *out)
{
	size_t	 n = 0;

	if (d->encoding == MAIL_ENC_BASE64)
		return base64_flush(d, out);
	if (d->encoding != MAIL_ENC_QP)
		return 0;
	if (d->state == QP_HEX) {
		out[n++] = '=';
		out[n++] = d->hex;
	}
	d->nheld = 0;
	d->state = QP_TEXT;
	return n;
}
