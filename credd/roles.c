/* A chain of roles (roles.h).  The keys of a step are wiped when the next
 * one has its own. */
#include "common/compat.h"

#include <stdio.h>
#include <stdlib.h>

#include "common/mem.h"
#include "credd/roles.h"

#define LIST	"store.credentials.assume-role"

struct roles {
	const struct source_world *world;
	const struct slice	*conf;
	unsigned		 at, n;
	struct cred_secret	*keys;		/* of the step before */
	struct sts		*sts;
	sts_cb			 cb;
	void			*arg;
};

static void roles_step(struct roles *);

static const char *
value(const struct slice *conf, unsigned at, const char *key)
{
	const char	*s = slice_at(conf, LIST ".%u.%s", at, key);

	return s != NULL ? s : "";
}

unsigned
roles_count(const struct slice *conf)
{
	unsigned	n = 0;

	while (n < ROLES_MAX && *value(conf, n, "role-arn") != '\0')
		n++;
	return n;
}

bool
roles_any(const struct slice *conf)
{
	return roles_count(conf) > 0;
}

unsigned
roles_seconds(const char *s)
{
	return (unsigned)strtonum(s, 0, 86400, NULL);
}

static void
roles_free(struct roles *r)
{
	sts_cancel(r->sts);
	cred_secret_free(r->keys);
	free(r);
}

static void
roles_answered(const struct sts_answer *a, void *arg)
{
	struct roles		*r = arg;
	struct sts_answer	 told = { .secret = a->secret, .why = "" };
	char			 why[SOURCE_WHY_MAX + 400];

	r->sts = NULL;
	if (a->secret != NULL && r->at + 1 < r->n) {
		cred_secret_free(r->keys);
		r->keys = a->secret;
		r->at++;
		roles_step(r);
		return;
	}
	if (a->secret == NULL) {
		snprintf(why, sizeof(why), "assume-role %u of %u, %.300s: %s",
		    r->at + 1, r->n, value(r->conf, r->at, "role-arn"),
		    a->why);
		told.why = why;
	}
	r->cb(&told, r->arg);
	roles_free(r);
}

static void
roles_step(struct roles *r)
{
	const char	*endpoint = value(r->conf, r->at, "sts-endpoint");
	struct sts_role	 role = {
		.role_arn = value(r->conf, r->at, "role-arn"),
		.session_name = value(r->conf, r->at, "session-name"),
		.external_id = value(r->conf, r->at, "external-id"),
		.policy = value(r->conf, r->at, "policy"),
		.duration = roles_seconds(value(r->conf, r->at, "duration")),
		.region = slice_str(r->conf, "store.region"),
		.endpoint = *endpoint != '\0' ? endpoint : slice_str(r->conf,
		    "store.credentials.sts-endpoint")
	};

	r->sts = sts_assume_role(r->world, r->keys, &role, roles_answered, r);
}

struct roles *
roles_start(const struct source_world *world, const struct slice *conf,
    struct cred_secret *keys, sts_cb cb, void *arg)
{
	struct roles	*r = mem_new(1, sizeof(*r));

	r->world = world;
	r->conf = conf;
	r->keys = keys;
	r->n = roles_count(conf);
	r->cb = cb;
	r->arg = arg;
	roles_step(r);
	return r;
}

void
roles_cancel(struct roles *r)
{
	if (r != NULL)
		roles_free(r);
}
