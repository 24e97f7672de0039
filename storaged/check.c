/*
 * The operator's look at a store before committing to it.  It uses a client
 * of its own, since the probe sends its requests to one address after the
 * other while users are served.
 */
#include "common/compat.h"

#include <event2/event.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/log.h"
#include "common/msg_auth.h"
#include "storaged/bucket/s3/blob_s3.h"
#include "storaged/bucket/s3/s3_check.h"
#include "storaged/bucket/s3/s3_probe.h"
#include "storaged/check.h"
#include "storaged/check_report.h"
#include "storaged/report.h"

#define CHECK_WAIT_MS	15000	/* for a signing key */
#define CHECK_KEYS	2	/* today's, and in the evening tomorrow's */

static struct {
	struct event_base	*base;
	struct blob_store	*store;
	struct event		*timer;
	int			 fd;		/* -1: none under way */
	bool			 json;
	uint64_t		 since_ms;
	struct s3_check_who	 who;
	struct buf		 steps;		/* the report so far */
	struct {		/* CRED_KEYs as they came, the newest first */
		uint8_t		*p;
		size_t		 len;
	} keys[CHECK_KEYS];
} check = { .fd = -1 };

static void
who_is(const struct cred_key *key)
{
	snprintf(check.who.source, sizeof(check.who.source), "%.*s",
	    (int)key->source.len, key->source.p);
	snprintf(check.who.identity, sizeof(check.who.identity), "%.*s",
	    (int)key->identity.len, key->identity.p);
}

static void
use_keys(void)
{
	struct cred_key	 key;
	size_t		 i;

	for (i = CHECK_KEYS; i-- > 0; )
		if (check.keys[i].p != NULL && wire_decode(&cred_key_wire,
		    &key, check.keys[i].p, check.keys[i].len, NULL) == 0) {
			blob_set_key(check.store, &key);
			who_is(&key);
		}
}

void
check_key(const void *p, size_t len)
{
	uint8_t	*copy;
	size_t	 last = CHECK_KEYS - 1;

	if ((copy = malloc(len != 0 ? len : 1)) == NULL)
		return;
	memcpy(copy, p, len);
	freezero(check.keys[last].p, check.keys[last].len);
	memmove(&check.keys[1], &check.keys[0],
	    last * sizeof(check.keys[0]));
	check.keys[0].p = copy;
	check.keys[0].len = len;
	if (check.store != NULL)
		use_keys();
}

static void
check_over(void)
{
	check.fd = -1;
	if (check.timer != NULL)
		event_free(check.timer);
	check.timer = NULL;
}

static void
check_end(const char *text)
{
	if (check.json)
		report_error(check.base, check.fd, text);
	else
		report_line(check.base, check.fd, text);
	check_over();
}

/* The whole report. */
static void
check_tell(const struct buf *b)
{
	struct str	text = { (const char *)b->data, b->len };
	struct buf	doc;

	buf_init(&doc, 2 * 1024 * 1024);
	if (check.json)
		check_report_json(text, &doc);
	else		/* its lines end in a newline each */
		buf_put(&doc, text.p, text.len);
	if (doc.len > 0)
		doc.data[doc.len - 1] = '\0';
	if (b->failed || doc.failed || doc.len == 0)
		check_end("the report is too long");
	else {
		report_line(check.base, check.fd, (const char *)doc.data);
		check_over();
	}
	buf_free(&doc);
}

/* The store is closed in the loop, not from its own callback. */
static void
check_close(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	blob_close(arg);
}

/* All is told: what the steps saw, and what follows. */
static void
check_done(const struct buf *report, const char *line)
{
	struct buf	*b = &check.steps;
	struct timeval	 now = { 0, 0 };

	if (report != NULL && report->len > 0)
		buf_put(b, report->data, report->len);
	else
		buf_printf(b, "%s\n", line);
	check_tell(b);
	buf_free(b);
	if (event_base_once(check.base, -1, EV_TIMEOUT, check_close,
	    check.store, &now) == -1)
		log_warnx("check: cannot close the store client");
	check.store = NULL;
}

static void
check_probed(const struct probe_result *r, void *arg)
{
	(void)arg;
	check_done(r->report, r->line);
}

static void
check_looked(const struct s3_check_result *r, void *arg)
{
	(void)arg;
	buf_put(&check.steps, r->report->data, r->report->len);
	if (r->good)
		probe_start(check.base, check.store, true, check_probed, NULL);
	else
		check_done(NULL, r->line);
}

static void
check_tick(evutil_socket_t fd, short what, void *arg)
{
	struct timeval	 tv = { 0, 50000 };

	(void)fd;
	(void)what;
	(void)arg;
	if (!blob_ready(check.store)) {
		if (clock_ms() - check.since_ms < CHECK_WAIT_MS) {
			evtimer_add(check.timer, &tv);
			return;
		}
		blob_close(check.store);
		check.store = NULL;
		check_end("credd sent no signing key");
		return;
	}
	if (blob_s3_client(check.store) != NULL)
		s3_check_start(check.base, check.store, &check.who,
		    check_looked, NULL);
	else
		probe_start(check.base, check.store, true, check_probed, NULL);
}

void
check_start(struct event_base *base, struct slice *conf,
    struct blob_store *own, bool json, int fd)
{
	struct timeval	 now = { 0, 0 };
	char		 why[512];

	if (check.fd != -1) {
		(json ? report_error : report_line)(base, fd,
		    "another check is already running");
		return;
	}
	check.base = base;
	check.fd = fd;
	check.json = json;
	check.since_ms = clock_ms();
	buf_init(&check.steps, 262144);
	check.store = blob_open(check.base, conf, why, sizeof(why));
	if (check.store == NULL) {
		check_end(why);
		return;
	}
	check.timer = evtimer_new(check.base, check_tick, NULL);
	if (check.timer == NULL || blob_s3_share_key(check.store, own) == -1) {
		blob_close(check.store);
		check.store = NULL;
		check_end("out of memory");
		return;
	}
	use_keys();
	evtimer_add(check.timer, &now);
}
