/*
 * Keys that stand in the configuration: store.access-key, store.secret-key,
 * store.session-token.  One that is in a file is read again now and then, so
 * that it may be replaced while Pail runs.
 */
#include "common/compat.h"

#include "credd/files.h"
#include "credd/source.h"

#define STATIC_POLL	15	/* s between looks at files */

/* "key:" is what paild is asked, and the rest the key in the slice. */
static const char *const names[SOURCE_KEYS] = {
	"key:store.credentials.access-key",
	"key:store.credentials.secret-key",
	"key:store.credentials.session-token"
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
			values[i] = str_from(slice_str(q->conf, names[i] + 4));
	}
	if (values[0].len == 0 && values[1].len == 0)
		source_none(q, "%s is missing", shown[0]);
	else
		source_keys(q, values, shown);
}

static void
static_end(struct source_ask *q)
{
	files_cancel(q->state);
}

static void
static_start(struct source_ask *q)
{
	q->state = files_gather(q->world->files, names, nitems(names),
	    static_read, q);
}

const struct source source_static = { "static", true, static_start,
    static_end };
