/*
 * AWS Signature Version 4 with a day key: storaged never has the secret, it
 * gets HMAC("aws4_request" ...) keys from credd (msg_auth.h, CRED_KEY).
 * S3's variant: the path is signed as it is sent, encoded once, with no
 * segment removed.
 */
#ifndef STORAGED_S3_SIGN_H
#define STORAGED_S3_SIGN_H

#include <stddef.h>
#include <stdint.h>

#define S3_AUTH_MAX	2048	/* an Authorization value with NUL */
#define S3_HEADERS_MAX	24	/* signed in one request */
#define S3_DATE_LEN	16	/* 20150830T123600Z, without NUL */
#define S3_EMPTY_SHA256	\
	"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

struct s3_key {
	char		 access_key[129];
	char		 token[6145];	/* "": none */
	char		 region[65];
	char		 service[17];
	char		 date[9];	/* YYYYMMDD */
	uint8_t		 key[32];
	int64_t		 expires;	/* 0: never */
};

struct s3_header {
	const char	*name;		/* any case */
	const char	*value;
};

struct s3_to_sign {
	const char	*method;
	const char	*path;		/* encoded, as in the request line */
	const char	*query;		/* encoded, any order; "" */
	const struct s3_header *headers; /* all that are signed: at least host
					    and x-amz-date */
	size_t		 nheaders;
	const char	*payload;	/* hex of its SHA-256 */
	const char	*date;		/* as in x-amz-date; its day is key's */
};

/* Writes the Authorization value; -1 if it does not fit, the key is for another
 * day, or a header contains a control character. */
int	 s3_sign(const struct s3_key *key, const struct s3_to_sign *r,
	    char *dst, size_t size);
/* The hash of the canonical request, for tests: 64 hex digits and NUL. */
int	 s3_canonical_hash(const struct s3_to_sign *r, char dst[65]);

/* YYYYMMDDTHHMMSSZ of t (seconds since 1970, UTC). */
void	 s3_date(int64_t t, char dst[S3_DATE_LEN + 1]);
/* Percent-encodes for a path (slash stays) or a query value (slash too).
 * Returns the length without NUL, or -1 when it does not fit. */
int	 s3_encode(const char *src, int keep_slash, char *dst, size_t size);
void	 s3_hex(const uint8_t *src, size_t len, char *dst); /* 2 * len + NUL */

#endif
