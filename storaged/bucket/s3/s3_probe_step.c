/*
 * The probe's steps: what serving relies on, each tried in the way that
 * serving relies on it (commit_*.c, blob_cache.c, storeobj.c).  They go in
 * rounds: what is in a round is sent at once, through every address of the
 * endpoint, and looked at in the order of the table, so that the first
 * failure is the first cause.
 */
#include "common/compat.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "common/clock.h"
#include "storaged/bucket/s3/s3_probe_int.h"

static const struct probe_step steps[] = {
#define ROW(...)	{ __VA_ARGS__ }
#define GET(r, w, n, b, m, s, o, l, want) \
	ROW(r, w, STEP_GET, n, b, BLOB_ALWAYS, m, 0, s, o, l, want, want, 0)
#define HEAD(r, w, n, b, s, want) \
	ROW(r, w, STEP_HEAD, n, b, BLOB_ALWAYS, 0, 0, s, 0, 0, want, want, 0)
#define PUT(r, w, n, b, c, m, k, want, or) \
	ROW(r, w, STEP_PUT, n, b, c, m, k, 0, 0, 0, want, or, 0)
#define LIST(r, w, n, how) \
	ROW(r, w, STEP_LIST, n, NONE, BLOB_ALWAYS, 0, 0, 0, 0, 0, \
	    BLOB_DONE, BLOB_DONE, how)
	/* A GET comes first: a HEAD's answer has no body to tell the cause. */
	GET(0, "GET of a missing key returns 404", 'b', NONE, 0, 0, 0, 0,
	    BLOB_ABSENT),
	HEAD(0, "HEAD of a missing key returns 404", 'b', NONE, 0, BLOB_ABSENT),
	LIST(0, "a listing without matches is empty", 'b', LIST_EMPTY),
	PUT(1, "If-None-Match: * on a new key returns 200", 'a', FIRST,
	    BLOB_IF_NONE_MATCH, 0, ETAG_A, BLOB_DONE, BLOB_DONE),
	/* It is replaced while the other one is looked at. */
	PUT(1, "If-None-Match: * on another new key returns 200", 'g', FIRST,
	    BLOB_IF_NONE_MATCH, 0, ETAG_G, BLOB_DONE, BLOB_DONE),
	PUT(1, "a key with all allowed characters is accepted", 'e', LARGE,
	    BLOB_ALWAYS, 0, ETAG_E, BLOB_DONE, BLOB_DONE),
	PUT(1, "a body larger than 1 MiB is accepted", 'f', HUGE_ONE,
	    BLOB_ALWAYS, 0, ETAG_F, BLOB_DONE, BLOB_DONE),
	PUT(2, "If-None-Match: * on an existing key returns 412", 'a', SECOND,
	    BLOB_IF_NONE_MATCH, 0, 0, BLOB_CONFLICT, BLOB_CONFLICT),
	GET(2, "GET returns what was written, with the PUT's ETag", 'a', FIRST,
	    0, ETAG_A, 0, 0, BLOB_DONE),
	HEAD(2, "HEAD returns the PUT's ETag and the length", 'a', FIRST,
	    ETAG_A, BLOB_DONE),
	GET(2, "If-None-Match with the PUT's ETag returns 304", 'a', NONE,
	    ETAG_A, 0, 0, 0, BLOB_UNCHANGED),
	GET(2, "content is not changed in transit", 'e', LARGE, 0, ETAG_E, 0, 0,
	    BLOB_DONE),
	GET(2, "a range request returns that range", 'e', LARGE, 0, 0, 1000,
	    70000, BLOB_DONE),
	GET(2, "a range that runs past the end stops there", 'e', LARGE, 0, 0,
	    PROBE_LARGE - 100, 500, BLOB_DONE),
	GET(2, "a range beyond the end returns 416", 'e', NONE, 0, 0,
	    PROBE_LARGE + 1, 500, BLOB_BEHIND),
	GET(2, "a range larger than 1 MiB is returned whole", 'f', HUGE_ONE, 0,
	    0, 10, PROBE_HUGE - 20, BLOB_DONE),
	LIST(2, "a listing shows what was just written", 'a', LIST_ALL),
	LIST(2, "a listing honors max-keys", 'a', LIST_ONE),
	PUT(2, "If-Match with the current ETag returns 200", 'g', THIRD,
	    BLOB_IF_MATCH, ETAG_G, ETAG_G_NEW, BLOB_DONE, BLOB_DONE),
	PUT(3, "If-Match with a stale ETag returns 412", 'g', FOURTH,
	    BLOB_IF_MATCH, ETAG_G, 0, BLOB_CONFLICT, BLOB_CONFLICT),
	PUT(3, "If-Match on a missing key returns 404 or 412", 'b', FOURTH,
	    BLOB_IF_MATCH, ETAG_NOBODYS, 0, BLOB_ABSENT, BLOB_CONFLICT),
	GET(3, "GET returns the replacement, with the PUT's ETag", 'g', THIRD,
	    0, ETAG_G_NEW, 0, 0, BLOB_DONE),
	GET(3, "If-None-Match with a stale ETag returns the object", 'g', THIRD,
	    ETAG_G, ETAG_G_NEW, 0, 0, BLOB_DONE),
	GET(3, "If-None-Match with the current ETag returns 304", 'g', NONE,
	    ETAG_G_NEW, 0, 0, 0, BLOB_UNCHANGED),
	HEAD(3, "HEAD returns the current ETag", 'g', THIRD, ETAG_G_NEW,
	    BLOB_DONE),
	LIST(3, "a listing honors start-after", 'a', LIST_AFTER),
};
#define LAST_ROUND	3

#define FIRST_MS	2	/* before what depends on them */
#define SETTLE_MS	10
#define AGAIN_MS	20	/* more before each time that steps are asked
				   again */
#define TOO_MANY_MS	1100	/* after a 429: one write of a key a second */
#define AGAIN_MAX_MS	2000	/* whatever Retry-After wants */

/* The ETag that no object has. */
static const char nobody[] = "\"00000000000000000000000000000000\"";

/* -- what came -- */

static void
slot_wrong(struct probe_slot *t, const struct blob_result *r,
    const char *what)
{
	t->state = SLOT_WRONG;
	t->outcome = r->outcome;
	t->status = r->status;
	t->retry_after = r->retry_after;
	snprintf(t->why, sizeof(t->why), "%s%s%s", what != NULL ? what :
	    blob_outcome_name(r->outcome), r->why != NULL &&
	    r->why[0] != '\0' ? " " : "", r->why != NULL ? r->why : "");
	strlcpy(t->cause, r->cause != NULL ? r->cause : "",
	    sizeof(t->cause));
}

/* Is it still open whether the store can do that? */
static bool
slot_unsure(const struct probe_slot *t)
{
	return t->state == SLOT_WRONG && t->cause[0] == '\0' &&
	    probe_no_answer(t->outcome, t->status);
}

static void
look_at_date(struct probe *p, const struct blob_result *r)
{
	int64_t d;

	if (p->s3 == NULL || r->status == 0)
		return;
	if (r->date == 0) {
		p->dateless = true;
		return;
	}
	d = (int64_t)time(NULL) - r->date;
	if ((d < 0 ? -d : d) > (p->skew < 0 ? -p->skew : p->skew))
		p->skew = d;
}

static void	round_over(struct probe *);

/* With the second round, the first one may be asked. */
static bool
in_round(const struct probe *p, const struct probe_step *s)
{
	return s->round == p->round || (s->round == 0 && p->round == 1);
}

/* Is it a server that creates objects?  (What is large takes longer, and
 * nothing depends on it.) */
static bool
first_good(const struct probe *p)
{
	const struct probe_slot *t;
	size_t k;
	int i;

	for (i = 0; i < p->naddresses; i++) {
		for (k = 0; k < nitems(steps); k++) {
			t = &p->slots[i][k];
			if (t->s != NULL && in_round(p, t->s) &&
			    t->s->body != LARGE && t->state != SLOT_GOOD)
				return false;
		}
	}
	return true;
}

static void
slot_over(struct probe_slot *t)
{
	struct probe *p = t->p;

	p->flying -= t->s->round > 0;
	if (p->ahead && !p->due && first_good(p))
		probe_races_known(p);
	if (--p->asked == 0)
		round_over(p);
}

static void
step_done(const struct blob_result *r, void *arg)
{
	struct probe_slot *t = arg;
	struct probe *p = t->p;
	const struct probe_step *s = t->s;
	uint64_t ms = clock_ms() - t->sent_at, *best;
	const char *wrong;
	char buf[300];

	look_at_date(p, r);
	best = s->verb == STEP_PUT ? &p->put_ms : &p->get_ms;
	if (s->round > 0 && s->body != HUGE_ONE && ms < *best)
		*best = ms;
	if (s->round == 0 && ms < p->rtt_ms)
		p->rtt_ms = ms;
	t->state = SLOT_GOOD;
	if (r->outcome != s->want && r->outcome != s->or_else)
		slot_wrong(t, r, NULL);
	else if ((wrong = probe_look(p, t, r, buf, sizeof(buf))) != NULL)
		slot_wrong(t, r, wrong);
	if (s->keep != ETAG_NONE)
		strlcpy(p->etag[t->address][s->keep], r->etag,
		    sizeof(p->etag[0][0]));
	slot_over(t);
}

static void
list_done(const struct blob_result *r, const struct blob_listed *v, size_t n,
    bool more, void *arg)
{
	struct probe_slot *t = arg;
	char buf[400];
	const char *wrong;

	look_at_date(t->p, r);
	t->state = SLOT_GOOD;
	if (r->outcome != BLOB_DONE)
		slot_wrong(t, r, NULL);
	else if ((wrong = probe_look_list(t->p, t, v, n, more, buf,
	    sizeof(buf))) != NULL)
		slot_wrong(t, r, wrong);
	slot_over(t);
}

/* -- what had no answer -- */

/*
 * What a second try of a PUT is answered may tell of the first, which
 * arrived after all: that proves nothing.  So all that was done with this
 * object is done anew, with one of a fresh name.
 */
static void
object_anew(struct probe *p, const struct probe_slot *t)
{
	const char *at = strchr(PROBE_STEP_NAMES, t->s->name);
	struct probe_slot *u;
	size_t k;

	p->edition[at - PROBE_STEP_NAMES][t->address]++;
	for (k = 0; k < nitems(steps); k++) {
		u = &p->slots[t->address][k];
		if (u->s != NULL && u->s->verb != STEP_LIST &&
		    u->s->name == t->s->name && u->s->round > 0 &&
		    u->s->round <= t->s->round)
			u->state = SLOT_TODO;
	}
}

/* How many steps are unsure; and is another one wrong for certain? */
static unsigned
count_unsure(const struct probe *p, bool *wrong)
{
	unsigned n = 0;
	size_t k;
	int i;

	*wrong = false;
	for (i = 0; i < p->naddresses; i++) {
		for (k = 0; k < nitems(steps); k++) {
			const struct probe_slot *t = &p->slots[i][k];

			if (slot_unsure(t))
				n++;
			else if (t->state == SLOT_WRONG)
				*wrong = true;
		}
	}
	return n;
}

/* Those that are unsure, after a pause. */
static void
ask_again(struct probe *p)
{
	struct probe_slot *t;
	struct timeval tv;
	uint64_t ms = 0;
	size_t k;
	int i;

	for (i = 0; i < p->naddresses; i++) {
		for (k = 0; k < nitems(steps); k++) {
			t = &p->slots[i][k];
			if (t->state != SLOT_WRONG)
				continue;
			if (t->retry_after > ms)
				ms = t->retry_after;
			t->state = SLOT_TODO;
			/* Refused, it has not arrived: it comes too soon. */
			if (t->status == 429 && ms < TOO_MANY_MS)
				ms = TOO_MANY_MS;
			else if (t->status != 429 && t->s->verb == STEP_PUT)
				object_anew(p, t);
		}
	}
	ms += AGAIN_MS * p->steps_again++;
	if (ms > AGAIN_MAX_MS)
		ms = AGAIN_MAX_MS;
	tv.tv_sec = (time_t)(ms / 1000);
	tv.tv_usec = (suseconds_t)(ms % 1000 * 1000);
	evtimer_add(p->steps_timer, &tv);
}

/* -- a round -- */

/* Has the first round no answer?  Then this may be no server at all. */
static bool
first_unsure(const struct probe *p)
{
	size_t k;
	int i;

	for (i = 0; i < p->naddresses; i++) {
		for (k = 0; k < nitems(steps); k++)
			if (steps[k].round == 0 && slot_unsure(&p->slots[i][k]))
				return true;
	}
	return false;
}

/* False: this is a cause that all else would only follow from. */
static bool
slot_tell(struct probe *p, struct probe_slot *t)
{
	const struct probe_step *s = t->s;
	const char *at = p->addresses[t->address], *hint = "";
	const char *in = at[0] != '\0' ? " at " : "";

	if (t->state == SLOT_GOOD) {
		if (!t->told)
			probe_say(&p->steps, "ok", "%s%s%s", s->what, in, at);
		t->told = true;
		return true;
	}
	if (t->cause[0] != '\0') {
		if (probe_no_answer(t->outcome, t->status))
			probe_away(p, "%s: %s", t->cause, t->why);
		else
			probe_lacks(p, BY_STEP, "%s: %s", t->cause,
			    t->why);
		return false;
	}
	if (t->outcome == BLOB_DENIED && s->want == BLOB_ABSENT)
		hint = " (without s3:ListBucket on the bucket, a missing key "
		    "returns 403)";
	if (probe_no_answer(t->outcome, t->status))
		probe_away(p, "failed: %s%s%s: %s%s", s->what, in, at, t->why,
		    hint);
	else
		probe_lacks(p, BY_STEP, "failed: %s%s%s: %s%s", s->what, in,
		    at, t->why, hint);
	/* No server to which that happens is one to be looked at further. */
	return s->round > 0 && p->verdict != PROBE_AWAY;
}

static void	steps_go(struct probe *);

/* The other lines. */
static void
beside(struct probe *p)
{
	p->due = false;
	p->lines += 2;
	probe_races(p);
	probe_settings(p);
	if (p->ahead && first_good(p))
		probe_races_known(p);
}

/* What is replaced next is there. */
static void
round_created(struct probe *p)
{
	probe_races_known(p);
	p->created = true;
	probe_likely(p);
}

static void
round_over(struct probe *p)
{
	/* The creates that race are answered now, too, and what is asked next
	 * goes over their connections. */
	const struct timeval settle = { 0, SETTLE_MS * 1000 };
	struct probe_slot *t;
	bool wrong;
	size_t k;
	int i;

	evtimer_del(p->far_timer);
	if (p->due)
		beside(p);
	if ((p->round == 0 || p->ahead) && probe_skip_addresses(p)) {
		steps_go(p);
		return;
	}
	if (count_unsure(p, &wrong) > 0 && !wrong && !first_unsure(p) &&
	    p->verdict == PROBE_GOOD && p->steps_again < PROBE_AGAIN) {
		ask_again(p);
		return;
	}
	for (i = 0; i < p->naddresses; i++) {
		for (k = 0; k < nitems(steps); k++) {
			t = &p->slots[i][k];
			if (t->s == NULL || !in_round(p, t->s) ||
			    (wrong && slot_unsure(t)))
				continue;
			if (!slot_tell(p, t)) {
				p->stop = true;
				probe_races_known(p);
				probe_line_over(p);
				return;
			}
		}
	}
	if (p->round == LAST_ROUND) {
		probe_line_over(p);
		return;
	}
	if (p->round == 1)
		round_created(p);
	if (p->round++ == 0)
		beside(p);
	if (p->far && p->round == 2)
		evtimer_add(p->steps_timer, &settle);
	else
		steps_go(p);
}

static void
step_ask(struct probe *p, struct probe_slot *t)
{
	const struct probe_step *s = t->s;
	struct piece piece;
	char key[KEY_MAX];
	const char *etag = NULL;
	size_t len;

	probe_name(p, s->name, t->address, key);
	if (s->match != ETAG_NONE) {
		etag = p->etag[t->address][s->match];
		if (etag[0] == '\0')
			etag = nobody;
	}
	/* What one address took the next one gives. */
	if (s->round > 0) {
		probe_use_wide(p, t->address + (s->round == LAST_ROUND));
		probe_flies(p);
	} else			/* it remains open */
		probe_use_address(p, t->address);
	t->state = SLOT_ASKED;
	t->sent_at = clock_ms();
	switch (s->verb) {
	case STEP_HEAD:
		(void)blob_head(p->store, key, BLOB_USER, step_done, t);
		break;
	case STEP_GET:
		(void)blob_get(p->store, key, s->offset, s->len, PROBE_HUGE,
		    etag, BLOB_USER, step_done, t);
		break;
	case STEP_PUT:
		piece.p = probe_body_of(p, s->body, &len);
		piece.len = len;
		p->puts++;
		(void)blob_put(p->store, key, &piece, 1, s->cond, etag,
		    BLOB_USER, step_done, t);
		break;
	case STEP_LIST:
		probe_name(p, s->name, p->naddresses - 1, key);
		(void)blob_list(p->store, s->list == LIST_EMPTY ? key : p->dir,
		    s->list == LIST_AFTER ? key : NULL, s->list == LIST_ALL ?
		    1000 : 1, BLOB_USER, list_done, t);
		break;
	}
}

/* What is to be asked of this round, else of the next that has something. */
static void
steps_go(struct probe *p)
{
	struct probe_slot *t;
	size_t k;
	int i;

	for (p->asked = 0; p->asked == 0; p->round += p->asked == 0) {
		for (i = 0; i < p->naddresses; i++) {
			for (k = 0; k < nitems(steps); k++) {
				t = &p->slots[i][k];
				if (t->s == NULL || !in_round(p, t->s) ||
				    t->state != SLOT_TODO)
					continue;
				p->asked++;
				step_ask(p, t);
			}
		}
	}
}

void
probe_steps_again(evutil_socket_t fd, short what, void *arg)
{
	struct probe *p = arg;

	(void)fd;
	(void)what;
	p->round = 1;
	steps_go(p);
}

/*
 * Its answers take their time, and are not errors that are asked again: the
 * creates are not held back for them.  (What cannot be connected to has failed
 * by now.)  But the steps go out before the hundreds of requests that race: a
 * server that is busy with those answers the steps late, and on these depends
 * what comes next.
 */
void
probe_steps_far(evutil_socket_t fd, short what, void *arg)
{
	const struct timeval first = { 0, FIRST_MS * 1000 };
	struct probe *p = arg;
	unsigned asked = p->asked;

	(void)fd;
	(void)what;
	if (p->due) {		/* the second time */
		beside(p);
		return;
	}
	if (p->round != 0 || p->rtt_ms != UINT64_MAX ||
	    p->store->counts.retries != p->retries)
		return;
	p->ahead = true;
	p->round = 1;
	steps_go(p);
	p->asked += asked;
	p->due = true;
	evtimer_add(p->far_timer, &first);
}

void
probe_steps(struct probe *p)
{
	const struct timeval near = { 0, 1000 * (p->knocked_far ? FIRST_MS :
	    PROBE_NEAR_MS) };
	struct probe_slot *t;
	size_t k;
	int i;

	_Static_assert(nitems(steps) <= PROBE_STEPS, "more slots");
	for (i = 0; i < p->naddresses; i++) {
		for (k = 0; k < nitems(steps); k++) {
			t = &p->slots[i][k];
			t->p = p;
			t->address = i;
			/* NULL: not this time. */
			if (p->report || steps[k].body != HUGE_ONE)
				t->s = &steps[k];
		}
	}
	if (!p->report)
		evtimer_add(p->far_timer, &near);
	steps_go(p);
}
