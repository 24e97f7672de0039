/*
 * See s3_away.h.  What it asks is GET of the endpoint itself, unsigned: any
 * answer but a 5xx will do.  A slow answer to one request is not its
 * business: as long as the endpoint answers, requests are left alone.
 */
#include "common/compat.h"

#include <stdio.h>

#include <event2/event.h>

#include "common/clock.h"
#include "common/http.h"
#include "common/log.h"
#include "storaged/bucket/s3/s3_away.h"
#include "storaged/bucket/s3/s3_error.h"
#include "storaged/bucket/s3/s3_metric.h"
#include "storaged/bucket/s3/s3_url.h"

#define TICK_MS		500
#define QUIET_MS	2000	/* without any answer: ask */
#define ASK_MS		1000	/* and so long each time */
#define GRACE_MS	250	/* what was only late may still come */

static void
tick_in(struct s3_away *a, unsigned ms)
{
	struct timeval tv = { 0, (suseconds_t)ms * 1000 };

	evtimer_add(a->timer, &tv);
}

static void
asked(const struct http_result *r, void *arg)
{
	static const struct s3_asked list = { "GET", "", true, false };
	struct s3_away *a = arg;

	a->asking = NULL;
	s3_metric_done(&list, r, 0);
	if (r->error != HTTP_OK || r->status >= 500) {
		a->away = true;
		a->answered = false;
		tick_in(a, r->error == HTTP_TIMEOUT ? 0 : TICK_MS);
		return;
	}
	a->heard = clock_ms();
	a->lost = false;
	a->back = a->away;
	tick_in(a, a->back ? GRACE_MS : TICK_MS);
}

static void
ask(struct s3_away *a)
{
	char url[S3_URL_MAX];
	struct http_call h = { .method = "GET", .url = url, .fd = -1,
	    .fresh = true, .max_body = S3_ERROR_MAX, .timeout_ms = ASK_MS };

	snprintf(url, sizeof(url), "%s/", a->of.endpoint);
	a->of.mark(a->of.arg);
	if ((a->asking = http_start(a->of.http, &h, asked, a)) == NULL)
		tick_in(a, TICK_MS);
}

static void
tick(int fd, short what, void *arg)
{
	struct s3_away *a = arg;
	unsigned n;

	(void)fd;
	(void)what;
	if (a->back) {
		a->away = a->back = false;
		if ((n = a->of.break_off(a->of.arg)) != 0)
			log_info("s3: result=back why=\"%u requests hung on "
			    "old connections\"", n);
	}
	if (a->of.flying(a->of.arg) == 0) {
		/* Who comes connects anew; but if nobody was answered since,
		 * to what may hang still. */
		if (a->answered)
			a->away = false;
		return;
	}
	if (a->away || clock_ms() - a->heard >= QUIET_MS)
		ask(a);
	else
		tick_in(a, TICK_MS);
}

void
s3_away_init(struct s3_away *a, struct event_base *base,
    const struct s3_away_of *of)
{
	a->of = *of;
	if ((a->timer = evtimer_new(base, tick, a)) == NULL)
		fatal("s3_away");
}

void
s3_away_free(struct s3_away *a)
{
	if (a->timer == NULL)
		return;
	http_cancel(a->asking);
	event_free(a->timer);
	a->timer = NULL;
}

void
s3_away_sent(struct s3_away *a)
{
	if (a->asking != NULL || evtimer_pending(a->timer, NULL))
		return;
	a->heard = clock_ms();
	tick_in(a, TICK_MS);
}

void
s3_away_heard(struct s3_away *a)
{
	a->heard = clock_ms();
	a->answered = true;
	a->lost = false;
}

void
s3_away_unheard(struct s3_away *a, bool sent)
{
	a->lost = sent;
}
