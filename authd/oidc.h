/*
 * One identity provider (OpenID Connect Discovery 1.0, RFC 7517, RFC 7662):
 * its endpoints and keys, fetched before a token needs them, and kept.  Blocks
 * in oidc_io.ask only.
 *
 * A token that is a JWT is verified with the provider's keys, another one by
 * asking the provider.  A provider that does not answer is asked again after
 * OIDC_AGAIN_MS; meanwhile what is known of it goes on: its keys verify for
 * OIDC_KEYS_LIFE_MS, and a token that it called active is right for
 * OIDC_TOKEN_LIFE_MS, but never longer than the token says.
 */
#ifndef AUTHD_OIDC_H
#define AUTHD_OIDC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "authd/claims.h"
#include "common/msg_auth.h"

#define OIDC_BODY_MAX		65536	/* bytes of an answer */
#define OIDC_AGAIN_MS		5000	/* for a key that is not known, too */
#define OIDC_TICK_MS		10000	/* the same, by oidc_tick() */
#define OIDC_KEYS_FRESH_MS	900000	/* then they are fetched again */
#define OIDC_KEYS_LIFE_MS	86400000
#define OIDC_FOUND_MS		86400000 /* the same of the endpoints */
#define OIDC_TOKEN_FRESH_MS	60000
#define OIDC_TOKEN_LIFE_MS	600000
#define OIDC_TOKENS		1024	/* remembered at once */
#define OIDC_URL_MAX		512

struct oidc_ask {
	const char	*url;
	const char	*authorization;	/* header; NULL: none */
	const char	*form;		/* of a POST; NULL: it is a GET */
};

struct oidc_answer {
	int		 status;
	char		*body;		/* oidc_io.done() */
	size_t		 len;
	char		 why[160];	/* -1: of ask */
};

/* The world; a test has its own. */
struct oidc_io {
	/* Blocks; 0: an answer of any status.  -1: none. */
	int		(*ask)(void *arg, const struct oidc_ask *q,
			    struct oidc_answer *a);
	void		(*done)(void *arg, struct oidc_answer *a);
	int64_t		(*now)(void *arg);	/* seconds since 1970 */
	int64_t		(*clock)(void *arg);	/* ms, monotonic */
	void		*arg;
};

/* Strings are copied.  "": not given. */
struct oidc_conf {
	const char	*issuer;
	const char	*audience;
	const char	*claim;
	int64_t		 leeway;		/* seconds */
	const char	*scopes[CLAIMS_LIST];
	size_t		 nscopes;
	const char	*require[CLAIMS_LIST];
	size_t		 nrequire;
	const char	*jwks_url;
	const char	*introspection_url;
	const char	*client_id;		/* "": none is introspected */
	const char	*client_secret;
};

struct oidc;

/* NULL on ENOMEM.  io is copied. */
struct oidc *oidc_new(const struct oidc_conf *conf, const struct oidc_io *io);
void	 oidc_free(struct oidc *o);		/* wipes; NULL is fine */
/*
 * Whose is the token?  WORK_YES and user (an id); WORK_UNKNOWN: another
 * issuer's; WORK_NO; WORK_EXPIRED; WORK_UNAVAILABLE: the provider would have to
 * say, and does not answer.  why: for the log, nothing of the token.
 */
enum work_result_code oidc_check(struct oidc *o, struct str token,
	    char user[USER_ID_MAX + 1], char *why, size_t size);
/* Called every few seconds: fetches the keys when they are due, so that no
 * login waits for that, nor finds none when the provider has gone.  Blocks. */
void	 oidc_tick(struct oidc *o);
/* Has the provider refused our own secret since this was asked before? */
bool	 oidc_refused(struct oidc *o);
/* What the secret is now: is it another?  Then the provider is asked again. */
bool	 oidc_secret(struct oidc *o, struct str secret);
/* https, or http on this host; *port is its port, and host (size bytes) it. */
bool	 oidc_url(const char *url, char *host, size_t size, uint16_t *port);

#endif
