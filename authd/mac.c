/*
 * The process's own HMAC.  Must never leave a copy of what it was given.
 */
#include "common/compat.h"

#include <stdbool.h>
#include <unistd.h>

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/params.h>

#include "authd/mac.h"
#include "common/log.h"

static EVP_MAC_CTX	*mac_ctx;	/* with the key: it is made once */

static void
mac_ready(void)
{
	char		 sha256[] = "SHA256";
	OSSL_PARAM	 params[2] = { OSSL_PARAM_construct_utf8_string(
			    OSSL_MAC_PARAM_DIGEST, sha256, 0),
			    OSSL_PARAM_construct_end() };
	EVP_MAC		*mac = EVP_MAC_fetch(NULL, "HMAC", NULL);
	uint8_t		 key[MAC_LEN];

	if (getentropy(key, sizeof(key)) == -1)
		fatal("getentropy");
	if (mac == NULL || (mac_ctx = EVP_MAC_CTX_new(mac)) == NULL ||
	    EVP_MAC_init(mac_ctx, key, sizeof(key), params) != 1)
		fatalx("HMAC");
	explicit_bzero(key, sizeof(key));
	EVP_MAC_free(mac);
}

void
mac_make(uint8_t out[MAC_LEN], uint32_t tag, const struct str *parts, size_t n)
{
	size_t		 i, outlen;
	uint32_t	 len;
	bool		 good;

	if (mac_ctx == NULL)
		mac_ready();
	good = EVP_MAC_init(mac_ctx, NULL, 0, NULL) == 1 &&
	    EVP_MAC_update(mac_ctx, (uint8_t *)&tag, sizeof(tag)) == 1;
	for (i = 0; i < n && good; i++) {
		len = (uint32_t)parts[i].len;
		good = EVP_MAC_update(mac_ctx, (uint8_t *)&len,
		    sizeof(len)) == 1 &&
		    (len == 0 || EVP_MAC_update(mac_ctx,
		    (const uint8_t *)parts[i].p, len) == 1);
	}
	if (!good || EVP_MAC_final(mac_ctx, out, &outlen, MAC_LEN) != 1 ||
	    outlen != MAC_LEN)
		fatalx("HMAC");
}
