/*
 * kSigning = HMAC(HMAC(HMAC(HMAC("AWS4" + secret, date), region), service),
 * "aws4_request").  Must leave nothing of the secret or of the steps behind.
 */
#include "common/compat.h"

#include <stdio.h>
#include <time.h>

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "credd/sigkey.h"

int
sigkey_derive(uint8_t key[SIGKEY_LEN], const char *secret, const char *date,
    const char *region, const char *service)
{
	const char	*parts[] = { date, region, service, "aws4_request" };
	char		 first[4 + 1024 + 1];
	uint8_t		 k[2][EVP_MAX_MD_SIZE];
	const void	*in = first;
	size_t		 i, inlen, len = strlen(secret);
	int		 ret = -1;

	if (len > 1024)
		return -1;
	memcpy(first, "AWS4", 4);
	memcpy(first + 4, secret, len);
	inlen = 4 + len;
	for (i = 0; i < nitems(parts); i++) {
		if (HMAC(EVP_sha256(), in, (int)inlen,
		    (const unsigned char *)parts[i], strlen(parts[i]),
		    k[i % 2], NULL) == NULL)
			goto out;
		in = k[i % 2];
		inlen = SIGKEY_LEN;
	}
	memcpy(key, in, SIGKEY_LEN);
	ret = 0;
 out:
	explicit_bzero(first, sizeof(first));
	explicit_bzero(k, sizeof(k));
	return ret;
}

void
sigkey_date(char date[9], int64_t t)
{
	time_t		tt = (time_t)t;
	struct tm	tm;

	if (gmtime_r(&tt, &tm) == NULL || strftime(date, 9, "%Y%m%d",
	    &tm) != 8)
		strlcpy(date, "19700101", 9);
}
