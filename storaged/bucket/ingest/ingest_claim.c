/*
 * Claims: a node creates claims/<id> (If-None-Match), and no other takes the
 * mail meanwhile.  A claim whose age, by the server's clock alone, is more than
 * "claim-time" is taken over: its holder renews it while it lives.  A claim is
 * only a hint, which saves work: that no mail is stored twice follows from the
 * idempotency key of its records (pail-bucket(5)).
 */
#include "common/compat.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/log.h"
#include "common/sigv4.h"
#include "storaged/bucket/ingest/ingest_int.h"

#define SWEEP_MS	(60 * 60 * 1000)
/* s: one that was given up may be of a mail that has to wait. */
#define SWEEP_AGE	(15 * 24 * 60 * 60)
#define SWEEP_PAGE	500

/* As it is to be put. */
static struct piece
claim_body(struct ingest_job *j, enum ingest_hold_state state)
{
	const struct ingest_hold	 h = { state, j->left, j->envelope,
					    j->sender };

	buf_reset(&j->claim_body);
	if (ingest_hold_write(&h, ingest_node(), &j->claim_body) == -1)
		fatal("ingest");
	return (struct piece){ j->claim_body.data, j->claim_body.len };
}

struct blob_request *
ingest_claim_put(struct ingest_job *j, enum ingest_hold_state state,
    blob_cb cb)
{
	struct piece	 piece = claim_body(j, state);
	char		 name[KEY_MAX];

	ingest_claim_name(&j->mail, name);
	return blob_put(j->place->blob, name, &piece, 1, BLOB_IF_MATCH,
	    j->claim_etag, BLOB_BACKGROUND, cb, j);
}

static void
claim_held(struct ingest_job *j, uint64_t look_ms)
{
	struct ingest_note	*n = ingest_seen_note(j->place->seen, j->origin,
				    j->origin_etag);

	if (n != NULL) {
		n->foreign = true;
		n->next_ms = clock_ms() + look_ms;
	}
	snprintf(j->why, sizeof(j->why), "another node is at work on it");
	ingest_job_end(j);
}

static void
claim_won(struct ingest_job *j, const struct blob_result *r)
{
	j->claimed = true;
	strlcpy(j->claim_etag, r->etag, sizeof(j->claim_etag));
	j->claimed_ms = clock_ms();
	ingest_job_claimed(j);
}

static void
claim_failed(struct ingest_job *j, const struct blob_result *r)
{
	char	 why[300];

	ingest_job_later(j, "claim: %s", blob_reason(r, why, sizeof(why)));
}

static void
take_done(const struct blob_result *r, void *arg)
{
	struct ingest_job	*j = arg;

	j->req = NULL;
	switch (r->outcome) {
	case BLOB_DONE:
		log_info("ingest=%u object=%s claim=taken", j->place->number,
		    j->mail.hex);
		claim_won(j, r);
		return;
	case BLOB_CONFLICT:	/* renewed meanwhile, or taken */
	case BLOB_ABSENT:
		claim_held(j, j->place->claim_ms);
		return;
	default:
		claim_failed(j, r);
	}
}

static void
claim_take(struct ingest_job *j)
{
	j->state = JOB_TAKE;
	j->req = ingest_claim_put(j, INGEST_HELD, take_done);
}

/* How old it is, by the server's dates. */
static void
age_listed(const struct blob_result *r, const struct blob_listed *v, size_t n,
    bool more, void *arg)
{
	struct ingest_job	*j = arg;
	char			 name[KEY_MAX];
	int64_t			 age, limit;

	(void)more;
	j->req = NULL;
	ingest_claim_name(&j->mail, name);
	if (r->outcome != BLOB_DONE) {
		claim_failed(j, r);
		return;
	}
	limit = (int64_t)j->place->claim_ms / 1000;
	if (n == 0 || strcmp(v[0].key, name) != 0 || r->date == 0 ||
	    v[0].modified == 0) {
		claim_held(j, j->place->claim_ms);
		return;
	}
	age = r->date - v[0].modified;
	if (age <= limit) {
		claim_held(j, age < 0 ? j->place->claim_ms :
		    (uint64_t)(limit - age + 1) * 1000);
		return;
	}
	claim_take(j);
}

/* What the one before knew; true: that it is all over, or free. */
static bool
claim_says(struct ingest_job *j, const struct blob_result *r)
{
	struct ingest_hold	 h;

	ingest_hold_read(&h, r->body, r->len);
	if (h.state == INGEST_DONE && j->place->done != NULL) {
		ingest_hold_free(&h);
		ingest_done_add(j->place->done, &j->mail);
		j->absent = true;
		ingest_seen_drop(j->place->seen, j->origin);
		ingest_job_end(j);
		return true;
	}
	/* For who has it by now, nothing is left to be done. */
	if (j->retried == NULL) {
		free(j->left);
		j->left = h.left;
		h.left = NULL;
		if (j->envelope == NULL) {
			free(j->sender);
			j->envelope = h.envelope;
			j->sender = h.sender;
			h.envelope = h.sender = NULL;
		}
	}
	ingest_hold_free(&h);
	if (h.state != INGEST_FREE || r->etag[0] == '\0')
		return false;
	strlcpy(j->claim_etag, r->etag, sizeof(j->claim_etag));
	claim_take(j);
	return true;
}

/* Its ETag before its age: if it is renewed in between, taking it fails. */
static void
look_done(const struct blob_result *r, void *arg)
{
	struct ingest_job	*j = arg;
	char			 name[KEY_MAX];

	j->req = NULL;
	switch (r->outcome) {
	case BLOB_DONE:
		if (claim_says(j, r))
			return;
		break;
	case BLOB_LONG:
		break;
	case BLOB_ABSENT:	/* dropped: with the next listing */
		ingest_seen_drop(j->place->seen, j->origin);
		ingest_job_end(j);
		return;
	default:
		claim_failed(j, r);
		return;
	}
	if (r->etag[0] == '\0') {
		claim_held(j, j->place->claim_ms);
		return;
	}
	strlcpy(j->claim_etag, r->etag, sizeof(j->claim_etag));
	ingest_claim_name(&j->mail, name);
	j->state = JOB_AGE;
	j->req = blob_list(j->place->blob, name, NULL, 1, BLOB_BACKGROUND,
	    age_listed, j);
}

static void
claim_done(const struct blob_result *r, void *arg)
{
	struct ingest_job	*j = arg;
	struct ingest_note	*n;
	char			 name[KEY_MAX];

	j->req = NULL;
	switch (r->outcome) {
	case BLOB_DONE:
		claim_won(j, r);
		return;
	case BLOB_CONFLICT:
		break;
	default:
		claim_failed(j, r);
		return;
	}
	/* Its holder has a while, before it is looked at at all, unless that
	 * may be ourselves, of a try before. */
	n = ingest_seen_find(j->place->seen, j->origin, j->origin_etag);
	if (j->retried == NULL && j->place->done == NULL && (n == NULL ||
	    (!n->foreign && n->tries == 0))) {
		claim_held(j, j->place->claim_ms);
		return;
	}
	ingest_claim_name(&j->mail, name);
	j->state = JOB_LOOK;
	j->req = blob_get(j->place->blob, name, 0, 0, INGEST_HOLD_MAX, NULL,
	    BLOB_BACKGROUND, look_done, j);
}

void
ingest_claim(struct ingest_job *j)
{
	char		 name[KEY_MAX];
	struct piece	 piece;

	ingest_claim_name(&j->mail, name);
	j->state = JOB_CLAIM;
	piece = claim_body(j, INGEST_HELD);
	j->req = blob_put(j->place->blob, name, &piece, 1,
	    BLOB_IF_NONE_MATCH, NULL, BLOB_BACKGROUND, claim_done, j);
}

/* -- while it is held -- */

static void
renewed(const struct blob_result *r, void *arg)
{
	struct ingest_job	*j = arg;

	j->renewal = NULL;
	j->claimed_ms = clock_ms();
	if (r->outcome == BLOB_DONE)
		strlcpy(j->claim_etag, r->etag, sizeof(j->claim_etag));
	else			/* what follows is harmless all the same */
		log_debug("ingest=%u object=%s claim=lost why=\"%s\"",
		    j->place->number, j->mail.hex, r->why);
	if (j->renewed != NULL)
		j->renewed(j);
}

void
ingest_claim_renew(struct ingest_job *j)
{
	struct log_context	 old;

	if (!j->claimed || j->renewal != NULL || j->state >= JOB_DELETE ||
	    clock_ms() - j->claimed_ms < j->place->claim_ms / 3)
		return;
	log_context_swap(&j->context, &old);
	j->renewal = ingest_claim_put(j, INGEST_HELD, renewed);
	log_context_swap(&old, NULL);
}

/* -- those of long ago -- */

static void
swept(const struct blob_result *r, void *arg)
{
	(void)arg;
	if (r->outcome != BLOB_DONE)
		log_debug("ingest: old claims: %s", r->why);
}

static void
sweep_listed(const struct blob_result *r, const struct blob_listed *v,
    size_t n, bool more, void *arg)
{
	struct ingest_place	*p = arg;
	const char		*old[SWEEP_PAGE];
	size_t			 i, k = 0;

	(void)more;
	if (r->outcome != BLOB_DONE || r->date == 0)
		return;
	for (i = 0; i < n; i++)
		if (v[i].modified != 0 && r->date - v[i].modified >
		    SWEEP_AGE + (int64_t)p->claim_ms / 1000)
			old[k++] = v[i].key;
	if (k > 0)
		blob_delete(p->blob, old, k, BLOB_BACKGROUND, swept, NULL);
}

void
ingest_claim_sweep(struct ingest_place *p)
{
	uint64_t	 now = clock_ms();

	/* Those of mails that stay, stay. */
	if (p->then == INGEST_TAG)
		return;
	if (p->swept != 0 && now - p->swept < SWEEP_MS)
		return;
	p->swept = now != 0 ? now : 1;
	blob_list(p->blob, INGEST_DIR_CLAIMS, NULL, SWEEP_PAGE, BLOB_BACKGROUND,
	    sweep_listed, p);
}
