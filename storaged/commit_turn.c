/*
 * Turns.  A node that is far from the bucket loses every race against a
 * near one that is busy: between its look at the head and its PUT the other
 * has long made the next commit.  So who loses again and again says in a
 * small object that it waits and for how long it needs the head to stand
 * still; who wins in a row looks there now and then, and holds its next
 * commit back for so long.  It is a hint: it may be lost, late, old or
 * overwritten, and nothing but a pause may ever follow from it.
 * pail-bucket.5, "Turns".
 */
#include "common/compat.h"

#include <string.h>

#include "common/log.h"
#include "storaged/commit_int.h"
#include "storaged/frame.h"

#define TURN_LOSSES	2	/* in a row: then it is asked for... */
#define TURN_FAR_MS	50	/* ...at the first when a round takes this */
#define TURN_AGAIN	4	/* and again after so many more */
#define TURN_WINS	4	/* in a row: then others are looked for */
#define TURN_ROW_MS	2000	/* what is further apart is no row */
#define TURN_LOOK_MS	250	/* between two looks */
#define TURN_MIN_MS	10
#define TURN_MAX_MS	1000	/* a pause is never longer */
#define TURN_AGE	10	/* seconds: an older wish is nobody's */
#define TURN_SIZE	1024	/* of the object, at most */

enum { F_NODE = 1, F_COMMIT, F_TIME, F_NEEDS };

struct wish {
	uint8_t		 node[16];
	uint64_t	 commit;	/* the last one it lost to, or before */
	int64_t		 time;
	uint64_t	 needs;		/* ms */
};

static int
turn_key(const struct commit *c, char *dst, size_t size)
{
	return key_join(c->prefix, KEY_TURN, dst, size);
}

static int
wish_encode(const struct commit *c, const struct wish *w, struct buf *out)
{
	struct buf	 b = BUF_INIT;
	int		 rv = -1;

	if (tlv_put(&b, F_NODE, true, w->node, sizeof(w->node)) == 0 &&
	    tlv_put_varint(&b, F_COMMIT, w->commit) == 0 &&
	    tlv_put_zigzag(&b, F_TIME, w->time) == 0 &&
	    tlv_put_varint(&b, F_NEEDS, w->needs) == 0)
		rv = frame_seal(FRAME_TURN, c->head.history, NULL, b.data,
		    b.len, out);
	buf_free(&b);
	return rv;
}

static int
wish_decode(const struct commit *c, const void *p, size_t len,
    struct wish *w)
{
	struct buf	 store = BUF_INIT;
	struct frame	 f;
	struct cursor	 cur;
	struct tlv	 t = { .number = 0 };
	const uint8_t	*body;
	size_t		 n;
	unsigned	 seen = 0;
	int		 more, e;

	memset(w, 0, sizeof(*w));
	e = frame_open(&f, FRAME_TURN, p, len, TURN_SIZE, &store, &body, &n);
	if (e == 0 && memcmp(f.history, c->head.history, 16) != 0)
		e = FORMAT_DAMAGED;
	if (e != 0) {
		buf_free(&store);
		return e;
	}
	cursor_init(&cur, body, n);
	while (e == 0 && (more = tlv_next(&cur, &t)) != 0) {
		if (more == -1)
			e = FORMAT_DAMAGED;
		else if (t.number == F_NODE)
			e = tlv_copy(&t, w->node, sizeof(w->node));
		else if (t.number == F_COMMIT)
			e = tlv_varint(&t, &w->commit);
		else if (t.number == F_TIME)
			e = tlv_zigzag(&t, &w->time);
		else if (t.number == F_NEEDS)
			e = tlv_varint(&t, &w->needs);
		else if (t.critical)
			e = FORMAT_UNKNOWN;
		if (t.number <= F_NEEDS)
			seen |= 1u << t.number;
	}
	buf_free(&store);
	return e == 0 && seen != 0x1e ? FORMAT_DAMAGED : e;
}

/* -- who loses -- */

static void
asked(const struct blob_result *r, void *arg)
{
	struct commit	*c = arg;

	(void)r;		/* a hint: it may be lost */
	c->turn.put = NULL;
	buf_free(&c->turn.bytes);
}

static void
ask(struct commit *c, uint64_t needs)
{
	struct wish	 w = { .commit = c->head.commit,
			    .time = commit_time(c), .needs = needs };
	char		 key[BLOB_KEY_MAX];

	if (c->turn.put != NULL || turn_key(c, key, sizeof(key)) == -1)
		return;
	memcpy(w.node, c->node, sizeof(w.node));
	if (wish_encode(c, &w, &c->turn.bytes) == 0)
		c->turn.put = c->io->put(c->io->arg, key, c->turn.bytes.data,
		    c->turn.bytes.len, BLOB_ALWAYS, NULL, BLOB_USER, asked,
		    c);
	if (c->turn.put == NULL)
		buf_free(&c->turn.bytes);
}

void
commit_turn_began(struct commit *c)
{
	c->turn.began_at = c->io->now_ms(c->io->arg);
}

/* The head must stand still from our look at it to our PUT, which is what a
 * round takes from PUT to look; and the pause may begin in the midst of
 * one. */
void
commit_turn_lost(struct commit *c)
{
	struct turn	*t = &c->turn;
	uint64_t	 round = c->io->now_ms(c->io->arg) - t->began_at;
	uint64_t	 needs = round * 5 / 2;
	unsigned	 first = round >= TURN_FAR_MS ? 1 : TURN_LOSSES;

	t->wins = 0;
	if (++t->losses < first || (t->asked != 0 &&
	    t->losses - t->asked < TURN_AGAIN))
		return;
	t->asked = t->losses;
	if (needs < TURN_MIN_MS)
		needs = TURN_MIN_MS;
	ask(c, needs < TURN_MAX_MS ? needs : TURN_MAX_MS);
}

void
commit_turn_first(struct commit *c)
{
	ask(c, 0);
}

/* -- who wins -- */

static void
heed(struct commit *c, const struct wish *w)
{
	const struct head_node	*entry = head_find(&c->head, w->node);
	int64_t			 time = commit_time(c);
	uint64_t		 now = c->io->now_ms(c->io->arg);
	uint64_t		 ms = w->needs;

	if (memcmp(w->node, c->node, sizeof(w->node)) == 0 ||
	    (entry != NULL && entry->commit > w->commit) ||
	    w->time < time - TURN_AGE || w->time > time + TURN_AGE)
		return;
	if (ms > TURN_MAX_MS)
		ms = TURN_MAX_MS;
	log_debug("user=%s commit=%llu pause_ms=%llu why=\"another node's "
	    "turn\"", c->user, (unsigned long long)c->head.commit,
	    (unsigned long long)ms);
	if (c->not_before < now + ms)
		c->not_before = now + ms;
	c->turn.wins = 0;
}

static void
looked(const struct blob_result *r, void *arg)
{
	struct commit	*c = arg;
	struct wish	 w;

	c->turn.get = NULL;
	if (r->outcome != BLOB_DONE || c->phase == PHASE_FENCED)
		return;
	strlcpy(c->turn.etag, r->etag, sizeof(c->turn.etag));
	if (wish_decode(c, r->body, r->len, &w) == 0)
		heed(c, &w);
}

void
commit_turn_won(struct commit *c)
{
	struct turn	*t = &c->turn;
	uint64_t	 now = c->io->now_ms(c->io->arg);
	char		 key[BLOB_KEY_MAX];

	t->losses = t->asked = 0;
	t->wins = now - t->won_at < TURN_ROW_MS ? t->wins + 1 : 1;
	t->won_at = now;
	if (c->alone || t->wins < TURN_WINS || t->get != NULL ||
	    now - t->looked_at < TURN_LOOK_MS ||
	    turn_key(c, key, sizeof(key)) == -1)
		return;
	t->looked_at = now;
	t->get = c->io->get(c->io->arg, key, TURN_SIZE,
	    t->etag[0] != '\0' ? t->etag : NULL, BLOB_USER, looked, c);
}

void
commit_turn_free(struct commit *c)
{
	if (c->turn.put != NULL)
		c->io->cancel(c->io->arg, c->turn.put);
	if (c->turn.get != NULL)
		c->io->cancel(c->io->arg, c->turn.get);
	buf_free(&c->turn.bytes);
}
