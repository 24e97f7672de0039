/*
 * Uploads that no commit names yet.  It never sends anything conditional and
 * never touches the head.
 */
#include "common/compat.h"

#include <stdlib.h>
#include <string.h>

#include "common/log.h"
#include "storaged/commit/upload.h"

void
uploads_init(struct uploads *l, const struct commit_io *io, const char *user,
    const char *prefix, struct commit *c)
{
	memset(l, 0, sizeof(*l));
	TAILQ_INIT(&l->list);
	l->io = io;
	l->user = user;
	l->prefix = prefix;
	l->c = c;
}

static void
upload_free(struct upload *u)
{
	struct uploads	*l = u->of;

	if (u->request != NULL)
		l->io->cancel(l->io->arg, u->request);
	if (u->manifest != NULL) {
		manifest_free(u->manifest);
		free(u->manifest);
	}
	if (u->job != NULL)
		*u->job = NULL;
	buf_free(&u->bytes);
	TAILQ_REMOVE(&l->list, u, entry);
	free(u);
}

struct upload *
upload_new(struct uploads *l, enum key_kind kind)
{
	struct upload	*u;

	if ((u = calloc(1, sizeof(*u))) == NULL)
		return NULL;
	u->of = l;
	u->kind = kind;
	u->begun = l->io->now_ms(l->io->arg);
	l->io->random(l->io->arg, u->id, sizeof(u->id));
	memcpy(u->ref.id, u->id, sizeof(u->id));
	TAILQ_INSERT_TAIL(&l->list, u, entry);
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
	struct uploads	*l = u->of;
	bool		 ok = r->outcome == BLOB_DONE;

	u->request = NULL;
	buf_free(&u->bytes);
	if (!ok) {
		log_info("user=%s object=%s result=%s why=\"%s\"", l->user,
		    u->name, blob_outcome_name(r->outcome),
		    r->why != NULL ? r->why : "");
		u->state = UPLOAD_DROPPED;
	} else if (u->state == UPLOAD_OPEN)
		u->state = UPLOAD_READY;
	u->cb(u, r);
}

int
upload_send(struct upload *u, bool background, upload_cb *cb)
{
	struct uploads	*l = u->of;
	char		 key[KEY_MAX];

	if (key_join(l->prefix, u->name, key, sizeof(key)) == -1)
		return -1;
	u->begun = l->io->now_ms(l->io->arg);
	u->cb = cb;
	u->request = l->io->put(l->io->arg, key, u->bytes.data, u->bytes.len,
	    BLOB_ALWAYS, NULL, background ? BLOB_BACKGROUND : BLOB_USER,
	    upload_sent, u);
	return u->request == NULL ? -1 : 0;
}

struct upload *
upload_find(const struct uploads *l, enum key_kind kind,
    const uint8_t id[16])
{
	struct upload	*u;

	TAILQ_FOREACH(u, &l->list, entry)
		if (u->kind == kind && memcmp(u->id, id, 16) == 0)
			return u;
	return NULL;
}

bool
upload_live(const struct upload *u)
{
	const struct commit_io	*io = u->of->io;

	return u->state != UPLOAD_DROPPED &&
	    (u->large || u->state == UPLOAD_READY) &&
	    io->now_ms(io->arg) - u->begun < UPLOAD_LIFE_MS;
}

/* Is it still of use to a later attempt, or its owner's? */
static bool
upload_kept(const struct upload *u)
{
	if (u->state == UPLOAD_DROPPED)
		return false;
	if (u->state == UPLOAD_OPEN)
		return true;	/* being sent, or a session's */
	return u->large || (u->job != NULL && upload_live(u));
}

int
uploads_garbage(struct uploads *l, struct garbagelist *g, int64_t now)
{
	struct upload	*u;

	TAILQ_FOREACH(u, &l->list, entry) {
		if (u->used || upload_kept(u) || u->name[0] == '\0')
			continue;
		if (garbage_add(g, u->name, now) == -1)
			return -1;
		u->named = true;
	}
	return 0;
}

void
uploads_won(struct uploads *l)
{
	struct upload	*u, *next;

	TAILQ_FOREACH_SAFE(u, &l->list, entry, next)
		if (u->used || u->named)
			upload_free(u);
}

void
uploads_lost(struct uploads *l)
{
	struct upload	*u;

	TAILQ_FOREACH(u, &l->list, entry) {
		/* A log object or manifest of this base only. */
		if (u->used && (u->kind == KEY_LOG ||
		    u->kind == KEY_MANIFEST) && u->job == NULL)
			u->state = UPLOAD_DROPPED;
		if (u->orphan)
			u->state = UPLOAD_DROPPED;
		u->used = 0;
		u->named = false;
	}
}

void
uploads_forget(struct uploads *l)
{
	uploads_won(l);
}

void
uploads_free(struct uploads *l)
{
	struct upload	*u;

	while ((u = TAILQ_FIRST(&l->list)) != NULL)
		upload_free(u);
}
