/*
 * credd(8): keeps the bucket's secrets, and gives storaged signing keys
 * that are good for a day.  It talks to no client.
 */
#include "common/compat.h"

#include <sys/mman.h>

#include <stdio.h>
#include <unistd.h>

#include <event2/event.h>

#include "common/daemon.h"
#include "common/log.h"
#include "credd/refresh.h"
#include "credd/source.h"

static struct refresh	*refresh;

/* The secret that the slice speaks of, to *out: NULL for a store that needs
 * none.  -1 with the reason in why. */
static int
main_secret(const struct slice *conf, struct cred_secret **out, char *why,
    size_t size)
{
	const char	*source;

	*out = NULL;
	if (strcmp(slice_str(conf, "store.type", "file"), "s3") != 0)
		return 0;
	if ((*out = cred_secret_new()) == NULL) {
		snprintf(why, size, "no memory for the secret");
		return -1;
	}
	switch (source_get(conf, *out, &source, why, size)) {
	case 1:
		return 0;
	case 0:
		snprintf(why, size, "store: no access-key");
		/* FALLTHROUGH */
	default:
		cred_secret_free(*out);
		*out = NULL;
		return -1;
	}
}

/* The slice holds the secret too: while we may, keep it out of the swap. */
static void
main_prepare(struct slice *conf)
{
	(void)conf;
	if (mlockall(MCL_CURRENT) == -1)
		log_debug("mlockall: secrets may be swapped out");
}

static void
main_start(struct event_base *base, struct slice *conf)
{
	struct cred_secret	*s;
	char			 why[256];

	if (main_secret(conf, &s, why, sizeof(why)) == -1)
		fatalx("%s", why);
	if ((refresh = refresh_new(base, NULL)) == NULL)
		fatal("refresh_new");
	refresh_secret(refresh, s);
}

static void
main_peer(enum proc_kind kind, uint32_t index, int fd)
{
	if (kind == PROC_STORAGED)
		refresh_storaged(refresh, index, fd);
	else {
		log_warnx("peer=%s result=no why=\"not expected\"",
		    proc_kind_name(kind));
		close(fd);
	}
}

static int
main_reload(struct slice *conf, char *why, size_t size)
{
	struct cred_secret	*s;

	if (main_secret(conf, &s, why, size) == -1)
		return -1;
	refresh_secret(refresh, s);
	return 0;
}

static void
main_drain(void)
{
	daemon_drained();
}

static void
main_counts(void)
{
	daemon_count("keys-pushed", refresh_pushed(refresh));
	daemon_count("keys-refused", refresh_refused(refresh));
}

int
main(void)
{
	static const struct daemon credd_daemon = {
		.name = "credd",
		.prepare = main_prepare,
		.start = main_start,
		.peer = main_peer,
		.reload = main_reload,
		.drain = main_drain,
		.counts = main_counts
	};

	daemon_run(&credd_daemon);
}
