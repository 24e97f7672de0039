/* The groups of a mailbox against a plain array of messages: appended,
 * changed and removed at random and at each edge; damaged ones. */
#include "common/compat.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/log.h"
#include "common/msg_mbox.h"
#include "common/test.h"
#include "storaged/index/index.h"
#include "storaged/index/mailset.h"

#define BOX	((uint64_t)-77)		/* ids are any 64 bits */
#define MODEL_MAX	20000

static char		 dir[] = "/tmp/pail-mailset.XXXXXX";
static struct index	*ix;
static struct row { int64_t v[MAIL_COLS]; } model[MODEL_MAX];
static unsigned		 nmodel;
static int64_t		 uidnext;
static uint64_t		 seed;

static unsigned
dice(unsigned n)
{
	seed = seed * 6364136223846793005u + 1442695040888963407u;
	return (unsigned)(seed >> 33) % n;
}

static int64_t
count(const char *sql)
{
	sqlite3_stmt	*st;
	int64_t		 n = -1;

	if (sqlite3_prepare_v2(ix->hot.h, sql, -1, &st, NULL) == SQLITE_OK &&
	    sqlite3_step(st) == SQLITE_ROW)
		n = db_int(st, 0);
	sqlite3_finalize(st);
	return n;
}

static void
empty(void)
{
	CHECK(db_exec(&ix->hot, "DELETE FROM mail; DELETE FROM fact;") == 0);
	nmodel = 0;
	uidnext = 1;
}

/* n messages at the end, with gaps of up to gap UIDs. */
static void
append(unsigned n, unsigned gap)
{
	struct mailgroup	 k;
	unsigned		 i;
	int			 col;

	k.n = n;
	for (i = 0; i < n; i++) {
		uidnext += gap == 0 ? 0 : dice(gap);
		for (col = 0; col < MAIL_COLS; col++)
			k.v[col][i] = dice(1000);
		k.v[MAIL_UID][i] = uidnext++;
		k.v[MAIL_FLAGS][i] &= MBOX_FLAGS_ALL;
		k.v[MAIL_DATE][i] -= 500;
		for (col = 0; col < MAIL_COLS; col++)
			model[nmodel].v[col] = k.v[col][i];
		nmodel++;
	}
	CHECK(mailset_append(&ix->hot, BOX, &k) == 0);
}

static struct uidset
pick_set(unsigned ranges)
{
	struct uidset	 s = UIDSET_INIT;
	unsigned	 first, span = (unsigned)uidnext + 100;

	while (ranges-- > 0) {
		first = 1 + dice(span);
		(void)uidset_add(&s, first, first + dice(dice(3) == 0 ?
		    span : 20));
	}
	if (dice(10) == 0)
		(void)uidset_add(&s, UINT32_MAX, UINT32_MAX);
	return s;
}

static bool
row_same(const struct mailwalk *w, unsigned i, const struct row *r)
{
	int	 col, cols = w->facts ? MAIL_COLS : MAIL_SIZE;

	for (col = 0; col < cols; col++)
		if (w->k.v[col][i] != r->v[col])
			return false;
	return true;
}

/* Does a walk give what the array holds? */
static bool
same(const struct uidset *set, uint32_t from, bool facts)
{
	struct mailwalk	 w;
	unsigned	 i, at = 0;
	int		 rv;

	mailwalk_init(&w, &ix->hot, BOX, set, from, facts);
	while ((rv = mailwalk_next(&w)) == 1)
		for (i = 0; i < w.npick; i++) {
			while (at < nmodel &&
			    (model[at].v[MAIL_UID] < (int64_t)from ||
			    (set != NULL && !uidset_has(set,
			    (uint32_t)model[at].v[MAIL_UID]))))
				at++;
			if (at == nmodel || !row_same(&w, w.pick[i],
			    &model[at++]))
				return false;
		}
	for (; at < nmodel; at++)
		if (model[at].v[MAIL_UID] >= (int64_t)from && (set == NULL ||
		    uidset_has(set, (uint32_t)model[at].v[MAIL_UID])))
			return false;
	return rv == 0;
}

static void
drop(const struct uidset *set)
{
	struct mailwalk	 w;
	unsigned	 i, n = 0;
	int		 rv;

	mailwalk_init(&w, &ix->hot, BOX, set, 1, true);
	while ((rv = mailwalk_next(&w)) == 1)
		if (mailwalk_drop(&w) == -1)
			break;
	CHECK(rv == 0);
	for (i = 0; i < nmodel; i++)
		if (!uidset_has(set, (uint32_t)model[i].v[MAIL_UID]))
			model[n++] = model[i];
	nmodel = n;
}

static void
change(const struct uidset *set, int64_t flags)
{
	struct mailwalk	 w;
	unsigned	 i;
	int		 rv;

	mailwalk_init(&w, &ix->hot, BOX, set, 1, false);
	while ((rv = mailwalk_next(&w)) == 1) {
		for (i = 0; i < w.npick; i++) {
			w.k.v[MAIL_FLAGS][w.pick[i]] = flags;
			w.k.v[MAIL_KW][w.pick[i]] = flags << 33;
		}
		if (mailwalk_put(&w) == -1)
			break;
	}
	CHECK(rv == 0);
	for (i = 0; i < nmodel; i++)
		if (uidset_has(set, (uint32_t)model[i].v[MAIL_UID])) {
			model[i].v[MAIL_FLAGS] = flags;
			model[i].v[MAIL_KW] = flags << 33;
		}
}

static void
test_random(unsigned rounds)
{
	struct uidset	 s;
	unsigned	 i;

	empty();
	for (i = 0; i < rounds && test_failed == 0; i++) {
		s = pick_set(1 + dice(12));
		switch (dice(8)) {
		case 0:
		case 1:
		case 2:
			if (nmodel + MAIL_ROWS <= MODEL_MAX)
				append(1 + dice(MAIL_ROWS), dice(4));
			break;
		case 3:
			append(1, 0);
			break;
		case 4:
			drop(&s);
			break;
		default:
			change(&s, dice(32));
			break;
		}
		CHECK(same(&s, dice(2) == 0 ? 1 : 1 + dice((unsigned)
		    uidnext), dice(2) == 0));
		uidset_free(&s);
		CHECK(same(NULL, 1, true));
		CHECK(count("SELECT (SELECT count(*) FROM mail) - "
		    "(SELECT count(*) FROM fact)") == 0);
		/* Of two neighbours one is not thin, but at the end. */
		CHECK(count("SELECT count(*) FROM mail") <= 4 + 2 *
		    (int64_t)(nmodel / (MAIL_ROWS / 4)));
	}
}

/* Each first and last message of groups removed, alone and together. */
static void
test_edges(void)
{
	struct uidset	 s = UIDSET_INIT;
	unsigned	 a, b, n;

	for (n = MAIL_ROWS - 1; n <= 2 * MAIL_ROWS + 1; n++)
		for (a = 1; a <= n; a += a == 1 ? MAIL_ROWS - 2 : 1) {
			if (a > MAIL_ROWS + 2 && a < n - 1)
				a = n - 1;
			empty();
			for (b = 0; b < n; b += MAIL_ROWS)
				append(n - b < MAIL_ROWS ? n - b :
				    MAIL_ROWS, 0);
			(void)uidset_add(&s, a, a + dice(3));
			drop(&s);
			uidset_clear(&s);
			append(1, 0);
			CHECK(same(NULL, 1, true));
		}
	/* All but one of a group goes: it is joined; then all go. */
	empty();
	append(MAIL_ROWS, 0);
	append(10, 0);
	CHECK(count("SELECT count(*) FROM mail") == 2);
	(void)uidset_add(&s, 1, MAIL_ROWS - 1);
	drop(&s);
	CHECK(count("SELECT count(*) FROM mail") == 1 && nmodel == 11);
	CHECK(same(NULL, 1, true) && same(NULL, MAIL_ROWS, true));
	(void)uidset_add(&s, 1, UINT32_MAX);
	drop(&s);
	CHECK(count("SELECT count(*) FROM fact") == 0 && nmodel == 0);
	append(3, 0);
	CHECK(same(&s, 1, true));
	/* Thinned one after the other, each beside a full one. */
	empty();
	for (b = 0; b < 12; b++)
		append(MAIL_ROWS, 0);
	for (b = 0; b < 12; b++) {
		uidset_clear(&s);
		(void)uidset_add(&s, b * MAIL_ROWS + 2, (b + 1) * MAIL_ROWS);
		drop(&s);
		CHECK(same(NULL, 1, true));
	}
	CHECK(nmodel == 12 && count("SELECT count(*) FROM mail") == 1);
	/* The highest UID. */
	empty();
	uidnext = (int64_t)UINT32_MAX - 1;
	append(1, 0);
	CHECK(same(NULL, 1, true) && same(NULL, UINT32_MAX - 1, false) &&
	    same(NULL, UINT32_MAX, false));
	uidset_free(&s);
}

/* What a damaged file may hold: the walk ends with -1, and so does the
 * index; nothing is made up. */
static void
test_damage(void)
{
	static const char *const sql[] = {
		"UPDATE mail SET state = x''",
		"UPDATE mail SET state = NULL",
		"UPDATE mail SET state = 'text'",
		"UPDATE mail SET state = 17",
		"UPDATE mail SET state = substr(state, 1, length(state) - 1)",
		"UPDATE mail SET state = state || x'00'",
		"UPDATE mail SET upto = 5 WHERE upto = 256",
		"UPDATE mail SET upto = 5000000000 WHERE upto = 4294967295",
		"UPDATE mail SET upto = 'x' WHERE upto = 4294967295",
		"UPDATE fact SET facts = x'00'",
		("UPDATE fact SET facts = (SELECT facts FROM fact "
		    "WHERE upto = 4294967295) WHERE upto = 256"),
		"DELETE FROM fact WHERE upto = 256",
	};
	struct mailwalk	 w;
	struct uidset	 s = UIDSET_INIT;
	size_t		 i;
	int		 rv;

	CHECK(uidset_add(&s, 3, 3) == 0 && uidset_add(&s, 270, 270) == 0);
	for (i = 0; i < nitems(sql); i++) {
		empty();
		append(MAIL_ROWS, 0);
		append(MAIL_ROWS / 2, 0);
		(void)sqlite3_exec(ix->hot.h, sql[i], NULL, NULL, NULL);
		mailwalk_init(&w, &ix->hot, BOX, &s, 1, true);
		while ((rv = mailwalk_next(&w)) == 1)
			continue;
		CHECK_ROW(rv == -1 && ix->hot.failed, "%s", sql[i]);
		ix->hot.failed = false;
	}
	empty();
	append(3, 0);
	uidnext = 3;
	nmodel = 0;
	w.k.n = 1;
	memset(w.k.v, 0, sizeof(w.k.v));
	w.k.v[MAIL_UID][0] = 3;
	CHECK(mailset_append(&ix->hot, BOX, &w.k) == -1 && ix->hot.failed);
	ix->hot.failed = false;
	uidset_free(&s);
}

/*
 * Two groups that do not follow upon one another: of a UID that both have
 * there would be two messages.  Noticed where they meet: when the last group
 * is closed, and when a thin one is joined with it.
 */
static void
test_overlap(void)
{
	static const struct { int64_t first; bool good; } rows[] = {
		{ 21, true }, { 22, true }, { 20, false }, { 19, false },
		{ 1, false }
	};
	struct uidset	 s = UIDSET_INIT;
	struct mailgroup one;
	struct mailwalk	 w;
	size_t		 i;
	unsigned	 seal;

	CHECK(uidset_add(&s, 3, 3) == 0);
	for (i = 0; i < nitems(rows); i++)
		for (seal = 0; seal < 2; seal++) {
			empty();
			append(20, 0);
			CHECK(db_exec(&ix->hot, "UPDATE mail SET upto = 20; "
			    "UPDATE fact SET upto = 20;") == 0);
			uidnext = rows[i].first;
			append(MAIL_ROWS / 8, 0);
			one.n = 1;
			memset(one.v, 0, sizeof(one.v));
			one.v[MAIL_UID][0] = uidnext;
			mailwalk_init(&w, &ix->hot, BOX, &s, 1, true);
			CHECK(mailwalk_next(&w) == 1);
			CHECK_ROW((seal ? mailset_append(&ix->hot, BOX, &one) :
			    mailwalk_drop(&w)) == (rows[i].good ? 0 : -1),
			    "row %zu, %u", i, seal);
			CHECK_ROW(ix->hot.failed == !rows[i].good,
			    "row %zu, %u", i, seal);
			ix->hot.failed = false;
		}
	uidset_free(&s);
}

int
main(void)
{
	char		 path[300];
	unsigned	 i;

	log_init("mailset_test");
	if (mkdtemp(dir) == NULL || (ix = index_open(dir, "u")) == NULL ||
	    index_begin(ix) == -1)
		return 1;
	for (i = 1; i <= 5; i++) {
		seed = i;
		test_random(300);
	}
	test_edges();
	test_damage();
	test_overlap();
	index_close(ix, false);
	snprintf(path, sizeof(path), "%s/u.hot", dir);
	index_unlink(path);
	rmdir(dir);
	return TEST_END();
}
