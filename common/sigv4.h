/*
 * AWS Signature Version 4 with a day key, HMAC("aws4_request" ...), which credd
 * derives from the secret (credd/sigkey.h): storaged has nothing else
 * (msg_auth.h, CRED_KEY).  S3's variant: the path is signed as it is sent,
 * encoded once, with no segment removed; for "/" there is no other.
 */
#ifndef COMMON_SIGV4_H
#define COMMON_SIGV4_H

#include <stddef.h>
#include <stdint.h>

#define SIGV4_AUTH_MAX	2048	/* an Authorization value with NUL */
#define SIGV4_HEADERS_MAX	24	/* signed in one request */
#define SIGV4_DATE_LEN	16	/* 20150830T123600Z, without NUL */
#define SIGV4_EMPTY_SHA256	\
	"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

struct sigv4_key {
	char		 access_key[257];
	char		 token[6145];	/* "": none */
	char		 region[65];
	char		 service[17];
	char		 date[9];	/* YYYYMMDD */
	uint8_t		 key[32];
	int64_t		 expires;	/* 0: never */
};

struct sigv4_header {
	const char	*name;		/* any case */
	const char	*value;
};

struct sigv4_request {
	const char	*method;
	const char	*path;		/* encoded, as in the request line */
	const char	*query;		/* encoded, any order; "" */
	const struct sigv4_header *headers;	/* all that are signed: at
					   least host and x-amz-date */
	size_t		 nheaders;
	const char	*payload;	/* hex of its SHA-256 */
	const char	*date;		/* as in x-amz-date; its day is key's */
};

/* Writes the Authorization value; -1 if it does not fit, the key is for another
 * day, or a header contains a control character. */
int	 sigv4_sign(const struct sigv4_key *key, const struct sigv4_request *r,
	    char *dst, size_t size);
/* The hash of the canonical request, for tests: 64 hex digits and NUL. */
int	 sigv4_canonical_hash(const struct sigv4_request *r, char dst[65]);

/* YYYYMMDDTHHMMSSZ of t (seconds since 1970, UTC). */
void	 sigv4_date(int64_t t, char dst[SIGV4_DATE_LEN + 1]);
/* Percent-encodes for a path (slash stays) or a query value (slash too).
 * Returns the length without NUL, or -1 when it does not fit. */
int	 sigv4_encode(const char *src, int keep_slash, char *dst, size_t size);

#endif
