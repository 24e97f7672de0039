/*
 * See s3_away.h.  What it asks is GET of the endpoint itself, unsigned: any
 * answer but a 5xx will do.  A slow answer to one request is not its
 * business: as long as the endpoint answers, requests are left alone.
 */
#include "common/compat.h"

#include <stdio.h>

#include <event2/event.h>

#include "common/clock.h"
#include "common/log.h"
#include "storaged/s3_away.h"
#include "storaged/s3_request.h"

#define TICK_MS		500
#define QUIET_MS	2000	/* without any answer: ask */
#define ASK_MS		1000	/* and so long each time */
#define GRACE_MS	250	/* what was only late may still come */

static void
tick_in(struct s3 *s3, unsigned ms)
{
	struct timeval tv = { 0, (suseconds_t)ms * 1000 };

	evtimer_add(s3->away.timer, &tv);
}

static void
asked(const struct http_result *r, void *arg)
{
	struct s3 *s3 = arg;
	struct s3_away *a = &s3->away;

	a->asking = NULL;
	if (r->error != HTTP_OK || r->status >= 500) {
		a->away = true;
		a->answered = false;
		tick_in(s3, r->error == HTTP_TIMEOUT ? 0 : TICK_MS);
		return;
	}
	a->heard = clock_ms();
	a->back = a->away;
	tick_in(s3, a->back ? GRACE_MS : TICK_MS);
}

static void
ask(struct s3 *s3)
{
	char url[S3_URL_MAX];
	struct http_call h = { .method = "GET", .url = url, .fd = -1,
	    .fresh = true, .max_body = S3_ERROR_MAX, .timeout_ms = ASK_MS };

	snprintf(url, sizeof(url), "%s/", s3->url.base);
	s3_mark(s3);
	s3->away.asking = http_start(s3->http, &h, asked, s3);
	if (s3->away.asking == NULL)
		tick_in(s3, TICK_MS);
}

static void
tick(int fd, short what, void *arg)
{
	struct s3 *s3 = arg;
	struct s3_away *a = &s3->away;
	unsigned n;

	(void)fd;
	(void)what;
	if (a->back) {
		a->away = a->back = false;
		if ((n = s3_break_off(s3)) != 0)
			log_info("s3: result=back why=\"%u requests hung on "
			    "old connections\"", n);
	}
	if (s3->gate.in == 0) {
		/* Who comes connects anew; but if nobody was answered since,
		 * to what may hang still. */
		if (a->answered)
			a->away = false;
		return;
	}
	if (a->away || clock_ms() - a->heard >= QUIET_MS)
		ask(s3);
	else
		tick_in(s3, TICK_MS);
}

void
s3_away_init(struct s3 *s3)
{
	s3->away.timer = evtimer_new(s3->store->base, tick, s3);
	if (s3->away.timer == NULL)
		fatal("s3_away");
}

void
s3_away_free(struct s3 *s3)
{
	http_cancel(s3->away.asking);
	if (s3->away.timer != NULL)
		event_free(s3->away.timer);
}

void
s3_away_sent(struct s3 *s3)
{
	if (s3->away.asking != NULL || evtimer_pending(s3->away.timer, NULL))
		return;
	s3->away.heard = clock_ms();
	tick_in(s3, TICK_MS);
}

void
s3_away_heard(struct s3 *s3)
{
	s3->away.heard = clock_ms();
	s3->away.answered = true;
}
