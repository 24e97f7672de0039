/* Checks of SHA-256 (sum.h).  Each thread keeps one context. */
#include "common/compat.h"

#include <openssl/evp.h>

#include <string.h>

#include "storaged/sum.h"

static _Thread_local EVP_MD_CTX	*ctx;

/* A context that has its algorithm begins anew without a look-up. */
static int
sum_begin(void)
{
	if (ctx != NULL)
		return EVP_DigestInit_ex(ctx, NULL, NULL);
	if ((ctx = EVP_MD_CTX_new()) == NULL)
		return 0;
	if (EVP_DigestInit_ex(ctx, EVP_sha256(), NULL) == 1)
		return 1;
	sum_thread_end();
	return 0;
}

bool
sum_is(const void *p, size_t len, const uint8_t sha256[32])
{
	uint8_t	 md[EVP_MAX_MD_SIZE];

	return sum_begin() == 1 && EVP_DigestUpdate(ctx, p, len) == 1 &&
	    EVP_DigestFinal_ex(ctx, md, NULL) == 1 &&
	    memcmp(md, sha256, 32) == 0;
}

void
sum_thread_end(void)
{
	EVP_MD_CTX_free(ctx);
	ctx = NULL;
}
