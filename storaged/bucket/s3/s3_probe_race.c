/*
 * The probe's races, over all addresses of the endpoint at once: what a
 * server does that looks at the condition first and writes a moment later
 * is seen in no single request.  In each wave several keys are created, or
 * replaced, by many at once with the same condition, of which one may win;
 * the next wave begins with the winner's ETag.  So a wave is one wait,
 * however many race; and all are created in the first, most replaced in the
 * second, since before the races are over nobody is served.
 */
#include "common/compat.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "storaged/bucket/s3/s3_probe_int.h"

#define MORE_MS		300	/* more waves, if they are over by then... */
#define WAVES_MAX	4	/* ...but no more than that */
#define AGAIN_MAX	2	/* for keys whose writes had no clear answer */
#define AGAIN_MS	1200	/* providers that take one write a second */
#define FINAL_TRIES	4	/* of a read after the races */
#define ENOUGH		2	/* updates with a clear answer */

/* Is it known that the races lack something, or is nothing to be known? */
bool
probe_enough(const struct probe *p)
{
	return p->stop || p->verdict == PROBE_AWAY ||
	    p->bad_race[0] != '\0' || p->most[0] > 1 || p->most[1] > 1;
}

/*
 * Keys, as bits.  A server that answers at once has few of them at a time:
 * so it keeps up, and what it does wrong comes to light soonest.  One that is
 * far away has all of them, since each wave is a wait.
 */
struct wave { unsigned create, update; };
static const struct wave near_by[] = {
	{ 0x03f, 0 }, { 0xfc0, 0x007 }, { 0x3f000, 0x038 },
	{ 0x1c0000, 0xfc0 },
	/* and then these, in turns */
	{ 0, 0x03f }, { 0, 0xfc0 },
};
static const struct wave far_away[] = {
	{ 0x1fffff, 0 }, { 0, 0x3ffff },
	{ 0, 0x03f }, { 0, 0xfc0 },
};
#define TURNS	2			/* at the end of each */

static const struct wave *
wave_of(const struct probe *p, unsigned i)
{
	return p->far ? &far_away[i] : &near_by[i];
}

static unsigned
planned(const struct probe *p)
{
	return (unsigned)(p->far ? nitems(far_away) : nitems(near_by)) - TURNS;
}

static bool
wave_updates(const struct probe *p, unsigned key)
{
	return wave_of(p, p->wave)->update & 1u << key;
}

static void	wave_begin(struct probe *);
static void	answered(struct probe *);

/* -- the end: what the winners wrote is there -- */

void
probe_races_over(struct probe *p)
{
	if (p->most[0] > 1)
		probe_lacks(p, BY_RACE, "%d parallel creates, %u succeeded: "
		    "If-None-Match is not atomic", PROBE_CREATORS,
		    p->most[0]);
	if (p->most[1] > 1)
		probe_lacks(p, BY_RACE, "%d parallel If-Match updates, %u "
		    "succeeded: If-Match is not atomic", PROBE_CREATORS,
		    p->most[1]);
	if (p->lost != 0)
		probe_lacks(p, BY_RACE, "%d objects, %u lost the last update: "
		    "If-Match is not atomic",
		    PROBE_KEYS, p->lost);
	if (!probe_enough(p)) {
		probe_say(&p->steps, "ok", "exactly one of %d parallel creates "
		    "succeeds (%u rounds)", PROBE_CREATORS, p->creates_won);
		probe_say(&p->steps, "ok", "exactly one of %d parallel "
		    "If-Match updates succeeds (%u rounds), none is "
		    "lost", PROBE_CREATORS,
		    p->updates_won);
		if (p->unclear > PROBE_CREATORS)
			probe_say(&p->steps, "warn", "%u conditional writes "
			    "had no clear answer: this provider may limit "
			    "writes per key", p->unclear);
		if (p->updates_won < ENOUGH)
			probe_away(p, "no clear answer to %u of %u parallel "
			    "If-Match updates", p->unclear, p->values);
	}
	probe_line_over(p);
}

/* One of those that may have written it last? */
static bool
may_be(const struct probe_key *k, unsigned value)
{
	unsigned i;

	for (i = 0; i < k->nlast; i++)
		if (k->last[i] == value)
			return true;
	return false;
}

static void	final_read(struct probe_key *);
static void	finals_look(struct probe *);

/* Every one of those that raced for it has its answer. */
static bool
key_settled(const struct probe_key *k)
{
	return k->creates.racing == 0 && k->updates.racing == 0;
}

static void
final_judge(struct probe_key *k, const struct blob_result *r)
{
	struct probe *p = k->p;
	unsigned value = 0;

	if (probe_no_answer(r->outcome, r->status))
		probe_away(p, "reading after parallel writes: %s %s",
		    blob_outcome_name(r->outcome), r->why);
	else if (r->outcome != BLOB_DONE)
		probe_lacks(p, BY_RACE, "reading after parallel writes: %s %s",
		    blob_outcome_name(r->outcome), r->why);
	else if (!probe_value_read(r, &value))
		p->torn++;
	else if (!may_be(k, value) || (k->nlast == 1 &&
	    strcmp(k->etag, r->etag) != 0))
		p->lost++;
}

static void
final_done(const struct blob_result *r, void *arg)
{
	struct probe_key *k = arg;
	struct probe *p = k->p;

	p->finals--;
	k->reading = false;
	if (k->again || !key_settled(k)) {
		k->again = false;
		finals_look(p);		/* in the end */
		return;
	}
	if (probe_no_answer(r->outcome, r->status) && --k->left > 0 &&
	    !probe_enough(p)) {
		final_read(k);		/* it changes nothing */
		return;
	}
	k->read = true;
	final_judge(k, r);
	finals_look(p);
}

static void
final_read(struct probe_key *k)
{
	struct probe *p = k->p;
	int i = (int)(k - p->keys);
	char key[KEY_MAX];

	p->finals++;
	k->reading = true;
	probe_name(p, 'c', i, key);
	probe_use_wide(p, i + (int)k->left);
	(void)blob_get(p->store, key, 0, 0, PROBE_VALUE, NULL, BLOB_USER,
	    final_done, k);
}

/* Is all that was written read back? */
static void
finals_look(struct probe *p)
{
	struct probe_key *k;

	if (!p->writers_done)
		return;
	for (k = p->keys; k < p->keys + PROBE_KEYS; k++)
		if (k->there && !k->read && !k->reading)
			final_read(k);
	if (p->finals == 0)
		probe_reads(p);
}

/* Are all updates on their way? */
static bool
all_begun(const struct probe *p)
{
	unsigned i;

	for (i = 0; i < PROBE_KEYS; i++)
		if ((far_away[1].update & 1u << i) && !p->keys[i].early &&
		    p->keys[i].creates.open)
			return false;
	return true;
}

/*
 * Where waits cost, and no other wave follows, a key is read back when one has
 * won: the others came to the server with that one, and this read comes a whole
 * wait later.  It counts only if all of them are answered before it is.
 */
static void
final_early(struct probe_key *k, bool update)
{
	struct probe *p = k->p;
	bool last = update || !(far_away[1].update & 1u << (k - p->keys));

	if (!p->far || p->wave > 1 || !last || k->reading || p->stop ||
	    p->verdict == PROBE_AWAY || clock_ms() - p->race_ms <= MORE_MS)
		return;
	/* What is read from now on meets no write any more. */
	if (update && all_begun(p))
		p->readers_stop = true;
	final_read(k);
}

static void
final_reads(struct probe *p)
{
	p->readers_stop = p->writers_done = true;
	if (p->lost + p->torn + p->vanished == 0 && p->updates_won >= ENOUGH)
		probe_nearly(p);
	finals_look(p);
}

/* -- a wave -- */

static const char *
race_what(bool update)
{
	return update ? "If-Match updates" : "creates";
}

static void
run_settle(struct probe *p, unsigned key, bool update)
{
	struct probe_key *k = &p->keys[key];
	struct probe_run *run = update ? &k->updates : &k->creates;

	run->open = false;
	p->open--;
	/* Else it may be an unclear one; and of the creates that were not
	 * waited for, the last may come after all updates. */
	if (update || !k->early)
		k->there = run->wins == 1;
	if (run->wins > p->most[update])
		p->most[update] = run->wins;
	if (run->wins == 1 && update)
		p->updates_won++;
	else if (run->wins == 1)
		p->creates_won++;
	else if (run->wins == 0 && run->unclear == 0)
		probe_odd(p, "none of %d parallel %s succeeds", PROBE_CREATORS,
		    race_what(update));
	if (!update && p->creates_won >= PROBE_GROUP) {
		p->raced = true;
		probe_likely(p);
	}
}

/* Waves that are left; on a fast line some more.  None is begun that would
 * not be over in time, if it took as long as the last one. */
static bool
wave_next(struct probe *p)
{
	uint64_t now = clock_ms();

	/* What is bad in one way is looked at in the others, too. */
	if (p->stop || p->verdict == PROBE_AWAY)
		return false;
	if (++p->wave < planned(p))
		return true;
	if (probe_enough(p) || now - p->race_ms + (now - p->wave_ms) >
	    MORE_MS || p->turns++ >= WAVES_MAX)
		return false;
	p->wave = planned(p) + p->turns % TURNS;
	return true;
}

static void
wave_over(struct probe *p)
{
	if (wave_next(p))
		wave_begin(p);
	else if (!probe_enough(p) && p->updates_won < ENOUGH &&
	    p->throttled && p->again++ < AGAIN_MAX) {
		struct timeval tv = { AGAIN_MS / 1000,
		    AGAIN_MS % 1000 * 1000 };

		evtimer_add(p->timer, &tv);
	} else {
		/* Then nothing is to be waited for. */
		if (p->silent > p->unclear / 2 && p->updates_won < ENOUGH &&
		    !p->report && !probe_enough(p))
			probe_away(p, "no response to %u of %u parallel "
			    "writes: %s", p->silent, p->values, p->silent_why);
		final_reads(p);
	}
}

static void
racer_done(const struct blob_result *r, void *arg)
{
	struct racer *c = arg;
	struct probe *p = c->p;
	struct probe_key *k = &p->keys[c->key];
	struct probe_run *run = c->update ? &k->updates : &k->creates;

	if (r->outcome == BLOB_DONE) {
		if (run->wins++ == 0) {
			/* What was unclear had another ETag to match. */
			strlcpy(k->etag, r->etag, sizeof(k->etag));
			k->last[0] = c->value;
			k->nlast = 1;
			final_early(k, c->update);
		}
	} else if (probe_no_answer(r->outcome, r->status)) {
		run->unclear++;
		p->unclear++;
		probe_heard(p, r);
		p->throttled |= r->status == 429 || r->status == 503;
		if (run->wins == 0)
			k->last[k->nlast++] = c->value;
	} else if (r->outcome == BLOB_ABSENT)
		probe_odd(p, "one of %d parallel %s finds no object: writes "
		    "are not atomic", PROBE_CREATORS,
		    race_what(c->update));
	else if (r->outcome != BLOB_CONFLICT)
		probe_odd(p, "parallel %s: %s %s", race_what(c->update),
		    blob_outcome_name(r->outcome), r->why);
	run->racing--;
	p->flying--;
	if (p->ahead)
		return;
	answered(p);
}

static void
run_begin(struct probe *p, unsigned key, bool update)
{
	struct probe_key *k = &p->keys[key];
	struct probe_run *run = update ? &k->updates : &k->creates;

	*run = (struct probe_run){ .open = true };
	k->p = p;
	k->read = false;
	k->again = k->reading;
	k->left = FINAL_TRIES;
	p->open++;
	if (!update)
		k->nlast = 0;
}

static void
racer_send(struct probe *p, unsigned key, bool update, unsigned i)
{
	struct probe_key *k = &p->keys[key];
	struct racer *c = &p->racers[update * PROBE_RACERS +
	    key * PROBE_CREATORS + i];
	struct piece piece;
	char name[KEY_MAX];

	if (update)
		k->updates.racing++;
	else
		k->creates.racing++;
	p->puts++;
	c->key = key;
	c->update = update;
	c->value = ++p->values;
	piece = probe_value_make(c);
	probe_name(p, 'c', (int)key, name);
	probe_use_wide(p, (int)i);
	(void)blob_put(p->store, name, &piece, 1, update ? BLOB_IF_MATCH :
	    BLOB_IF_NONE_MATCH, update ? k->etag : NULL, BLOB_USER,
	    racer_done, c);
	probe_flies(p);
}

/* Those for one key arrive together, though others are between them: a
 * server that puts writes of a key in a queue is not waited for so long. */
static void
group_send(struct probe *p, unsigned set)
{
	unsigned i, key;

	for (i = 0; i < PROBE_CREATORS; i++)
		for (key = 0; key < PROBE_KEYS; key++)
			if (set & 1u << key)
				racer_send(p, key, wave_updates(p, key), i);
}

/* A group after the other, and readers between them; where waits cost, readers
 * behind the first creates, too: so their connections are open when they are
 * needed. */
static void
wave_send(struct probe *p, unsigned set)
{
	unsigned key, n, group = (1u << PROBE_GROUP) - 1;

	for (key = 0; key < PROBE_KEYS; key += PROBE_GROUP) {
		if ((set & group << key) == 0)
			continue;
		if (p->wave > 0)
			probe_readers_start(p);
		group_send(p, set & group << key);
	}
	if (p->wave > 0 || !p->far)
		return;
	for (n = 0; n < PROBE_READERS; n += PROBE_READERS_GROUP)
		probe_readers_start(p);
}

static void
wave_begin(struct probe *p)
{
	unsigned i, set = 0;

	p->wave_ms = clock_ms();
	for (i = 0; i < PROBE_KEYS; i++) {
		struct probe_key *k = &p->keys[i];

		k->raced = (wave_of(p, p->wave)->create & 1u << i) ||
		    (wave_updates(p, i) && k->there);
		if (!k->raced)
			continue;
		run_begin(p, i, wave_updates(p, i));
		set |= 1u << i;
	}
	p->writers_done = p->readers_stop = p->races_done = false;
	p->hot_due = true;
	probe_hot(p);
	wave_send(p, set);
	if (set == 0)
		wave_over(p);
}

/* -- where each wait costs: a key does not wait for the others -- */

/*
 * One has created it, so what is there can be replaced: the others have lost,
 * or else the server is none to be used.  But not before there are connections
 * that are free: to open one takes longer than the others' answers.
 */
static bool
key_ready(const struct probe *p, unsigned key)
{
	const struct probe_key *k = &p->keys[key];

	return p->far && p->wave <= 1 && !k->early &&
	    (far_away[1].update & 1u << key) && k->creates.wins == 1 &&
	    (k->creates.racing == 0 ||
	    p->flying + PROBE_CREATORS <= p->most_flying);
}

static void
key_go_on(struct probe *p, unsigned key)
{
	unsigned i;

	if (p->wave == 0) {
		p->wave = 1;
		p->wave_ms = clock_ms();
		p->hot_due = true;
	}
	probe_hot(p);
	if (p->early++ % PROBE_GROUP == 0)
		probe_readers_start(p);
	p->keys[key].early = p->keys[key].there = true;
	run_begin(p, key, true);
	for (i = 0; i < PROBE_CREATORS; i++)
		racer_send(p, key, true, i);
}

/* Some of the answers have come. */
static void
answered(struct probe *p)
{
	struct probe_key *k;
	unsigned i;

	for (i = 0; i < PROBE_KEYS; i++) {
		k = &p->keys[i];
		if (!p->stop && p->verdict != PROBE_AWAY && key_ready(p, i))
			key_go_on(p, i);
		if (k->creates.open && k->creates.racing == 0)
			run_settle(p, i, false);
		if (k->updates.open && k->updates.racing == 0)
			run_settle(p, i, true);
	}
	if (p->open == 0)
		wave_over(p);
}

/* -- keys whose writes had no clear answer: what is there now? -- */

static void
again_done(const struct blob_result *r, void *arg)
{
	struct racer *c = arg;
	struct probe *p = c->p;
	struct probe_key *k = &p->keys[c->key];

	if (r->outcome == BLOB_DONE && probe_value_read(r, &k->last[0])) {
		strlcpy(k->etag, r->etag, sizeof(k->etag));
		k->nlast = 1;
		k->there = true;
	}
	if (--p->racing == 0)
		wave_begin(p);
}

void
probe_races_again(evutil_socket_t fd, short what, void *arg)
{
	struct probe *p = arg;
	char key[KEY_MAX];
	unsigned i;

	(void)fd;
	(void)what;
	p->wave = planned(p);
	p->race_ms = 0;			/* one wave, no more */
	p->racing = 1;
	for (i = 0; i < PROBE_KEYS; i++) {
		if (!wave_updates(p, i))
			continue;
		p->racing++;
		p->racers[i].key = i;
		probe_name(p, 'c', (int)i, key);
		(void)blob_get(p->store, key, 0, 0, PROBE_VALUE, NULL,
		    BLOB_USER, again_done, &p->racers[i]);
	}
	p->racing--;
}

void
probe_races_more(struct probe *p)
{
	p->race_ms = clock_ms();
	p->budget = PROBE_READS;
	p->turns = 0;
	p->wave = planned(p);
	wave_begin(p);
}

/* What came while it was not known whether this is a server: if it is not,
 * that tells nothing. */
void
probe_races_known(struct probe *p)
{
	if (!p->ahead)
		return;
	p->ahead = false;
	if (p->odd && !p->stop)
		probe_lacks(p, BY_RACE, "%s", p->odd_why);
	p->odd |= p->stop;
	answered(p);
}

void
probe_races(struct probe *p)
{
	p->far = p->rtt_ms >= PROBE_NEAR_MS;
	p->budget = PROBE_READS;
	p->race_ms = clock_ms();
	wave_begin(p);
}
