/*
 * Where things are: the messages of a commit, in the head or in a log
 * object, and large messages that are uploaded before a commit names them.
 */
#include "common/compat.h"

#include <string.h>

#include "storaged/commit/commit_int.h"

/* In this head, or in a log object that it lists. */
static enum commit_at
locate_in(const struct commit *c, const struct head *h, uint64_t commit,
    struct commit_place *place)
{
	const struct block	*k;
	const struct logref	*log;

	TAILQ_FOREACH(k, &h->blocks, entry)
		if (k->number == commit) {
			place->p = k->messages;
			place->len = k->messages_len;
			return COMMIT_IN_HEAD;
		}
	if ((log = loglist_find(&h->logs, commit)) == NULL &&
	    (log = loglist_find(&c->manifest.logs, commit)) == NULL)
		return COMMIT_NOWHERE;
	if (key_log(c->prefix, log->first, log->last, log->id, place->key,
	    sizeof(place->key)) == -1)
		return COMMIT_NOWHERE;
	place->size = log->size;
	return COMMIT_IN_LOG;
}

enum commit_at
commit_locate(const struct commit *c, uint64_t commit,
    struct commit_place *place)
{
	enum commit_at	 at;

	memset(place, 0, sizeof(*place));
	at = locate_in(c, &c->head, commit, place);
	/* While catching up, the state may be ahead of the head. */
	if (at == COMMIT_NOWHERE && c->catchup.active)
		at = locate_in(c, &c->catchup.target, commit, place);
	if (at == COMMIT_NOWHERE && commit > c->head.commit)
		at = COMMIT_AHEAD;
	return at;
}

int
commit_upload_begin(struct commit *c, uint8_t id[16])
{
	struct upload	*u;

	if ((u = upload_new(&c->uploads, KEY_MSG)) == NULL)
		return -1;
	u->large = true;
	memcpy(id, u->id, 16);
	return upload_name(u);
}

void
commit_upload_drop(struct commit *c, const uint8_t id[16])
{
	struct upload	*u;

	/* One that an attempt uses stays: it may be named. */
	if ((u = upload_find(&c->uploads, KEY_MSG, id)) == NULL)
		return;
	if (u->used)
		u->orphan = true;
	else
		u->state = UPLOAD_DROPPED;
}
