/*
 * Back-off hints.  A node that is far from the bucket loses every race
 * against a near one that is busy: between its look at the head and its PUT
 * the other has long made the next commit.  So who loses again and again says
 * in a small object that it waits and for how long it needs the head to stand
 * still; who wins in a row looks there now and then, and holds its next
 * commit back for so long.  It is a hint: it may be lost, late, old or
 * overwritten, and nothing but a pause may ever follow from it.
 * pail-bucket.5, "Back-off hints".
 */
#include "common/compat.h"

#include <string.h>

#include "common/log.h"
#include "storaged/commit/commit_int.h"
#include "storaged/format/fields.h"
#include "storaged/format/object.h"

#define BACKOFF_LOSSES	2	/* in a row: then it is asked for... */
#define BACKOFF_FAR_MS	50	/* ...at the first when a round takes this */
#define BACKOFF_AGAIN	4	/* and again after so many more */
#define BACKOFF_WINS	4	/* in a row: then others are looked for */
#define BACKOFF_ROW_MS	2000	/* what is further apart is no row */
#define BACKOFF_LOOK_MS	250	/* between two looks */
#define BACKOFF_MIN_MS	10
#define BACKOFF_MAX_MS	1000	/* a pause is never longer */
#define BACKOFF_AGE	10	/* seconds: an older hint is nobody's */
#define BACKOFF_SIZE	1024	/* of the object, at most */

enum { F_NODE = 1, F_COMMIT, F_TIME, F_NEEDS };

struct hint {
	uint8_t		 node[16];
	uint64_t	 commit;	/* the last one it lost to, or before */
	int64_t		 time;
	uint64_t	 needs;		/* ms */
};

#define AT(m)	FIELD_AT(struct hint, m)
static const struct field rows[] = {
	[F_NODE] =	{ FIELD_BYTES, "node", AT(node) },
	[F_COMMIT] =	{ FIELD_NUM, "commit", AT(commit) },
	[F_TIME] =	{ FIELD_INT, "time", AT(time) },
	[F_NEEDS] =	{ FIELD_NUM, "needs", AT(needs) },
};
static const struct fields fields = { rows, F_NEEDS, FIELD_ALL(F_NEEDS), 0 };

static int
hint_key(const struct commit *c, char *dst, size_t size)
{
	return key_join(c->prefix, KEY_BACKOFF, dst, size);
}

static int
hint_encode(const struct commit *c, const struct hint *h, struct buf *out)
{
	size_t	 at = out->len;

	if (object_begin(out) == -1 || fields_encode(&fields, h, out) == -1)
		return -1;
	return object_end(OBJECT_BACKOFF, c->head.history, out, at);
}

static int
hint_decode(const struct commit *c, const void *p, size_t len,
    struct hint *h)
{
	memset(h, 0, sizeof(*h));
	return fields_open(&fields, h, OBJECT_BACKOFF, c->head.history, p, len,
	    BACKOFF_SIZE, NULL);
}

/* -- who loses -- */

static void
asked(const struct blob_result *r, void *arg)
{
	struct commit	*c = arg;

	(void)r;		/* a hint: it may be lost */
	c->backoff.put = NULL;
	buf_free(&c->backoff.bytes);
}

static void
ask(struct commit *c, uint64_t needs)
{
	struct hint	 h = { .commit = c->head.commit,
			    .time = commit_time(c), .needs = needs };
	char		 key[KEY_MAX];

	if (c->backoff.put != NULL || hint_key(c, key, sizeof(key)) == -1)
		return;
	memcpy(h.node, c->node, sizeof(h.node));
	if (hint_encode(c, &h, &c->backoff.bytes) == 0)
		c->backoff.put = c->io->put(c->io->arg, key,
		    c->backoff.bytes.data, c->backoff.bytes.len, BLOB_ALWAYS,
		    NULL, BLOB_USER, asked, c);
	if (c->backoff.put == NULL)
		buf_free(&c->backoff.bytes);
}

void
commit_backoff_began(struct commit *c)
{
	c->backoff.began_at = c->io->now_ms(c->io->arg);
}

/* The head must stand still from our look at it to our PUT, which is what a
 * round takes from PUT to look; and the pause may begin in the midst of
 * one. */
void
commit_backoff_lost(struct commit *c)
{
	struct backoff	*b = &c->backoff;
	uint64_t	 round = c->io->now_ms(c->io->arg) - b->began_at;
	uint64_t	 needs = round * 5 / 2;
	unsigned	 first = round >= BACKOFF_FAR_MS ? 1 : BACKOFF_LOSSES;

	b->wins = 0;
	if (++b->losses < first || (b->asked != 0 &&
	    b->losses - b->asked < BACKOFF_AGAIN))
		return;
	b->asked = b->losses;
	if (needs < BACKOFF_MIN_MS)
		needs = BACKOFF_MIN_MS;
	ask(c, needs < BACKOFF_MAX_MS ? needs : BACKOFF_MAX_MS);
}

void
commit_backoff_first(struct commit *c)
{
	ask(c, 0);
}

/* -- who wins -- */

static void
heed(struct commit *c, const struct hint *h)
{
	const struct head_node	*entry = head_find(&c->head, h->node);
	int64_t			 time = commit_time(c);
	uint64_t		 now = c->io->now_ms(c->io->arg);
	uint64_t		 ms = h->needs;

	if (memcmp(h->node, c->node, sizeof(h->node)) == 0 ||
	    (entry != NULL && entry->commit > h->commit) ||
	    h->time < time - BACKOFF_AGE || h->time > time + BACKOFF_AGE)
		return;
	if (ms > BACKOFF_MAX_MS)
		ms = BACKOFF_MAX_MS;
	log_debug("user=%s commit=%llu pause_ms=%llu why=\"back-off hint "
	    "of another node\"", c->user, (unsigned long long)c->head.commit,
	    (unsigned long long)ms);
	if (c->backoff.not_before < now + ms)
		c->backoff.not_before = now + ms;
	c->backoff.wins = 0;
}

static void
looked(const struct blob_result *r, void *arg)
{
	struct commit	*c = arg;
	struct hint	 h;

	c->backoff.get = NULL;
	if (r->outcome != BLOB_DONE || c->phase == PHASE_QUARANTINED)
		return;
	strlcpy(c->backoff.etag, r->etag, sizeof(c->backoff.etag));
	if (hint_decode(c, r->body, r->len, &h) == 0)
		heed(c, &h);
}

void
commit_backoff_won(struct commit *c)
{
	struct backoff	*b = &c->backoff;
	uint64_t	 now = c->io->now_ms(c->io->arg);
	char		 key[KEY_MAX];

	b->losses = b->asked = 0;
	b->wins = now - b->won_at < BACKOFF_ROW_MS ? b->wins + 1 : 1;
	b->won_at = now;
	if (c->single_node || b->wins < BACKOFF_WINS || b->get != NULL ||
	    now - b->looked_at < BACKOFF_LOOK_MS ||
	    hint_key(c, key, sizeof(key)) == -1)
		return;
	b->looked_at = now;
	b->get = c->io->get(c->io->arg, key, BACKOFF_SIZE,
	    b->etag[0] != '\0' ? b->etag : NULL, BLOB_USER, looked, c);
}

void
commit_backoff_free(struct commit *c)
{
	if (c->backoff.put != NULL)
		c->io->cancel(c->io->arg, c->backoff.put);
	if (c->backoff.get != NULL)
		c->io->cancel(c->io->arg, c->backoff.get);
	buf_free(&c->backoff.bytes);
}
