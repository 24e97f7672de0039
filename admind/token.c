/* Hashes are compared, not tokens: whoever takes this process over learns
 * nothing to log in with but what clients show it from then on. */
#include "common/compat.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include "admind/token.h"

static int
hex(char c)
{
	return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ?
	    c - 'a' + 10 : -1;
}

int
token_read(const char *text, uint8_t hash[TOKEN_HASH])
{
	size_t	 i;
	int	 a, b;

	if (strlen(text) != 2 * TOKEN_HASH)
		return -1;
	for (i = 0; i < TOKEN_HASH; i++) {
		if ((a = hex(text[2 * i])) == -1 ||
		    (b = hex(text[2 * i + 1])) == -1)
			return -1;
		hash[i] = (uint8_t)(a << 4 | b);
	}
	return 0;
}

bool
token_matches(struct str auth, const uint8_t hash[TOKEN_HASH])
{
	static const struct str	 scheme = STR("bearer ");
	uint8_t			 own[EVP_MAX_MD_SIZE];
	bool			 same;

	if (auth.len <= scheme.len || !str_caseeq((struct str){ auth.p,
	    scheme.len }, scheme))
		return false;
	auth.p += scheme.len;
	auth.len -= scheme.len;
	if (EVP_Digest(auth.p, auth.len, own, NULL, EVP_sha256(), NULL) != 1)
		return false;
	same = CRYPTO_memcmp(own, hash, TOKEN_HASH) == 0;
	OPENSSL_cleanse(own, sizeof(own));
	return same;
}
