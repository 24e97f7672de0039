/*
 * See ingest.h.  A mail is kept until its header is whole (64 KiB at most),
 * which may name its recipients; the rest streams.  Must never answer
 * DELIVERED before each recipient's 250: storaged then deletes the object.
 */
#include "common/compat.h"

#include <sys/queue.h>

#include <event2/event.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/log.h"
#include "common/msg_ingest.h"
#include "common/msg_mbox.h"
#include "common/peer.h"
#include "lmtpd/delivery.h"
#include "lmtpd/ingest.h"
#include "lmtpd/ingest_rcpt.h"
#include "lmtpd/metrics.h"

#define JOBS_MAX	1024	/* of all channels */
#define CHUNK		16384

enum job_state {
	JOB_HEAD,		/* until its header is whole */
	JOB_RCPTS,		/* authd is asked for the recipients */
	JOB_DATA,
	JOB_ANSWERS,		/* all of it is with the delivery */
	JOB_OVER		/* to be freed, by the timer */
};

struct job_rcpt {
	struct job	*job;
	struct rcpt	*rcpt;
	char		*address;
	bool		 done;		/* v says what became of it */
	bool		 dropped;	/* the catch-all is there instead */
	struct verdict	 v;
};

struct job {
	TAILQ_ENTRY(job) entry;
	struct peer	*peer;
	uint32_t	 id;
	enum job_state	 state;
	uint32_t	 place;
	uint64_t	 size;
	char		*bucket, *sender, *recipients, *told, *only;
	char		*seed;
	size_t		 seed_len;
	struct buf	 in;		/* what has come, and has not gone */
	bool		 whole;		/* and nothing more will come */
	bool		 cr;		/* the last octet that has gone */
	struct job_rcpt	 v[INGEST_RECIPIENTS + 1];
	size_t		 n, waits;
	const char	*missing;	/* a recipient is not in v: why */
	struct envelope	 envelope;
	struct delivery	*delivery;
	struct job_rcpt	*with[INGEST_RECIPIENTS + 1];	/* the delivery */
	size_t		 nwith;
	struct event	*timer;
};

static struct {
	struct event_base	*base;
	const struct slice	*conf;
	TAILQ_HEAD(, job)	 jobs;
	size_t			 n;
} ingest = { .jobs = TAILQ_HEAD_INITIALIZER(ingest.jobs) };

static void	job_pump(struct job *);

void
ingest_init(struct event_base *base, const struct slice *conf)
{
	ingest.base = base;
	ingest.conf = conf;
}

static void
job_free(struct job *j)
{
	size_t	 i;

	delivery_free(j->delivery);
	for (i = 0; i < j->n; i++) {
		rcpt_free(j->v[i].rcpt);
		free(j->v[i].address);
	}
	if (j->timer != NULL)
		event_free(j->timer);
	TAILQ_REMOVE(&ingest.jobs, j, entry);
	ingest.n--;
	buf_free(&j->in);
	free(j->bucket);
	free(j->sender);
	free(j->recipients);
	free(j->told);
	free(j->only);
	free(j->seed);
	free(j);
}

static void
job_tick(evutil_socket_t fd, short what, void *arg)
{
	struct job	*j = arg;

	(void)fd;
	(void)what;
	if (j->state == JOB_OVER)
		job_free(j);
}

/* It is over; from within callbacks of what it owns, too. */
static void
job_over(struct job *j)
{
	struct timeval	 now = { 0, 0 };

	j->state = JOB_OVER;
	j->peer = NULL;
	evtimer_add(j->timer, &now);
}

/* -- the answer -- */

static void
job_result(struct job *j, enum ingest_outcome outcome, const char *why)
{
	struct ingest_answer	 a[INGEST_RECIPIENTS];
	char			 text[INGEST_RECIPIENTS][VERDICT_TEXT + 16];
	struct ingest_result	 r = { .outcome = (uint8_t)outcome };
	const struct verdict	*v;
	size_t			 i, n = 0;

	for (i = 0; i < j->n && n < INGEST_RECIPIENTS; i++) {
		if (j->v[i].dropped)
			continue;
		v = &j->v[i].v;
		metrics_received("ingest", v);
		snprintf(text[n], sizeof(text[n]), "%s %s", v->enhanced !=
		    NULL ? v->enhanced : "", v->text);
		a[n].recipient = str_from(j->v[i].address);
		a[n].code = (uint32_t)v->code;
		a[n].text = str_from(text[n]);
		if (a[n].text.len > INGEST_TEXT_MAX)
			a[n].text.len = INGEST_TEXT_MAX;
		n++;
	}
	r.why = str_from(why);
	r.answers.v = a;
	r.answers.n = n;
	if (j->peer != NULL)
		(void)peer_send_struct(j->peer, IMSG_INGEST_RESULT, j->id, &r,
		    -1);
	job_over(j);
}

/* All have an answer: what do they come to? */
static void
job_sum(struct job *j)
{
	enum ingest_outcome	 outcome = INGEST_DELIVERED;
	size_t			 i, n = 0;

	for (i = 0; i < j->n; i++) {
		if (j->v[i].dropped)
			continue;
		n++;
		if (j->v[i].v.code == 250)
			continue;
		if (j->v[i].v.code < 500)
			outcome = INGEST_LATER;
		else if (outcome == INGEST_DELIVERED)
			outcome = INGEST_FAILED;
	}
	/* Else the mail were lost for who is missing. */
	if (j->missing != NULL)
		job_result(j, INGEST_LATER, j->missing);
	else if (n == 0)
		job_result(j, INGEST_FAILED, "no recipient");
	else
		job_result(j, outcome, "");
}

/* -- the delivery -- */

static void
on_room(void *arg)
{
	job_pump(arg);
}

static void
on_answer(void *arg, size_t i, const struct verdict *v)
{
	struct job	*j = arg;

	if (i >= j->nwith || j->with[i]->done || j->state != JOB_ANSWERS)
		return;
	j->with[i]->v = *v;
	j->with[i]->done = true;
	if (--j->waits == 0)
		job_sum(j);
}

static const struct delivery_ops delivery_ops = { on_room, on_answer };

/*
 * Line ends become CRLF: files that a program has put there often have LF.  At
 * most room octets go; how many of in that were.
 */
static size_t
job_convert(struct job *j, size_t room)
{
	uint8_t		 out[CHUNK];
	const uint8_t	*in = j->in.data;
	size_t		 i, n = 0;

	if (room > sizeof(out))
		room = sizeof(out);
	for (i = 0; i < j->in.len && n < room; i++) {
		if (in[i] == '\n' && !j->cr) {
			out[n++] = '\r';
			j->cr = true;
			i--;		/* the LF is next */
			continue;
		}
		j->cr = in[i] == '\r';
		out[n++] = in[i];
	}
	delivery_data(j->delivery, out, n);
	return i;
}

static void
job_credit(struct job *j, size_t n)
{
	struct data_credit	 c = { (uint32_t)n };

	if (n > 0 && !j->whole && j->peer != NULL)
		(void)peer_send_struct(j->peer, IMSG_INGEST_CREDIT, j->id, &c,
		    -1);
}

static void
job_pump(struct job *j)
{
	size_t	 room, n, gone = 0;

	if (j->state != JOB_DATA)
		return;
	while (j->in.len > 0 &&
	    (room = delivery_room(j->delivery)) > 0) {
		n = job_convert(j, room);
		buf_drain(&j->in, n);
		gone += n;
	}
	job_credit(j, gone);
	if (j->in.len > 0 || !j->whole)
		return;
	j->state = JOB_ANSWERS;
	j->waits = j->nwith;
	delivery_end(j->delivery);
}

/* -- its recipients -- */

static void	job_ask(struct job *, const char *);

/* Those that exist get it; the others have their answer. */
static void
job_deliver(struct job *j)
{
	struct rcpt	*r[INGEST_RECIPIENTS + 1];
	size_t		 i;

	for (i = 0; i < j->n; i++)
		if (j->v[i].rcpt != NULL && verdict_ok(&j->v[i].v)) {
			r[j->nwith] = j->v[i].rcpt;
			j->v[i].done = false;
			j->with[j->nwith++] = &j->v[i];
		}
	if (j->nwith == 0) {
		job_sum(j);
		return;
	}
	j->delivery = delivery_new(ingest.base, &j->envelope, r, j->nwith,
	    &delivery_ops, j);
	if (j->delivery == NULL) {
		job_result(j, INGEST_LATER, "out of memory");
		return;
	}
	j->state = JOB_DATA;
	job_pump(j);
}

/* An unknown one's mail is the catch-all's, if there is one. */
static void
job_catch(struct job *j, struct job_rcpt *r)
{
	const char	*all = slice_at(ingest.conf, "ingest.%u.catch-all",
			    j->place);
	size_t		 i;

	if (all == NULL || *all == '\0' || strcmp(r->address, all) == 0 ||
	    *j->only != '\0')
		return;
	r->dropped = true;
	for (i = 0; i < j->n; i++)
		if (strcmp(j->v[i].address, all) == 0)
			return;
	job_ask(j, all);
}

static void
on_rcpt(void *arg, struct rcpt *rcpt, const struct verdict *v)
{
	struct job_rcpt	*r = arg;
	struct job	*j = r->job;

	(void)rcpt;
	if (j->state != JOB_RCPTS || r->done)
		return;
	r->v = *v;
	r->done = true;
	if (v->code == 550)
		job_catch(j, r);
	if (--j->waits == 0)
		job_deliver(j);
}

static void
job_ask(struct job *j, const char *address)
{
	struct job_rcpt	*r = &j->v[j->n];

	if (j->n == nitems(j->v)) {
		j->missing = "too many recipients";
		return;
	}
	r->job = j;
	if ((r->address = strdup(address)) == NULL) {
		j->missing = "out of memory";
		return;
	}
	j->n++;
	r->rcpt = rcpt_new(ingest.base, address, &j->envelope, on_rcpt, r);
	if (r->rcpt == NULL) {
		verdict_set(&r->v, 451, "4.3.0", "out of memory");
		r->done = true;
		return;
	}
	j->waits++;
}

static void
job_rcpts(struct job *j)
{
	struct ingest_rcpts	 r = { .n = 0 };
	struct ingest_known	 known = { str_from(j->told),
				    str_from(j->recipients),
				    (const char *)j->in.data, j->in.len <
				    INGEST_HEAD_MAX ? j->in.len :
				    INGEST_HEAD_MAX };
	size_t			 i;

	if (*j->only != '\0')
		for (struct str rest = str_from(j->only); rest.len > 0; ) {
			const char	*comma = memchr(rest.p, ',', rest.len);
			size_t		 n = comma != NULL ?
					    (size_t)(comma - rest.p) : rest.len;
			char		*one = strndup(rest.p, n);

			if (one == NULL)
				j->missing = "out of memory";
			else if (*one != '\0')
				job_ask(j, one);
			free(one);
			rest.p += n < rest.len ? n + 1 : n;
			rest.len -= n < rest.len ? n + 1 : n;
		}
	else {
		ingest_rcpts_find(&r, ingest.conf, j->place, &known);
		/* Too many: a part of them would pass for all. */
		for (i = 0; i < r.n && !r.too_many; i++)
			job_ask(j, r.v[i]);
	}
	j->state = JOB_RCPTS;
	if (r.no_memory || (j->n == 0 && j->missing != NULL))
		job_result(j, INGEST_LATER, "out of memory");
	else if (r.too_many)
		job_result(j, INGEST_FAILED, "more than 100 recipients");
	else if (j->n == 0)
		job_result(j, INGEST_FAILED, r.foreign > 0 ? "no recipient in "
		    "one of our domains" : "no recipient is named by envelope, "
		    "metadata or header");
	else if (j->waits == 0)
		job_sum(j);
	ingest_rcpts_free(&r);
}

/* -- messages -- */

static struct job *
job_find(const struct peer *p, uint32_t id)
{
	struct job	*j;

	TAILQ_FOREACH(j, &ingest.jobs, entry)
		if (j->peer == p && j->id == id)
			return j;
	return NULL;
}

static char *
copy(struct str s)
{
	char	*p = malloc(s.len + 1);

	if (p != NULL) {
		if (s.len > 0)
			memcpy(p, s.p, s.len);
		p[s.len] = '\0';
	}
	return p;
}

static void
job_envelope(struct job *j, const struct ingest_offer *o)
{
	struct envelope	*e = &j->envelope;

	e->sender = j->sender;
	e->helo = j->bucket;
	e->remote = "";
	e->protocol = "S3";
	e->seed = (struct str){ j->seed, j->seed_len };
	e->size = j->size;
	e->body = ENVELOPE_8BITMIME;
	mbox_trace_to(&o->of, &e->context);
}

static struct job *
job_new(struct peer *p, uint32_t id, const struct ingest_offer *o)
{
	struct job	*j;

	if (ingest.n == JOBS_MAX || (j = calloc(1, sizeof(*j))) == NULL)
		return NULL;
	TAILQ_INSERT_TAIL(&ingest.jobs, j, entry);
	ingest.n++;
	j->peer = p;
	j->id = id;
	j->place = o->place;
	j->size = o->size;
	buf_init(&j->in, INGEST_HEAD_MAX);
	j->bucket = copy(o->bucket);
	j->sender = copy(o->sender);
	j->recipients = copy(o->recipients);
	j->told = copy(o->envelope);
	j->only = copy(o->only);
	j->seed = copy(o->seed);
	j->seed_len = o->seed.len;
	if (j->bucket == NULL || j->sender == NULL || j->recipients == NULL ||
	    j->told == NULL || j->only == NULL || j->seed == NULL ||
	    (j->timer = evtimer_new(ingest.base, job_tick, j)) == NULL) {
		job_free(j);
		return NULL;
	}
	job_envelope(j, o);
	return j;
}

static int
on_offer(struct peer *p, struct msg *m)
{
	struct ingest_result	 no = { .outcome = INGEST_LATER,
				    .why = STR("lmtpd is busy") };
	struct ingest_offer	 o;
	struct job		*j;

	if (m->id == 0 || job_find(p, m->id) != NULL ||
	    wire_decode(&ingest_offer_wire, &o, m->data, m->len, NULL) ==
	    -1 || o.seed.len == 0)
		return -1;
	if ((j = job_new(p, m->id, &o)) == NULL)
		return peer_send_struct(p, IMSG_INGEST_RESULT, m->id, &no, -1);
	job_credit(j, INGEST_HEAD_MAX);
	return 0;
}

static int
on_data(struct job *j, const struct msg *m)
{
	/* More than the credit is no honest storaged's. */
	if (j->whole || j->in.len + m->len > INGEST_HEAD_MAX)
		return -1;
	if (buf_put(&j->in, m->data, m->len) == -1) {
		job_result(j, INGEST_LATER, "out of memory");
		return 0;
	}
	if (j->state == JOB_HEAD && (j->in.len == INGEST_HEAD_MAX ||
	    ingest_head_whole((const char *)j->in.data, j->in.len)))
		job_rcpts(j);
	else
		job_pump(j);
	return 0;
}

static int
on_end(struct job *j, const struct msg *m)
{
	struct ingest_end	 e;

	if (wire_decode(&ingest_end_wire, &e, m->data, m->len, NULL) == -1 ||
	    j->whole)
		return -1;
	if (!e.whole) {
		job_over(j);
		return 0;
	}
	j->whole = true;
	if (j->state == JOB_HEAD)
		job_rcpts(j);
	else
		job_pump(j);
	return 0;
}

int
ingest_message(struct peer *p, struct msg *m)
{
	struct job	*j;

	if (m->type == IMSG_INGEST_OFFER)
		return on_offer(p, m);
	/* One that was answered early may still be under way. */
	j = job_find(p, m->id);
	switch (m->type) {
	case IMSG_INGEST_DATA:
		return j != NULL ? on_data(j, m) : 0;
	case IMSG_INGEST_END:
		return j != NULL ? on_end(j, m) : 0;
	default:
		return -1;
	}
}

void
ingest_gone(struct peer *p)
{
	struct job	*j;

	TAILQ_FOREACH(j, &ingest.jobs, entry)
		if (j->peer == p)
			job_over(j);
}
