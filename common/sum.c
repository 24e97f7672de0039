/* SHA-256 by libcrypto's plain functions (sum.h). */
#include "common/compat.h"

#include <string.h>

#include "common/log.h"
#include "common/sum.h"

/* OpenSSL 3 calls them deprecated, and gives nothing that costs as little. */
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"

void
sum_begin(struct sum *s)
{
	SHA256_Init(&s->ctx);
}

void
sum_add(struct sum *s, const void *p, size_t len)
{
	if (len > 0)
		SHA256_Update(&s->ctx, p, len);
}

void
sum_end(struct sum *s, uint8_t sha256[32])
{
	SHA256_Final(sha256, &s->ctx);
}

void
sum_of(const void *p, size_t len, uint8_t sha256[32])
{
	struct sum	 s;

	sum_begin(&s);
	sum_add(&s, p, len);
	sum_end(&s, sha256);
}

void
sum_hmac(const void *key, size_t keylen, const void *p, size_t len,
    uint8_t mac[32])
{
	uint8_t		 pad[SUM_BLOCK];
	struct sum	 s;
	size_t		 i;

	if (keylen > sizeof(pad))
		fatalx("sum: a key of %zu octets", keylen);
	memset(pad, 0, sizeof(pad));
	memcpy(pad, key, keylen);
	for (i = 0; i < sizeof(pad); i++)
		pad[i] ^= 0x36;
	sum_begin(&s);
	sum_add(&s, pad, sizeof(pad));
	sum_add(&s, p, len);
	sum_end(&s, mac);
	for (i = 0; i < sizeof(pad); i++)
		pad[i] ^= 0x36 ^ 0x5c;
	sum_begin(&s);
	sum_add(&s, pad, sizeof(pad));
	sum_add(&s, mac, 32);
	sum_end(&s, mac);
	explicit_bzero(pad, sizeof(pad));
	explicit_bzero(&s, sizeof(s));
}

bool
sum_is(const void *p, size_t len, const uint8_t sha256[32])
{
	uint8_t	 md[32];

	sum_of(p, len, md);
	return memcmp(md, sha256, sizeof(md)) == 0;
}
