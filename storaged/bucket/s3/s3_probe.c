/*
 * The probe (s3_probe.h): its beginning and its end, and its report.  In
 * between are three lines of requests beside each other: the steps
 * (s3_probe_step.c), the races (s3_probe_race.c, s3_probe_read.c) and the
 * bucket's settings (s3_probe_bucket.c).  A line waits as seldom as it can:
 * before the probe is over nobody is served, and on a slow line each wait
 * costs.  It reports what it saw and decides nothing else.
 */
#include "common/compat.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/hex.h"
#include "common/log.h"
#include "common/nofile.h"
#include "storaged/bucket/s3/s3_probe_int.h"
#include "storaged/format/key.h"

#define CLOCK_WARN	60	/* s */

static unsigned running;

/* -- what was seen -- */

void
probe_say(struct buf *b, const char *mark, const char *fmt, ...)
{
	char text[1400];
	va_list ap;
	char *nl;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	/* What a server says makes no step of its own. */
	while ((nl = strchr(text, '\n')) != NULL)
		*nl = ' ';
	buf_printf(b, "%-*s %s\n", PROBE_MARK, mark, text);
}

static void
join(char *dst, size_t size, const char *text)
{
	if (dst[0] != '\0' && text[0] != '\0')
		strlcat(dst, "; ", size);
	strlcat(dst, text, size);
}

/* Of the steps the first says enough for the line, and each of the races. */
void
probe_lacks(struct probe *p, enum probe_by by, const char *fmt, ...)
{
	char text[1200];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	/* What is known counts more than that something is not. */
	if (p->verdict == PROBE_AWAY)
		p->bad[0] = '\0';
	p->verdict = PROBE_REFUSED;
	if (by == BY_RACE)
		join(p->bad_race, sizeof(p->bad_race), text);
	else if (p->bad[0] == '\0')
		strlcpy(p->bad, text, sizeof(p->bad));
	probe_say(&p->steps, "FAIL", "%s", text);
}

void
probe_odd(struct probe *p, const char *fmt, ...)
{
	va_list ap;

	if (p->odd)
		return;			/* once is enough */
	p->odd = true;
	va_start(ap, fmt);
	vsnprintf(p->odd_why, sizeof(p->odd_why), fmt, ap);
	va_end(ap);
	/* Before the first steps it may only follow from what is theirs. */
	if (!p->ahead)
		probe_lacks(p, BY_RACE, "%s", p->odd_why);
}

void
probe_heard(struct probe *p, const struct blob_result *r)
{
	if (r->status != 0)
		return;
	p->silent++;
	strlcpy(p->silent_why, r->why != NULL ? r->why : "",
	    sizeof(p->silent_why));
}

/* A callback before the verdict. */
static void
say_so_far(struct probe *p, enum probe_verdict v)
{
	struct probe_result r = { .verdict = v, .line = "" };

	p->cb(&r, p->arg);
}

void
probe_likely(struct probe *p)
{
	if (p->report || p->likely || !p->far || !p->created || !p->raced ||
	    p->odd || p->verdict != PROBE_GOOD || p->most[0] != 1 ||
	    p->most[1] > 1)
		return;
	p->likely = true;
	say_so_far(p, PROBE_LIKELY);
}

void
probe_nearly(struct probe *p)
{
	if (p->report || p->nearly || !p->far || p->odd ||
	    p->verdict != PROBE_GOOD || probe_enough(p))
		return;
	p->nearly = true;
	say_so_far(p, PROBE_NEARLY);
}

void
probe_away(struct probe *p, const char *fmt, ...)
{
	char text[1200];
	va_list ap;

	if (p->verdict != PROBE_GOOD)
		return;			/* the first reason is the one */
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	p->verdict = PROBE_AWAY;
	strlcpy(p->bad, text, sizeof(p->bad));
	probe_say(&p->steps, "FAIL", "%s", text);
}

bool
probe_no_answer(enum blob_outcome o, int status)
{
	/* A 409 says "again", whatever it was asked. */
	return o == BLOB_DENIED || o == BLOB_UNAVAILABLE ||
	    (o == BLOB_UNSURE && status / 100 != 2) ||
	    (o == BLOB_CONFLICT && status == 409);
}

/* -- the end -- */

static void
probe_free(struct probe *p)
{
	helper_free(p->pool);
	event_free(p->timer);
	event_free(p->steps_timer);
	event_free(p->far_timer);
	event_free(p->knock_timer);
	buf_free(&p->steps);
	buf_free(&p->settings);
	free(p->large);
	free(p);
	running--;
}

unsigned
probe_count(void)
{
	return running;
}

static void
probe_line(struct probe *p)
{
	static const char *const words[] = { [PROBE_GOOD] = "good",
	    [PROBE_REFUSED] = "refused", [PROBE_AWAY] = "away" };
	char why[1600];

	join(p->bad, sizeof(p->bad), p->bad_race);
	if (p->verdict == PROBE_GOOD)
		snprintf(p->line, sizeof(p->line), "probe=good addresses=%d "
		    "creates=%u/%d updates=%u put_ms=%llu get_ms=%llu",
		    p->naddresses, p->creates_won, PROBE_KEYS,
		    p->updates_won,
		    (unsigned long long)p->put_ms,
		    (unsigned long long)p->get_ms);
	else
		snprintf(p->line, sizeof(p->line), "probe=%s why=\"%s\"",
		    words[p->verdict], log_quote(why, sizeof(why),
		    p->bad, strlen(p->bad)));
}

static void
wide_free(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	http_free(arg);
}

/* No more connections than the configuration says.  (This may be its
 * callback.) */
static void
wide_close(struct probe *p)
{
	const struct timeval now = { 0, 0 };

	if (p->s3->wide != NULL && event_base_once(p->base, -1, EV_TIMEOUT,
	    wide_free, p->s3->wide, &now) == 0)
		p->s3->wide = p->s3->via = NULL;
}

/* The store is its owner's again. */
static void
probe_tell(struct probe *p)
{
	struct probe_result r = { p->verdict, p->line, p->bad, &p->steps,
	    p->puts > 0 };

	if (p->told)
		return;
	p->told = true;
	if (p->s3 != NULL) {
		p->s3->unverified = false;
		p->s3->gate.max = p->gate;
		if (p->verdict == PROBE_GOOD && !p->report)
			wide_close(p);
		p->s3->hasty = false;
		p->s3->address[0] = '\0';
	}
	buf_put(&p->steps, p->settings.data, p->settings.len);
	buf_printf(&p->steps, "%s\n", p->line);
	p->cb(&r, p->arg);
}

void
probe_over(struct probe *p)
{
	probe_tell(p);
	probe_free(p);
}

static void
probe_remarks(struct probe *p)
{
	if (p->steps_again != 0)
		probe_say(&p->settings, "warn", "requests without a response "
		    "were retried %u times", p->steps_again);
	if (p->dateless)
		probe_say(&p->settings, "warn", "the server sends no Date "
		    "header: this host's clock is not checked");
	else if (p->skew > CLOCK_WARN || p->skew < -CLOCK_WARN)
		probe_say(&p->settings, "warn", "the clock of this host is "
		    "%lld s %s the server's", (long long)(p->skew < 0 ?
		    -p->skew : p->skew), p->skew < 0 ? "behind" : "ahead of");
}

void
probe_line_over(struct probe *p)
{
	if (--p->lines > 0)
		return;
	probe_remarks(p);
	probe_line(p);
	if (p->s3 != NULL) {
		p->s3->address[0] = '\0';
		p->s3->hasty = false;	/* the removal takes its time */
	}
	if (!p->report && p->verdict != PROBE_REFUSED)
		probe_tell(p);
	probe_clean(p);
}

/* Large objects have a name with all the characters that names have. */
void
probe_name_edition(const struct probe *p, char name, int number,
    unsigned edition, char *dst)
{
	char again[16] = "";

	if (edition != 0)
		snprintf(again, sizeof(again), ".%u", edition);
	snprintf(dst, KEY_MAX, "%s%c%s%d%s", p->dir, name,
	    name == 'e' || name == 'f' ? "@+=_-%C3%A9." : "", number, again);
}

unsigned
probe_edition(const struct probe *p, char name, int number)
{
	const char *at = strchr(PROBE_STEP_NAMES, name);

	return at != NULL ? p->edition[at - PROBE_STEP_NAMES][number] : 0;
}

void
probe_name(const struct probe *p, char name, int number, char *dst)
{
	probe_name_edition(p, name, number, probe_edition(p, name, number),
	    dst);
}

/* -- the beginning -- */

void
probe_begin(struct probe *p)
{
	if (!p->report)
		say_so_far(p, PROBE_BEGINS);
	p->retries = p->store->counts.retries;
	probe_steps(p);
}

static void
resolved(void *arg)
{
	struct probe *p = arg;

	if (p->naddresses == 0) {
		p->addresses[0][0] = '\0';
		p->naddresses = 1;
	}
	p->numbers = p->naddresses;
	p->lines = 1;
	if (p->s3 != NULL && p->s3->away.lost && !p->report)
		probe_knock(p);
	else
		probe_begin(p);
}

static void
no_work(void *arg)
{
	(void)arg;
}

/* All octets, next to all others: what is not text is no text. */
static uint8_t *
large_make(void)
{
	static const char begin[] = "\r\n\n\r\0\x1a<html>\r\n.\r\n";
	uint8_t *large;
	uint32_t x = 1;
	size_t i;

	if ((large = malloc(PROBE_HUGE)) == NULL)
		fatal("probe");
	for (i = 0; i < PROBE_HUGE; i++) {
		x = x * 1103515245 + 12345;
		large[i] = (uint8_t)(x >> 16);
	}
	memcpy(large, begin, sizeof(begin));
	return large;
}

/* Nobody is served yet; but half of the descriptors are others'. */
static unsigned
gate_max(void)
{
	uint64_t room = nofile_free() / 2;

	return room < PROBE_GATE ? (unsigned)room + 1 : PROBE_GATE;
}

void
probe_start(struct event_base *base, struct blob_store *s, bool report,
    probe_cb cb, void *arg)
{
	struct probe *p;
	uint8_t id[16];
	char hex[33];
	size_t i;

	if ((p = calloc(1, sizeof(*p))) == NULL ||
	    (p->pool = helper_new(base, 1)) == NULL ||
	    (p->timer = evtimer_new(base, probe_races_again, p)) == NULL ||
	    (p->steps_timer = evtimer_new(base, probe_steps_again,
	    p)) == NULL || (p->far_timer = evtimer_new(base, probe_steps_far,
	    p)) == NULL || (p->knock_timer = evtimer_new(base,
	    probe_knock_again, p)) == NULL)
		fatal("probe");
	running++;
	p->base = base;
	p->store = s;
	p->report = report;
	p->s3 = blob_s3_client(s);
	p->cb = cb;
	p->arg = arg;
	p->verdict = PROBE_GOOD;
	p->large = large_make();
	if (p->s3 != NULL) {
		p->s3->unverified = true;	/* a race makes it UNSURE */
		p->gate = p->s3->gate.max;
		p->s3->gate.max = report ? PROBE_GATE_REPORT : gate_max();
		p->s3->hasty = !report;
	}
	key_new_id(id);
	hex_print(id, sizeof(id), hex);
	snprintf(p->dir, sizeof(p->dir), "%s%s/", KEY_PROBE, hex);
	for (i = 0; i < nitems(p->racers); i++) {
		p->racers[i].p = p;
		p->racers[i].i = (unsigned)i;
	}
	for (i = 0; i < nitems(p->hot); i++) {
		p->hot[i].p = p;
		p->hot[i].i = (unsigned)i;
	}
	p->put_ms = p->get_ms = p->rtt_ms = UINT64_MAX;
	(void)helper_run(p->pool, true, p->s3 != NULL && !p->s3->proxied ?
	    probe_resolve : no_work, resolved, p);
}
