/*
 * The probe's readers: a read beside a write is whole.  They read what is
 * being replaced for as long as the races last, and never hold these up.
 */
#include "common/compat.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "storaged/bucket/s3/s3_probe_int.h"

#define CUT_MIN		4	/* fewer reads that break off are an
				   accident */
#define QUIET		4	/* times as many reads in quiet */
#define QUIET_FAILED	8	/* that have no answer, until it is gone */
#define RACES		4	/* as long as fewer do */

/*
 * Each version has another length and says it, and is filled with a letter
 * of its own: so a server is seen that puts new bytes where old ones are
 * being read.  No two are the same: then their ETags would be, too.
 */
struct piece
probe_value_make(struct racer *c)
{
	/* Some are as long as heads are, and most are short. */
	size_t most = c->key % 4 == 0 ? PROBE_VALUE : PROBE_VALUE / 8;
	size_t len = 40 + arc4random_uniform((uint32_t)most - 40), n;

	n = (size_t)snprintf(c->body, sizeof(c->body), "%u %zu ", c->value,
	    len);
	memset(c->body + n, 'a' + (int)(c->value % 26), len - n);
	return (struct piece){ c->body, len };
}

bool
probe_value_read(const struct blob_result *r, unsigned *value)
{
	char text[40] = "", *end;
	size_t i, at = r->len < sizeof(text) ? r->len : sizeof(text) - 1;

	memcpy(text, r->body, at);
	*value = (unsigned)strtoul(text, &end, 10);
	if (r->len < 40 || strtoul(end, NULL, 10) != r->len)
		return false;
	for (i = at; i < r->len; i++)
		if (r->body[i] != 'a' + (int)(*value % 26))
			return false;
	return true;
}

/* -- judgement -- */

/*
 * A server that puts new bytes where old ones are being read promises the
 * length of the one and has the bytes of the other.  What nobody wrote is
 * proof; an answer that breaks off may be a bad line's, but that breaks off
 * as many when nobody writes: four here and none among four times as many
 * reads there is chance once in 600 times.  And it may be the end of the
 * server, but then writes break off, too, or the reads in quiet fail.
 */
static void
reads_judge(struct probe *p)
{
	unsigned long long quiet = p->store->counts.cut - p->cut_before;
	unsigned long long cut = p->cut;

	if (p->torn != 0 || p->vanished != 0 || (cut >= CUT_MIN && quiet == 0 &&
	    p->silent == 0 && p->quiet_failed == 0))
		probe_lacks(p, BY_RACE, "%u reads during writes: %u found no "
		    "object, %llu were cut off, %u returned bytes that were "
		    "never written: writes are not atomic", p->reads,
		    p->vanished, cut, p->torn);
	else if (cut >= CUT_MIN && quiet == 0)
		probe_away(p, "%u reads during writes: %llu were cut off, and "
		    "so were %u writes: the server became unavailable",
		    p->reads, cut, p->silent);
	else if (cut >= CUT_MIN)
		probe_say(&p->steps, "warn", "%u reads during writes: %llu "
		    "were cut off; %u reads without writes: %llu were cut off: "
		    "is the network unreliable?", p->reads, cut,
		    p->quiet_reads, quiet);
	else if (!probe_enough(p))
		probe_say(&p->steps, "ok",
		    "%u reads during writes are complete",
		    p->reads);
	probe_races_over(p);
}

static void quiet_read(struct racer *);

static void
quiet_done(const struct blob_result *r, void *arg)
{
	struct racer *c = arg;
	struct probe *p = c->p;
	uint64_t cut = p->store->counts.cut - p->cut_before;

	/* Those that broke off are in the store's counts: one is enough to
	 * know that others do, too.  When the server is gone, which one that
	 * fails does not say, the others are not waited for. */
	if (r->outcome != BLOB_DONE && cut == 0)
		p->quiet_failed++;
	p->quiet_reads++;
	if (--c->left > 0 && p->quiet_failed < QUIET_FAILED && cut == 0)
		quiet_read(c);
	else if (--p->reading == 0)
		reads_judge(p);
}

static void
quiet_read(struct racer *c)
{
	char key[KEY_MAX];

	/* Not what was raced: that may have stayed broken. */
	probe_name(c->p, 'e', 0, key);
	probe_use_wide(c->p, (int)c->i);
	(void)blob_get(c->p->store, key, 0, PROBE_VALUE / 2, PROBE_VALUE, NULL,
	    BLOB_USER, quiet_done, c);
}

static void
reads_over(struct probe *p)
{
	unsigned i;

	p->cut = p->store->counts.cut - p->cut_before;
	if (!probe_enough(p) && p->torn + p->vanished == 0 && p->cut != 0 &&
	    p->cut < CUT_MIN && ++p->races < RACES) {
		probe_races_more(p);		/* not enough to tell */
		return;
	}
	if (p->torn + p->vanished != 0 || p->cut < CUT_MIN) {
		p->cut_before = p->store->counts.cut;
		reads_judge(p);
		return;
	}
	p->cut_before = p->store->counts.cut;
	p->reading = PROBE_READERS;
	for (i = 0; i < PROBE_READERS; i++) {
		struct racer *c = &p->racers[PROBE_WRITERS + i];

		c->left = QUIET * p->reads / PROBE_READERS + 1;
		quiet_read(c);
	}
}

void
probe_reads(struct probe *p)
{
	p->races_done = true;
	if (p->reading == 0 && p->hot_writing == 0)
		reads_over(p);
}

/* -- reading -- */

static void reader_next(struct racer *);

void
probe_flies(struct probe *p)
{
	if (++p->flying > p->most_flying)
		p->most_flying = p->flying;
}

static void
reader_done(const struct blob_result *r, void *arg)
{
	struct racer *c = arg;
	struct probe *p = c->p;
	unsigned value;

	p->flying--;
	if (r->outcome == BLOB_DONE)
		p->torn += !probe_value_read(r, &value);
	else if (r->outcome == BLOB_ABSENT)
		p->vanished += !c->absent;	/* it was there before */
	else if (!probe_no_answer(r->outcome, r->status))
		probe_odd(p, "reading during parallel writes: %s %s",
		    blob_outcome_name(r->outcome), r->why);
	reader_next(c);
}

static void
reader_next(struct racer *c)
{
	struct probe *p = c->p;
	char key[KEY_MAX];
	unsigned i, n;

	for (n = 0; n < PROBE_KEYS; n++) {
		i = (c->i + c->left + n) % PROBE_KEYS;
		if (p->keys[i].there && p->keys[i].raced)
			break;
	}
	if (p->readers_stop || c->left == 0 || p->budget == 0 ||
	    (n == PROBE_KEYS && !p->hot_there && p->wave > 0)) {
		c->reading = false;
		if (--p->reading == 0 && p->hot_writing == 0 &&
		    p->races_done)
			reads_over(p);
		return;
	}
	c->left--;
	p->budget--;
	p->reads++;
	c->absent = n == PROBE_KEYS && !p->hot_there;
	if (n == PROBE_KEYS || (p->hot_there && c->left % 4 != 0))
		probe_name(p, 'd', 0, key);
	else
		probe_name(p, 'c', (int)i, key);
	probe_use_wide(p, (int)c->i);
	(void)blob_get(p->store, key, 0, 0, PROBE_VALUE, NULL, BLOB_USER,
	    reader_done, c);
	probe_flies(p);
}

static void
hot_done(const struct blob_result *r, void *arg)
{
	struct probe *p = ((struct racer *)arg)->p;

	p->flying--;
	p->hot_there |= r->outcome == BLOB_DONE;
	if (r->outcome != BLOB_DONE) {
		if (!probe_no_answer(r->outcome, r->status))
			probe_odd(p, "parallel writes: %s %s",
			    blob_outcome_name(r->outcome), r->why);
		probe_heard(p, r);
	}
	if (--p->hot_writing == 0 && p->reading == 0 && p->races_done)
		reads_over(p);
}

/* All of these are written, where of those with a condition one is: so there
 * is more to be seen beside. */
void
probe_hot(struct probe *p)
{
	struct piece piece;
	char key[KEY_MAX];
	unsigned i;

	if (!p->hot_due || p->hot_writing != 0)
		return;
	p->hot_due = false;
	probe_name(p, 'd', 0, key);
	/* First it must be there. */
	p->hot_writing = p->wave == 0 ? 1 : PROBE_HOT;
	for (i = 0; i < p->hot_writing; i++) {
		struct racer *c = &p->hot[i];

		c->value = ++p->values;
		p->puts++;
		piece = probe_value_make(c);
		probe_use_wide(p, (int)i);
		(void)blob_put(p->store, key, &piece, 1, BLOB_ALWAYS, NULL,
		    BLOB_USER, hot_done, c);
		probe_flies(p);
	}
}

void
probe_readers_start(struct probe *p)
{
	unsigned most = p->far ? PROBE_READERS : PROBE_READERS_GROUP, i, n = 0;

	if (p->races == 0 && p->reads == 0)
		p->cut_before = p->store->counts.cut;
	for (i = 0; i < most && n < PROBE_READERS_GROUP; i++) {
		struct racer *c = &p->racers[PROBE_WRITERS + i];

		if (c->reading)
			continue;
		n++;
		c->reading = true;
		/* Beside the first creates only a connection is opened. */
		c->left = p->wave == 0 ? 1 : PROBE_READS / most;
		p->reading++;
		reader_next(c);
	}
}
