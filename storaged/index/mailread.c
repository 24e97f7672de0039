/*
 * Messages of a mailbox as answers need them (index_read.h): rows of their
 * groups, joined with what was expunged but may still be asked for, and with
 * where the bytes lie.
 */
#include "common/compat.h"

#include <string.h>

#include "storaged/index/index_read.h"
#include "storaged/index/mailset.h"

#define PAST_GAP	64	/* rows skipped before a seek is cheaper */
#define PLACES_COLS	256	/* messages that are looked up at once */

int
read_uids(struct index *ix, uint64_t box, uint32_t after, unsigned max,
    struct uidset *uids, uint32_t *last, uint32_t *first_unseen)
{
	struct mailwalk	 w UNINIT;
	unsigned	 i, n = 0;
	int		 rv = 1;

	*last = after;
	if (after == UINT32_MAX)
		return 0;
	mailwalk_init(&w, &ix->read, box, NULL, after + 1, false);
	while (n < max && (rv = mailwalk_next(&w)) == 1) {
		for (i = 0; i < w.npick; i++) {
			*last = (uint32_t)w.k.v[MAIL_UID][w.pick[i]];
			if (*first_unseen == 0 && (MBOX_SEEN &
			    w.k.v[MAIL_FLAGS][w.pick[i]]) == 0)
				*first_unseen = *last;
			if (uidset_add(uids, *last, *last) == -1)
				return -1;
		}
		n += w.npick;
	}
	return rv == -1 ? -1 : (int)n;
}

int
read_first_unseen(struct index *ix, uint64_t box, uint32_t *uid)
{
	struct mailwalk	 w UNINIT;
	unsigned	 i;
	int		 rv;

	*uid = 0;
	mailwalk_init(&w, &ix->read, box, NULL, 1, false);
	while ((rv = mailwalk_next(&w)) == 1)
		for (i = 0; i < w.npick; i++)
			if ((w.k.v[MAIL_FLAGS][i] & MBOX_SEEN) == 0) {
				*uid = (uint32_t)w.k.v[MAIL_UID][i];
				return 0;
			}
	return rv;
}

int
read_count_from(struct index *ix, uint64_t box, uint32_t uid,
    uint32_t *count)
{
	struct mailwalk	 w UNINIT;
	int		 rv;

	*count = 0;
	mailwalk_init(&w, &ix->read, box, NULL, uid, false);
	while ((rv = mailwalk_next(&w)) == 1)
		*count += w.npick;
	return rv;
}

static void
row_fill(struct meta_col *r, const struct mailwalk *w, unsigned i)
{
	const struct mailgroup	*k = &w->k;

	memset(r, 0, sizeof(*r));
	r->uid = (uint32_t)k->v[MAIL_UID][i];
	r->flags = (uint8_t)k->v[MAIL_FLAGS][i];
	r->kw = k->v[MAIL_KW][i];
	r->modseq = (uint64_t)k->v[MAIL_MODSEQ][i];
	if (!w->facts)
		return;
	r->date = k->v[MAIL_DATE][i];
	r->zone = (int16_t)k->v[MAIL_ZONE][i];
	r->size = (uint32_t)k->v[MAIL_SIZE][i];
	r->savedate = k->v[MAIL_SAVEDATE][i];
	r->m = (uint64_t)k->v[MAIL_M][i];
}

static void
past_fill(struct meta_col *r, sqlite3_stmt *st)
{
	r->uid = (uint32_t)db_int(st, 0);
	r->flags = (uint8_t)db_int(st, 1);
	r->kw = db_int(st, 2);
	r->modseq = (uint64_t)db_int(st, 3);
	r->date = db_int(st, 4);
	r->zone = (int16_t)db_int(st, 5);
	r->size = (uint32_t)db_int(st, 6);
	r->savedate = db_int(st, 7);
	r->m = (uint64_t)db_int(st, 8);
}

/* Puts a row where its UID belongs among n, of which max are kept. */
static unsigned
row_insert(struct meta_col *rows, unsigned n, unsigned max,
    const struct meta_col *r)
{
	unsigned	 i = n;

	while (i > 0 && rows[i - 1].uid > r->uid)
		i--;
	if (i == max)
		return n;
	if (n == max)
		n--;
	memmove(&rows[i + 1], &rows[i], (n - i) * sizeof(*rows));
	rows[i] = *r;
	return n + 1;
}

/* Adds the expunged ones of the set to n rows; the new number, or -1. */
static int
past_merge(struct index *ix, uint64_t box, const struct uidset *set,
    uint32_t from, struct meta_col *rows, unsigned n, unsigned max)
{
	sqlite3_stmt	*st;
	struct meta_col	 r;
	size_t		 i;
	unsigned	 passed;
	int		 rv = 1;

	while (rv == 1) {
		st = db_st(&ix->read, ST_PAST_META);
		if (db_bind(&ix->read, st, "ui", box, (int64_t)from) == -1)
			return -1;
		for (passed = 0; passed < PAST_GAP && (rv = db_step(
		    &ix->read, st)) == 1;) {
			past_fill(&r, st);
			i = uidset_find(set, r.uid);
			if (i == set->n || (n == max &&
			    r.uid > rows[n - 1].uid)) {
				db_reset(st);
				return (int)n;
			}
			from = set->v[i].first;
			if (from > r.uid) {
				passed++;
				continue;
			}
			n = row_insert(rows, n, max, &r);
			from = r.uid + 1;
		}
	}
	return rv == -1 ? -1 : (int)n;
}

int
read_meta(struct index *ix, uint64_t box, const struct uidset *set,
    uint32_t from, bool facts, struct meta_col *rows, unsigned max)
{
	struct mailwalk	 w UNINIT;
	unsigned	 i, n = 0;
	int		 rv = 1;

	mailwalk_init(&w, &ix->read, box, set, from, facts);
	while (n < max && (rv = mailwalk_next(&w)) == 1)
		for (i = 0; i < w.npick && n < max; i++)
			row_fill(&rows[n++], &w, w.pick[i]);
	if (rv == -1)
		return -1;
	if (ix->npast == 0)
		return (int)n;
	return past_merge(ix, box, set, from, rows, n, max);
}

/* Columns from col on: wh, codec, object, commitno, off, stored, dlen,
 * sha. */
static void
place_fill(sqlite3_stmt *st, int col, struct place *p)
{
	p->at.where = (uint8_t)db_int(st, col);
	p->at.codec = (uint8_t)db_int(st, col + 1);
	(void)db_col_blob(st, col + 2, p->at.object, sizeof(p->at.object));
	p->commit = (uint64_t)db_int(st, col + 3);
	p->at.offset = (uint64_t)db_int(st, col + 4);
	p->at.stored = (uint64_t)db_int(st, col + 5);
	p->at.digest_len = (uint64_t)db_int(st, col + 6);
	(void)db_col_blob(st, col + 7, p->at.sha256, sizeof(p->at.sha256));
}

/* The messages of a run of numbers that follow each other; one that is not
 * there is left out.  How many, or -1. */
static int
places_run(struct index *ix, const struct meta_col *cols, unsigned n,
    struct place *rows)
{
	sqlite3_stmt	*st = db_st(&ix->read, ST_PLACES);
	uint64_t	 m;
	int		 got = 0, rv;

	if (db_bind(&ix->read, st, "uu", cols[0].m, cols[n - 1].m) == -1)
		return -1;
	while ((rv = db_step(&ix->read, st)) == 1) {
		m = (uint64_t)db_int(st, 0);
		rows[got].m = m;
		rows[got].uid = cols[m - cols[0].m].uid;
		rows[got].size = cols[m - cols[0].m].size;
		place_fill(st, 1, &rows[got++]);
	}
	return rv == -1 ? -1 : got;
}

int
read_places(struct index *ix, uint64_t box, const struct uidset *set,
    uint32_t from, struct place *rows, unsigned max)
{
	struct meta_col	 cols[PLACES_COLS];
	unsigned	 i, k, want, n = 0;
	int		 got, rv;

	do {
		want = max - n < PLACES_COLS ? max - n : PLACES_COLS;
		got = read_meta(ix, box, set, from, true, cols, want);
		if (got <= 0)
			break;
		for (i = 0; i < (unsigned)got; i = k) {
			for (k = i + 1; k < (unsigned)got &&
			    cols[k].m == cols[k - 1].m + 1; k++)
				continue;
			if ((rv = places_run(ix, &cols[i], k - i,
			    &rows[n])) == -1)
				return -1;
			n += (unsigned)rv;
		}
		from = cols[got - 1].uid + 1;
	} while ((unsigned)got == want && n < max);
	return got == -1 ? -1 : (int)n;
}

int
read_place(struct index *ix, uint64_t m, uint8_t msgid[16],
    uint64_t *threadid, struct place *place)
{
	sqlite3_stmt	*st = db_st(&ix->read, ST_PLACE);
	int		 rv;

	if (db_bind(&ix->read, st, "u", m) == -1)
		return -1;
	if ((rv = db_step(&ix->read, st)) != 1)
		return rv;
	(void)db_col_blob(st, 0, msgid, 16);
	*threadid = (uint64_t)db_int(st, 1);
	place->m = m;
	place_fill(st, 2, place);
	db_reset(st);
	return 1;
}
