/* The index: records applied, counters, sets, keywords, rollback, what is
 * discarded, and how long the large ones take. */
#include "common/compat.h"

#include <sys/stat.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/log.h"
#include "common/test.h"
#include "storaged/index/index_read.h"

static char	 dir[] = "/tmp/pail-index.XXXXXX";
static uint64_t	 next_number;

static struct record
rec(enum record_type type, uint64_t box)
{
	struct record	 r;

	memset(&r, 0, sizeof(r));
	r.type = type;
	r.box = box;
	r.number = next_number + 1;
	return r;
}

static int
put(struct index *ix, struct record *r)
{
	int	 rv = index_apply(ix, r, 1);

	if (rv == 0)
		next_number = r->number;
	uidset_free(&r->uids);
	return rv;
}

static int
create(struct index *ix, uint64_t box, const char *name, uint32_t v)
{
	struct record	 r = rec(RECORD_CREATE, box);

	r.name = str_from(name);
	r.uidvalidity = v;
	return put(ix, &r);
}

static int
add(struct index *ix, uint64_t box, uint32_t uid, uint8_t flags,
    struct str *kw, size_t nkw)
{
	struct record	 r = rec(RECORD_ADD, box);

	r.uid = uid;
	r.flags = flags;
	r.keywords = kw;
	r.nkeywords = nkw;
	r.size = 100 + uid;
	r.date = 1000;
	r.zone = -60;
	r.savedate = 2000;
	r.threadid = 7;
	r.place.where = RECORD_MSG;
	r.place.object[0] = (uint8_t)uid;
	return put(ix, &r);
}

static int
store(struct index *ix, uint64_t box, uint32_t a, uint32_t b, uint8_t how,
    uint8_t flags, struct str *kw, size_t nkw)
{
	struct record	 r = rec(RECORD_FLAGS, box);

	uidset_add(&r.uids, a, b);
	r.how = how;
	r.flags = flags;
	r.keywords = kw;
	r.nkeywords = nkw;
	return put(ix, &r);
}

static int
expunge(struct index *ix, uint64_t box, uint32_t a, uint32_t b)
{
	struct record	 r = rec(RECORD_EXPUNGE, box);

	uidset_add(&r.uids, a, b);
	return put(ix, &r);
}

static int
commit(struct index *ix)
{
	struct state_mark	 m = ix->next;

	m.commit++;
	m.history[0] = 1;
	return index_commit(ix, &m);
}

static void
test_mail(struct index *ix)
{
	struct str	 kw[2] = { STR("$Work"), STR("later") };
	struct str	 kw2[1] = { STR("$WORK") };
	struct kwnums	 nums;
	struct meta_col	 rows[8];
	struct change_list changes;
	struct change	*ch;
	struct box	 box;
	struct record	 r;
	struct uidset	 all = UIDSET_INIT;

	CHECK(index_begin(ix) == 0);
	CHECK(create(ix, 11, "INBOX", 100) == 0);
	CHECK(create(ix, 12, "a/b", 101) == 0);
	CHECK(create(ix, 13, "INBOX", 102) == -1);
	CHECK(add(ix, 11, 1, 0, kw, 2) == 0);
	CHECK(add(ix, 11, 2, MBOX_SEEN, NULL, 0) == 0);
	CHECK(add(ix, 11, 5, MBOX_DELETED, kw2, 1) == 0);
	CHECK(add(ix, 11, 5, 0, NULL, 0) == -1);	/* UID not new */
	CHECK(add(ix, 99, 6, 0, NULL, 0) == -1);	/* no such box */
	CHECK(box_by_name(&ix->read, STR("INBOX"), &box) == 0);
	CHECK(commit(ix) == 0);
	index_take_changes(ix, &changes);
	ch = TAILQ_FIRST(&changes);
	CHECK(ch != NULL && ch->kind == CHANGE_KEYWORDS && ch->uids.n == 1);
	change_list_free(&changes);

	CHECK(box_by_name(&ix->read, STR("INBOX"), &box) == 1);
	CHECK(box.messages == 3 && box.unseen == 2 && box.deleted == 1 &&
	    box.size == 308 && box.uidnext == 6 && box.modseq == 5);
	uidset_add(&all, 1, UINT32_MAX);
	CHECK(read_meta(ix, 11, &all, 1, true, rows, 8) == 3);
	CHECK(rows[0].uid == 1 && rows[2].uid == 5 && rows[2].zone == -60 &&
	    rows[2].size == 105 && rows[2].savedate == 2000);
	CHECK(kwset_get(&ix->read, rows[0].kw, &nums) == 0 && nums.n == 2);
	CHECK(kwset_get(&ix->read, rows[2].kw, &nums) == 0 && nums.n == 1 &&
	    nums.v[0] == 1);
	CHECK(read_meta(ix, 11, &all, 2, true, rows, 1) == 1 &&
	    rows[0].uid == 2);

	/* STORE, COPY, EXPUNGE; the message lives while it is referenced */
	CHECK(index_begin(ix) == 0);
	CHECK(store(ix, 11, 1, 2, MBOX_STORE_ADD, MBOX_SEEN, kw2, 1) == 0);
	CHECK(store(ix, 11, 1, 1, MBOX_STORE_REMOVE, 0, kw, 2) == 0);
	CHECK(store(ix, 11, 3, 3, MBOX_STORE_ADD, 1, NULL, 0) == -1);
	r = rec(RECORD_COPY, 11);
	uidset_add(&r.uids, 1, 2);
	uidset_add(&r.uids, 5, 5);
	r.dst = 12;
	r.dst_first = 1;
	r.savedate = 3000;
	CHECK(put(ix, &r) == 0);
	CHECK(expunge(ix, 11, 1, 2) == 0);
	CHECK(ix->ndead == 0);
	CHECK(expunge(ix, 12, 1, 1) == 0);
	CHECK(ix->ndead == 1 && ix->dead[0].object[0] == 1);
	CHECK(expunge(ix, 12, 1, 1) == -1);
	CHECK(commit(ix) == 0);
	CHECK(read_meta(ix, 12, &all, 1, true, rows, 8) == 2);
	CHECK(rows[0].uid == 2 && rows[0].flags == MBOX_SEEN &&
	    rows[1].uid == 3 && rows[1].savedate == 3000 &&
	    rows[1].date == 1000);
	CHECK(box_by_id(&ix->read, 11, &box) == 1 && box.messages == 1 &&
	    box.unseen == 1 && box.size == 105 && box.deleted == 1);
	CHECK(box_by_id(&ix->read, 12, &box) == 1 && box.messages == 2 &&
	    box.uidnext == 4 && box.size == 207 && box.unseen == 1);
	CHECK(box_has_children(&ix->read, "a") == 1);
	CHECK(box_has_children(&ix->read, "a/b") == 0);
	uidset_free(&all);
}

static void
test_rollback(struct index *ix)
{
	struct box		 box;
	uint8_t			 d1[32], d2[32], d3[32];

	CHECK(index_state_hash(ix, d1) == 0);
	CHECK(index_begin(ix) == 0);
	CHECK(add(ix, 11, 6, 0, NULL, 0) == 0);
	CHECK(index_save(ix) == 0);
	CHECK(add(ix, 11, 7, 0, NULL, 0) == 0);
	CHECK(uidset_count(&TAILQ_LAST(&ix->changes, change_list)->uids) ==
	    2);
	index_back(ix);
	next_number--;
	CHECK(uidset_count(&TAILQ_LAST(&ix->changes, change_list)->uids) ==
	    1);
	CHECK(index_state_hash(ix, d2) == 0 && memcmp(d1, d2, 32) != 0);
	index_rollback(ix);
	next_number--;
	CHECK(TAILQ_EMPTY(&ix->changes));
	CHECK(index_state_hash(ix, d3) == 0 && memcmp(d1, d3, 32) == 0);
	CHECK(box_by_id(&ix->hot, 11, &box) == 1 && box.uidnext == 6);
	CHECK(!index_failed(ix));
}

static void
test_boxes(struct index *ix)
{
	struct record	 r;
	struct box	 box;
	char		 name[64];

	CHECK(index_begin(ix) == 0);
	r = rec(RECORD_RENAME, 12);
	r.name = STR("c");
	CHECK(put(ix, &r) == 0);
	r = rec(RECORD_SUBSCRIBE, 0);
	r.name = STR("c");
	r.on = true;
	CHECK(put(ix, &r) == 0);
	r = rec(RECORD_SUBSCRIBE, 0);
	r.name = STR("none");
	r.on = true;
	CHECK(put(ix, &r) == 0);
	CHECK(commit(ix) == 0);
	CHECK(box_by_name(&ix->read, STR("c"), &box) == 1 && box.id == 12);
	CHECK(sub_orphan_after(&ix->read, STR(""), name, sizeof(name)) == 1 &&
	    strcmp(name, "none") == 0);
	CHECK(sub_orphan_after(&ix->read, STR("none"), name,
	    sizeof(name)) == 0);
	CHECK(index_begin(ix) == 0);
	r = rec(RECORD_DELETE, 12);
	CHECK(put(ix, &r) == 0);
	CHECK(ix->ndead == 1);		/* UID 5 is still in INBOX */
	CHECK(commit(ix) == 0);
	CHECK(box_by_id(&ix->read, 12, &box) == 0);
}

static double
now(void)
{
	return (double)clock_us() / 1e3;
}

/* The numbers are generous (a loaded machine, sanitizers): they catch what
 * has become quadratic. */
static void
test_large(struct index *ix, uint32_t n)
{
	static struct meta_col	 rows[512];
	struct uidset		 all = UIDSET_INIT, odd = UIDSET_INIT;
	struct record		 r;
	uint32_t		 uid, from;
	double			 t;
	int			 got, sum = 0;

	CHECK(index_begin(ix) == 0);
	CHECK(create(ix, 50, "large", 200) == 0);
	CHECK(create(ix, 51, "copy", 201) == 0);
	t = now();
	for (uid = 1; uid <= n; uid++)
		if (add(ix, 50, uid, 0, NULL, 0) == -1)
			break;
	CHECK(uid == n + 1);
	printf("ADD of %u: %.1f ms\n", n, now() - t);
	CHECK(now() - t < 5000);
	CHECK(commit(ix) == 0);
	change_list_free(&ix->changes);
	uidset_add(&all, 1, UINT32_MAX);

	t = now();
	for (from = 1; (got = read_meta(ix, 50, &all, from, true, rows,
	    512)) > 0;
	    from = rows[got - 1].uid + 1)
		sum += got;
	printf("columns of %u messages: %.1f ms\n", n, now() - t);
	CHECK(sum == (int)n);
	CHECK(now() - t < 2000);

	CHECK(index_begin(ix) == 0);
	t = now();
	CHECK(store(ix, 50, 1, n, MBOX_STORE_ADD, MBOX_FLAGGED, NULL, 0) ==
	    0);
	printf("STORE 1:%u: %.1f ms\n", n, now() - t);
	CHECK(now() - t < 2000);
	for (uid = 1; uid <= n; uid += 2)
		uidset_add(&odd, uid, uid);
	r = rec(RECORD_FLAGS, 50);
	uidset_copy(&r.uids, &odd);
	r.how = MBOX_STORE_ADD;
	r.flags = MBOX_SEEN;
	t = now();
	CHECK(put(ix, &r) == 0);
	printf("STORE every other of %u: %.1f ms\n", n, now() - t);
	CHECK(now() - t < 2000);
	r = rec(RECORD_COPY, 50);
	uidset_add(&r.uids, 1, n);
	r.dst = 51;
	r.dst_first = 1;
	t = now();
	CHECK(put(ix, &r) == 0);
	printf("COPY 1:%u: %.1f ms\n", n, now() - t);
	CHECK(now() - t < 3000);
	t = now();
	CHECK(expunge(ix, 50, 1, n) == 0);
	printf("EXPUNGE 1:%u: %.1f ms\n", n, now() - t);
	CHECK(now() - t < 3000);
	CHECK(ix->ndead == 0);
	t = now();
	CHECK(commit(ix) == 0);
	printf("COMMIT: %.1f ms\n", now() - t);
	change_list_free(&ix->changes);
	uidset_free(&all);
	uidset_free(&odd);
}

/* A user that is closed and opened often creates no files. */
static void
test_files_stay(void)
{
	static const char *const suffix[] = { "", "-wal" };
	struct index	*ix;
	struct stat	 before[2], after[2];
	char		 path[128];
	size_t		 i;
	int		 turn;

	for (turn = 0; turn < 2; turn++) {
		CHECK((ix = index_open(dir, "u")) != NULL && !ix->fresh);
		index_rest(ix);
		for (i = 0; i < nitems(suffix); i++) {
			snprintf(path, sizeof(path), "%s/u.hot%s", dir,
			    suffix[i]);
			CHECK(stat(path, &after[i]) == 0);
			CHECK(turn == 0 ||
			    before[i].st_ino == after[i].st_ino);
		}
		CHECK(after[1].st_size == 0);
		/* The log's index is in memory. */
		snprintf(path, sizeof(path), "%s/u.hot-shm", dir);
		CHECK(access(path, F_OK) == -1);
		memcpy(before, after, sizeof(before));
		CHECK(index_wake(ix) == 0);
		index_close(ix, turn == 0);
	}
}

static void
other_boot(const char *path)
{
	struct db	 db;

	CHECK(db_open(&db, path, false, false, NULL, 0) == 0);
	CHECK(db_exec(&db, "UPDATE meta SET boot='x'") == 0);
	db_close(&db);
}

static void
test_reopen(void)
{
	struct index	*ix;
	struct box	 box;
	char		 path[128];
	FILE		*f;

	CHECK((ix = index_open(dir, "u")) != NULL && !ix->fresh);
	CHECK(ix->mark.records == next_number && ix->mark.history[0] == 1 &&
	    ix->mark.uidvalidity == 201);
	CHECK(box_by_id(&ix->read, 11, &box) == 1 && box.messages == 1);
	index_close(ix, true);
	/* another boot after a clean stop: kept; without one: not */
	snprintf(path, sizeof(path), "%s/u.hot", dir);
	other_boot(path);
	CHECK((ix = index_open(dir, "u")) != NULL && !ix->fresh);
	index_close(ix, false);
	other_boot(path);
	CHECK((ix = index_open(dir, "u")) != NULL && ix->fresh &&
	    ix->mark.records == 0);
	index_close(ix, false);
	/* no database at all */
	CHECK((f = fopen(path, "w")) != NULL);
	fputs("This is no database, and long enough to be read as one. "
	    "It goes on so that the header is complete: 100 bytes.....", f);
	fclose(f);
	CHECK((ix = index_open(dir, "u")) != NULL && ix->fresh);
	CHECK(index_reset(ix) == 0 && ix->fresh && !index_failed(ix));
	index_close(ix, false);
	index_unlink(path);
	CHECK(access(path, F_OK) == -1);
}

int
main(void)
{
	struct index	*ix;

	log_init("index_test");
	if (mkdtemp(dir) == NULL)
		return 1;
	CHECK((ix = index_open(dir, "u")) != NULL && ix->fresh);
	test_mail(ix);
	test_rollback(ix);
	test_boxes(ix);
	test_large(ix, 20000);
	index_close(ix, false);
	test_files_stay();
	test_reopen();
	CHECK(rmdir(dir) == 0);
	return TEST_END();
}
