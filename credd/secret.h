/*
 * A set of credentials, in memory that is locked and left out of core files
 * where the system can; wiped when it is freed.
 */
#ifndef CREDD_SECRET_H
#define CREDD_SECRET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CRED_ACCESS_MAX	256
#define CRED_SECRET_MAX	1024
#define CRED_TOKEN_MAX	6144
#define CRED_REGION_MAX	128
#define CRED_IDENTITY_MAX 512

struct cred_secret {
	char	access_key[CRED_ACCESS_MAX + 1];
	char	secret[CRED_SECRET_MAX + 1];
	char	token[CRED_TOKEN_MAX + 1];	/* session token; "": none */
	char	region[CRED_REGION_MAX + 1];	/* what requests are for */
	char	identity[CRED_IDENTITY_MAX + 1]; /* ARN; "": not told */
	int64_t	expires;			/* 0: never */
};

struct cred_secret *cred_secret_new(void);	/* zeroed; NULL on ENOMEM */
void	 cred_secret_free(struct cred_secret *s);	/* NULL is fine */
/* The same keys and token? */
bool	 cred_secret_same(const struct cred_secret *a,
	    const struct cred_secret *b);
/* No control characters, which would end a header? */
bool	 cred_plain(const void *p, size_t len);
bool	 cred_valid(const struct cred_secret *s);	/* in keys and token */
/* Copies len bytes of a key or a token: -1 if they do not fit, are none, or
 * hold a control character. */
int	 cred_put(char *dst, size_t size, const void *src, size_t len);

#endif
