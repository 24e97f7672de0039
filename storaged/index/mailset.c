/*
 * Groups of messages in the hot index (mailset.h).  UIDs only ascend, so
 * messages are added at the end alone and a group is never split.  One that
 * an EXPUNGE leaves thin is joined with a neighbour; the last one is kept
 * small, since each APPEND writes it anew.  Nothing here knows what a
 * change means: apply*.c and eval_*.c do.
 */
#include "common/compat.h"

#include <string.h>

#include "common/log.h"
#include "storaged/index/index_sql.h"
#include "storaged/index/mailset.h"

#define TAIL		UINT32_MAX		/* the last group's key */
#define ROWS_TAIL	(MAIL_ROWS / 8)		/* added one by one */
#define ROWS_THIN	(MAIL_ROWS / 4)		/* fewer: join it with... */
#define ROWS_JOINED	(MAIL_ROWS * 3 / 4)	/* if no more come of it */

static const struct { enum index_st put, rekey, del; } part_st[MAIL_PARTS] = {
	[MAIL_STATE] = { ST_MAIL_PUT, ST_MAIL_REKEY, ST_MAIL_DEL },
	[MAIL_FACTS] = { ST_FACT_PUT, ST_FACT_REKEY, ST_FACT_DEL },
};

static int
damaged(struct db *db, uint64_t box, uint32_t upto)
{
	if (!db->failed)
		log_warnx("index: messages of mailbox %016llx up to %u: "
		    "damaged", (unsigned long long)box, upto);
	db->failed = true;
	return -1;
}

static int
facts_load(struct db *db, uint64_t box, uint32_t upto, struct mailgroup *k)
{
	sqlite3_stmt	*st = db_st(db, ST_FACT_AT);
	struct str	 s;
	int		 rv;

	if (db_bind(db, st, "ui", box, (int64_t)upto) == -1 ||
	    (rv = db_step(db, st)) == -1)
		return -1;
	if (rv == 0)
		return damaged(db, box, upto);
	s = db_col(st, 0);
	rv = mailpack_decode(k, MAIL_FACTS, s.p, s.len);
	db_reset(st);
	return rv == -1 ? damaged(db, box, upto) : 0;
}

/* The first group whose key is at or above (AT), or the last one whose key
 * is below (BELOW): 1, 0 or -1. */
enum side { AT, BELOW };
static int
group_load(struct db *db, uint64_t box, enum side side, uint32_t at,
    bool facts, uint32_t *upto, struct mailgroup *k)
{
	sqlite3_stmt	*st;
	struct str	 s;
	int64_t		 key;
	int		 rv;

	st = db_st(db, side == AT ? ST_MAIL_AT : ST_MAIL_BELOW);
	if (db_bind(db, st, "ui", box, (int64_t)at) == -1)
		return -1;
	if ((rv = db_step(db, st)) != 1)
		return rv;
	key = db_int(st, 0);
	s = db_col(st, 1);
	/* No integer: not what it was compared as. */
	*upto = key < 0 || key > TAIL || (key >= at) != (side == AT) ? 0 :
	    (uint32_t)key;
	rv = mailpack_decode(k, MAIL_STATE, s.p, s.len);
	db_reset(st);
	if (rv == -1 || k->v[MAIL_UID][k->n - 1] > (int64_t)*upto)
		return damaged(db, box, *upto);
	if (facts && facts_load(db, box, *upto, k) == -1)
		return -1;
	return 1;
}

static int
part_put(struct db *db, uint64_t box, uint32_t upto,
    const struct mailgroup *k, enum mail_part part)
{
	struct buf	 b = BUF_INIT;
	int		 rv;

	rv = mailpack_encode(k, part, &b);
	if (rv == 0)
		rv = db_run(db, part_st[part].put, "uib", box, (int64_t)upto,
		    (const void *)b.data, b.len);
	buf_free(&b);
	return rv;
}

static int
group_put(struct db *db, uint64_t box, uint32_t upto,
    const struct mailgroup *k)
{
	if (part_put(db, box, upto, k, MAIL_STATE) == -1)
		return -1;
	return part_put(db, box, upto, k, MAIL_FACTS);
}

static int
group_rekey(struct db *db, uint64_t box, uint32_t was, uint32_t upto)
{
	int	 part;

	for (part = 0; part < MAIL_PARTS; part++)
		if (db_run(db, part_st[part].rekey, "uii", box, (int64_t)was,
		    (int64_t)upto) == -1)
			return -1;
	return 0;
}

static int
group_del(struct db *db, uint64_t box, uint32_t upto)
{
	int	 part;

	for (part = 0; part < MAIL_PARTS; part++)
		if (db_run(db, part_st[part].del, "ui", box,
		    (int64_t)upto) == -1)
			return -1;
	return 0;
}

void
mailwalk_init(struct mailwalk *w, struct db *db, uint64_t box,
    const struct uidset *set, uint32_t from, bool facts)
{
	w->db = db;
	w->box = box;
	w->set = set;
	w->range = 0;
	w->from = from;
	w->end = false;
	w->facts = facts;
	w->npick = 0;
}

/* Moves from to the next UID that the set has; false: there is none. */
static bool
walk_seek(struct mailwalk *w)
{
	const struct uidset	*s = w->set;

	if (w->end)
		return false;
	if (s == NULL)
		return true;
	if (w->range < s->n && s->v[w->range].last < w->from)
		w->range = uidset_find(s, w->from);
	if (w->range >= s->n)
		return false;
	if (w->from < s->v[w->range].first)
		w->from = s->v[w->range].first;
	return true;
}

static void
walk_pick(struct mailwalk *w)
{
	const struct uidset	*s = w->set;
	const int64_t		*uid = w->k.v[MAIL_UID];
	unsigned		 i = 0;

	w->npick = 0;
	while (i < w->k.n && uid[i] < (int64_t)w->from)
		i++;
	for (; i < w->k.n; i++) {
		while (s != NULL && w->range < s->n &&
		    s->v[w->range].last < uid[i])
			w->range++;
		if (s != NULL && w->range == s->n)
			break;
		if (s == NULL || s->v[w->range].first <= uid[i])
			w->pick[w->npick++] = (uint16_t)i;
	}
}

int
mailwalk_next(struct mailwalk *w)
{
	int	 rv;

	while (walk_seek(w)) {
		rv = group_load(w->db, w->box, AT, w->from, w->facts,
		    &w->upto, &w->k);
		if (rv != 1)
			return rv;
		walk_pick(w);
		w->end = w->upto == TAIL;
		if (!w->end)
			w->from = w->upto + 1;
		if (w->npick > 0)
			return 1;
	}
	return 0;
}

int
mailwalk_put(struct mailwalk *w)
{
	return part_put(w->db, w->box, w->upto, &w->k, MAIL_STATE);
}

/* Makes one group of two neighbours, of which a is the lower: 1; 0 when
 * they are too many. */
static int
join(struct db *db, uint64_t box, uint32_t a_upto, struct mailgroup *a,
    uint32_t b_upto, const struct mailgroup *b)
{
	if (a->n + b->n > ROWS_JOINED)
		return 0;
	if (b->v[MAIL_UID][0] <= a->v[MAIL_UID][a->n - 1])
		return damaged(db, box, b_upto);
	mailgroup_copy(a, b, 0, b->n);
	if (group_del(db, box, a_upto) == -1 ||
	    group_put(db, box, b_upto, a) == -1)
		return -1;
	return 1;
}

/* A thin group goes into the next, or else into the one before: 1; 0: no
 * room.  So of two neighbours one is not thin. */
static int
walk_join(struct mailwalk *w)
{
	struct mailgroup	 k UNINIT;
	uint32_t		 upto;
	int			 rv = 0;

	if (w->upto != TAIL)
		rv = group_load(w->db, w->box, AT, w->upto + 1, true, &upto,
		    &k);
	if (rv == 1)
		rv = join(w->db, w->box, w->upto, &w->k, upto, &k);
	if (rv != 0)
		return rv;
	rv = group_load(w->db, w->box, BELOW, w->upto, true, &upto, &k);
	if (rv == 1)
		rv = join(w->db, w->box, upto, &k, w->upto, &w->k);
	return rv;
}

int
mailwalk_drop(struct mailwalk *w)
{
	struct mailgroup	*k = &w->k;
	unsigned		 i, n = 0, p = 0;
	int			 col, rv = 0;

	for (i = 0; i < k->n; i++) {
		if (p < w->npick && w->pick[p] == i) {
			p++;
			continue;
		}
		for (col = 0; col < MAIL_COLS; col++)
			k->v[col][n] = k->v[col][i];
		n++;
	}
	k->n = n;
	w->npick = 0;
	if (n == 0)
		return group_del(w->db, w->box, w->upto);
	if (n < ROWS_THIN && (rv = walk_join(w)) != 0)
		return rv == -1 ? -1 : 0;
	return group_put(w->db, w->box, w->upto, k);
}

/* The last group's messages go to the group before if it has room, else the
 * group gets a key of its own: then there is no last group. */
static int
tail_seal(struct db *db, uint64_t box, const struct mailgroup *tail)
{
	struct mailgroup	 k UNINIT;
	uint32_t		 upto, last;
	int			 rv;

	last = (uint32_t)tail->v[MAIL_UID][tail->n - 1];
	rv = group_load(db, box, BELOW, TAIL, true, &upto, &k);
	if (rv == -1)
		return -1;
	if (rv == 0 || k.n + tail->n > MAIL_ROWS)
		return group_rekey(db, box, TAIL, last);
	if (k.v[MAIL_UID][k.n - 1] >= tail->v[MAIL_UID][0])
		return damaged(db, box, TAIL);
	mailgroup_copy(&k, tail, 0, tail->n);
	if (group_del(db, box, upto) == -1 || group_del(db, box, TAIL) == -1)
		return -1;
	return group_put(db, box, last, &k);
}

int
mailset_append(struct db *db, uint64_t box, const struct mailgroup *k)
{
	struct mailgroup	 tail UNINIT;
	uint32_t		 upto;
	unsigned		 i, n, most;
	int			 rv;

	tail.n = 0;
	if ((rv = group_load(db, box, AT, TAIL, true, &upto, &tail)) == -1)
		return -1;
	if (rv == 1 && tail.v[MAIL_UID][tail.n - 1] >= k->v[MAIL_UID][0])
		return damaged(db, box, TAIL);
	for (i = 0; i < k->n; i += n) {
		if (tail.n >= ROWS_TAIL) {
			if (tail_seal(db, box, &tail) == -1)
				return -1;
			tail.n = 0;
		}
		most = tail.n + k->n - i > ROWS_TAIL ? MAIL_ROWS : ROWS_TAIL;
		n = most - tail.n < k->n - i ? most - tail.n : k->n - i;
		mailgroup_copy(&tail, k, i, n);
		if (group_put(db, box, TAIL, &tail) == -1)
			return -1;
	}
	return 0;
}
