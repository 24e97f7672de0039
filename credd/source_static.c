/*
 * Keys that stand in the configuration: store.access-key, store.secret-key,
 * store.session-token, or the same of an entry of "ingest".  One that is in a
 * file is read again now and then, so that it may be replaced while Pail runs.
 */
#include "common/compat.h"

#include <stdio.h>

#include "credd/files.h"
#include "credd/source.h"

#define STATIC_POLL	15	/* s between looks at files */

static const char *const names[SOURCE_KEYS] = {
	"access-key", "secret-key", "session-token"
};
/* As they are usually written. */
static const char *const shown[SOURCE_KEYS] = {
	"store.access-key", "store.secret-key", "store.session-token"
};

static void
static_read(const struct files_item *items, void *arg)
{
	struct source_ask	*q = arg;
	struct str		 values[SOURCE_KEYS];
	bool			 own = slice_at(q->conf, SOURCE_OF) != NULL;
	size_t			 i;

	q->state = NULL;
	for (i = 0; i < SOURCE_KEYS; i++) {
		if (items[i].outcome == SETUP_GIVE_FAILED) {
			source_failed(q, "%s", items[i].why);
			return;
		}
		if (items[i].outcome == SETUP_GIVE_FOUND) {
			q->poll = STATIC_POLL;
			values[i] = (struct str){ items[i].data,
			    items[i].len };
		} else
			values[i] = str_from(slice_at(q->conf,
			    "store.credentials.%s", names[i]));
	}
	if (values[0].len == 0 && values[1].len == 0)
		source_none(q, "%s is missing", own ? names[0] : shown[0]);
	else
		source_keys(q, values, own ? names : shown);
}

static void
static_end(struct source_ask *q)
{
	files_cancel(q->state);
}

static void
static_start(struct source_ask *q)
{
	const char	*of = slice_at(q->conf, SOURCE_OF);
	const char	*what[SOURCE_KEYS];
	char		 text[SOURCE_KEYS][64];
	size_t		 i;

	for (i = 0; i < SOURCE_KEYS; i++) {
		snprintf(text[i], sizeof(text[i]), "key:%s.credentials.%s",
		    of != NULL ? of : "store", names[i]);
		what[i] = text[i];
	}
	q->state = files_gather(q->world->files, what, nitems(what),
	    static_read, q);
}

const struct source source_static = { "static", true, static_start,
    static_end };
