/*
 * Damaged history: each field of the head, of its blocks, of log objects and
 * of what refers to them is made wrong, with all checksums right, and a node
 * that reads it quarantines the user with the true reason.
 */
#include "common/compat.h"

#include <stdlib.h>
#include <string.h>

#include "common/sum.h"
#include "storaged/commit/test/nodes.h"
#include "storaged/format/logobj.h"

enum where { HEAD, INLINE, LOG, LOGREF };

enum field {
	NUMBER, FIRST, COUNT, NONCE, PREV, STATE_HASH, MORE, RECORDS,
	ID, SIZE, SHA, LAST, HISTORY, FLOOR, ZERO, DROP
};

static const char damaged[] = "the head is damaged";
static const char log_damaged[] = "a log object is damaged";

/*
 * The world of these: commits 1 to 10, the first six in two log objects of
 * three (with a manifest: that names the first of them), the others in the
 * head.  at: which block or reference, from 0.
 */
static const struct row {
	enum where	 where;
	unsigned	 at;
	enum field	 field;
	bool		 manifest;
	const char	*why;
} rows[] = {
	{ HEAD, 0, NUMBER, false, damaged },
	{ HEAD, 0, RECORDS, false, damaged },
	{ HEAD, 0, NONCE, false, damaged },
	{ HEAD, 0, STATE_HASH, false, damaged },
	{ HEAD, 0, FLOOR, false, damaged },
	{ HEAD, 0, ZERO, false, damaged },
	/* Log objects and manifest know theirs. */
	{ HEAD, 0, HISTORY, false, log_damaged },
	{ HEAD, 0, HISTORY, true, "the manifest is damaged" },
	{ HEAD, 0, SHA, true, "the manifest is damaged" },
	{ HEAD, 0, ID, true, "the manifest is missing" },
	/* The first block, and one in the midst: */
	{ INLINE, 0, NUMBER, false, damaged },
	{ INLINE, 1, NUMBER, false, damaged },
	{ INLINE, 0, FIRST, false, damaged },
	{ INLINE, 1, FIRST, false, damaged },
	{ INLINE, 0, COUNT, false, damaged },
	{ INLINE, 1, COUNT, false, damaged },
	{ INLINE, 0, NONCE, false, damaged },
	{ INLINE, 0, PREV, false, "the chain of commits is broken" },
	{ INLINE, 0, PREV, true, "the chain of commits is broken" },
	{ INLINE, 1, PREV, false, damaged },
	{ INLINE, 0, STATE_HASH, false, "the index does not match the state hash of "
	    "the commit, even after a rebuild" },
	{ INLINE, 1, STATE_HASH, false, "the index does not match the state hash of "
	    "the commit, even after a rebuild" },
	{ INLINE, 1, MORE, false, "a commit has trailing bytes" },
	{ INLINE, 1, RECORDS, false, "a record is damaged" },
	/* The last: */
	{ INLINE, 3, NUMBER, false, damaged },
	{ INLINE, 3, COUNT, false, damaged },
	{ INLINE, 3, NONCE, false, damaged },
	{ INLINE, 3, STATE_HASH, false, damaged },
	/* Of a log object, with a reference that fits it: */
	{ LOG, 0, NUMBER, false, log_damaged },
	{ LOG, 0, FIRST, false, log_damaged },
	{ LOG, 1, FIRST, false, log_damaged },
	{ LOG, 1, COUNT, false, log_damaged },
	{ LOG, 0, PREV, false, "the chain of commits is broken" },
	{ LOG, 1, PREV, false, log_damaged },
	{ LOG, 2, NONCE, false, "the chain of commits is broken" },
	{ LOG, 1, NONCE, false, log_damaged },
	{ LOG, 0, STATE_HASH, false, "the index does not match the state hash of the "
	    "commit, even after a rebuild" },
	{ LOG, 1, MORE, false, "a commit has trailing bytes" },
	{ LOG, 1, RECORDS, false, "a record is damaged" },
	/* References in the head: */
	{ LOGREF, 0, ID, false, "a log object is missing" },
	{ LOGREF, 0, FIRST, false, "the log has a gap" },
	{ LOGREF, 0, LAST, false, damaged },
	{ LOGREF, 1, LAST, false, damaged },
	{ LOGREF, 0, RECORDS, false, damaged },
	{ LOGREF, 1, RECORDS, false, damaged },
	{ LOGREF, 1, NUMBER, false, damaged },
	{ LOGREF, 0, SIZE, false, log_damaged },
	{ LOGREF, 1, SHA, false, log_damaged },
	{ LOGREF, 0, ZERO, false, damaged },
	{ LOGREF, 0, DROP, false, "the log has a gap" },
	{ LOGREF, 0, DROP, true, "the log has a gap" },
};

/* Commits up to the number, and then what is flushed. */
static void
commits(uint64_t upto)
{
	struct node	*n = &nodes[0];

	while (n->c->head.commit < upto)
		other(n, (uint32_t)n->c->head.commit + 1);
}

/* The next commit refers to a log object of all blocks there are. */
static void
flush(void)
{
	struct commit	*c = nodes[0].c;
	size_t		 logs = c->head.logs.n;

	c->limits.flush = 1;
	commit_background(c);
	run(1000);
	c->limits.flush = SIZE_MAX;
	CHECK(commit_background_ready(c, JOB_FLUSH) != NULL);
	commits(c->head.commit + 1);
	CHECK(c->head.logs.n == logs + 1);
}

static void
history(bool manifest)
{
	struct commit	*c;

	start();
	c = nodes[0].c;
	c->limits.flush = c->limits.logs = c->limits.garbage = SIZE_MAX;
	CHECK(refresh(&nodes[0]) == COMMIT_DONE);
	commits(3);
	flush();
	if (manifest) {
		c->limits.logs = 1;
		commit_background(c);
		run(1000);
		c->limits.logs = SIZE_MAX;
		CHECK(commit_background_ready(c, JOB_MANIFEST) != NULL);
	}
	commits(6);
	flush();
	CHECK(c->have_manifest == manifest);
	if (manifest)	/* one more, that is not in the manifest */
		flush();
	commits(10 + manifest);
	CHECK(c->head.logs.n == 2);
}

static void
flip(uint8_t *p)
{
	p[3] ^= 1;
}

/* Writes the head of the bucket again. */
static void
head_put(const struct head *h)
{
	struct buf	 b = BUF_INIT;
	char		 key[KEY_MAX];

	head_key(key);
	CHECK(head_encode(h, NULL, &b) == 0);
	fake_object_put(&w, key, b.data, b.len);
	buf_free(&b);
}

static void
head_get(struct head *h)
{
	struct fake_object	*o;
	char			 key[KEY_MAX];

	head_key(key);
	CHECK((o = fake_object(&w, key)) != NULL);
	CHECK(head_decode(h, USER, o->bytes, o->len) == 0);
}

static void
head_damage(struct head *h, enum field f)
{
	switch (f) {
	case NUMBER:
		h->commit++;
		break;
	case RECORDS:
		h->records++;
		break;
	case NONCE:
		flip(h->nonce);
		break;
	case STATE_HASH:
		flip(h->state_hash);
		break;
	case FLOOR:
		h->floor = h->commit + 1;
		break;
	case ZERO:		/* nothing that it could stand on */
		blocklist_free(&h->blocks);
		loglist_free(&h->logs);
		break;
	case HISTORY:
		flip(h->history);
		break;
	case SHA:
		flip(h->manifest_sha256);
		break;
	case ID:
		flip(h->manifest);
		break;
	default:
		CHECK(!"a field of the head");
	}
}

/* One block of the list, damaged. */
static void
block_damage(struct blocklist *l, unsigned at, enum field f)
{
	static uint8_t	 more[4096];
	struct block	*k = TAILQ_FIRST(l), changed, *copy;
	struct buf	 b = BUF_INIT;
	struct cursor	 c;

	while (at-- > 0)
		k = TAILQ_NEXT(k, entry);
	changed = *k;
	switch (f) {
	case NUMBER:
		changed.number++;
		break;
	case FIRST:
		changed.first++;
		break;
	case COUNT:
		changed.count++;
		break;
	case NONCE:
		flip(changed.nonce);
		break;
	case PREV:
		flip(changed.prev);
		break;
	case STATE_HASH:
		flip(changed.state_hash);
		break;
	case MORE:
	case RECORDS:
		memcpy(more, k->records, k->records_len);
		changed.records = more;
		changed.records_len += f == MORE ? 1 : (size_t)-1;
		break;
	default:
		CHECK(!"a field of a block");
	}
	CHECK(block_encode(&changed, &b) == 0);
	cursor_init(&c, b.data, b.len);
	CHECK(block_decode(&changed, &c) == 0);
	changed.own = NULL;
	CHECK((copy = block_dup(&changed)) != NULL);
	TAILQ_INSERT_AFTER(l, k, copy, entry);
	TAILQ_REMOVE(l, k, entry);
	block_free(k);
	buf_free(&b);
}

/* A block of the first log object; the head refers to what comes out. */
static void
log_damage(struct head *h, unsigned at, enum field f)
{
	struct logref		*ref = &h->logs.v[0];
	struct fake_object	*o;
	struct blocklist	 l = TAILQ_HEAD_INITIALIZER(l);
	struct logref		 new = *ref;
	struct buf		 b = BUF_INIT;
	char			 key[KEY_MAX], prefix[KEY_MAX];

	CHECK(key_user(USER, prefix, sizeof(prefix)) == 0 &&
	    key_log(prefix, ref->first, ref->last, ref->id, key,
	    sizeof(key)) == 0);
	CHECK((o = fake_object(&w, key)) != NULL &&
	    logobj_decode(o->bytes, o->len, h->history, ref, &l) == 0);
	block_damage(&l, at, f);
	CHECK(logobj_encode(h->history, TAILQ_FIRST(&l),
	    TAILQ_LAST(&l, blocklist), &new, &b) == 0);
	/* The head's reference says what it said, but for the sum. */
	ref->size = new.size;
	memcpy(ref->sha256, new.sha256, sizeof(ref->sha256));
	fake_object_put(&w, key, b.data, b.len);
	blocklist_free(&l);
	buf_free(&b);
}

static void
logref_damage(struct loglist *l, unsigned at, enum field f)
{
	struct logref	*r = &l->v[at];

	switch (f) {
	case ID:
		flip(r->id);
		break;
	case FIRST:
		r->first++;
		break;
	case LAST:
		r->last--;
		break;
	case RECORDS:
		r->records++;
		break;
	case NUMBER:
		r->first_record++;
		break;
	case SIZE:
		r->size++;
		break;
	case SHA:
		flip(r->sha256);
		break;
	case ZERO:
		r->first = 0;
		break;
	case DROP:
		loglist_drop(l, 1);
		break;
	default:
		CHECK(!"a field of a reference");
	}
}

static void
test_damage(void)
{
	const struct row	*r;
	struct node		*n = &nodes[1];
	struct head		 h;
	size_t			 i;

	for (i = 0; i < nitems(rows); i++) {
		r = &rows[i];
		history(r->manifest);
		head_get(&h);
		switch (r->where) {
		case HEAD:
			head_damage(&h, r->field);
			break;
		case INLINE:
			block_damage(&h.blocks, r->at, r->field);
			break;
		case LOG:
			log_damage(&h, r->at, r->field);
			break;
		case LOGREF:
			logref_damage(&h.logs, r->at, r->field);
			break;
		}
		head_put(&h);
		head_free(&h);
		CHECK_ROW(refresh(n) == COMMIT_QUARANTINED && n->quarantines ==
		    1, "row %zu: not quarantined", i);
		CHECK_ROW(strcmp(n->c->quarantine.why, r->why) == 0,
		    "row %zu: %s", i, n->c->quarantine.why);
		finish();
	}
}

/* Without damage the same histories are read to their end. */
static void
test_whole(void)
{
	struct head	 h;
	int		 manifest;

	for (manifest = 0; manifest < 2; manifest++) {
		history(manifest);
		head_get(&h);
		head_put(&h);
		head_free(&h);
		CHECK(refresh(&nodes[1]) == COMMIT_DONE);
		CHECK(nodes[1].st.n == nodes[0].st.n &&
		    nodes[1].st.hash == nodes[0].st.hash);
		finish();
	}
}

/* A head that the node has read: what may replace it while an attempt waits,
 * and while none does. */
static void
test_replaced(void)
{
	static const struct {
		bool		 attempt;
		enum field	 field;		/* of the head, also its
						   last block's */
		const char	*why;
	} how[] = {
		{ false, HISTORY, "the head belongs to another history" },
		{ true, HISTORY, "the head belongs to another history" },
		{ false, NONCE, "a different head with the same number" },
	};
	struct node	*n = &nodes[0];
	struct fake_op	 op;
	struct head	 h;
	size_t		 i;

	for (i = 0; i < nitems(how); i++) {
		start();
		CHECK(refresh(n) == COMMIT_DONE);
		commits(4);
		if (how[i].attempt) {	/* landed; its answer is lost */
			put_script = "a";
			get_script = "r*";
			submit(n, &op, FAKE_ADD, 9, 10);
			run(1000);
		}
		head_get(&h);
		CHECK(h.commit == (how[i].attempt ? 5 : 4));
		head_damage(&h, how[i].field);
		if (how[i].field == NONCE)
			block_damage(&h.blocks, 3, NONCE);
		head_put(&h);
		head_free(&h);
		get_script = NULL;
		if (how[i].attempt) {
			run(10000);
			CHECK(answers == 1 && last == COMMIT_LOST);
			free(op.bytes);
		} else
			CHECK(refresh(n) == COMMIT_QUARANTINED);
		CHECK_ROW(n->quarantines == 1 &&
		    strcmp(n->c->quarantine.why, how[i].why) == 0,
		    "row %zu: %s", i, n->c->quarantine.why);
		finish();
	}
}

/* An older head than one that was read is a stale read: asked again, never
 * taken, and no damage. */
static void
test_stale(void)
{
	struct node	*n = &nodes[0];
	struct fake_op	 op;
	struct head	 old, new;
	int		 attempt;

	for (attempt = 0; attempt < 2; attempt++) {
		start();
		CHECK(refresh(n) == COMMIT_DONE);
		commits(3);
		head_get(&old);
		commits(4);
		if (attempt) {
			put_script = "a";
			get_script = "r*";
			submit(n, &op, FAKE_ADD, 9, 10);
			run(1000);
		}
		head_get(&new);
		head_put(&old);
		get_script = NULL;
		if (attempt)
			run(5000);
		else
			CHECK(refresh(n) != COMMIT_DONE);
		CHECK(n->quarantines == 0 && answers == 0);
		head_put(&new);
		run(10000);
		CHECK(refresh(n) == COMMIT_DONE && n->quarantines == 0);
		CHECK(n->c->head.commit == 4 + (uint64_t)attempt);
		CHECK(!attempt || (answers == 1 && last == COMMIT_DONE &&
		    n->st.uid_of[9] != 0));
		if (attempt)
			free(op.bytes);
		head_free(&old);
		head_free(&new);
		finish();
	}
}

int
main(void)
{
	log_init("commit_damage_test");
	log_set_level(LOG_LEVEL_ERROR);
	test_whole();
	test_damage();
	test_replaced();
	test_stale();
	return TEST_END();
}
