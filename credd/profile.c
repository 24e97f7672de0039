/*
 * From a profile to what has to be done for its credentials (profile.h): it
 * follows source_profile, and never in a circle.  What needs a person or a
 * browser (sso_*, mfa_serial) is refused: credd has neither.
 */
#include "common/compat.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/log.h"
#include "common/mem.h"
#include "credd/profile.h"
#include "credd/profile_read.h"

struct resolve {
	const struct profile_files *files;
	struct profile_plan	*plan;
	struct profile_rows	 rows;		/* of the profile at hand */
	char			 names[PROFILE_ROLES_MAX + 1][
				    PROFILE_NAME_MAX + 1];
	size_t			 n;		/* names; the last is at hand */
	bool			 done;
	char			*why;
	size_t			 size;
};

/* Who may be in a reason: escaped and cut. */
struct shown {
	char	text[160];
};

static const char *
show(const void *p, size_t len, struct shown *s)
{
	return log_quote(s->text, sizeof(s->text), p, len);
}

static const char *
profile_at_hand(const struct resolve *r, struct shown *s)
{
	const char	*name = r->names[r->n - 1];

	return show(name, strlen(name), s);
}

static bool
has(const struct resolve *r, enum profile_key k)
{
	return r->rows.row[k].value.len > 0;
}

/* "PATH:LINE: key: text" */
static int
wrong(struct resolve *r, enum profile_key k, const char *text)
{
	const struct profile_row	*row = &r->rows.row[k];

	snprintf(r->why, r->size, "%s:%u: %s: %s", row->path, row->line,
	    profile_key_name(k), text);
	return -1;
}

static int
copy(struct resolve *r, enum profile_key k, char *dst, size_t size)
{
	const struct profile_row	*row = &r->rows.row[k];

	dst[0] = '\0';
	if (row->value.len == 0 ||
	    cred_put(dst, size, row->value.p, row->value.len) == 0)
		return 0;
	return wrong(r, k, "too long, or with control characters");
}

/* -- what a chain may end with -- */

static int
end_with_keys(struct resolve *r)
{
	struct cred_secret	*s;

	if (!has(r, PROFILE_K_SECRET))
		return wrong(r, PROFILE_K_ACCESS,
		    "aws_secret_access_key is missing");
	if (!has(r, PROFILE_K_ACCESS))
		return wrong(r, PROFILE_K_SECRET,
		    "aws_access_key_id is missing");
	if ((s = r->plan->keys = cred_secret_new()) == NULL) {
		snprintf(r->why, r->size, "out of memory");
		return -1;
	}
	r->plan->base = PROFILE_KEYS;
	r->done = true;
	if (copy(r, PROFILE_K_ACCESS, s->access_key,
	    sizeof(s->access_key)) == -1 || copy(r, PROFILE_K_SECRET,
	    s->secret, sizeof(s->secret)) == -1)
		return -1;
	return copy(r, PROFILE_K_TOKEN, s->token, sizeof(s->token));
}

static int
end_with_process(struct resolve *r)
{
	r->plan->base = PROFILE_PROCESS;
	r->done = true;
	return copy(r, PROFILE_K_PROCESS, r->plan->command,
	    sizeof(r->plan->command));
}

static int
end_with_source(struct resolve *r)
{
	static const struct { const char *word, *source; } sources[] = {
		{ "Environment", "env" }, { "Ec2InstanceMetadata", "imds" },
		{ "EcsContainer", "container" }
	};
	size_t	i;

	for (i = 0; i < nitems(sources); i++)
		if (str_eq(r->rows.row[PROFILE_K_FROM].value,
		    str_from(sources[i].word))) {
			r->plan->base = PROFILE_SOURCE;
			r->plan->source = sources[i].source;
			r->done = true;
			return 0;
		}
	return wrong(r, PROFILE_K_FROM, "must be Environment, "
	    "Ec2InstanceMetadata or EcsContainer");
}

static int
end_with_web(struct resolve *r)
{
	r->plan->base = PROFILE_WEB;
	r->done = true;
	return copy(r, PROFILE_K_WEB, r->plan->token_file,
	    sizeof(r->plan->token_file));
}

static int
refuse_person(struct resolve *r)
{
	enum profile_key	k = has(r, PROFILE_K_SSO) ? PROFILE_K_SSO :
				    has(r, PROFILE_K_SSO_URL) ?
				    PROFILE_K_SSO_URL : PROFILE_K_LOGIN;
	struct shown		name;
	char			text[400];

	snprintf(text, sizeof(text), "profile %s needs a person to sign in "
	    "with a browser, which a server does not have: use a role "
	    "(role_arn), access keys, or credential_process",
	    profile_at_hand(r, &name));
	return wrong(r, k, text);
}

/* -- one profile of the chain -- */

static int
add_role(struct resolve *r)
{
	struct profile_role	*role;
	char			 number[16];
	const char		*errstr;

	if (has(r, PROFILE_K_MFA))
		return wrong(r, PROFILE_K_MFA, "a code that a person types "
		    "cannot be had here: use a role without it");
	if (r->plan->nroles == PROFILE_ROLES_MAX)
		return wrong(r, PROFILE_K_ROLE, "too many roles in a chain "
		    "of source_profile");
	role = &r->plan->roles[r->plan->nroles++];
	if (copy(r, PROFILE_K_ROLE, role->arn, sizeof(role->arn)) == -1 ||
	    copy(r, PROFILE_K_EXTERNAL, role->external_id,
	    sizeof(role->external_id)) == -1 || copy(r, PROFILE_K_SESSION,
	    role->session_name, sizeof(role->session_name)) == -1 ||
	    copy(r, PROFILE_K_DURATION, number, sizeof(number)) == -1)
		return -1;
	if (number[0] == '\0')
		return 0;
	role->duration = (unsigned)strtonum(number, 900, 43200, &errstr);
	return errstr == NULL ? 0 : wrong(r, PROFILE_K_DURATION,
	    "must be 900 to 43200");
}

/* source_profile: the next profile of the chain. */
static int
follow(struct resolve *r)
{
	const struct str	*to = &r->rows.row[PROFILE_K_SOURCE].value;
	size_t			 i;

	/* Itself: the role is assumed with its own keys. */
	if (str_eq(*to, str_from(r->names[r->n - 1]))) {
		if (has(r, PROFILE_K_ACCESS) || has(r, PROFILE_K_SECRET))
			return end_with_keys(r);
		return wrong(r, PROFILE_K_SOURCE, "it names its own profile, "
		    "which has no keys");
	}
	for (i = 0; i < r->n; i++)
		if (str_eq(*to, str_from(r->names[i])))
			return wrong(r, PROFILE_K_SOURCE, "profiles that lead "
			    "in a circle");
	if (r->n == nitems(r->names))
		return wrong(r, PROFILE_K_SOURCE, "too many roles in a chain "
		    "of source_profile");
	return copy(r, PROFILE_K_SOURCE, r->names[r->n++],
	    sizeof(r->names[0]));
}

static int
with_role(struct resolve *r)
{
	if (add_role(r) == -1)
		return -1;
	if (has(r, PROFILE_K_WEB))
		return end_with_web(r);
	if (has(r, PROFILE_K_SOURCE) && has(r, PROFILE_K_FROM))
		return wrong(r, PROFILE_K_FROM, "source_profile is set, too: "
		    "only one of them can be");
	if (has(r, PROFILE_K_FROM))
		return end_with_source(r);
	if (has(r, PROFILE_K_SOURCE))
		return follow(r);
	return wrong(r, PROFILE_K_ROLE, "source_profile, credential_source or "
	    "web_identity_token_file is missing");
}

/* Without a role of its own.  1: it has nothing. */
static int
without_role(struct resolve *r)
{
	if (has(r, PROFILE_K_ACCESS) || has(r, PROFILE_K_SECRET))
		return end_with_keys(r);
	if (has(r, PROFILE_K_SSO) || has(r, PROFILE_K_SSO_URL) ||
	    has(r, PROFILE_K_LOGIN))
		return refuse_person(r);
	if (has(r, PROFILE_K_PROCESS))
		return end_with_process(r);
	if (has(r, PROFILE_K_FROM))
		return end_with_source(r);
	if (has(r, PROFILE_K_WEB))
		return wrong(r, PROFILE_K_WEB, "role_arn is missing");
	return 1;
}

/* It is not there, or has nothing. */
static enum profile_outcome
nothing(struct resolve *r, bool named)
{
	const struct profile_files *f = r->files;
	struct shown		 name;

	profile_at_hand(r, &name);
	if (r->rows.found)
		snprintf(r->why, r->size, "profile %s of %s and %s has no "
		    "credentials", name.text, f->credentials.path,
		    f->config.path);
	else if (r->rows.bare != 0)
		snprintf(r->why, r->size, "%s:%u: must be [profile %s] in "
		    "this file", f->config.path, r->rows.bare, name.text);
	else
		snprintf(r->why, r->size, "no profile %s in %s or %s",
		    name.text, f->credentials.path, f->config.path);
	return named || r->n > 1 || r->rows.bare != 0 ? PROFILE_FAILED :
	    PROFILE_NONE;
}

static enum profile_outcome
resolve(struct resolve *r, bool named)
{
	int	e;

	while (!r->done) {
		if (profile_read(r->files, r->names[r->n - 1], &r->rows,
		    r->why, r->size) == -1)
			return PROFILE_FAILED;
		if (!r->rows.found)
			return nothing(r, named);
		if (r->n == 1 && copy(r, PROFILE_K_REGION, r->plan->region,
		    sizeof(r->plan->region)) == -1)
			return PROFILE_FAILED;
		e = has(r, PROFILE_K_ROLE) ? with_role(r) : without_role(r);
		if (e == -1)
			return PROFILE_FAILED;
		if (e == 1)
			return nothing(r, named);
	}
	return PROFILE_FOUND;
}

enum profile_outcome
profile_resolve(const struct profile_files *f, const char *name, bool named,
    struct profile_plan **plan, char *why, size_t size)
{
	struct resolve		 r = { .files = f, .why = why,
				    .size = size };
	enum profile_outcome	 outcome = PROFILE_FAILED;

	*plan = NULL;
	r.plan = mem_new(1, sizeof(*r.plan));
	if (strlcpy(r.names[r.n++], name, sizeof(r.names[0])) >=
	    sizeof(r.names[0]))
		snprintf(why, size, "the name of the profile is too long");
	else
		outcome = resolve(&r, named);
	if (outcome == PROFILE_FOUND)
		*plan = r.plan;
	else
		profile_free(r.plan);
	return outcome;
}

void
profile_free(struct profile_plan *p)
{
	if (p == NULL)
		return;
	cred_secret_free(p->keys);
	freezero(p, sizeof(*p));
}
