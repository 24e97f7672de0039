/*
 * Reading the head when no attempt is unsettled: to open the user, to make
 * sure that the state is current, and to find out that a user is new.  A
 * missing head is never taken for a new user by a node that knows this one
 * (DESIGN section 3, "No head").
 */
#include "common/compat.h"

#include <string.h>

#include "common/log.h"
#include "storaged/commit/commit_int.h"

#define STALE_READS	5	/* then those who wait hear UNAVAILABLE */
#define UNSURE_MS	200	/* before the head is asked for again */

static void	 read_done(const struct blob_result *, void *);
static void	 list_beside(struct commit *);

void
commit_read(struct commit *c)
{
	commit_enter(c, PHASE_READ);
	c->reading.ticket = ++c->tickets;
	c->request = c->io->get(c->io->arg, c->key, HEAD_MAX,
	    c->have ? c->etag : NULL, BLOB_USER, read_done, c);
	if (c->request == NULL)
		commit_fail(c, "out of memory");
	else
		list_beside(c);
}

/* The bucket did not answer: nothing that waits is in an attempt. */
static void
read_failed(struct commit *c, const char *what, const struct blob_result *r)
{
	commit_unanswered(c, what, r);
	if (c->batch != NULL)
		commit_batch_drop(c, true);
	commit_enter(c, PHASE_IDLE);
	commit_pause(c, commit_go_on);
	commit_fail_before(c, c->reading.ticket, COMMIT_UNAVAILABLE);
}

void
commit_readonly(struct commit *c)
{
	log_warnx("user=%s result=readonly why=\"the bucket uses a critical "
	    "feature that this version does not support\"", c->user);
	if (c->batch != NULL)
		commit_batch_drop(c, true);
	c->have = false;
	commit_enter(c, PHASE_IDLE);
	commit_fail_before(c, c->tickets, COMMIT_READONLY);
}

/* Is this head older than what the state has seen? */
static bool
commit_stale(const struct commit *c, const struct head *h)
{
	struct state_mark	 mark;

	if (c->have)
		return h->commit < c->head.commit;
	c->conf.ops->mark(c->conf.state, &mark);
	return memcmp(mark.history, h->history, 16) == 0 &&
	    h->commit < mark.commit;
}

static void
read_head(struct commit *c, const struct blob_result *r)
{
	struct head	 found;
	int		 e;

	if ((e = head_decode(&found, c->name, r->body, r->len)) != 0) {
		head_free(&found);
		if (e == FORMAT_UNKNOWN)
			commit_readonly(c);
		else if (e == FORMAT_NO_MEMORY)
			commit_fail(c, head_why(e));
		else
			commit_quarantine(c, "%s", head_why(e));
		return;
	}
	if (c->have && memcmp(found.history, c->head.history, 16) != 0)
		commit_quarantine(c, "the head belongs to another history");
	else if (commit_stale(c, &found)) {
		log_info("user=%s commit=%llu result=stale why=\"the store "
		    "returned an older head, number %llu\"", c->user,
		    (unsigned long long)c->head.commit,
		    (unsigned long long)found.commit);
		if (c->batch != NULL)
			commit_batch_drop(c, true);
		if (c->pace.tries >= STALE_READS)
			commit_fail_before(c, c->reading.ticket,
			    COMMIT_UNAVAILABLE);
		commit_pause(c, commit_read);
	} else if (c->have && found.commit == c->head.commit &&
	    memcmp(found.nonce, c->head.nonce, 16) != 0)
		commit_quarantine(c, "a different head with the same number");
	else {
		if (c->batch != NULL)
			commit_batch_drop(c, true);
		c->pace.tries = 0;
		commit_adopt(c, &found, r->etag, c->reading.ticket);
	}
	head_free(&found);
}

/* No head, and nothing else. */
static void
read_new(struct commit *c)
{
	log_info("user=%s result=new", c->user);
	c->pace.tries = 0;
	commit_build_first(c);
}

static void
list_done(const struct blob_result *r, const struct blob_listed *v, size_t n,
    bool more, void *arg)
{
	struct commit	*c = arg;

	(void)more;
	c->request = NULL;
	commit_date(c, r);
	if (r->outcome != BLOB_DONE)
		read_failed(c, "list", r);
	else if (n > 0 && strcmp(v[0].key, c->key) == 0) {
		commit_enter(c, PHASE_IDLE);	/* made meanwhile: read it */
	} else if (n > 0)
		commit_quarantine(c, "there are objects, but no head");
	else
		read_new(c);
}

/* That nothing is there is taken from it; all else is asked for again, when
 * it is known that there is no head. */
static void
beside_done(const struct blob_result *r, const struct blob_listed *v,
    size_t n, bool more, void *arg)
{
	struct commit	*c = arg;

	if (c->reading.list == NULL) {
		list_done(r, v, n, more, c);	/* it was waited for */
		return;
	}
	c->reading.list = NULL;
	c->reading.none = r->outcome == BLOB_DONE && n == 0;
}

static void
beside_drop(struct commit *c)
{
	if (c->reading.list != NULL)
		c->io->cancel(c->io->arg, c->reading.list);
	c->reading.list = NULL;
	c->reading.none = false;
}

/*
 * Of a user who is new the list is asked for with the head, not after it:
 * one wait less.  Who makes the user between the two is met by the PUT,
 * whose condition is that there is no head.
 */
static void
list_beside(struct commit *c)
{
	struct state_mark	 mark;

	beside_drop(c);
	c->conf.ops->mark(c->conf.state, &mark);
	if (c->have || mark.commit > 0 || c->conf.fresh == NULL ||
	    !c->conf.fresh(c->conf.arg) ||
	    (c->conf.sure != NULL && !c->conf.sure(c->conf.arg)))
		return;
	c->reading.list = c->io->list(c->io->arg, c->prefix, 1, beside_done,
	    c);
}

/* Nothing was found, where it is not known yet that this is the store: that
 * tells nothing of the user. */
static void
read_unsure(struct commit *c)
{
	commit_enter(c, PHASE_IDLE);
	commit_later(c, UNSURE_MS, commit_go_on);
	commit_fail_before(c, c->reading.ticket, COMMIT_UNAVAILABLE);
}

static void
read_absent(struct commit *c)
{
	struct state_mark	 mark;

	c->conf.ops->mark(c->conf.state, &mark);
	if (c->have)
		commit_quarantine(c, "the head has vanished");
	else if (mark.commit > 0)
		commit_quarantine(c, "this node knows the user, but the bucket "
		    "has no head");
	else if (c->conf.sure != NULL && !c->conf.sure(c->conf.arg))
		read_unsure(c);
	else {
		commit_enter(c, PHASE_LIST);
		if (c->reading.none) {
			read_new(c);
			return;
		}
		c->request = c->reading.list;		/* on its way */
		c->reading.list = NULL;
		if (c->request == NULL)
			c->request = c->io->list(c->io->arg, c->prefix, 1,
			    list_done, c);
		if (c->request == NULL)
			commit_fail(c, "out of memory");
	}
}

static void
read_done(const struct blob_result *r, void *arg)
{
	struct commit	*c = arg;

	c->request = NULL;
	commit_date(c, r);
	if (r->outcome != BLOB_ABSENT)
		beside_drop(c);
	switch (r->outcome) {
	case BLOB_UNCHANGED:
		c->pace.tries = 0;
		if (c->batch != NULL)
			commit_batch_unchanged(c);
		else
			commit_enter(c, PHASE_IDLE);
		commit_fresh(c, c->reading.ticket);
		break;
	case BLOB_ABSENT:
		read_absent(c);
		break;
	case BLOB_LONG:
		commit_quarantine(c, "the head is too long");
		break;
	case BLOB_DONE:
		read_head(c, r);
		break;
	default:
		read_failed(c, "head", r);
		break;
	}
}
