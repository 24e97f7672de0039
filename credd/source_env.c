/*
 * The variables of AWS's tools in the environment of paild: AWS_ACCESS_KEY_ID,
 * AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN.
 */
#include "common/compat.h"

#include "credd/files.h"
#include "credd/source.h"

/* "env:" is what paild is asked, and the rest the variable. */
static const char *const names[SOURCE_KEYS] = {
	"env:AWS_ACCESS_KEY_ID", "env:AWS_SECRET_ACCESS_KEY",
	"env:AWS_SESSION_TOKEN"
};

static void
env_read(const struct files_item *v, void *arg)
{
	struct source_ask	*q = arg;
	struct str		 values[SOURCE_KEYS];
	const char		*shown[SOURCE_KEYS];
	size_t			 i;

	q->state = NULL;
	for (i = 0; i < SOURCE_KEYS; i++) {
		if (v[i].outcome == SETUP_GIVE_FAILED) {
			source_failed(q, "%s", v[i].why);
			return;
		}
		values[i] = (struct str){ v[i].data, v[i].len };
		shown[i] = names[i] + 4;
	}
	if (values[0].len == 0 && values[1].len == 0)
		source_none(q, "%s is not set", shown[0]);
	else
		source_keys(q, values, shown);
}

static void
env_end(struct source_ask *q)
{
	files_cancel(q->state);
}

static void
env_start(struct source_ask *q)
{
	q->state = files_gather(q->world->files, names, nitems(names),
	    env_read, q);
}

const struct source source_env = { "env", true, env_start, env_end };
