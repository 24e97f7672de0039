/*
 * The process's own HMAC.  Must never leave a copy of what it was given.
 */
#include "common/compat.h"

#include <stdbool.h>
#include <unistd.h>

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "authd/mac.h"
#include "common/log.h"

static uint8_t	 mac_key[MAC_LEN];
static bool	 mac_ready;

void
mac_make(uint8_t out[MAC_LEN], uint32_t tag, const struct str *parts, size_t n)
{
	uint8_t		*msg, *p;
	size_t		 i, len = 4;
	unsigned int	 outlen = MAC_LEN;

	if (!mac_ready) {
		if (getentropy(mac_key, sizeof(mac_key)) == -1)
			fatal("getentropy");
		mac_ready = true;
	}
	for (i = 0; i < n; i++)
		len += 4 + parts[i].len;
	if ((msg = malloc(len)) == NULL)
		fatal("malloc");
	p = msg;
	memcpy(p, &tag, 4);
	p += 4;
	for (i = 0; i < n; i++) {
		uint32_t l = (uint32_t)parts[i].len;

		memcpy(p, &l, 4);
		p += 4;
		if (l > 0)
			memcpy(p, parts[i].p, l);
		p += l;
	}
	if (HMAC(EVP_sha256(), mac_key, sizeof(mac_key), msg, len, out,
	    &outlen) == NULL)
		fatalx("HMAC");
	freezero(msg, len);
}
