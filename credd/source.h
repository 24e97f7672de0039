/*
 * Where the bucket's long-lived secrets come from: a table of sources.
 * What one gives is wiped with cred_secret_free().
 */
#ifndef CREDD_SOURCE_H
#define CREDD_SOURCE_H

#include <stddef.h>
#include <stdint.h>

#include "common/slice.h"

#define CRED_SECRET_MAX	1024
#define CRED_TOKEN_MAX	6144

/* In memory that is locked and left out of core files where possible. */
struct cred_secret {
	char	access_key[257];
	char	secret[CRED_SECRET_MAX + 1];
	char	token[CRED_TOKEN_MAX + 1];	/* session token; "": none */
	char	region[129];
	int64_t	expires;			/* 0: never */
};

struct source {
	const char	*name;
	/*
	 * 1: *out is filled.  0: the slice has nothing for this source.  -1:
	 * it has, but wrong: the reason (never a secret) in why.
	 */
	int		(*get)(const struct slice *conf,
			    struct cred_secret *out, char *why, size_t size);
};

extern const struct source source_static;

struct cred_secret *cred_secret_new(void);	/* NULL on ENOMEM */
void	 cred_secret_free(struct cred_secret *s);	/* NULL is fine */
/* Asks the sources in their order, the first that has something counts. */
int	 source_get(const struct slice *conf, struct cred_secret *out,
	    const char **name, char *why, size_t size);

#endif
