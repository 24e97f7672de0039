/*
 * The check (s3_check.h): its beginning, its end, its report, and the first
 * step, which needs no network.
 */
#include "common/compat.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <event2/event.h>

#include "common/keyid.h"
#include "common/log.h"
#include "storaged/bucket/s3/s3_cause.h"
#include "storaged/bucket/s3/s3_check_int.h"

static void (*const steps[])(struct s3_check *) = {
	s3_check_credentials, s3_check_name, s3_check_connect,
	s3_check_bucket, s3_check_rights
};

/* From the loop: what is freed may be what has just called back. */
static void
check_free(evutil_socket_t fd, short what, void *arg)
{
	struct s3_check *c = arg;

	(void)fd;
	(void)what;
	http_free(c->any);
	helper_free(c->pool);
	buf_free(&c->report);
	free(c);
}

static void
check_over(struct s3_check *c, bool good)
{
	struct s3_check_result r = { good, &c->report, c->line };
	struct timeval now = { 0, 0 };

	c->cb(&r, c->arg);
	if (event_base_once(c->base, -1, EV_TIMEOUT, check_free, c, &now) ==
	    -1)
		fatal("s3_check");
}

void
s3_check_fail(struct s3_check *c, bool refused, const char *fmt, ...)
{
	char text[1300], why[1600];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	s3_check_say(c, "FAIL", "%s", text);
	snprintf(c->line, sizeof(c->line), "probe=%s why=\"%s\"",
	    refused ? "refused" : "away", log_quote(why, sizeof(why), text,
	    strlen(text)));
	check_over(c, false);
}

void
s3_check_answer(struct s3_check *c, const char *what,
    const struct s3_answer *a)
{
	char cause[S3_CAUSE_MAX] = "";

	if (a->cause[0] != '\0')
		strlcpy(cause, a->cause, sizeof(cause));
	else if (a->status == 0)
		s3_cause_link(a->why, c->s3->url.base, cause, sizeof(cause));
	s3_check_fail(c, a->outcome != BLOB_DENIED &&
	    a->outcome != BLOB_UNAVAILABLE && a->outcome != BLOB_UNSURE,
	    "%s: %s%s%s", what, cause, cause[0] != '\0' ? ": " : "", a->why);
}

void
s3_check_next(struct s3_check *c)
{
	if (c->step == nitems(steps))
		check_over(c, true);
	else
		steps[c->step++](c);
}

/* -- credentials -- */

void
s3_check_credentials(struct s3_check *c)
{
	const struct s3_key_set *set = &c->s3->keys.now;
	const struct sigv4_key *k;
	int64_t now = (int64_t)time(NULL);
	char date[SIGV4_DATE_LEN + 1];
	char when[64] = "never", source[80], identity[1000];
	struct tm tm;
	time_t t;

	/* What requests are signed with, or has been. */
	sigv4_date(now, date);
	if ((k = s3_keys_find(&c->s3->keys, date, now)) == NULL)
		k = &set->v[(set->next + S3_KEYS - 1) % S3_KEYS];
	t = (time_t)k->expires;
	keyid_print(c->key, sizeof(c->key), k->access_key);
	if (k->expires != 0 && gmtime_r(&t, &tm) != NULL)
		strftime(when, sizeof(when), "%Y-%m-%dT%H:%M:%SZ", &tm);
	if (k->expires != 0 && k->expires <= now) {
		s3_check_fail(c, false, "credentials: those of access key %s "
		    "have expired at %s", c->key, when);
		return;
	}
	if (strncmp(k->access_key, "ASIA", 4) == 0 && k->token[0] == '\0') {
		s3_check_fail(c, false, "credentials: %s is a temporary access "
		    "key: store.session-token is missing", c->key);
		return;
	}
	log_quote(source, sizeof(source), c->who.source,
	    strlen(c->who.source));
	log_quote(identity, sizeof(identity), c->who.identity,
	    strlen(c->who.identity));
	s3_check_say(c, "ok", "credentials: access key %s%s%s%s%s, expires "
	    "%s%s", c->key, source[0] != '\0' ? ", source " : "", source,
	    identity[0] != '\0' ? ", identity " : "", identity, when,
	    k->token[0] != '\0' ? ", with a session token" : "");
	s3_check_next(c);
}

static void
check_begin(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	s3_check_next(arg);
}

void
s3_check_start(struct event_base *base, struct blob_store *s,
    const struct s3_check_who *who, s3_check_cb cb, void *arg)
{
	struct timeval now = { 0, 0 };
	struct s3_check *c;

	if ((c = calloc(1, sizeof(*c))) == NULL ||
	    (c->pool = helper_new(base, 1)) == NULL)
		fatal("s3_check");
	buf_init(&c->report, 65536);
	c->base = base;
	c->s3 = blob_s3_client(s);
	c->who = *who;
	c->cb = cb;
	c->arg = arg;
	if (event_base_once(base, -1, EV_TIMEOUT, check_begin, c, &now) == -1)
		fatal("s3_check");
}
