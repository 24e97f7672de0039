/*
 * The end of an object whose recipients have all been answered.  The order is
 * what keeps mail: first the copy in done/ or failed/, then the reason, and
 * only then the object is deleted, with its claim.  A step that fails, or whose
 * outcome is not known, leaves the object; it is delivered again, and its
 * idempotency key makes that nothing.  With "after: tag" the object stays, and
 * so does its claim, which says that it is done.
 */
#include "common/compat.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "common/clock.h"
#include "common/log.h"
#include "storaged/bucket/ingest/ingest_int.h"

static void	settle_delete(struct ingest_job *);

/* -- the last request: what is over is deleted -- */

static void
drop_done(const struct blob_result *r, void *arg)
{
	struct ingest_job	*j = arg;

	j->req = NULL;
	/* A claim that stays is swept one day. */
	if (r->outcome != BLOB_DONE)
		log_debug("ingest=%u object=%s claim=kept why=\"%s\"",
		    j->place->number, j->mail.hex, r->why);
	ingest_job_end(j);
}

void
ingest_settle_drop(struct ingest_job *j)
{
	char		 name[KEY_MAX];
	const char	*v[1] = { name };

	blob_cancel(j->req);
	j->req = NULL;
	j->state = JOB_DELETE;
	if (!j->claimed) {
		ingest_job_end(j);
		return;
	}
	if (j->again && (j->left != NULL || j->envelope != NULL)) {
		/* Who takes it must know that. */
		if (j->renewal != NULL)
			j->renewed = ingest_settle_drop;
		else
			j->req = ingest_claim_put(j, INGEST_FREE, drop_done);
		return;
	}
	blob_cancel(j->renewal);
	j->renewal = NULL;
	ingest_claim_name(&j->mail, name);
	j->req = blob_delete(j->place->blob, v, 1, BLOB_BACKGROUND, drop_done,
	    j);
}

static void
settle_log(const struct ingest_job *j)
{
	char	 key[300], line[300], why[300], whole[KEY_MAX] = "";

	(void)key_join(j->place->prefix, j->origin, whole, sizeof(whole));
	log_quote(key, sizeof(key), whole, strlen(whole));
	ingest_reason_line(j->reason, line, sizeof(line));
	if (j->outcome == INGEST_DELIVERED)
		log_info("ingest=%u object=%s key=\"%s\" bytes=%llu "
		    "recipients=%zu result=ok", j->place->number, j->mail.hex,
		    key, (unsigned long long)j->size, j->reason->n);
	else
		log_warnx("ingest=%u object=%s key=\"%s\" bytes=%llu "
		    "recipients=%zu result=failed why=\"%s\"",
		    j->place->number, j->mail.hex, key,
		    (unsigned long long)j->size, j->reason->n,
		    log_quote(why, sizeof(why), line, strlen(line)));
}

static void
settle_over(struct ingest_job *j)
{
	settle_log(j);
	if (j->outcome == INGEST_DELIVERED) {
		ingest_count()->delivered++;
		ingest_count()->bytes += j->size;
	} else
		ingest_count()->failed++;
	j->gone = true;
	ingest_reason_line(j->reason, j->why, sizeof(j->why));
	ingest_seen_drop(j->place->seen, j->origin);
	ingest_job_end(j);
}

static void
delete_done(const struct blob_result *r, void *arg)
{
	struct ingest_job	*j = arg;
	char			 why[300];

	j->req = NULL;
	if (r->outcome != BLOB_DONE)
		ingest_job_later(j, "delete: %s", blob_reason(r, why,
		    sizeof(why)));
	else
		settle_over(j);
}

static void
settle_delete(struct ingest_job *j)
{
	char		 claim[KEY_MAX], reason[KEY_MAX];
	const char	*v[3];
	size_t		 n = 0;

	blob_cancel(j->renewal);
	j->renewal = NULL;
	ingest_claim_name(&j->mail, claim);
	ingest_failed_name(&j->mail, true, reason);
	/* What stays in failed/ after a retry has a new reason. */
	if (j->retried == NULL || j->outcome == INGEST_DELIVERED)
		v[n++] = j->name;
	if (j->retried != NULL && j->outcome == INGEST_DELIVERED)
		v[n++] = reason;
	v[n++] = claim;
	j->state = JOB_DELETE;
	j->req = blob_delete(j->place->blob, v, n, BLOB_BACKGROUND,
	    delete_done, j);
}

/* -- or it is tagged -- */

/* A rule of the bucket's that expires such objects takes the claim, too, and
 * later: it is younger.  Without its tag it only stays. */
static void
mark_tagged(const struct blob_result *r, void *arg)
{
	struct ingest_job	*j = arg;

	j->req = NULL;
	if (r->outcome != BLOB_DONE)
		log_debug("ingest=%u object=%s claim=kept why=\"%s\"",
		    j->place->number, j->mail.hex, r->why);
	settle_over(j);
}

static void
mark_done(const struct blob_result *r, void *arg)
{
	struct ingest_job	*j = arg;
	char			 why[300], name[KEY_MAX];

	j->req = NULL;
	if (r->outcome != BLOB_DONE) {
		ingest_job_later(j, "claim: %s", blob_reason(r, why,
		    sizeof(why)));
		return;
	}
	ingest_done_add(j->place->done, &j->mail);
	ingest_claim_name(&j->mail, name);
	j->state = JOB_MARK_TAG;
	j->req = blob_tag(j->place->blob, name, INGEST_TAG_NAME,
	    INGEST_TAG_VALUE, BLOB_BACKGROUND, mark_tagged, j);
}

/* Nothing is left to be known of it but that. */
static void
settle_mark(struct ingest_job *j)
{
	j->state = JOB_MARK;
	if (j->renewal != NULL) {
		j->renewed = settle_mark;
		return;
	}
	free(j->left);
	free(j->envelope);
	free(j->sender);
	j->left = j->envelope = j->sender = NULL;
	j->req = ingest_claim_put(j, INGEST_DONE, mark_done);
}

static void
tag_done(const struct blob_result *r, void *arg)
{
	struct ingest_job	*j = arg;
	char			 why[300];

	j->req = NULL;
	if (r->outcome == BLOB_DONE || r->outcome == BLOB_ABSENT)
		settle_mark(j);
	else
		ingest_job_later(j, "tag: %s", blob_reason(r, why,
		    sizeof(why)));
}

static void
settle_tag(struct ingest_job *j)
{
	j->state = JOB_TAG;
	j->req = blob_tag(j->place->blob, j->name, INGEST_TAG_NAME,
	    INGEST_TAG_VALUE, BLOB_BACKGROUND, tag_done, j);
}

/* -- before that -- */

/* S3 deletes by name: what was written under it meanwhile is another mail. */
static void
settle_changed(struct ingest_job *j)
{
	log_info("ingest=%u object=%s result=kept why=\"the object has been "
	    "written anew\"", j->place->number, j->mail.hex);
	snprintf(j->why, sizeof(j->why), "the object has been written anew");
	ingest_settle_drop(j);
}

static void
check_done(const struct blob_result *r, void *arg)
{
	struct ingest_job	*j = arg;
	char			 why[300];

	j->req = NULL;
	if (r->outcome == BLOB_ABSENT)
		settle_delete(j);
	else if (r->outcome != BLOB_DONE)
		ingest_job_later(j, "check: %s", blob_reason(r, why,
		    sizeof(why)));
	else if (!blob_etag_same(r->etag, j->etag))
		settle_changed(j);
	else if (j->place->then == INGEST_TAG && j->retried == NULL &&
	    j->outcome == INGEST_DELIVERED)
		settle_tag(j);
	else
		settle_delete(j);
}

static void
settle_check(struct ingest_job *j)
{
	j->state = JOB_CHECK;
	j->req = blob_head(j->place->blob, j->name, BLOB_BACKGROUND,
	    check_done, j);
}

static void
reason_done(const struct blob_result *r, void *arg)
{
	struct ingest_job	*j = arg;
	char			 why[300];

	j->req = NULL;
	if (r->outcome != BLOB_DONE)
		ingest_job_later(j, "reason: %s", blob_reason(r, why,
		    sizeof(why)));
	else if (j->retried != NULL)
		settle_delete(j);
	else
		settle_check(j);
}

static void
settle_reason(struct ingest_job *j)
{
	struct ingest_reason	*r = j->reason;
	char			 name[KEY_MAX];
	const char		*etag;
	struct piece		 piece;
	time_t			 now = time(NULL);
	struct tm		 tm;
	size_t			 n;

	etag = blob_etag_bare(j->origin_etag, &n);
	(void)key_join(j->place->prefix, j->origin, r->key, sizeof(r->key));
	snprintf(r->etag, sizeof(r->etag), "%.*s", (int)n, etag);
	/* The claim knew it, and goes. */
	free(r->envelope);
	r->envelope = j->envelope;
	strlcpy(r->sender, j->sender != NULL ? j->sender : "",
	    sizeof(r->sender));
	j->envelope = NULL;
	if (gmtime_r(&now, &tm) == NULL || strftime(r->at, sizeof(r->at),
	    "%Y-%m-%dT%H:%M:%SZ", &tm) == 0)
		r->at[0] = '\0';
	buf_reset(&j->body);
	if (ingest_reason_write(r, &j->body) == -1) {
		ingest_job_later(j, "out of memory");
		return;
	}
	ingest_failed_name(&j->mail, true, name);
	piece = (struct piece){ j->body.data, j->body.len };
	j->state = JOB_REASON;
	j->req = blob_put(j->place->blob, name, &piece, 1, BLOB_ALWAYS, NULL,
	    BLOB_BACKGROUND, reason_done, j);
}

static void
copy_done(const struct blob_result *r, void *arg)
{
	struct ingest_job	*j = arg;
	char			 why[300];

	j->req = NULL;
	if (r->outcome == BLOB_CONFLICT)
		settle_changed(j);
	else if (r->outcome != BLOB_DONE)
		ingest_job_later(j, "copy: %s", blob_reason(r, why,
		    sizeof(why)));
	else if (j->outcome == INGEST_FAILED)
		settle_reason(j);
	else
		settle_check(j);
}

void
ingest_settle(struct ingest_job *j)
{
	char	 to[KEY_MAX];
	bool	 failed = j->outcome == INGEST_FAILED;

	if (failed && j->retried != NULL) {
		settle_reason(j);	/* it is there already */
		return;
	}
	if (!failed && j->place->then != INGEST_KEEP) {
		settle_check(j);
		return;
	}
	if (failed)
		ingest_failed_name(&j->mail, false, to);
	else
		ingest_done_name(&j->mail, j->place->prefix, j->origin, to);
	j->state = JOB_COPY;
	j->req = blob_copy(j->place->blob, j->name, j->etag, to,
	    BLOB_BACKGROUND, copy_done, j);
}
