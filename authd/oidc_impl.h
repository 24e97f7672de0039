/* What the files of oidc.h share. */
#ifndef AUTHD_OIDC_IMPL_H
#define AUTHD_OIDC_IMPL_H

#include "authd/jwk.h"
#include "authd/mac.h"
#include "authd/oidc.h"

/* A question that is asked again only after a while when it had no answer. */
struct oidc_try {
	int64_t		 asked;		/* clock; 0: never */
	bool		 failed;
	char		 why[200];
};

struct oidc_token {
	uint8_t		 mac[MAC_LEN];	/* of it; the token is not kept */
	char		 user[USER_ID_MAX + 1];
	int64_t		 asked;		/* clock; 0: a free place */
	int64_t		 ends;		/* seconds since 1970; 0: unknown */
};

struct oidc {
	struct oidc_io	 io;
	struct claims_rules rules;
	char		*strings[8 + 2 * CLAIMS_LIST];	/* what we own */
	size_t		 nstrings;
	const char	*given_jwks, *given_introspection;
	const char	*client_id;
	char		*client_secret;
	/* what the provider has said */
	char		 jwks_url[OIDC_URL_MAX];
	char		 introspection_url[OIDC_URL_MAX];
	int64_t		 found;		/* clock, when; 0: not */
	struct jwks	*keys;		/* NULL: none yet */
	int64_t		 fetched;	/* clock */
	struct oidc_try	 try_keys, try_token;
	bool		 refused;	/* our secret, since it was asked */
	struct oidc_token *tokens;	/* OIDC_TOKENS of them */
};

/* May it be asked now?  Then it is counted as asked. */
bool	 oidc_may_try(struct oidc *o, struct oidc_try *t);
/* How that ended: the log has it when it changes.  what: "keys". */
void	 oidc_tried(struct oidc *o, struct oidc_try *t, const char *what,
	    const char *why);
/* One document, a strict JSON object: 0, and *a is oidc_io.done()'s.  -1 with
 * why. */
int	 oidc_get(struct oidc *o, const struct oidc_ask *q,
	    struct oidc_answer *a, char *why, size_t size);
/* oidc_find.c: the endpoints, if they are not known, or old.  -1 with why. */
int	 oidc_find(struct oidc *o, char *why, size_t size);
/* oidc_token.c: one that is not a JWT. */
enum work_result_code oidc_introspect(struct oidc *o, struct str token,
	    char user[USER_ID_MAX + 1], char *why, size_t size);

#endif
