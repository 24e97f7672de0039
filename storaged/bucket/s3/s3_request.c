/*
 * The life of one call (s3_request.h): HASHING -> WAITING (at the gate) ->
 * FLYING -> over, or -> PAUSED -> WAITING again, or KEYLESS until credd has
 * sent a key.  What goes out is s3_send.c's, what comes back s3_answer.c's.
 * A call that is `once` is never tried twice, whatever the answer, unless its
 * key was rejected: commit.c settles it.
 */
#include "common/compat.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <event2/event.h>

#include "common/clock.h"
#include "common/log.h"
#include "common/mem.h"
#include "storaged/bucket/s3/s3_request_int.h"

#define KEY_LATE	50	/* ms before the deadline: a key is no use */
#define PAUSE_FIRST	100	/* ms; doubled each time, full jitter */
#define PAUSE_MAX	5000
#define SLOW_BYTES_MS	128	/* a body may come as slowly: 125 KiB/s */

static void call_timer(int, short, void *);

/* -- making one -- */

struct s3_call *
s3_call_new(struct s3 *s3, const char *method, const char *name,
    const char *query, enum s3_verb verb, enum blob_priority prio)
{
	struct s3_call *c;

	if ((c = calloc(1, sizeof(*c))) == NULL ||
	    (c->query = strdup(query)) == NULL ||
	    (c->timer = evtimer_new(s3->store->base, call_timer, c)) == NULL)
		fatal("s3_call");
	c->s3 = s3;
	c->hasty = s3->hasty;
	c->method = method;
	c->verb = verb;
	c->fd = -1;
	c->max_body = S3_ERROR_MAX;
	strlcpy(c->address, s3->address, sizeof(c->address));
	c->via = s3->via != NULL ? s3->via : s3->http;
	s3->via = NULL;
	c->gate.prio = prio;
	c->gate.state = GATE_OUT;
	c->gate.go = s3_call_send;
	c->gate.arg = c;
	c->deadline = clock_ms() + s3->timeout_ms;
	log_context_get(&c->context);
	if (strlcpy(c->name, name, sizeof(c->name)) >= sizeof(c->name))
		c->bad = true;
	TAILQ_INSERT_TAIL(&s3->calls, c, entry);
	return c;
}

void
s3_call_header(struct s3_call *c, const char *name, const char *value)
{
	if (c->nextra == S3_EXTRA || strlen(value) > S3_EXTRA_MAX) {
		c->bad = true;
		return;
	}
	c->extra[c->nextra].value = mem_dup(value);
	c->extra[c->nextra++].name = name;
}

void
s3_call_creates(struct s3_call *c)
{
	c->creates = true;
}

void
s3_call_body(struct s3_call *c, const struct piece *pieces, size_t n)
{
	size_t i;

	if (n == 0)
		return;
	if ((c->pieces = reallocarray(NULL, n, sizeof(*c->pieces))) == NULL)
		fatal("s3_call");
	c->npieces = n;
	for (i = 0; i < n; i++) {
		c->pieces[i].p = pieces[i].p;
		c->pieces[i].len = pieces[i].len;
		c->total += pieces[i].len;
	}
}

void
s3_call_body_fd(struct s3_call *c, int fd, uint64_t offset, uint64_t len)
{
	c->fd = fd;
	c->fd_offset = offset;
	c->fd_len = c->total = len;
}

void
s3_call_max_body(struct s3_call *c, size_t max)
{
	c->max_body = max;
}

void
s3_call_once(struct s3_call *c)
{
	c->once = true;
}

void
s3_call_deadline(struct s3_call *c, uint64_t deadline)
{
	if (deadline != 0)
		c->deadline = deadline;
}

static void
call_free(struct s3_call *c)
{
	TAILQ_REMOVE(&c->s3->calls, c, entry);
	event_free(c->timer);
	while (c->nextra > 0)
		free(c->extra[--c->nextra].value);
	free(c->pieces);
	free(c->query);
	free(c);
}

struct s3_asked
s3_call_asked(const struct s3_call *c)
{
	struct s3_asked	 a = { c->method, c->query, c->name[0] == '\0',
			    false };
	size_t		 i;

	for (i = 0; i < c->nextra; i++)
		if (strcmp(c->extra[i].name, "x-amz-copy-source") == 0)
			a.copy = true;
	return a;
}

/* It flies, and nobody waits for its answer any more. */
static void
s3_call_ended(struct s3_call *c, const char *why)
{
	struct s3_asked	 a = s3_call_asked(c);

	s3_metric_ended(&a, why);
	http_cancel(c->http);
	c->http = NULL;
}

void
s3_call_cancel(struct s3_call *c)
{
	if (c == NULL)
		return;
	if (c->job != NULL)
		helper_cancel(c->job);
	if (c->http != NULL)
		s3_call_ended(c, "cancelled");
	s3_gate_leave(&c->s3->gate, &c->gate);
	call_free(c);
}

/* -- its end -- */

void
s3_call_over(struct s3_call *c, struct s3_answer *a)
{
	static const struct s3_error none;
	struct log_context old;

	if (a->error == NULL)
		a->error = &none;
	a->why = c->why;
	a->cause = c->cause;
	blob_heard(c->s3->store, a->outcome, c->why);
	evtimer_del(c->timer);
	log_context_swap(&c->context, &old);
	c->cb(a, c->arg);
	log_context_swap(&old, NULL);
	call_free(c);
}

/* No answer was read: what is known of a change that was sent? */
void
s3_call_failed(struct s3_call *c, enum blob_outcome o)
{
	struct s3_answer a = { .outcome = o };

	if (o == BLOB_UNAVAILABLE && c->verb == S3_CHANGE && c->sent)
		a.outcome = BLOB_UNSURE;
	s3_call_over(c, &a);
}

void
s3_call_why(struct s3_call *c, const char *fmt, ...)
{
	va_list ap;
	size_t n;

	va_start(ap, fmt);
	vsnprintf(c->why, sizeof(c->why), fmt, ap);
	va_end(ap);
	n = strlen(c->why);
	if (c->tries > 1)
		snprintf(c->why + n, sizeof(c->why) - n, " tries=%u",
		    c->tries);
}

bool
s3_call_again(struct s3_call *c, uint64_t retry_after)
{
	uint64_t pause = PAUSE_FIRST, now = clock_ms();
	struct timeval tv;
	unsigned i;

	if (c->once || c->tries > c->s3->max_retries)
		return false;
	for (i = 1; i < c->tries && pause < PAUSE_MAX; i++)
		pause *= 2;
	if (pause > PAUSE_MAX)
		pause = PAUSE_MAX;
	pause = retry_after + arc4random_uniform((uint32_t)pause + 1);
	if (now + pause >= c->deadline)
		return false;
	c->s3->store->counts.retries++;
	s3_metric_retry();
	log_debug("s3: method=%s key=%s try=%u pause_ms=%llu %s", c->method,
	    c->name, c->tries, (unsigned long long)pause, c->why);
	c->state = CALL_PAUSED;
	tv.tv_sec = (time_t)(pause / 1000);
	tv.tv_usec = (suseconds_t)(pause % 1000 * 1000);
	evtimer_add(c->timer, &tv);
	return true;
}

void
s3_call_unheard(struct s3_call *c)
{
	if (c->hasty || !s3_call_again(c, 0))
		s3_call_failed(c, BLOB_UNAVAILABLE);
}

/* -- connections that hang -- */

static void
calls_mark(void *arg)
{
	struct s3 *s3 = arg;
	struct s3_call *c;

	TAILQ_FOREACH(c, &s3->calls, entry) {
		c->marked = c->state == CALL_FLYING && c->http != NULL;
		if (c->marked)
			c->moved = http_moved(c->http);
	}
}

/* As a stall would end it. */
static void
call_break_off(struct s3_call *c)
{
	s3_call_ended(c, "hung");
	c->sent = true;
	s3_gate_leave(&c->s3->gate, &c->gate);
	s3_call_why(c,
	    "timeout: the connection hung while the server was unavailable");
	s3_call_unheard(c);
}

static unsigned
calls_break_off(void *arg)
{
	struct s3 *s3 = arg;
	struct s3_call *c;
	unsigned n = 0;

	/* From the start each time: a callback may end other calls. */
	for (;;) {
		TAILQ_FOREACH(c, &s3->calls, entry) {
			if (c->marked && c->state == CALL_FLYING &&
			    c->http != NULL && http_moved(c->http) == c->moved)
				break;
		}
		if (c == NULL)
			return n;
		c->marked = false;
		call_break_off(c);
		n++;
	}
}

static unsigned
calls_flying(void *arg)
{
	const struct s3 *s3 = arg;

	return s3->gate.in;
}

void
s3_watch(struct s3 *s3)
{
	const struct s3_away_of of = { s3->http, s3->url.base, calls_flying,
	    calls_mark, calls_break_off, s3 };

	s3_away_init(&s3->away, s3->store->base, &of);
}

/* -- from the start to the gate, and whatever the timer tells -- */

void
s3_call_enter(struct s3_call *c)
{
	c->state = CALL_WAITING;
	c->queued_at = clock_ms();
	s3_gate_enter(&c->s3->gate, &c->gate);
	/* Who waits at the gate must not wait for ever. */
	if (c->state == CALL_WAITING) {
		uint64_t now = clock_ms();
		uint64_t left = c->deadline > now ? c->deadline - now : 0;
		struct timeval tv = { (time_t)(left / 1000),
		    (suseconds_t)(left % 1000 * 1000) };

		s3_call_why(c, "timed out waiting for other requests");
		evtimer_add(c->timer, &tv);
	}
}

static void
call_timer(int fd, short what, void *arg)
{
	struct s3_call *c = arg;

	(void)fd;
	(void)what;
	switch (c->state) {
	case CALL_PAUSED:
		s3_call_enter(c);
		return;
	case CALL_FLYING:
		if (c->http != NULL)
			return;		/* left over from the gate */
		break;
	case CALL_NEW:
	case CALL_WAITING:
	case CALL_KEYLESS:
	case CALL_HASHING:
		break;
	}
	s3_gate_leave(&c->s3->gate, &c->gate);
	if (c->bad) {
		s3_call_why(c, "invalid key or header");
		s3_call_failed(c, BLOB_ERROR);
		return;
	}
	if (c->state == CALL_FLYING)
		s3_call_why(c, "out of memory");
	if (c->hash_errno != 0)
		s3_call_why(c, "body: %s", strerror(c->hash_errno));
	s3_call_failed(c, BLOB_UNAVAILABLE);
}

/* What timeout has not thought of: a large body on a slow line.  (That it
 * moves at all is the stall's business.) */
static uint64_t
slow_ms(uint64_t len)
{
	return len > 1048576 ? (len - 1048576) / SLOW_BYTES_MS : 0;
}

void
s3_call_start(struct s3_call *c, s3_cb cb, void *arg)
{
	struct timeval soon = { 0, 0 };

	c->cb = cb;
	c->arg = arg;
	if (c->bad) {
		evtimer_add(c->timer, &soon);
		return;
	}
	c->deadline += slow_ms(c->total) + slow_ms(c->max_body);
	s3_call_hash(c);
}

void
s3_wake(struct s3 *s3)
{
	struct s3_call *c, *next;
	uint64_t now = clock_ms();

	s3->refused = false;
	TAILQ_FOREACH_SAFE(c, &s3->calls, entry, next) {
		/* It would be told that the server is slow, not what was
		 * waited for. */
		if (c->state == CALL_KEYLESS && now + KEY_LATE < c->deadline) {
			evtimer_del(c->timer);
			s3_call_enter(c);
		}
	}
}
