/*
 * One object, from its claim until it is settled: it is read piece by piece, as
 * lmtpd asks for it, and each piece must be of the same object (its ETag).
 * Whatever is not known leaves the object where it is.
 */
#include "common/compat.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "common/clock.h"
#include "common/log.h"
#include "common/mem.h"
#include "common/msg_mbox.h"
#include "common/peer.h"
#include "storaged/bucket/ingest/ingest_int.h"

#define RESULT_ARENA	(1024 * 1024)

static void	job_read(struct ingest_job *);

static uint32_t
job_id(void)
{
	static uint32_t	 last;

	if (++last == 0)
		last = 1;
	return last;
}

static struct ingest_job *
job_new(struct ingest_place *p, const struct ingest_found *f)
{
	struct ingest_job	*j;

	if ((j = calloc(1, sizeof(*j))) == NULL)
		return NULL;
	j->place = p;
	j->id = job_id();
	j->context.session = log_context_session();
	if (log_is_debug())
		log_context_trace(&j->context);
	j->size = f->size;
	strlcpy(j->name, f->name, sizeof(j->name));
	strlcpy(j->etag, f->etag, sizeof(j->etag));
	buf_init(&j->body, INGEST_REASON_MAX);
	buf_init(&j->claim_body, INGEST_HOLD_MAX);
	TAILQ_INSERT_TAIL(&p->jobs, j, entry);
	p->njobs++;
	return j;
}

static void
job_start(struct ingest_job *j)
{
	struct log_context	 old;

	/* What its requests call back has it from them. */
	log_context_swap(&j->context, &old);
	ingest_claim(j);
	log_context_swap(&old, NULL);
}

/* NULL: with the next listing, or message. */
static struct ingest_job *
job_of(struct ingest_place *p, const struct ingest_found *f)
{
	struct ingest_job	*j = job_new(p, f);

	if (j == NULL)
		return NULL;
	strlcpy(j->origin, f->name, sizeof(j->origin));
	strlcpy(j->origin_etag, f->etag, sizeof(j->origin_etag));
	ingest_id(&j->mail, p->bucket, p->prefix, j->origin, j->etag);
	return j;
}

void
ingest_job_new(struct ingest_place *p, const struct ingest_found *f)
{
	struct ingest_job	*j = job_of(p, f);

	if (j != NULL)
		job_start(j);
}

struct ingest_job *
ingest_job_told(struct ingest_place *p, const struct ingest_found *f,
    const char *recipients, const char *sender, struct queue_message *m)
{
	struct ingest_job	*j = job_of(p, f);

	if (j == NULL)
		return NULL;
	j->message = m;
	if (recipients != NULL) {
		j->envelope = mem_dup(recipients);
		j->sender = mem_dup(sender);
	}
	job_start(j);
	return j;
}

bool
ingest_has_job(const struct ingest_place *p, const char *name)
{
	const struct ingest_job	*j;

	TAILQ_FOREACH(j, &p->jobs, entry)
		if (strcmp(j->origin, name) == 0)
			return true;
	return false;
}

/* Addresses that are left, with commas. */
static char *
job_left(const struct ingest_reason *r)
{
	struct buf	 b;
	size_t		 i;

	buf_init(&b, INGEST_ONLY_MAX + 1);
	for (i = 0; i < r->n; i++)
		if (r->v[i].code != 250)
			buf_printf(&b, "%s%s", b.len > 0 ? "," : "",
			    r->v[i].recipient);
	buf_put_u8(&b, '\0');
	if (b.failed) {
		buf_free(&b);
		return NULL;
	}
	return (char *)b.data;
}

void
ingest_job_retry(struct ingest_place *p, const struct ingest_found *f,
    struct ingest_reason *r, ingest_retried_cb cb, void *arg)
{
	struct ingest_job	*j = job_new(p, f);
	size_t			 n = strlen(p->prefix);

	if (j == NULL || (j->left = job_left(r)) == NULL)
		fatal("ingest");
	if (r->envelope != NULL) {
		j->envelope = mem_dup(r->envelope);
		j->sender = mem_dup(r->sender);
	}
	/* Its key is the original's: what was stored of it is known. */
	strlcpy(j->origin, r->key + n, sizeof(j->origin));
	strlcpy(j->origin_etag, r->etag, sizeof(j->origin_etag));
	ingest_id(&j->mail, p->bucket, p->prefix, j->origin, r->etag);
	j->retried = cb;
	j->retried_arg = arg;
	ingest_reason_free(r);
	job_start(j);
}

void
ingest_job_end(struct ingest_job *j)
{
	struct ingest_place		*p = j->place;
	struct queue_message		*m = j->message;
	const struct ingest_note	*n;
	uint64_t			 again = 0;
	bool				 over = j->gone || j->absent;
	struct log_context		 old;

	if (j->retried != NULL)
		j->retried(j->gone ? j->outcome : INGEST_LATER, j->why,
		    j->retried_arg);
	if (!over && (n = ingest_seen_find(p->seen, j->origin,
	    j->origin_etag)) != NULL)
		again = n->next_ms;
	blob_cancel(j->req);
	blob_cancel(j->renewal);
	TAILQ_REMOVE(&p->jobs, j, entry);
	p->njobs--;
	ingest_reason_free(j->reason);
	buf_free(&j->body);
	buf_free(&j->claim_body);
	free(j->piece);
	free(j->left);
	free(j->envelope);
	free(j->sender);
	free(j);
	log_context_swap(NULL, &old);	/* what follows is of others */
	if (m != NULL)
		ingest_queue_job_over(m, over, again);
	ingest_scan_go(p);
	if (p->queue != NULL)
		ingest_queue_go(p->queue);
	log_context_swap(&old, NULL);
}

/* -- lmtpd -- */

/* What it has of the mail so far is void. */
static void
job_break_off(struct ingest_job *j)
{
	struct ingest_end	 e = { .whole = false };

	if (j->lmtpd != NULL)
		(void)peer_send_struct(j->lmtpd, IMSG_INGEST_END, j->id, &e,
		    -1);
	j->lmtpd = NULL;
}

void
ingest_job_later(struct ingest_job *j, const char *fmt, ...)
{
	struct ingest_note	*n;
	va_list			 ap;
	char			 why[200];
	struct log_context	 old;

	log_context_swap(&j->context, &old);
	va_start(ap, fmt);
	vsnprintf(j->why, sizeof(j->why), fmt, ap);
	va_end(ap);
	job_break_off(j);
	log_warnx("ingest=%u object=%s result=later why=\"%s\"",
	    j->place->number, j->mail.hex, log_quote(why, sizeof(why), j->why,
	    strlen(j->why)));
	ingest_count()->later++;
	if (j->retried == NULL && (n = ingest_seen_note(j->place->seen,
	    j->origin, j->origin_etag)) != NULL)
		ingest_note_failed(n, clock_ms(), j->why);
	j->again = j->retried == NULL;
	ingest_settle_drop(j);
	log_context_swap(&old, NULL);
}

static int
job_offer(struct ingest_job *j, const struct blob_result *r)
{
	struct ingest_offer	 o = { .place = j->place->number,
				    .size = j->size };
	char			 seed[INGEST_SEED_MAX];
	char			 sender[INGEST_ADDRESS_MAX + 1];
	char			 recipients[INGEST_LIST_MAX + 1];
	const char		*etag;
	size_t			 n;
	int			 len;

	etag = blob_etag_bare(j->origin_etag, &n);
	len = snprintf(seed, sizeof(seed), "%s/%s%s%c%.*s", j->place->bucket,
	    j->place->prefix, j->origin, '\0', (int)n, etag);
	if (len < 0 || (size_t)len >= sizeof(seed))
		return -1;
	if (!blob_metadata(r, "sender", sender, sizeof(sender)))
		sender[0] = '\0';
	if (j->sender != NULL && *j->sender != '\0')
		strlcpy(sender, j->sender, sizeof(sender));
	if (!blob_metadata(r, "recipients", recipients, sizeof(recipients)))
		recipients[0] = '\0';
	o.bucket = str_from(j->place->bucket);
	o.seed = (struct str){ seed, (size_t)len };
	o.sender = str_from(sender);
	o.recipients = str_from(recipients);
	o.envelope = str_from(j->envelope);
	o.only = str_from(j->left);
	mbox_trace_from(&o.of, &j->context);
	return peer_send_struct(j->lmtpd, IMSG_INGEST_OFFER, j->id, &o, -1);
}

/* What lmtpd takes now goes to it, and then the next piece is read. */
void
ingest_job_pump(struct ingest_job *j)
{
	struct ingest_end	 e = { .whole = true };
	size_t			 n;

	while (j->piece_at < j->piece_len && j->credit > 0) {
		n = j->piece_len - j->piece_at;
		if (n > j->credit)
			n = j->credit;
		if (n > MSG_DATA_MAX)
			n = MSG_DATA_MAX;
		if (peer_send(j->lmtpd, IMSG_INGEST_DATA, j->id, j->piece +
		    j->piece_at, n, -1) == -1)
			return;		/* the channel ends */
		j->piece_at += n;
		j->credit -= (uint32_t)n;
	}
	if (j->state != JOB_READ || j->req != NULL ||
	    j->piece_at < j->piece_len)
		return;
	if (j->at < j->size) {
		job_read(j);
		return;
	}
	free(j->piece);
	j->piece = NULL;
	j->piece_len = j->piece_at = 0;
	j->state = JOB_WAIT;
	(void)peer_send_struct(j->lmtpd, IMSG_INGEST_END, j->id, &e, -1);
}

/* -- reading -- */

/* The first piece says how long it is, and has the metadata. */
static bool
job_begin(struct ingest_job *j, const struct blob_result *r)
{
	j->size = r->size;
	if ((j->lmtpd = ingest_next_lmtpd()) == NULL) {
		ingest_job_later(j, "lmtpd is not there");
		return false;
	}
	if (job_offer(j, r) == -1) {
		ingest_job_later(j, "the mail could not be offered to lmtpd");
		return false;
	}
	return true;
}

static void
read_done(const struct blob_result *r, void *arg)
{
	struct ingest_job	*j = arg;
	bool			 first = j->at == 0;
	char			 why[300];

	j->req = NULL;
	if (first && r->outcome == BLOB_ABSENT) {
		/* The listing was older than what another node has done. */
		snprintf(j->why, sizeof(j->why), "it is not there any more");
		j->absent = true;
		ingest_seen_drop(j->place->seen, j->origin);
		ingest_settle_drop(j);
		return;
	}
	if (r->outcome != BLOB_DONE) {
		ingest_job_later(j, "read: %s", blob_reason(r, why,
		    sizeof(why)));
		return;
	}
	if (!blob_etag_same(r->etag, j->etag) || r->len == 0 ||
	    (!first && r->size != j->size) || r->len > r->size - j->at) {
		ingest_job_later(j, "the object has changed while it was "
		    "read");
		return;
	}
	free(j->piece);
	j->piece_at = j->piece_len = 0;
	if ((j->piece = blob_take(r)) == NULL) {
		ingest_job_later(j, "out of memory");
		return;
	}
	j->piece_len = r->len;
	if (first && !job_begin(j, r))
		return;
	j->at += j->piece_len;
	ingest_job_pump(j);
}

static void
job_read(struct ingest_job *j)
{
	uint64_t	 n = j->size - j->at;

	/* The first one asks for more than it may have, so that a mail that
	 * is larger than the listing said is noticed. */
	if (j->at == 0 || n > INGEST_PIECE)
		n = INGEST_PIECE;
	j->req = blob_get(j->place->blob, j->name, j->at, n, INGEST_PIECE,
	    NULL, BLOB_BACKGROUND, read_done, j);
}

void
ingest_job_claimed(struct ingest_job *j)
{
	struct ingest_result	 none = { .outcome = INGEST_FAILED,
				    .why = STR("the object is empty") };

	j->state = JOB_READ;
	if (j->size > 0) {
		job_read(j);
		return;
	}
	j->outcome = INGEST_FAILED;
	if ((j->reason = ingest_reason_new(&none)) == NULL)
		ingest_job_later(j, "out of memory");
	else
		ingest_settle(j);
}

/* -- what became of it -- */

/* Delivered is what was sent whole, and stored for each of at least one. */
static bool
result_valid(const struct ingest_job *j, const struct ingest_result *r)
{
	const struct ingest_answer	*a = r->answers.v;
	size_t				 i;

	if (r->outcome != INGEST_DELIVERED)
		return true;
	for (i = 0; i < r->answers.n; i++)
		if (a[i].code != 250)
			return false;
	return r->answers.n > 0 && j->state == JOB_WAIT;
}

/* Some have it: the next try is for the others.  That all of them are named
 * follows from there being no other reason. */
static void
job_note_left(struct ingest_job *j)
{
	size_t	 i, n = 0;
	char	*left;

	for (i = 0; i < j->reason->n; i++)
		n += j->reason->v[i].code == 250;
	if (n == 0 || j->reason->why[0] != '\0' ||
	    (left = job_left(j->reason)) == NULL)
		return;
	free(j->left);
	j->left = left;
}

int
ingest_job_result(struct ingest_job *j, const struct msg *m)
{
	struct ingest_result	 r;
	struct arena		*a;
	char			 line[350];
	int			 rv = -1;

	if (j->reason != NULL || (a = arena_new(RESULT_ARENA)) == NULL)
		return -1;
	if (wire_decode(&ingest_result_wire, &r, m->data, m->len, a) == 0 &&
	    result_valid(j, &r) &&
	    (j->reason = ingest_reason_new(&r)) != NULL)
		rv = 0;
	arena_free(a);
	if (rv == -1)
		return -1;
	j->lmtpd = NULL;
	j->outcome = r.outcome;
	blob_cancel(j->req);		/* it wanted no more of it */
	j->req = NULL;
	if (j->outcome == INGEST_LATER) {
		job_note_left(j);
		ingest_job_later(j, "%s", ingest_reason_line(j->reason, line,
		    sizeof(line)));
	} else
		ingest_settle(j);
	return 0;
}
