/*
 * A profile of AWS's shared files, credentials and config: what has to be
 * done for its credentials (AWS SDKs and Tools Reference Guide, "Shared config
 * and credentials files" and "Assume role credential provider").  The files
 * are hostile; no part of a secret goes into a reason.
 */
#ifndef CREDD_PROFILE_H
#define CREDD_PROFILE_H

#include <stdbool.h>
#include <stddef.h>

#include "common/msg_setup.h"
#include "credd/profile_read.h"
#include "credd/secret.h"

#define PROFILE_NAME_MAX	128
#define PROFILE_ROLES_MAX	5	/* in a chain of source_profile */

enum profile_outcome {
	PROFILE_FOUND,
	PROFILE_NONE,		/* it was not named, and is not there */
	PROFILE_FAILED
};

/* What the chain of profiles ends with. */
enum profile_base {
	PROFILE_KEYS,		/* aws_access_key_id and its like */
	PROFILE_PROCESS,	/* credential_process */
	PROFILE_SOURCE,		/* credential_source: another source */
	PROFILE_WEB		/* web_identity_token_file: the last role is
				   assumed with that token, and no keys */
};

struct profile_role {
	char	 arn[2049];
	char	 external_id[1225];
	char	 session_name[65];
	unsigned duration;		/* s; 0: not said */
};

/* Roles to assume: the last one first, with what the base gives. */
struct profile_plan {
	enum profile_base base;
	struct cred_secret *keys;	/* PROFILE_KEYS; else NULL */
	char	 command[SETUP_WANT_MAX - 100];	/* PROFILE_PROCESS */
	const char *source;		/* PROFILE_SOURCE: its name, static */
	char	 token_file[SETUP_WANT_MAX - 100];	/* PROFILE_WEB */
	char	 region[CRED_REGION_MAX + 1];	/* "": not said */
	size_t	 nroles;
	struct profile_role roles[PROFILE_ROLES_MAX];
};

/*
 * The plan for a profile; named: someone has asked for it by name, so that it
 * must be there.  The plan is the caller's, to be freed unless PROFILE_FOUND
 * has not been said, when it is NULL and why has the reason.
 */
enum profile_outcome profile_resolve(const struct profile_files *f,
	    const char *name, bool named, struct profile_plan **plan,
	    char *why, size_t size);
void	 profile_free(struct profile_plan *p);	/* wipes; NULL is fine */

#endif
