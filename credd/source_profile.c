/*
 * A profile of AWS's shared files (profile.h), which paild reads anew for
 * each look: its keys, what its credential_process prints, or what another
 * source has; and the roles that are assumed with them, one after the other.
 */
#include "common/compat.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/mem.h"
#include "credd/files.h"
#include "credd/process.h"
#include "credd/profile.h"
#include "credd/source.h"
#include "credd/sts.h"

#define PROFILE_POLL	15	/* s between looks at keys in a file */

static const char *const names[] = { "aws:credentials", "aws:config",
    "env:AWS_PROFILE" };
enum { CREDENTIALS, CONFIG, NAME };

struct look {
	struct files_job	*job;
	struct source_ask	*other;		/* credential_source */
	struct sts		*sts;
	struct profile_plan	*plan;		/* its roles: those to come */
};

static void
profile_end(struct source_ask *q)
{
	struct look	*l = q->state;

	files_cancel(l->job);
	source_cancel(l->other);
	sts_cancel(l->sts);
	profile_free(l->plan);
	free(l);
}

static void	 got_role(const struct sts_answer *, void *);

/* What the STS is asked for next: the last role of the plan. */
static struct sts_role
role_at_hand(const struct source_ask *q)
{
	const struct look		*l = q->state;
	const struct profile_plan	*p = l->plan;
	const struct profile_role	*role = &p->roles[p->nroles - 1];

	return (struct sts_role){
		.role_arn = role->arn,
		.session_name = role->session_name,
		.external_id = role->external_id,
		.policy = "",
		.duration = role->duration,
		.region = p->region[0] != '\0' ? p->region :
		    slice_str(q->conf, "store.region"),
		.endpoint = slice_str(q->conf,
		    "store.credentials.sts-endpoint")
	};
}

/* Keys are there: of the base, or of the role before. */
static void
got_keys(struct source_ask *q, struct cred_secret *s)
{
	struct look	*l = q->state;
	struct sts_role	 role;

	if (l->plan->nroles == 0) {
		source_found(q, s);
		return;
	}
	/* What a role gives does not change with a file. */
	q->poll = 0;
	role = role_at_hand(q);
	l->sts = sts_assume_role(q->world, s, &role, got_role, q);
	cred_secret_free(s);
}

static void
got_role(const struct sts_answer *a, void *arg)
{
	struct source_ask	*q = arg;
	struct look		*l = q->state;

	l->sts = NULL;
	if (a->secret == NULL) {
		source_failed(q, "role_arn %.200s: %s",
		    l->plan->roles[l->plan->nroles - 1].arn, a->why);
		return;
	}
	l->plan->nroles--;
	got_keys(q, a->secret);
}

static void
got_token(const struct files_item *it, void *arg)
{
	struct source_ask	*q = arg;
	struct look		*l = q->state;
	struct sts_role		 role = role_at_hand(q);

	l->job = NULL;
	if (it->outcome != SETUP_GIVE_FOUND) {
		source_failed(q, "web_identity_token_file: %s", it->why);
		return;
	}
	l->sts = sts_web_identity(q->world, it->data, &role, got_role, q);
}

static void
got_output(const struct files_item *it, void *arg)
{
	struct source_ask	*q = arg;
	struct look		*l = q->state;
	struct cred_secret	*s;
	char			 why[400];

	l->job = NULL;
	if ((s = process_take(it, why, sizeof(why))) == NULL) {
		source_failed(q, "credential_process: %s", why);
		return;
	}
	q->poll = s->expires == 0 ? PROCESS_POLL : 0;
	got_keys(q, s);
}

static void
got_other(const struct source_answer *a, void *arg)
{
	struct source_ask	*q = arg;
	struct look		*l = q->state;

	l->other = NULL;
	if (a->outcome == SOURCE_FOUND) {
		q->poll = a->poll;
		got_keys(q, a->secret);
	} else
		source_failed(q, "credential_source: %s: %s",
		    l->plan->source, a->why);
}

static void
start_base(struct source_ask *q)
{
	struct look		*l = q->state;
	struct cred_secret	*s;
	char			 what[SETUP_WANT_MAX + 1];
	const char		*asked[] = { what };

	switch (l->plan->base) {
	case PROFILE_KEYS:
		s = l->plan->keys;
		l->plan->keys = NULL;
		q->poll = PROFILE_POLL;
		got_keys(q, s);
		break;
	case PROFILE_PROCESS:
		snprintf(what, sizeof(what), "run:%s", l->plan->command);
		l->job = files_gather(q->world->files, asked, 1, got_output,
		    q);
		break;
	case PROFILE_SOURCE:
		l->other = source_start(source_find(l->plan->source),
		    q->world, q->conf, got_other, q);
		break;
	case PROFILE_WEB:
		snprintf(what, sizeof(what), "aws:web_identity_token_file=%s",
		    l->plan->token_file);
		l->job = files_gather(q->world->files, asked, 1, got_token,
		    q);
		break;
	}
}

static void
profile_got(const struct files_item *v, void *arg)
{
	struct source_ask	*q = arg;
	struct look		*l = q->state;
	struct profile_files	 f = {
		{ v[CREDENTIALS].why, { v[CREDENTIALS].data,
		    v[CREDENTIALS].len } },
		{ v[CONFIG].why, { v[CONFIG].data, v[CONFIG].len } }
	};
	const char		*name = slice_str(q->conf,
				    "store.credentials.profile");
	bool			 named = true;
	char			 why[SOURCE_WHY_MAX];

	l->job = NULL;
	if (v[CREDENTIALS].outcome == SETUP_GIVE_FAILED ||
	    v[CONFIG].outcome == SETUP_GIVE_FAILED) {
		source_failed(q, "%s", v[CREDENTIALS].outcome ==
		    SETUP_GIVE_FAILED ? v[CREDENTIALS].why : v[CONFIG].why);
		return;
	}
	if (*name == '\0' && *(name = v[NAME].data) == '\0') {
		name = "default";
		named = false;
	}
	switch (profile_resolve(&f, name, named, &l->plan, why,
	    sizeof(why))) {
	case PROFILE_FOUND:
		start_base(q);
		break;
	case PROFILE_NONE:
		source_none(q, "%s", why);
		break;
	case PROFILE_FAILED:
		source_failed(q, "%s", why);
		break;
	}
}

static void
profile_start(struct source_ask *q)
{
	struct look	*l = q->state = mem_new(1, sizeof(*l));

	l->job = files_gather(q->world->files, names, nitems(names),
	    profile_got, q);
}

const struct source source_profile = { "profile", true, profile_start,
    profile_end };
