/*
 * The probe's races, over all addresses of the endpoint at once: what a
 * server does that looks at the condition first and writes a moment later
 * is seen in no single request.
 */
#include "common/compat.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "storaged/s3_probe_int.h"

#define RESTARTS	200	/* of the race's readings, in all */
#define CUT_MIN		4	/* fewer reads that break off are an
				   accident */
#define QUIET		4	/* times as many reads in quiet */
#define RACES		4	/* as long as fewer do */

static void race_match(struct probe *);

/* -- of many parallel creates exactly one wins -- */

/* In a race a refusal is none: a server that denied everything would not
 * have got here. */
static bool
no_answer(const struct blob_result *r)
{
	return r->outcome == BLOB_UNSURE || r->outcome == BLOB_DENIED ||
	    r->outcome == BLOB_UNAVAILABLE;
}

static void
creates_over(struct probe *p)
{
	unsigned i, most = 0;

	for (i = 0; i < PROBE_CREATES; i++) {
		p->creates_won += p->wins[i] == 1;
		if (p->wins[i] > most)
			most = p->wins[i];
	}
	if (most <= 1 && ++p->wave < PROBE_WAVES) {
		probe_races(p);
		return;
	}
	if (most > 1 || (p->creates_won == 0 && p->unsure == 0)) {
		p->verdict = PROBE_REFUSED;
		probe_say(p, "FAIL", "of %d parallel creates %u win: "
		    "If-None-Match is not atomic here", PROBE_CREATORS, most);
	} else
		probe_say(p, "ok", "of %d parallel creates one wins, %u times "
		    "(%u without an answer)", PROBE_CREATORS, p->creates_won,
		    p->unsure);
	race_match(p);
}

static void
create_done(const struct blob_result *r, void *arg)
{
	struct racer *c = arg;
	struct probe *p = c->p;

	if (r->outcome == BLOB_DONE)
		p->wins[c->i % PROBE_CREATES]++;
	else if (no_answer(r))
		p->unsure++;
	else if (r->outcome != BLOB_CONFLICT)
		probe_failed(p, "parallel creates", r->outcome, r->why);
	if (--p->racing == 0)
		creates_over(p);
}

/* Of all keys at once: those for one key arrive together all the same, and
 * a server that puts them in a queue is not waited for so long. */
void
probe_races(struct probe *p)
{
	struct blob_piece piece;
	char key[BLOB_KEY_MAX];
	unsigned i;

	memset(p->wins, 0, sizeof(p->wins));
	p->racing = PROBE_RACERS;
	for (i = 0; i < PROBE_RACERS; i++) {
		struct racer *c = &p->racers[i];

		c->p = p;
		c->i = i;
		snprintf(c->body, sizeof(c->body), "racer %u", i);
		piece = (struct blob_piece){ c->body, strlen(c->body) };
		probe_name(p, "c", (int)(p->wave * PROBE_CREATES +
		    i % PROBE_CREATES), key);
		probe_use_address(p, (int)(i / PROBE_CREATES));
		(void)blob_put(p->store, key, &piece, 1,
		    BLOB_IF_NONE_MATCH, NULL, BLOB_USER, create_done, c);
	}
}

/* -- a read beside a write is whole -- */

/*
 * A server that puts new bytes where old ones are being read promises the
 * length of the one and has the bytes of the other.  What nobody wrote is
 * proof; an answer that breaks off may be a bad line's, but that breaks off
 * as many when nobody writes: four here and none among four times as many
 * reads there is chance once in 600 times.
 */
static void
reads_over(struct probe *p)
{
	uint64_t quiet = p->store->counts.cut - p->cut_before;

	if (p->torn != 0 || (p->cut >= CUT_MIN && quiet == 0)) {
		p->verdict = PROBE_REFUSED;
		probe_say(p, "FAIL", "of %u reads beside writes %llu broke "
		    "off, %u gave bytes that nobody wrote: a write is not "
		    "atomic here", p->reads, (unsigned long long)p->cut,
		    p->torn);
	} else if (p->cut >= CUT_MIN)
		probe_say(p, "warn", "of %u reads %llu broke off, of %u in "
		    "quiet %llu: a bad line?", p->reads,
		    (unsigned long long)p->cut, QUIET * p->reads,
		    (unsigned long long)quiet);
	else
		probe_say(p, "ok", "%u reads beside writes are whole",
		    p->reads);
	probe_settings(p);
}

static void quiet_read(struct racer *);

static void
quiet_done(const struct blob_result *r, void *arg)
{
	struct racer *c = arg;

	(void)r;		/* how it went is in the store's counts */
	if (--c->left > 0)
		quiet_read(c);
	else if (--c->p->racing == 0)
		reads_over(c->p);
}

static void
quiet_read(struct racer *c)
{
	char key[BLOB_KEY_MAX];

	/* Not the counter: that may have stayed broken. */
	probe_name(c->p, "a", 0, key);
	probe_use_address(c->p, (int)c->i);
	(void)blob_get(c->p->store, key, 0, 0, PROBE_VALUE, NULL,
	    BLOB_USER, quiet_done, c);
}

static void
race_reads(struct probe *p)
{
	unsigned i;

	p->cut = p->store->counts.cut - p->cut_before;
	if (p->torn == 0 && p->cut != 0 && p->cut < CUT_MIN &&
	    ++p->races < RACES) {
		race_match(p);		/* not enough to tell */
		return;
	}
	if (p->torn != 0 || p->cut < CUT_MIN) {
		reads_over(p);
		return;
	}
	p->cut_before = p->store->counts.cut;
	p->racing = PROBE_READERS;
	for (i = 0; i < PROBE_READERS; i++) {
		p->racers[i].left = QUIET * p->reads / PROBE_READERS + 1;
		quiet_read(&p->racers[i]);
	}
}

/* -- parallel If-Match increments lose none -- */

static void counter_read(struct racer *);

/*
 * Each version of the counter has another length and says it, and is filled
 * with a letter of its own: so a server is seen that puts new bytes where
 * old ones are being read.  No two are the same: then their ETags would be,
 * too.
 */
static struct blob_piece
counter_make(struct racer *c, unsigned long value)
{
	size_t len = 40 + arc4random_uniform(PROBE_VALUE - 40), n;

	n = (size_t)snprintf(c->body, sizeof(c->body), "%lu %zu %u.%u ",
	    value, len, c->i, c->p->restarts);
	memset(c->body + n, 'a' + (int)(value % 26), len - n);
	return (struct blob_piece){ c->body, len };
}

/* The value; bytes that nobody wrote are counted. */
static unsigned long
counter_value(struct probe *p, const struct blob_result *r)
{
	char text[40] = "", *end;
	unsigned long value;
	size_t i, at = r->len < sizeof(text) ? r->len : sizeof(text) - 1;

	memcpy(text, r->body, at);
	value = strtoul(text, &end, 10);
	if (r->len < 40 || strtoul(end, NULL, 10) != r->len) {
		p->torn++;
		return value;
	}
	for (i = at; i < r->len; i++) {
		if (r->body[i] != 'a' + (int)(value % 26)) {
			p->torn++;
			break;
		}
	}
	return value;
}

static void
race_over(struct probe *p, unsigned long value)
{
	p->increments = (unsigned)value;
	if (value >= p->won && value <= p->won + p->unsure)
		probe_say(p, "ok", "%u parallel If-Match increments "
		    "lose none (%u without an answer)", p->won, p->unsure);
	else {
		p->verdict = PROBE_REFUSED;
		probe_say(p, "FAIL", "of %u parallel If-Match "
		    "increments that were answered 200, %lu are there: "
		    "If-Match is not atomic here", p->won, value);
	}
	if (p->unsure > PROBE_COUNTERS)
		probe_say(p, "warn", "%u conditional writes had no clear "
		    "answer: this provider may limit writes per key",
		    p->unsure);
	race_reads(p);
}

static void
final_done(const struct blob_result *r, void *arg)
{
	struct probe *p = arg;

	if (r->outcome == BLOB_DONE) {
		race_over(p, counter_value(p, r));
		return;
	}
	probe_failed(p, "the counter of the race", r->outcome, r->why);
	if (p->store->counts.cut - p->cut_before >= CUT_MIN)
		race_reads(p);		/* it has stayed broken */
	else
		probe_clean(p);
}

static void
racer_end(struct racer *c)
{
	struct probe *p = c->p;
	char key[BLOB_KEY_MAX];

	if (--p->racing > 0)
		return;
	probe_name(p, "d", 0, key);
	(void)blob_get(p->store, key, 0, 0, PROBE_VALUE, NULL, BLOB_USER,
	    final_done, p);
}

static void
counter_end(struct racer *c)
{
	c->p->counting--;
	racer_end(c);
}

static void
counter_put(const struct blob_result *r, void *arg)
{
	struct racer *c = arg;
	struct probe *p = c->p;

	switch (r->outcome) {
	case BLOB_DONE:
		p->won++;
		c->left--;
		break;
	case BLOB_UNSURE:
		p->unsure++;
		c->left--;
		break;
	case BLOB_CONFLICT:
	case BLOB_UNAVAILABLE:
	case BLOB_DENIED:
		break;
	default:
		probe_failed(p, "parallel increments", r->outcome, r->why);
		c->left = 0;
	}
	counter_read(c);
}

static void
counter_got(const struct blob_result *r, void *arg)
{
	struct racer *c = arg;
	char key[BLOB_KEY_MAX];
	struct blob_piece piece;

	if (no_answer(r)) {
		counter_read(c);	/* so often and no more */
		return;
	}
	if (r->outcome != BLOB_DONE) {
		probe_failed(c->p, "reading during the race", r->outcome,
		    r->why);
		counter_end(c);
		return;
	}
	piece = counter_make(c, counter_value(c->p, r) + 1);
	probe_name(c->p, "d", 0, key);
	probe_use_address(c->p, (int)(c->i + c->left));
	(void)blob_put(c->p->store, key, &piece, 1, BLOB_IF_MATCH, r->etag,
	    BLOB_USER, counter_put, c);
}

static void
counter_read(struct racer *c)
{
	char key[BLOB_KEY_MAX];

	if (c->left == 0 || c->p->restarts++ >
	    PROBE_COUNTERS * PROBE_ROUNDS * PROBE_COUNTERS + RESTARTS) {
		counter_end(c);
		return;
	}
	c->p->reads++;
	probe_name(c->p, "d", 0, key);
	probe_use_address(c->p, (int)c->i);
	(void)blob_get(c->p->store, key, 0, 0, PROBE_VALUE, NULL,
	    BLOB_USER, counter_got, c);
}

/* Those that only read, as long as the others count. */

static void only_read(struct racer *);

static void
only_got(const struct blob_result *r, void *arg)
{
	struct racer *c = arg;

	c->left--;
	if (r->outcome == BLOB_DONE)
		counter_value(c->p, r);
	else if (!no_answer(r)) {
		probe_failed(c->p, "reading during the race", r->outcome,
		    r->why);
		c->left = 0;
	}
	only_read(c);
}

static void
only_read(struct racer *c)
{
	char key[BLOB_KEY_MAX];

	if (c->left == 0 || c->p->counting == 0) {
		racer_end(c);
		return;
	}
	c->p->reads++;
	probe_name(c->p, "d", 0, key);
	probe_use_address(c->p, (int)c->i);
	(void)blob_get(c->p->store, key, 0, 0, PROBE_VALUE, NULL,
	    BLOB_USER, only_got, c);
}

static void
counter_made(const struct blob_result *r, void *arg)
{
	struct probe *p = arg;
	unsigned i;

	if (r->outcome != BLOB_DONE) {
		probe_failed(p, "the counter of the race", r->outcome, r->why);
		probe_clean(p);
		return;
	}
	p->won = p->unsure = p->restarts = 0;
	if (p->races == 0)
		p->cut_before = p->store->counts.cut;
	p->racing = PROBE_READERS;
	p->counting = PROBE_COUNTERS;
	for (i = 0; i < PROBE_READERS; i++) {
		p->racers[i].left = i < PROBE_COUNTERS ? PROBE_ROUNDS :
		    PROBE_READS;
		if (i < PROBE_COUNTERS)
			counter_read(&p->racers[i]);
		else
			only_read(&p->racers[i]);
	}
}

static void
race_match(struct probe *p)
{
	struct blob_piece piece = counter_make(&p->racers[0], 0);
	char key[BLOB_KEY_MAX];

	probe_name(p, "d", 0, key);
	(void)blob_put(p->store, key, &piece, 1, BLOB_ALWAYS, NULL,
	    BLOB_USER, counter_made, p);
}
