/*
 * A provider for tests: keys made anew, its JWK Set, tokens that are signed as
 * the test likes, and a fake of the world that oidc.h asks.
 */
#ifndef AUTHD_TOKEN_RIG_H
#define AUTHD_TOKEN_RIG_H

#include <stdbool.h>
#include <stdint.h>

#include "authd/oidc.h"

#define RIG_ISSUER	"https://id.example.org"
#define RIG_NOW		1800000000

enum rig_key { RIG_RSA, RIG_EC, RIG_ED, RIG_NEW, RIG_STRANGER, RIG_KEYS };

/* How a token is signed, whatever its header says. */
enum rig_sign {
	RIG_RS256, RIG_PS256, RIG_ES256, RIG_EDDSA,
	RIG_HS256,		/* with the public key, as PEM */
	RIG_HS256_DER,		/* the same, as DER */
	RIG_RS1,		/* SHA-1 */
	RIG_DER,		/* ES256, in DER */
	RIG_PS_SALT,		/* PS256 with another salt length */
	RIG_UNSIGNED		/* nothing behind the last dot */
};

void	 rig_init(void);
/* Of RIG_RSA, RIG_EC and RIG_ED, with kids "rsa", "ec" and "ed"; more: and of
 * RIG_NEW, an EC key "new".  Static. */
const char *rig_jwks(bool more);
/* A token; the caller's. */
char	*rig_token(enum rig_sign how, enum rig_key key, const char *header,
	    const char *claims);
/* base64url of text; the caller's. */
char	*rig_b64(const void *p, size_t len);
/* Header and claims of a good token of RIG_RSA. */
extern const char rig_header[], rig_claims[];

/* -- the world -- */

extern int64_t	 rig_seconds, rig_ms;	/* now */
extern bool	 rig_away;		/* the provider */
extern bool	 rig_more;		/* it has the new key */
extern int	 rig_status;		/* of its answers; 200 */
extern const char *rig_discovery;	/* NULL: a good one */
extern const char *rig_introspection;	/* what it says */
extern unsigned	 rig_asked_find, rig_asked_keys, rig_asked_token;
extern char	 rig_form[16384], rig_basic[1024];	/* the last ones */

/* A provider with the usual rules, and opaque tokens if client. */
struct oidc *rig_oidc(bool client);
struct oidc *rig_oidc_conf(struct oidc_conf *conf);
void	 rig_conf(struct oidc_conf *conf);

#endif
