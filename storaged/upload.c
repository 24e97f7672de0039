/*
 * Uploads that no commit names yet.  It never sends anything conditional and
 * never touches the head.
 */
#include "common/compat.h"

#include <stdlib.h>
#include <string.h>

#include "common/log.h"
#include "storaged/commit_int.h"
#include "storaged/upload.h"

static void
upload_free(struct upload *u)
{
	struct commit	*c = u->c;

	if (u->request != NULL)
		c->io->cancel(c->io->arg, u->request);
	if (u->manifest != NULL) {
		manifest_free(u->manifest);
		free(u->manifest);
	}
	if (c->spill == u)
		c->spill = NULL;
	if (c->newer == u)
		c->newer = NULL;
	buf_free(&u->bytes);
	TAILQ_REMOVE(&c->uploads, u, entry);
	free(u);
}

struct upload *
upload_new(struct commit *c, enum key_kind kind)
{
	struct upload	*u;

	if ((u = calloc(1, sizeof(*u))) == NULL)
		return NULL;
	u->c = c;
	u->kind = kind;
	u->begun = c->io->now_ms(c->io->arg);
	c->io->random(c->io->arg, u->id, sizeof(u->id));
	memcpy(u->ref.id, u->id, sizeof(u->id));
	TAILQ_INSERT_TAIL(&c->uploads, u, entry);
	return u;
}

int
upload_name(struct upload *u)
{
	if (u->kind == KEY_LOG)
		return key_log("", u->ref.first, u->ref.last, u->id, u->name,
		    sizeof(u->name));
	return key_object("", u->kind, u->id, u->name, sizeof(u->name));
}

static void
upload_sent(const struct blob_result *r, void *arg)
{
	struct upload	*u = arg;
	struct commit	*c = u->c;
	bool		 ok = r->outcome == BLOB_DONE;

	u->request = NULL;
	commit_date(c, r);
	buf_free(&u->bytes);
	if (!ok) {
		log_info("user=%s object=%s result=%s why=\"%s\"", c->user,
		    u->name, blob_outcome_name(r->outcome),
		    r->why != NULL ? r->why : "");
		u->state = UPLOAD_DROPPED;
	} else if (u->state == UPLOAD_OPEN)
		u->state = UPLOAD_READY;
	u->cb(u, ok);
}

int
upload_send(struct upload *u, bool background,
    void (*cb)(struct upload *, bool))
{
	struct commit	*c = u->c;
	char		 key[BLOB_KEY_MAX];

	if (key_join(c->prefix, u->name, key, sizeof(key)) == -1)
		return -1;
	u->begun = c->io->now_ms(c->io->arg);
	u->cb = cb;
	u->request = c->io->put(c->io->arg, key, u->bytes.data, u->bytes.len,
	    BLOB_ALWAYS, NULL, background ? BLOB_BACKGROUND : BLOB_USER,
	    upload_sent, u);
	return u->request == NULL ? -1 : 0;
}

struct upload *
upload_find(const struct uploads *l, enum key_kind kind,
    const uint8_t id[16])
{
	struct upload	*u;

	TAILQ_FOREACH(u, l, entry)
		if (u->kind == kind && memcmp(u->id, id, 16) == 0)
			return u;
	return NULL;
}

bool
upload_live(const struct upload *u)
{
	const struct commit_io	*io = u->c->io;

	return u->state != UPLOAD_DROPPED &&
	    (u->large || u->state == UPLOAD_READY) &&
	    io->now_ms(io->arg) - u->begun < COMMIT_UPLOAD_MS;
}

/* Is it still of use to a later attempt, or its owner's? */
static bool
upload_kept(const struct upload *u)
{
	if (u->state == UPLOAD_DROPPED)
		return false;
	if (u->state == UPLOAD_OPEN)
		return true;	/* being sent, or a session's */
	return u->large || ((u == u->c->spill || u == u->c->newer) &&
	    upload_live(u));
}

int
upload_garbage(struct commit *c, struct garbagelist *g, int64_t now)
{
	struct upload	*u;

	TAILQ_FOREACH(u, &c->uploads, entry) {
		if (u->used || upload_kept(u) || u->name[0] == '\0')
			continue;
		if (garbage_add(g, u->name, now) == -1)
			return -1;
		u->named = true;
	}
	return 0;
}

void
upload_won(struct commit *c)
{
	struct upload	*u, *next;

	TAILQ_FOREACH_SAFE(u, &c->uploads, entry, next)
		if (u->used || u->named)
			upload_free(u);
}

void
upload_lost(struct commit *c)
{
	struct upload	*u;

	TAILQ_FOREACH(u, &c->uploads, entry) {
		/* A log object or manifest of this base only. */
		if (u->used && (u->kind == KEY_LOG ||
		    u->kind == KEY_MANIFEST) && u != c->spill &&
		    u != c->newer)
			u->state = UPLOAD_DROPPED;
		if (u->orphan)
			u->state = UPLOAD_DROPPED;
		u->used = 0;
		u->named = false;
	}
}

void
upload_forget(struct commit *c)
{
	upload_won(c);
}

void
upload_free_all(struct commit *c)
{
	struct upload	*u;

	while ((u = TAILQ_FIRST(&c->uploads)) != NULL)
		upload_free(u);
}
