/*
 * A process that has been taken over must not be able to have anything signed
 * that has a meaning elsewhere: a certificate, a token, a client's part of a
 * handshake.  Each byte that can be checked is.
 */
#include "common/compat.h"

#include <stdbool.h>
#include <stdint.h>

#include "credd/tls_form.h"

#define RANDOM_LEN	32
#define NAMED_CURVE	3	/* ECCurveType */
#define UNCOMPRESSED	4	/* the only ECPointFormat (RFC 8422) */

static const char context[] = "TLS 1.3, server CertificateVerify";

/* RFC 8422 section 5.1.1, and how long a point of each is. */
static const struct {
	uint16_t	curve;
	uint8_t		point;
	bool		prefixed;	/* by its format */
} curves[] = {
	{ 23, 65, true },		/* secp256r1 */
	{ 24, 97, true },		/* secp384r1 */
	{ 25, 133, true },		/* secp521r1 */
	{ 29, 32, false },		/* x25519 */
	{ 30, 56, false }		/* x448 */
};

static bool
is_13(const uint8_t *p, size_t len)
{
	size_t	i, hash = 64 + sizeof(context);

	if (len != hash + 32 && len != hash + 48)
		return false;
	for (i = 0; i < 64; i++)
		if (p[i] != ' ')
			return false;
	return memcmp(p + 64, context, sizeof(context)) == 0;
}

static bool
is_12(const uint8_t *p, size_t len)
{
	size_t	i;

	if (len < 2 * RANDOM_LEN + 4)
		return false;
	p += 2 * RANDOM_LEN;
	len -= 2 * RANDOM_LEN + 4;
	for (i = 0; i < nitems(curves); i++)
		if (p[1] << 8 == (curves[i].curve & 0xff00) &&
		    p[2] == (curves[i].curve & 0xff))
			break;
	return p[0] == NAMED_CURVE && i < nitems(curves) &&
	    p[3] == curves[i].point && len == curves[i].point &&
	    (!curves[i].prefixed || p[4] == UNCOMPRESSED);
}

enum tls_form
tls_form(const void *bytes, size_t len)
{
	/* A client's random of 32 blanks cannot make one the other: a curve
	 * type follows, which is no letter. */
	if (is_13(bytes, len))
		return TLS_FORM_13;
	return is_12(bytes, len) ? TLS_FORM_12 : TLS_FORM_NONE;
}
