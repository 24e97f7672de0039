/*
 * The probe's first look at a server that has taken requests and answered
 * none: a proxy whose server is away does that.  It is not sent hundreds of
 * them again and again: one goes out now and then, without waiting for those
 * before it, until one is answered, by whichever address; then the probe
 * begins.
 */
#include "common/compat.h"

#include <stdio.h>

#include "common/clock.h"
#include "storaged/bucket/s3/s3_probe_int.h"

#define KNOCK_MS	25	/* from one to the next */
#define KNOCKS_MS	10000	/* then it is said that it is still away */

static void
knock_next(struct probe *p, unsigned ms)
{
	const struct timeval tv = { 0, (suseconds_t)ms * 1000 };

	evtimer_add(p->knock_timer, &tv);
}

/* What was sent is not waited for any more. */
static void
knock_over(struct probe *p)
{
	unsigned i;

	evtimer_del(p->knock_timer);
	for (i = 0; i < PROBE_KNOCKS; i++) {
		blob_cancel(p->knocks[i].request);
		p->knocks[i].request = NULL;
	}
}

static void
knock_done(const struct blob_result *r, void *arg)
{
	struct probe_knock *k = arg;
	struct probe *p = k->p;
	const char *what = r->cause != NULL && r->cause[0] != '\0' ? r->cause :
	    "failed: GET of a missing key";

	k->request = NULL;
	if (r->status != 0 || r->outcome != BLOB_UNAVAILABLE) {
		p->knocked_far = r->outcome == BLOB_ABSENT &&
		    clock_ms() - k->sent_at >= PROBE_NEAR_MS;
		knock_over(p);
		probe_begin(p);
		return;
	}
	/* Nothing is there at all; or it is time to say how it is. */
	if (!p->s3->away.lost || clock_ms() - p->knock_ms >= KNOCKS_MS) {
		knock_over(p);
		probe_away(p, "%s: %s", what, r->why != NULL ? r->why : "");
		probe_line_over(p);
	}
}

void
probe_knock_again(evutil_socket_t fd, short what, void *arg)
{
	struct probe *p = arg;
	struct probe_knock *k;
	char key[KEY_MAX];
	unsigned i;

	(void)fd;
	(void)what;
	for (i = 0; i < PROBE_KNOCKS && p->knocks[i].request != NULL; i++)
		continue;
	if (i < PROBE_KNOCKS) {
		k = &p->knocks[i];
		k->p = p;
		k->sent_at = clock_ms();
		probe_name(p, 'b', 0, key);
		k->request = blob_get(p->store, key, 0, 0, PROBE_VALUE, NULL,
		    BLOB_USER, knock_done, k);
	}
	knock_next(p, KNOCK_MS);
}

void
probe_knock(struct probe *p)
{
	p->knock_ms = clock_ms();
	knock_next(p, 0);
}
