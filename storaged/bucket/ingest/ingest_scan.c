/*
 * Which objects there are: LIST after LIST, page by page, and again from the
 * first name after the poll.  The names of a page are shuffled, so that nodes
 * which list at the same time do not want the same ones.  A listing may be
 * late or old: what it shows is only tried (ingest_job.c).
 */
#include "common/compat.h"

#include <event2/event.h>

#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/log.h"
#include "storaged/bucket/ingest/ingest_int.h"

#define PAGE		500	/* names of a LIST */
#define SLOWER		10	/* times, with a queue */

/* What a queue tells of need not be looked for that often. */
static void
scan_later(struct ingest_place *p)
{
	uint64_t	 ms = p->queue != NULL ? p->poll_ms * SLOWER :
			    p->poll_ms;
	struct timeval	 tv = { (time_t)(ms / 1000),
			    (suseconds_t)(ms % 1000) * 1000 };

	p->waits = true;
	evtimer_add(p->timer, &tv);
}

static void
found_free(struct ingest_found *f)
{
	free(f->name);
	f->name = NULL;
}

static void
shuffle(struct ingest_found *v, size_t n)
{
	struct ingest_found	 t;
	size_t			 i, k;

	for (i = n; i > 1; i--) {
		k = arc4random_uniform((uint32_t)i);
		t = v[i - 1];
		v[i - 1] = v[k];
		v[k] = t;
	}
}

/* Said once for each reason, not with every poll. */
static void
scan_failed(struct ingest_place *p, const struct blob_result *r)
{
	char	 why[sizeof(p->why)];

	blob_reason(r, why, sizeof(why));
	if (p->why[0] == '\0')
		log_warnx("ingest=%u bucket=%s result=no why=\"%s\"",
		    p->number, p->bucket, why);
	strlcpy(p->why, why, sizeof(p->why));
	scan_later(p);
}

static void
scan_odd(struct ingest_place *p, const char *name)
{
	if (p->odd[0] == '\0')
		strlcpy(p->odd, name, sizeof(p->odd));
}

/* All was seen: what is left where it is is told once, by its first name. */
static void
scan_tell_odd(struct ingest_place *p)
{
	char	 name[2 * sizeof(p->odd)];

	if (p->odd[0] != '\0' && strcmp(p->odd, p->odd_told) != 0)
		log_warnx("ingest=%u bucket=%s key=\"%s%s\" result=kept "
		    "why=\"the name has control characters, or parts that "
		    "cannot be used, or more than %u bytes\"", p->number,
		    p->bucket, p->prefix, log_quote(name, sizeof(name),
		    p->odd, strlen(p->odd)), KEY_MAX - 1);
	strlcpy(p->odd_told, p->odd, sizeof(p->odd_told));
	p->odd[0] = '\0';
}

/* The queue knows its envelope: it is left to it for a while. */
static bool
is_the_queues(const struct ingest_place *p, const struct blob_result *r,
    const struct blob_listed *v)
{
	return p->queue != NULL && (r->date == 0 || v->modified == 0 ||
	    r->date - v->modified < (int64_t)p->list_after);
}

static void
scan_listed(const struct blob_result *r, const struct blob_listed *v, size_t n,
    bool more, void *arg)
{
	struct ingest_place	*p = arg;
	struct ingest_found	*f;
	char			 skip[KEY_MAX];
	size_t			 i;

	p->list = NULL;
	if (r->outcome != BLOB_DONE) {
		scan_failed(p, r);
		return;
	}
	if (p->why[0] != '\0')
		log_info("ingest=%u bucket=%s result=back", p->number,
		    p->bucket);
	p->why[0] = '\0';
	p->more = more;
	if (r->left_out != NULL)
		scan_odd(p, r->left_out);
	if (n > 0)
		strlcpy(p->after, v[n - 1].key, sizeof(p->after));
	if (n > 0 && (p->page = calloc(n, sizeof(*p->page))) == NULL)
		n = 0;			/* with the next poll, then */
	for (i = 0; i < n; i++) {
		switch (ingest_kind(v[i].key, skip)) {
		case INGEST_OURS:
			if (i + 1 == n)
				strlcpy(p->after, skip, sizeof(p->after));
			continue;
		case INGEST_OTHER:
			continue;
		case INGEST_ODD:
			scan_odd(p, v[i].key);
			continue;
		case INGEST_MAIL:
			break;
		}
		if (v[i].etag[0] == '\0')
			continue;	/* nothing could be told apart */
		if (is_the_queues(p, r, &v[i]))
			continue;
		f = &p->page[p->npage];
		if ((f->name = strdup(v[i].key)) == NULL)
			continue;
		strlcpy(f->etag, v[i].etag, sizeof(f->etag));
		f->size = v[i].size;
		p->npage++;
	}
	shuffle(p->page, p->npage);
	ingest_scan_go(p);
}

/* Is it known, and not to be tried now? */
static bool
is_not_now(struct ingest_place *p, const struct ingest_found *f)
{
	const struct ingest_note	*n;
	struct ingest_id		 id;

	/* First of all: that keeps what is known of it. */
	n = ingest_seen_find(p->seen, f->name, f->etag);
	if (p->done != NULL) {
		ingest_id(&id, p->bucket, p->prefix, f->name, f->etag);
		if (ingest_done_has(p->done, &id))
			return true;
	}
	return ingest_has_job(p, f->name) ||
	    (n != NULL && clock_ms() < n->next_ms);
}

static void
scan_list(struct ingest_place *p)
{
	free(p->page);
	p->page = NULL;
	p->list = blob_list(p->blob, "", p->after[0] != '\0' ? p->after :
	    NULL, PAGE, BLOB_BACKGROUND, scan_listed, p);
}

void
ingest_scan_go(struct ingest_place *p)
{
	struct ingest_found	*f;

	if (ingest_draining() || p->list != NULL || p->waits ||
	    !ingest_has_lmtpd())
		return;
	while (p->npage > 0 && p->njobs < INGEST_PARALLEL) {
		f = &p->page[--p->npage];
		if (!is_not_now(p, f))
			ingest_job_new(p, f);
		found_free(f);
	}
	if (p->npage > 0)
		return;			/* when one of them has ended */
	if (p->more) {
		scan_list(p);
		return;
	}
	/* All was seen. */
	ingest_seen_pass(p->seen);
	if (p->done != NULL)
		ingest_done_pass(p->done);
	scan_tell_odd(p);
	p->after[0] = '\0';
	scan_later(p);
}

/*
 * While the queue brings something, a LIST would mostly show what it is about
 * to tell of.  What it does not tell of waits for twice "list-after" at most,
 * however busy the queue is.
 */
static bool
is_put_off(struct ingest_place *p)
{
	uint64_t	 now = clock_ms();

	if (p->queue == NULL || p->npage > 0 || p->list != NULL ||
	    !ingest_queue_brings(p->queue) || (p->put_off != 0 &&
	    now - p->put_off >= p->list_after * 1000)) {
		p->put_off = 0;
		return false;
	}
	if (p->put_off == 0)
		p->put_off = now != 0 ? now : 1;
	return true;
}

static void
scan_tick(evutil_socket_t fd, short what, void *arg)
{
	struct ingest_place	*p = arg;

	(void)fd;
	(void)what;
	p->waits = false;
	if (ingest_draining())
		return;
	if (!ingest_has_lmtpd() || is_put_off(p)) {
		scan_later(p);
		return;
	}
	ingest_claim_sweep(p);
	if (p->npage > 0 || p->list != NULL)
		ingest_scan_go(p);
	else
		scan_list(p);
}

int
ingest_scan_init(struct ingest_place *p)
{
	struct timeval	 now = { 0, 0 };

	if ((p->timer = evtimer_new(p->base, scan_tick, p)) == NULL)
		return -1;
	p->waits = true;
	return evtimer_add(p->timer, &now);
}
