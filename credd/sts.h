/*
 * An STS (Security Token Service): temporary keys of a role for keys that are
 * at hand, or for a token that an identity provider has issued; and whose keys
 * are.  AWS STS API Reference, AssumeRole, AssumeRoleWithWebIdentity and
 * GetCallerIdentity (version 2011-06-15).  Certificates are always verified,
 * and nothing secret is in a URL.
 */
#ifndef CREDD_STS_H
#define CREDD_STS_H

#include "credd/source.h"

#define STS_ARN_MAX	2048	/* bytes, as IAM has them */
#define STS_NAME_MAX	64	/* of a session's name */
#define STS_ID_MAX	1224	/* of an external ID */
#define STS_POLICY_MAX	2048
#define STS_TOKEN_MAX	20000	/* of a web identity */

/* The role to be assumed; all is borrowed during the call, "" is "none". */
struct sts_role {
	const char	*role_arn;
	const char	*session_name;	/* "": STS_SESSION_NAME */
	const char	*external_id;	/* with keys only */
	const char	*policy;	/* JSON that narrows its rights */
	unsigned	 duration;	/* s; 0: what the STS takes for it */
	const char	*region;	/* whose STS, and what is signed for */
	/* "": derived from region; one of AWS's has its region in its name,
	 * which is signed for then */
	const char	*endpoint;
};
#define STS_SESSION_NAME "pail"

struct sts_answer {
	/* The callback's to take or to free: with its end and the identity
	 * that the STS told, without a region.  NULL: why tells. */
	struct cred_secret *secret;
	/* The rest lives as long as the callback. */
	const char	*identity;	/* an ARN: sts_identity()'s; or NULL */
	const char	*why;
};
typedef void (*sts_cb)(const struct sts_answer *a, void *arg);

struct sts;

/*
 * AssumeRole, signed with keys (of a user, or of a role: then with its session
 * token); they are copied.  From the loop, never from within: exactly one
 * callback, unless it is cancelled.
 */
struct sts *sts_assume_role(const struct source_world *world,
	    const struct cred_secret *keys, const struct sts_role *role,
	    sts_cb cb, void *arg);
/* The same for a token: no keys are needed, nothing is signed. */
struct sts *sts_web_identity(const struct source_world *world,
	    const char *token, const struct sts_role *role, sts_cb cb,
	    void *arg);
/* Whose keys these are, which no policy can deny to tell; region and endpoint
 * as a role's.  The answer has no secret. */
struct sts *sts_identity(const struct source_world *world,
	    const struct cred_secret *keys, const char *region,
	    const char *endpoint, sts_cb cb, void *arg);
void	 sts_cancel(struct sts *s);	/* NULL is fine */

/* The STS of a region, "https://sts.REGION.amazonaws.com".  -1: no region of
 * AWS (those of other providers need an endpoint), or it does not fit. */
int	 sts_endpoint(const char *region, char *dst, size_t size);
/* The other way round: what requests to this host are signed for, "us-east-1"
 * for the global one; -1: it is no STS of AWS's. */
int	 sts_region(const char *host, char *dst, size_t size);

#endif
