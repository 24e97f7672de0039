/* See ingest.h.  Here: the places, and the channels to lmtpd. */
#include "common/compat.h"

#include <event2/event.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/log.h"
#include "common/mem.h"
#include "common/msg_auth.h"
#include "common/msg_mbox.h"
#include "common/peer.h"
#include "common/sandbox.h"
#include "common/slice.h"
#include "storaged/bucket/ingest/ingest_int.h"
#include "storaged/bucket/ingest/sqs.h"

#define LMTPD_MAX	64
#define RENEW_MS	1000	/* between looks at the claims' ages */

static struct {
	struct ingest_place *places;
	size_t		 n;
	struct peer	*lmtpd[LMTPD_MAX];
	size_t		 nlmtpd, next;
	struct event	*tick;
	uint8_t		 node[8];
	ingest_refused_cb refused;
	bool		 draining;
	struct ingest_counts counts;
} ingest;

bool
ingest_draining(void)
{
	return ingest.draining;
}

struct peer *
ingest_next_lmtpd(void)
{
	if (ingest.nlmtpd == 0)
		return NULL;
	return ingest.lmtpd[ingest.next++ % ingest.nlmtpd];
}

bool
ingest_has_lmtpd(void)
{
	return ingest.nlmtpd > 0;
}

const uint8_t *
ingest_node(void)
{
	return ingest.node;
}

struct ingest_counts *
ingest_count(void)
{
	return &ingest.counts;
}

const struct ingest_counts *
ingest_counts(void)
{
	return &ingest.counts;
}

size_t
ingest_places(struct ingest_place **v)
{
	*v = ingest.places;
	return ingest.n;
}

struct pairs {
	const char	*v[24][2];
	size_t		 n;
};

static void
pair(struct pairs *p, const char *key, const char *value)
{
	p->v[p->n][0] = key;
	p->v[p->n++][1] = value;
}

/*
 * The store's slice, with another bucket in it; what only the store's objects
 * have is left out, and if it is elsewhere, what is the endpoint's.
 */
static struct slice *
place_slice(const struct slice *conf, unsigned i)
{
	const char	*bucket = slice_at(conf, "ingest.%u.bucket", i);
	const char	*prefix = slice_at(conf, "ingest.%u.prefix", i);
	const char	*region = slice_at(conf, "ingest.%u.region", i);
	const char	*endpoint = slice_at(conf, "ingest.%u.endpoint", i);
	const char	*ca = slice_at(conf, "ingest.%u.tls-ca-file", i);
	struct pairs	 p = { .n = 0 };

	pair(&p, "store.type", "s3");
	pair(&p, "store.bucket", bucket != NULL && *bucket != '\0' ? bucket :
	    slice_str(conf, "store.bucket"));
	pair(&p, "store.key-prefix", prefix != NULL ? prefix : "");
	pair(&p, "store.storage-class", "");
	pair(&p, "store.customer-key", "");
	pair(&p, "store.verify-after-write", "false");
	pair(&p, "store.max-connections", "24");
	if ((region == NULL || *region == '\0') && (endpoint == NULL ||
	    *endpoint == '\0'))
		return slice_with(conf, (const char *const (*)[2])p.v, p.n);
	if (region != NULL && *region != '\0')
		pair(&p, "store.region", region);
	pair(&p, "store.endpoint", endpoint != NULL ? endpoint : "");
	pair(&p, "store.addressing", "auto");
	pair(&p, "store.tls-ca-file", ca != NULL ? ca : "");
	pair(&p, "store.allow-invalid-certs", "false");
	pair(&p, "store.server-side-encryption", "none");
	pair(&p, "store.kms-key-id", "");
	pair(&p, "store.request-headers.0", "");
	return slice_with(conf, (const char *const (*)[2])p.v, p.n);
}

void
ingest_reach(const struct slice *conf, struct sandbox *box)
{
	struct slice	*s;
	const char	*queue;
	unsigned	 i;

	for (i = 0; slice_at(conf, "ingest.%u.poll", i) != NULL; i++) {
		s = place_slice(conf, i);
		blob_reach(s, box);
		slice_free(s);
		if ((queue = slice_at(conf, "ingest.%u.queue", i)) != NULL &&
		    *queue != '\0')
			sqs_reach(queue, box);
	}
}

static uint64_t
place_ms(const struct slice *conf, unsigned i, const char *key)
{
	char	 name[64];

	snprintf(name, sizeof(name), "ingest.%u.%s", i, key);
	return slice_num(conf, name) * 1000;
}

void
ingest_refused(struct ingest_place *p, const char *access_key, const char *why)
{
	char	 use[CRED_USE_MAX + 1];

	if (strcmp(p->refused, access_key) == 0)
		return;			/* said once for each key */
	strlcpy(p->refused, access_key, sizeof(p->refused));
	snprintf(use, sizeof(use), "ingest.%u", p->number);
	ingest.refused(use, access_key, why);
}

static void
on_refused(const char *access_key, const char *why, void *arg)
{
	ingest_refused(arg, access_key, why);
}

static void
place_open(struct event_base *base, struct slice *conf, unsigned i)
{
	struct ingest_place	*p = &ingest.places[i];
	struct slice		*s = place_slice(conf, i);
	const char		*bad, *after, *queue;
	char			 why[512];

	p->base = base;
	p->number = i;
	TAILQ_INIT(&p->jobs);
	strlcpy(p->bucket, slice_str(s, "store.bucket"), sizeof(p->bucket));
	if (key_prefix(slice_str(s, "store.key-prefix"), p->prefix,
	    sizeof(p->prefix), &bad) == -1)
		fatalx("ingest.%u.prefix: %s", i, bad);
	p->poll_ms = place_ms(conf, i, "poll");
	p->claim_ms = place_ms(conf, i, "claim-time");
	if ((after = slice_at(conf, "ingest.%u.after", i)) == NULL)
		after = "";
	p->then = strcmp(after, "done") == 0 ? INGEST_KEEP :
	    strcmp(after, "tag") == 0 ? INGEST_TAG : INGEST_DELETE;
	if (p->then == INGEST_TAG)
		p->done = ingest_done_new();
	p->seen = ingest_seen_new();
	if ((p->blob = blob_open(base, s, why, sizeof(why))) == NULL)
		fatalx("ingest.%u: %s", i, why);
	blob_on_refused(p->blob, on_refused, p);
	if ((queue = slice_at(conf, "ingest.%u.queue", i)) != NULL &&
	    *queue != '\0') {
		p->list_after = place_ms(conf, i, "list-after") / 1000;
		if ((p->queue = ingest_queue_new(p, queue, s, why,
		    sizeof(why))) == NULL)
			fatalx("ingest.%u.queue: %s", i, why);
	}
	slice_free(s);
	if (ingest_scan_init(p) == -1)
		fatal("ingest");
}

static void
on_tick(evutil_socket_t fd, short what, void *arg)
{
	struct ingest_job	*j;
	size_t			 i;

	(void)fd;
	(void)what;
	(void)arg;
	for (i = 0; i < ingest.n; i++)
		TAILQ_FOREACH(j, &ingest.places[i].jobs, entry)
			ingest_claim_renew(j);
}

void
ingest_on_refused(ingest_refused_cb cb)
{
	ingest.refused = cb;
}

void
ingest_start(struct event_base *base, struct slice *conf,
    const uint8_t node[8])
{
	const struct timeval	 tv = { RENEW_MS / 1000, 0 };
	unsigned		 i;

	memcpy(ingest.node, node, sizeof(ingest.node));
	while (slice_at(conf, "ingest.%zu.poll", ingest.n) != NULL)
		ingest.n++;
	if (ingest.n == 0)
		return;
	ingest.places = mem_new(ingest.n, sizeof(*ingest.places));
	for (i = 0; i < ingest.n; i++)
		place_open(base, conf, i);
	if ((ingest.tick = event_new(base, -1, EV_PERSIST, on_tick, NULL)) ==
	    NULL || event_add(ingest.tick, &tv) == -1)
		fatal("ingest");
}

void
ingest_key(const struct cred_key *key)
{
	char	 use[CRED_USE_MAX + 1];
	size_t	 i;

	for (i = 0; i < ingest.n; i++) {
		snprintf(use, sizeof(use), "ingest.%u",
		    ingest.places[i].number);
		if (!str_eq(key->use, str_from(use)))
			continue;
		ingest.places[i].refused[0] = '\0';
		if (str_eq(key->service, STR("s3")))
			blob_set_key(ingest.places[i].blob, key);
		else if (ingest.places[i].queue != NULL)
			ingest_queue_key(ingest.places[i].queue, key);
	}
}

void
ingest_lmtpd(struct peer *p)
{
	struct timeval	 now = { 0, 0 };
	size_t		 i;

	if (ingest.nlmtpd == LMTPD_MAX)
		return;
	ingest.lmtpd[ingest.nlmtpd++] = p;
	for (i = 0; i < ingest.n; i++)
		if (ingest.places[i].waits)
			evtimer_add(ingest.places[i].timer, &now);
		else
			ingest_scan_go(&ingest.places[i]);
	for (i = 0; i < ingest.n; i++)
		if (ingest.places[i].queue != NULL)
			ingest_queue_go(ingest.places[i].queue);
}

/* The first job that p has; NULL: none. */
static struct ingest_job *
job_of(const struct peer *p)
{
	struct ingest_job	*j;
	size_t			 i;

	for (i = 0; i < ingest.n; i++)
		TAILQ_FOREACH(j, &ingest.places[i].jobs, entry)
			if (j->lmtpd == p)
				return j;
	return NULL;
}

void
ingest_gone(struct peer *p)
{
	struct ingest_job	*j;
	size_t			 i;

	for (i = 0; i < ingest.nlmtpd; i++)
		if (ingest.lmtpd[i] == p)
			ingest.lmtpd[i--] = ingest.lmtpd[--ingest.nlmtpd];
	while ((j = job_of(p)) != NULL) {
		j->lmtpd = NULL;
		ingest_job_later(j, "lmtpd has ended before it answered");
	}
}

static struct ingest_job *
job_find(const struct peer *p, uint32_t id)
{
	struct ingest_job	*j;
	size_t			 i;

	for (i = 0; i < ingest.n; i++)
		TAILQ_FOREACH(j, &ingest.places[i].jobs, entry)
			if (j->id == id && j->lmtpd == p)
				return j;
	return NULL;
}

/* j: NULL if it is over here; what lmtpd says may have crossed that. */
static int
job_message(struct ingest_job *j, const struct msg *m)
{
	struct data_credit	 credit;

	switch (m->type) {
	case IMSG_INGEST_CREDIT:
		if (wire_decode(&data_credit_wire, &credit, m->data, m->len,
		    NULL) == -1)
			return -1;
		if (j == NULL)
			return 0;
		if (credit.bytes > UINT32_MAX - j->credit)
			return -1;
		j->credit += credit.bytes;
		ingest_job_pump(j);
		return 0;
	case IMSG_INGEST_RESULT:
		return j != NULL ? ingest_job_result(j, m) : 0;
	default:
		return -1;
	}
}

int
ingest_message(struct peer *p, struct msg *m)
{
	struct ingest_job	*j = job_find(p, m->id);
	struct log_context	 old;
	int			 r;

	log_context_swap(j != NULL ? &j->context : NULL, &old);
	r = job_message(j, m);
	log_context_swap(&old, NULL);
	return r;
}

void
ingest_drain(void)
{
	struct ingest_job	*j;
	size_t			 i;

	ingest.draining = true;
	/* What is with lmtpd, or not there yet, is left to other nodes. */
	for (i = 0; i < ingest.n; i++) {
		blob_cancel(ingest.places[i].list);
		ingest.places[i].list = NULL;
		if (ingest.places[i].queue != NULL)
			ingest_queue_drain(ingest.places[i].queue);
again:
		TAILQ_FOREACH(j, &ingest.places[i].jobs, entry)
			if (j->state < JOB_COPY) {
				ingest_job_later(j, "this node is ending");
				goto again;
			}
	}
}

bool
ingest_on(void)
{
	return ingest.n > 0;
}

bool
ingest_idle(void)
{
	size_t	 i;

	for (i = 0; i < ingest.n; i++)
		if (ingest.places[i].njobs > 0 ||
		    (ingest.places[i].queue != NULL &&
		    !ingest_queue_idle(ingest.places[i].queue)))
			return false;
	return true;
}
