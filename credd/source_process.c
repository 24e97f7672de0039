/*
 * A command of the administrator's that prints credentials
 * (store.credentials.command), as credential_process of AWS's config file.
 * paild runs it, for credd may not.
 */
#include "common/compat.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/mem.h"
#include "credd/files.h"
#include "credd/process.h"
#include "credd/source.h"

static void
process_read(const struct files_item *it, void *arg)
{
	struct source_ask	*q = arg;
	struct cred_secret	*s;
	char			 why[400];

	q->state = NULL;
	if ((s = process_take(it, why, sizeof(why))) == NULL) {
		source_failed(q, "store.credentials.command: %s", why);
		return;
	}
	q->poll = s->expires == 0 ? PROCESS_POLL : 0;
	source_found(q, s);
}

static void
process_end(struct source_ask *q)
{
	files_cancel(q->state);
}

static void
process_start(struct source_ask *q)
{
	const char	*command = slice_str(q->conf,
			    "store.credentials.command");
	char		 what[SETUP_WANT_MAX + 1];
	const char	*names[] = { what };

	snprintf(what, sizeof(what), "run:%s", command);
	q->state = files_gather(q->world->files, names, nitems(names),
	    process_read, q);
}

const struct source source_process = { "process", false, process_start,
    process_end };
