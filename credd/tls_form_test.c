/* What is a handshake's, and what nearly is. */
#include "common/compat.h"

#include <stdbool.h>
#include <stdint.h>

#include "common/test.h"
#include "credd/tls_form.h"

#define CONTEXT	"TLS 1.3, server CertificateVerify"
#define MOST	512

static size_t
make_13(uint8_t *p, const char *context, size_t hash)
{
	size_t	n = strlen(context) + 1;

	memset(p, ' ', 64);
	memcpy(p + 64, context, n);
	memset(p + 64 + n, 0xab, hash);
	return 64 + n + hash;
}

static size_t
make_12(uint8_t *p, unsigned type, unsigned curve, unsigned point,
    unsigned first)
{
	memset(p, 0x5a, 64);
	p[64] = (uint8_t)type;
	p[65] = (uint8_t)(curve >> 8);
	p[66] = (uint8_t)curve;
	p[67] = (uint8_t)point;
	memset(p + 68, 0x77, point);
	p[68] = (uint8_t)first;
	return 68 + point;
}

/* Every length but the right one, and every octet that is fixed. */
static void
test_13(size_t hash)
{
	uint8_t	p[MOST];
	size_t	n = make_13(p, CONTEXT, hash), i, fixed = n - hash;
	int	bit;

	memset(p + n, 0xab, sizeof(p) - n);
	for (i = 0; i < sizeof(p); i++)
		CHECK_ROW((tls_form(p, i) == TLS_FORM_13) ==
		    (i == fixed + 32 || i == fixed + 48), "%zu", i);
	for (i = 0; i < n; i++)
		for (bit = 0; bit < 8; bit++) {
			p[i] ^= (uint8_t)(1 << bit);
			CHECK_ROW(tls_form(p, n) == (i < fixed ?
			    TLS_FORM_NONE : TLS_FORM_13), "%zu %d", i, bit);
			p[i] ^= (uint8_t)(1 << bit);
		}
}

static void
test_contexts(void)
{
	static const char *const	t[] = {
		"TLS 1.3, client CertificateVerify", "", "tls-exporter",
		"TLS 1.3, server CertificateVerify ",
		"TLS 1.3, server CertificateVerif", "HTTP/2"
	};
	uint8_t	p[MOST];
	size_t	i;

	for (i = 0; i < nitems(t); i++)
		CHECK_ROW(tls_form(p, make_13(p, t[i], 32)) ==
		    TLS_FORM_NONE && tls_form(p, make_13(p, t[i], 48)) ==
		    TLS_FORM_NONE, "%s", t[i]);
}

static void
test_12(void)
{
	static const struct {
		unsigned	 type, curve, point, first;
		bool		 ok;
	} t[] = {
		{ 3, 23, 65, 4, true }, { 3, 24, 97, 4, true },
		{ 3, 25, 133, 4, true }, { 3, 29, 32, 9, true },
		{ 3, 30, 56, 9, true },
		/* the curve type, an unknown curve, another's point */
		{ 1, 23, 65, 4, false }, { 2, 23, 65, 4, false },
		{ 0, 29, 32, 4, false }, { 3, 22, 65, 4, false },
		{ 3, 26, 65, 4, false }, { 3, 256, 65, 4, false },
		{ 3, 23 + 256, 65, 4, false }, { 3, 29 << 8, 32, 4, false },
		{ 3, 23, 97, 4, false }, { 3, 29, 56, 4, false },
		{ 3, 23, 33, 2, false }, { 3, 0, 0, 0, false },
		/* compressed, hybrid */
		{ 3, 23, 65, 2, false }, { 3, 23, 65, 3, false },
		{ 3, 24, 97, 6, false }, { 3, 25, 133, 0, false }
	};
	uint8_t	p[MOST];
	size_t	i, k, n;

	for (i = 0; i < nitems(t); i++) {
		memset(p, 4, sizeof(p));
		n = make_12(p, t[i].type, t[i].curve, t[i].point, t[i].first);
		CHECK_ROW(tls_form(p, n) == (t[i].ok ? TLS_FORM_12 :
		    TLS_FORM_NONE), "%zu", i);
		p[67] ^= 1;		/* the length that it says */
		CHECK_ROW(tls_form(p, n) == TLS_FORM_NONE, "%zu", i);
		p[67] ^= 1;
		for (k = 0; t[i].ok && k < sizeof(p); k++)
			CHECK_ROW(k == n || tls_form(p, k) == TLS_FORM_NONE,
			    "%zu %zu", i, k);
	}
}

/* What is signed elsewhere with such keys. */
static void
test_others(void)
{
	static const char	 jwt[] = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJhIn0";
	uint8_t			 p[MOST];
	size_t			 i;

	for (i = 0; i < sizeof(jwt); i++)
		CHECK(tls_form(jwt, i) == TLS_FORM_NONE);
	for (i = 0; i < 256; i++) {
		memset(p, (int)i, sizeof(p));
		CHECK(tls_form(p, 32) == TLS_FORM_NONE &&	/* hashes */
		    tls_form(p, 48) == TLS_FORM_NONE &&
		    tls_form(p, 64) == TLS_FORM_NONE &&
		    tls_form(p, 130) == TLS_FORM_NONE &&
		    tls_form(p, sizeof(p)) == TLS_FORM_NONE);
	}
	/* a certificate's beginning */
	memset(p, 0x30, sizeof(p));
	p[1] = 0x82;
	for (i = 0; i < sizeof(p); i++)
		CHECK(tls_form(p, i) == TLS_FORM_NONE);
}

int
main(void)
{
	test_13(32);
	test_13(48);
	test_contexts();
	test_12();
	test_others();
	return TEST_END();
}
