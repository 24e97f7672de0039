/* The examples of FIPS 180-4 in two threads, pieces, and HMAC. */
#include "common/compat.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <pthread.h>
#include <string.h>

#include "common/sum.h"
#include "common/test.h"

static const struct {
	const char	*text;
	uint8_t		 sha256[32];
} sums[] = {
	{ "abc", {
	    0xba, 0x78, 0x16, 0xbf, 0x8f, 0x01, 0xcf, 0xea,
	    0x41, 0x41, 0x40, 0xde, 0x5d, 0xae, 0x22, 0x23,
	    0xb0, 0x03, 0x61, 0xa3, 0x96, 0x17, 0x7a, 0x9c,
	    0xb4, 0x10, 0xff, 0x61, 0xf2, 0x00, 0x15, 0xad } },
	{ "", {
	    0xe3, 0xb0, 0xc4, 0x42, 0x98, 0xfc, 0x1c, 0x14,
	    0x9a, 0xfb, 0xf4, 0xc8, 0x99, 0x6f, 0xb9, 0x24,
	    0x27, 0xae, 0x41, 0xe4, 0x64, 0x9b, 0x93, 0x4c,
	    0xa4, 0x95, 0x99, 0x1b, 0x78, 0x52, 0xb8, 0x55 } },
	{ "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", {
	    0x24, 0x8d, 0x6a, 0x61, 0xd2, 0x06, 0x38, 0xb8,
	    0xe5, 0xc0, 0x26, 0x93, 0x0c, 0x3e, 0x60, 0x39,
	    0xa3, 0x3c, 0xe4, 0x59, 0x64, 0xff, 0x21, 0x67,
	    0xf6, 0xec, 0xed, 0xd4, 0x19, 0xdb, 0x06, 0xc1 } },
};

/* Against libcrypto's own, with keys and texts of every length. */
static void
test_hmac(void)
{
	uint8_t		 key[SUM_BLOCK], text[200], ours[32], theirs[32];
	unsigned	 n = 0;
	size_t		 k, len;

	for (len = 0; len < sizeof(text); len++)
		text[len] = (uint8_t)(len * 7);
	for (k = 0; k < sizeof(key); k++)
		key[k] = (uint8_t)(255 - k);
	for (k = 1; k <= sizeof(key); k++)
		for (len = 0; len <= sizeof(text); len += 1 + k % 5) {
			sum_hmac(key, k, text, len, ours);
			CHECK(HMAC(EVP_sha256(), key, (int)k, text, len,
			    theirs, &n) != NULL && n == sizeof(theirs));
			CHECK_ROW(memcmp(ours, theirs, sizeof(ours)) == 0,
			    "key of %zu, text of %zu", k, len);
		}
}

/* In two pieces, wherever they meet. */
static void
test_pieces(void)
{
	const char	*text = sums[2].text;
	size_t		 len = strlen(text), i;
	struct sum	 s;
	uint8_t		 sha256[32];

	for (i = 0; i <= len; i++) {
		sum_begin(&s);
		sum_add(&s, text, i);
		sum_add(&s, text + i, len - i);
		sum_end(&s, sha256);
		CHECK_ROW(memcmp(sha256, sums[2].sha256, 32) == 0, "%zu", i);
	}
}

/* Its own and no other's, nor when a bit of the text differs. */
static void *
check_all(void *wrong)
{
	unsigned	 round;
	size_t		 i, j, len;
	char		 text[64];

	for (round = 0; round < 3; round++)
		for (i = 0; i < nitems(sums); i++) {
			len = strlen(sums[i].text);
			for (j = 0; j < nitems(sums); j++)
				*(int *)wrong += sum_is(sums[i].text, len,
				    sums[j].sha256) != (i == j);
			if (len == 0)
				continue;
			memcpy(text, sums[i].text, len);
			text[len - 1] ^= 1;
			*(int *)wrong += sum_is(text, len, sums[i].sha256);
		}
	return NULL;
}

int
main(void)
{
	pthread_t	 other;
	int		 here = 0, there = 0;

	CHECK(pthread_create(&other, NULL, check_all, &there) == 0);
	check_all(&here);
	pthread_join(other, NULL);
	CHECK(here == 0);
	CHECK(there == 0);
	/* and after its end */
	check_all(&here);
	CHECK(here == 0);
	test_pieces();
	test_hmac();
	return TEST_END();
}
