/* See csrf.h. */
#include "common/compat.h"

#include <string.h>

#include <openssl/crypto.h>
#include <openssl/rand.h>

#include "admind/web/csrf.h"
#include "common/hex.h"
#include "common/log.h"
#include "common/sum.h"

void
csrf_of(const char *token, char out[CSRF_LEN + 1])
{
	static const char	 what[] = "csrf";
	uint8_t			 mac[32];

	sum_hmac(token, strnlen(token, SUM_BLOCK), what, sizeof(what) - 1,
	    mac);
	hex_print(mac, sizeof(mac), out);
	explicit_bzero(mac, sizeof(mac));
}

void
csrf_random(char out[CSRF_LEN + 1])
{
	uint8_t	 b[32];

	if (RAND_bytes(b, sizeof(b)) != 1)
		fatalx("no random numbers");
	hex_print(b, sizeof(b), out);
	explicit_bzero(b, sizeof(b));
}

bool
csrf_same(const char *want, struct str said)
{
	return said.len == CSRF_LEN && strlen(want) == CSRF_LEN &&
	    CRYPTO_memcmp(want, said.p, CSRF_LEN) == 0;
}

bool
csrf_is_hex(struct str s)
{
	size_t	 i;

	for (i = 0; i < s.len; i++)
		if (!(s.p[i] >= '0' && s.p[i] <= '9') &&
		    !(s.p[i] >= 'a' && s.p[i] <= 'f'))
			return false;
	return s.len == CSRF_LEN;
}
