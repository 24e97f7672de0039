/*
 * A place whose mails are told of by a queue (SQS): long polls, one at a time,
 * while there is room for more mails.  A message is deleted only when what it
 * names is settled: delivered, in failed/, or gone; until then its visibility
 * time-out is extended, and where that stops (this node has ended), another
 * node gets it.  What is not understood, or is about another place, stays in
 * the queue, for its redrive policy.
 *
 * Messages are hostile: they only name objects, which must be in the place.
 */
#include "common/compat.h"

#include <event2/event.h>

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/json.h"
#include "common/log.h"
#include "common/log_limit.h"
#include "common/mem.h"
#include "storaged/bucket/ingest/ingest_int.h"
#include "storaged/bucket/ingest/ingest_notice.h"
#include "storaged/bucket/ingest/sqs.h"

#define WAIT_S		20		/* a long poll; SQS's longest */
#define RECEIVE_MS	((WAIT_S + 10) * 1000)
#define CALL_MS		10000		/* of any other */
#define BATCH		10		/* messages; SQS's most */
#define ANSWER_MAX	((size_t)8 << 20)	/* bytes of a batch */
#define RECEIPT_MAX	4096
#define ID_MAX		100
#define PAUSE_MIN	1000		/* ms after a poll that failed, */
#define PAUSE_MAX	60000		/* doubled each time */
#define HIDE_MAX	43200		/* s: SQS's longest time-out */

struct queue_message {
	TAILQ_ENTRY(queue_message) entry;
	struct ingest_queue *queue;
	char		 id[ID_MAX + 1];
	char		 receipt[RECEIPT_MAX + 1];
	struct ingest_notice *notice;
	size_t		 at;		/* which of its objects */
	bool		 stays;		/* one of them is not settled: */
	uint64_t	 again_ms;	/* not before then (clock_ms()) */
	uint64_t	 hidden_ms;	/* since then, for the time-out */
	const char	*name;		/* of the object, in the place */
	struct blob_request *head;
	struct ingest_job *job;
	struct sqs_call	*call;
};

struct ingest_queue {
	struct ingest_place *place;
	struct sqs	*sqs;
	struct event	*timer;
	TAILQ_HEAD(, queue_message) messages;
	size_t		 n;
	struct sqs_call	*receive;
	unsigned	 batch;
	uint64_t	 next_ms;	/* a poll that failed is not repeated
					   before then */
	uint64_t	 pause_ms;
	bool		 brought;	/* the last poll: there may be more */
	bool		 taking;	/* in the middle of what one brought */
	char		 why[300];	/* of the last poll; "": it went well */
};

static struct log_limit	 refusals = LOG_LIMIT("messages of a queue were "
			    "refused");

static void	 message_next(struct queue_message *);

static uint64_t
time_out_s(const struct ingest_queue *q)
{
	uint64_t	 s = q->place->claim_ms / 1000;

	return s < 1 ? 1 : s > HIDE_MAX ? HIDE_MAX : s;
}

static void
message_free(struct queue_message *m)
{
	struct ingest_queue	*q = m->queue;

	TAILQ_REMOVE(&q->messages, m, entry);
	q->n--;
	blob_cancel(m->head);
	sqs_cancel(m->call);
	if (m->job != NULL)
		m->job->message = NULL;
	ingest_notice_free(m->notice);
	free(m);
	ingest_queue_go(q);
}

static void	 message_refused(struct queue_message *, const char *, ...)
		    __attribute__((format(printf, 2, 3)));

/* It stays in the queue; a few such lines a minute. */
static void
message_refused(struct queue_message *m, const char *fmt, ...)
{
	struct ingest_place	*p = m->queue->place;
	char			 why[400], quoted[800], id[2 * ID_MAX + 8];
	va_list			 ap;

	va_start(ap, fmt);
	vsnprintf(why, sizeof(why), fmt, ap);
	va_end(ap);
	m->stays = true;
	ingest_count()->refused++;
	if (log_limit(&refusals))
		log_warnx("ingest=%u notice=%s result=kept why=\"%s\"",
		    p->number, log_word(id, sizeof(id), m->id),
		    log_quote(quoted, sizeof(quoted), why, strlen(why)));
}

/* -- its end -- */

static void
message_called(const struct sqs_answer *a, void *arg)
{
	struct queue_message	*m = arg;

	m->call = NULL;
	/* It comes again, and what it names is gone by then. */
	if (!a->ok)
		log_debug("ingest=%u: queue: %s", m->queue->place->number,
		    a->why);
	message_free(m);
}

static void
message_renewed(const struct sqs_answer *a, void *arg)
{
	struct queue_message	*m = arg;

	m->call = NULL;
	if (!a->ok)
		log_debug("ingest=%u: queue: %s", m->queue->place->number,
		    a->why);
	if (m->at == m->notice->n && m->job == NULL && m->head == NULL)
		message_next(m);	/* it was only waited for */
}

static void
message_call(struct queue_message *m, const char *action, int64_t hide_s,
    sqs_cb cb)
{
	struct buf	 b;

	buf_init(&b, 4 * RECEIPT_MAX);
	buf_puts(&b, "\"ReceiptHandle\": ");
	json_put_text(&b, m->receipt);
	if (hide_s >= 0)
		buf_printf(&b, ", \"VisibilityTimeout\": %lld",
		    (long long)hide_s);
	buf_put_u8(&b, '\0');
	m->call = sqs_call(m->queue->sqs, action, (const char *)b.data, 65536,
	    CALL_MS, cb, m);
	buf_free(&b);
}

/* All it names was looked after: it is deleted, or comes again when what has
 * failed is to be tried again. */
static void
message_over(struct queue_message *m)
{
	uint64_t	 now = clock_ms();
	int64_t		 s = 0;

	if (m->call != NULL)		/* of the renewal */
		return;
	if (!m->stays) {
		message_call(m, "DeleteMessage", -1, message_called);
		return;
	}
	if (m->again_ms == 0) {		/* when its time-out is over */
		message_free(m);
		return;
	}
	if (m->again_ms > now)
		s = (int64_t)((m->again_ms - now + 999) / 1000);
	message_call(m, "ChangeMessageVisibility", s < HIDE_MAX ? s : HIDE_MAX,
	    message_called);
}

/* -- its objects -- */

void
ingest_queue_job_over(struct queue_message *m, bool over, uint64_t again_ms)
{
	m->job = NULL;
	if (!over) {
		m->stays = true;
		if (m->again_ms == 0 || again_ms < m->again_ms)
			m->again_ms = again_ms;
	}
	m->at++;
	message_next(m);
}

static void
head_done(const struct blob_result *r, void *arg)
{
	struct queue_message	*m = arg;
	struct ingest_place	*p = m->queue->place;
	struct ingest_found	 f = { .size = r->size };
	const struct ingest_note *n;
	struct ingest_id	 id;
	char			 name[KEY_MAX];

	m->head = NULL;
	strlcpy(name, m->name, sizeof(name));
	f.name = name;
	strlcpy(f.etag, r->etag, sizeof(f.etag));
	n = r->outcome == BLOB_DONE ? ingest_seen_find(p->seen, name, r->etag)
	    : NULL;
	ingest_id(&id, p->bucket, p->prefix, name, r->etag);
	if (r->outcome == BLOB_ABSENT ||
	    (p->done != NULL && ingest_done_has(p->done, &id)))
		m->at++;		/* somebody has delivered it */
	else if (r->outcome != BLOB_DONE || r->etag[0] == '\0' ||
	    ingest_draining() || ingest_has_job(p, name)) {
		m->stays = true;
		m->at++;
	} else if (n != NULL && clock_ms() < n->next_ms) {
		ingest_queue_job_over(m, false, n->next_ms);
		return;
	} else if ((m->job = ingest_job_told(p, &f, m->notice->recipients,
	    m->notice->sender, m)) != NULL)
		return;
	else {
		m->stays = true;
		m->at++;
	}
	message_next(m);
}

/* Of an object: where it is in the place; NULL: it is not. */
static const char *
name_in_place(const struct ingest_place *p,
    const struct ingest_notice_object *o)
{
	size_t	 n = strlen(p->prefix);

	return strcmp(o->bucket, p->bucket) == 0 && strncmp(o->key, p->prefix,
	    n) == 0 ? o->key + n : NULL;
}

static void
message_next(struct queue_message *m)
{
	struct ingest_place			*p = m->queue->place;
	const struct ingest_notice_object	*o;
	char					 skip[KEY_MAX];

	for (; m->at < m->notice->n; m->at++) {
		o = &m->notice->v[m->at];
		if ((m->name = name_in_place(p, o)) == NULL) {
			message_refused(m, "it is about %s/%s, which is not in "
			    "this place", o->bucket, o->key);
			continue;
		}
		switch (ingest_kind(m->name, skip)) {
		case INGEST_OURS:	/* a claim, say */
		case INGEST_OTHER:
			continue;
		case INGEST_ODD:
			message_refused(m, "the name of %s/%s cannot be used",
			    o->bucket, o->key);
			continue;
		case INGEST_MAIL:
			break;
		}
		m->head = blob_head(p->blob, m->name, BLOB_BACKGROUND,
		    head_done, m);
		return;
	}
	message_over(m);
}

/* -- polls -- */

static int
text_of(struct str object, const char *name, char *dst, size_t size)
{
	struct str	 v;

	return json_member(object, name, &v) && json_text(v, dst, size) > 0 ?
	    0 : -1;
}

static void
message_new(struct ingest_queue *q, struct str object)
{
	struct queue_message	*m = calloc(1, sizeof(*m));
	struct str		 body;
	char			*text = NULL, why[INGEST_NOTICE_WHY] = "";
	size_t			 len = 0;

	if (m == NULL)
		return;			/* it comes again */
	m->queue = q;
	m->hidden_ms = clock_ms();
	TAILQ_INSERT_TAIL(&q->messages, m, entry);
	q->n++;
	if (text_of(object, "MessageId", m->id, sizeof(m->id)) == -1)
		strlcpy(m->id, "?", sizeof(m->id));
	if (text_of(object, "ReceiptHandle", m->receipt,
	    sizeof(m->receipt)) == -1)
		message_refused(m, "it has no usable receipt handle");
	else if (!json_member(object, "Body", &body) ||
	    (text = json_dup(body, &len)) == NULL)
		message_refused(m, "it has no body");
	else if ((m->notice = ingest_notice_read((struct str){ text, len },
	    why)) == NULL)
		message_refused(m, "%s", why);
	free(text);
	if (m->notice == NULL)
		message_free(m);
	else
		message_next(m);
}

static void
queue_failed(struct ingest_queue *q, const struct sqs_answer *a)
{
	char	 why[300], quoted[600];

	log_quote(quoted, sizeof(quoted), a->why, strlen(a->why));
	strlcpy(why, quoted, sizeof(why));
	if (q->why[0] == '\0')
		log_warnx("ingest=%u queue=no why=\"%s\"", q->place->number,
		    why);
	strlcpy(q->why, why, sizeof(q->why));
	q->pause_ms = q->pause_ms == 0 ? PAUSE_MIN : q->pause_ms * 2;
	if (q->pause_ms > PAUSE_MAX)
		q->pause_ms = PAUSE_MAX;
	q->next_ms = clock_ms() + q->pause_ms / 2 +
	    arc4random_uniform((uint32_t)q->pause_ms / 2 + 1);
	if (a->too_long)		/* then one after the other */
		q->batch = 1;
	q->brought = false;
}

static void
received(const struct sqs_answer *a, void *arg)
{
	struct ingest_queue	*q = arg;
	struct str		 text = { (const char *)a->body, a->len };
	struct str		 rest, one;
	unsigned		 n = 0;

	q->receive = NULL;
	if (!a->ok) {
		queue_failed(q, a);
		return;
	}
	if (q->why[0] != '\0')
		log_info("ingest=%u queue=back", q->place->number);
	q->why[0] = '\0';
	q->pause_ms = q->next_ms = 0;
	q->brought = false;
	/* More than were asked for are no honest server's. */
	q->taking = true;
	if (json_member(text, "Messages", &rest))
		for (; n < BATCH && json_element(&rest, &one); n++) {
			q->brought = true;
			message_new(q, one);
		}
	q->taking = false;
	if (n > 0 && q->batch < BATCH)
		q->batch++;
	ingest_queue_go(q);
}

void
ingest_queue_go(struct ingest_queue *q)
{
	struct ingest_place	*p = q->place;
	size_t			 busy = q->n + p->njobs, room;
	char			 members[200];

	if (q->receive != NULL || q->taking || ingest_draining() ||
	    !ingest_has_lmtpd() ||
	    busy >= INGEST_PARALLEL || clock_ms() < q->next_ms ||
	    !sqs_ready(q->sqs))
		return;
	room = INGEST_PARALLEL - busy;
	if (room > q->batch)
		room = q->batch;
	snprintf(members, sizeof(members), "\"MaxNumberOfMessages\": %zu, "
	    "\"WaitTimeSeconds\": %d, \"VisibilityTimeout\": %llu", room,
	    WAIT_S, (unsigned long long)time_out_s(q));
	q->receive = sqs_call(q->sqs, "ReceiveMessage", members, ANSWER_MAX,
	    RECEIVE_MS, received, q);
}

/* -- every second -- */

static void
message_renew(struct queue_message *m)
{
	uint64_t	 now = clock_ms(), ms = time_out_s(m->queue) * 1000;

	if (m->call != NULL || now - m->hidden_ms < ms / 3)
		return;
	m->hidden_ms = now;
	message_call(m, "ChangeMessageVisibility", (int64_t)(ms / 1000),
	    message_renewed);
}

static void
queue_tick(evutil_socket_t fd, short what, void *arg)
{
	struct ingest_queue	*q = arg;
	struct queue_message	*m;

	(void)fd;
	(void)what;
	TAILQ_FOREACH(m, &q->messages, entry)
		message_renew(m);
	ingest_queue_go(q);
}

static void
on_refused(const char *access_key, const char *why, void *arg)
{
	struct ingest_queue	*q = arg;

	ingest_refused(q->place, access_key, why);
}

struct ingest_queue *
ingest_queue_new(struct ingest_place *p, const char *url,
    const struct slice *conf, char *why, size_t size)
{
	const struct timeval		 second = { 1, 0 };
	struct ingest_queue		*q = mem_new(1, sizeof(*q));

	q->place = p;
	q->batch = BATCH;
	TAILQ_INIT(&q->messages);
	if ((q->sqs = sqs_new(p->base, url, conf, on_refused, q, why, size)) ==
	    NULL) {
		free(q);
		return NULL;
	}
	if ((q->timer = event_new(p->base, -1, EV_PERSIST, queue_tick, q)) ==
	    NULL || event_add(q->timer, &second) == -1)
		fatal("ingest");
	return q;
}

void
ingest_queue_key(struct ingest_queue *q, const struct cred_key *key)
{
	sqs_set_key(q->sqs, key);
	ingest_queue_go(q);
}

bool
ingest_queue_brings(const struct ingest_queue *q)
{
	return q->brought;
}

bool
ingest_queue_idle(const struct ingest_queue *q)
{
	return q->n == 0;
}

void
ingest_queue_drain(struct ingest_queue *q)
{
	struct queue_message	*m, *next;

	sqs_cancel(q->receive);
	q->receive = NULL;
	/* Those that only wait come again when their time-out is over. */
	TAILQ_FOREACH_SAFE(m, &q->messages, entry, next)
		if (m->job == NULL)
			message_free(m);
}
