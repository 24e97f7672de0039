/*
 * A role for a token that an identity provider has issued: EKS's service
 * accounts, GitHub's and GitLab's runners, MinIO behind an OpenID provider
 * (AWS SDKs and Tools Reference Guide, "Assume role credential provider").
 * The token is rotated, so its file is read anew for each question.
 */
#include "common/compat.h"

#include <stdlib.h>

#include "common/mem.h"
#include "credd/files.h"
#include "credd/roles.h"
#include "credd/source.h"

#define C	"store.credentials."

static const char *const names[] = {
	"key:" C "web-identity-token-file",
	"env:AWS_WEB_IDENTITY_TOKEN_FILE",
	"env:AWS_ROLE_ARN",
	"env:AWS_ROLE_SESSION_NAME"
};
enum { KEY, TOKEN_FILE, ROLE_ARN, SESSION_NAME };

struct web {
	struct files_job	*job;
	struct sts		*sts;
};

static void
web_end(struct source_ask *q)
{
	struct web	*w = q->state;

	files_cancel(w->job);
	sts_cancel(w->sts);
	free(w);
}

static void
web_answered(const struct sts_answer *a, void *arg)
{
	struct source_ask	*q = arg;
	struct web		*w = q->state;

	w->sts = NULL;
	if (a->secret != NULL)
		source_found(q, a->secret);
	else
		source_failed(q, "%s", a->why);
}

/* What the configuration says, or else the variable. */
static const char *
either(const struct source_ask *q, const char *key, const struct files_item *v)
{
	const char	*s = slice_str(q->conf, key);

	return *s != '\0' ? s : v->data;
}

static void
web_read(const struct files_item *v, void *arg)
{
	struct source_ask	*q = arg;
	struct web		*w = q->state;
	size_t			 from = v[KEY].outcome == SETUP_GIVE_ABSENT ?
				    TOKEN_FILE : KEY;
	const char		*token = v[from].data;
	struct sts_role		 role = {
		.role_arn = either(q, C "role-arn", &v[ROLE_ARN]),
		.session_name = either(q, C "session-name", &v[SESSION_NAME]),
		.external_id = "",
		.policy = "",
		.duration = roles_seconds(slice_str(q->conf, C "duration")),
		.region = slice_str(q->conf, "store.region"),
		.endpoint = slice_str(q->conf, C "sts-endpoint")
	};

	w->job = NULL;
	if (v[from].outcome == SETUP_GIVE_FAILED)
		source_failed(q, "%s", v[from].why);
	else if (v[from].outcome == SETUP_GIVE_ABSENT)
		source_none(q, "web-identity-token-file and "
		    "AWS_WEB_IDENTITY_TOKEN_FILE are not set");
	else if (*role.role_arn == '\0')
		source_failed(q, "role-arn and AWS_ROLE_ARN are not set");
	else if (!cred_plain(token, v[from].len))
		source_failed(q, "the token contains a control character");
	else
		w->sts = sts_web_identity(q->world, token, &role,
		    web_answered, q);
}

static void
web_start(struct source_ask *q)
{
	struct web	*w = q->state = mem_new(1, sizeof(*w));

	w->job = files_gather(q->world->files, names, nitems(names), web_read,
	    q);
}

const struct source source_web_identity = { "web-identity", true, web_start,
    web_end };
