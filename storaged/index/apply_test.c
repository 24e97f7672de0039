/*
 * What apply takes and refuses: a table of records at the edges of a small
 * index.  A record that does not fit is damage, and leaves nothing behind.
 */
#include "common/compat.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/log.h"
#include "common/test.h"
#include "storaged/index/index_read.h"

#define A	11		/* INBOX: UIDs 1, 2, 3, and 7 */
#define B	12		/* b: UID 5 */
#define NONE	13		/* there is none */
#define LONG	(MBOX_NAME_MAX + 1)

static char	 dir[] = "/tmp/pail-apply.XXXXXX";
static char	 long_name[LONG];

static const struct row {
	const char	*what;
	enum record_type type;
	uint64_t	 box;
	struct { uint32_t first, last; } uids[2];
	uint64_t	 dst;
	uint32_t	 dst_first;
	uint32_t	 uid;		/* of ADD */
	struct str	 name;
	uint32_t	 uidvalidity;
	uint64_t	 size;
	uint8_t		 how;
	int		 rv;
} rows[] = {
	{ .what = "create", .type = RECORD_CREATE, .box = NONE,
	    .name = STR("c"), .uidvalidity = 9 },
	{ .what = "create, a known name", .type = RECORD_CREATE, .box = NONE,
	    .name = STR("b"), .uidvalidity = 9, .rv = -1 },
	{ .what = "create, a known id", .type = RECORD_CREATE, .box = B,
	    .name = STR("c"), .uidvalidity = 9, .rv = -1 },
	{ .what = "create, id 0", .type = RECORD_CREATE, .box = 0,
	    .name = STR("c"), .uidvalidity = 9, .rv = -1 },
	{ .what = "create, UIDVALIDITY 0", .type = RECORD_CREATE,
	    .box = NONE, .name = STR("c"), .rv = -1 },
	{ .what = "create, no name", .type = RECORD_CREATE, .box = NONE,
	    .name = STR(""), .uidvalidity = 9, .rv = -1 },
	{ .what = "create, the longest name", .type = RECORD_CREATE,
	    .box = NONE, .name = { long_name, LONG - 1 }, .uidvalidity = 9 },
	{ .what = "create, a longer name", .type = RECORD_CREATE,
	    .box = NONE, .name = { long_name, LONG }, .uidvalidity = 9,
	    .rv = -1 },
	{ .what = "create, a NUL", .type = RECORD_CREATE, .box = NONE,
	    .name = { "c\0d", 3 }, .uidvalidity = 9, .rv = -1 },
	{ .what = "rename", .type = RECORD_RENAME, .box = B,
	    .name = STR("c") },
	{ .what = "rename to a known name", .type = RECORD_RENAME, .box = B,
	    .name = STR("INBOX"), .rv = -1 },
	{ .what = "rename to nothing", .type = RECORD_RENAME, .box = B,
	    .name = STR(""), .rv = -1 },
	{ .what = "rename of none", .type = RECORD_RENAME, .box = NONE,
	    .name = STR("c"), .rv = -1 },
	{ .what = "delete", .type = RECORD_DELETE, .box = B },
	{ .what = "delete of none", .type = RECORD_DELETE, .box = NONE,
	    .rv = -1 },
	{ .what = "subscribe", .type = RECORD_SUBSCRIBE, .name = STR("x") },
	{ .what = "subscribe to nothing", .type = RECORD_SUBSCRIBE,
	    .name = STR(""), .rv = -1 },
	{ .what = "add", .type = RECORD_ADD, .box = A, .uid = 8,
	    .size = UINT32_MAX },
	{ .what = "add behind a gap", .type = RECORD_ADD, .box = A,
	    .uid = 800 },
	{ .what = "add, a UID that was", .type = RECORD_ADD, .box = A,
	    .uid = 7, .rv = -1 },
	{ .what = "add, UID 0", .type = RECORD_ADD, .box = A, .rv = -1 },
	{ .what = "add, the last UID", .type = RECORD_ADD, .box = A,
	    .uid = UINT32_MAX - 1 },
	{ .what = "add, beyond it", .type = RECORD_ADD, .box = A,
	    .uid = UINT32_MAX, .rv = -1 },
	{ .what = "add, too big", .type = RECORD_ADD, .box = A, .uid = 8,
	    .size = (uint64_t)UINT32_MAX + 1, .rv = -1 },
	{ .what = "add to none", .type = RECORD_ADD, .box = NONE, .uid = 8,
	    .rv = -1 },
	{ .what = "copy", .type = RECORD_COPY, .box = A,
	    .uids = { { 1, 3 } }, .dst = B, .dst_first = 6 },
	{ .what = "copy behind a gap", .type = RECORD_COPY, .box = A,
	    .uids = { { 1, 2 }, { 7, 7 } }, .dst = B, .dst_first = 60 },
	{ .what = "copy into itself", .type = RECORD_COPY, .box = A,
	    .uids = { { 7, 7 } }, .dst = A, .dst_first = 8 },
	{ .what = "copy, a UID that was", .type = RECORD_COPY, .box = A,
	    .uids = { { 1, 3 } }, .dst = B, .dst_first = 5, .rv = -1 },
	{ .what = "copy to UID 0", .type = RECORD_COPY, .box = A,
	    .uids = { { 1, 3 } }, .dst = B, .dst_first = 0, .rv = -1 },
	{ .what = "copy, the last UIDs", .type = RECORD_COPY, .box = A,
	    .uids = { { 1, 3 } }, .dst = B, .dst_first = UINT32_MAX - 3 },
	{ .what = "copy, beyond them", .type = RECORD_COPY, .box = A,
	    .uids = { { 1, 3 } }, .dst = B, .dst_first = UINT32_MAX - 2,
	    .rv = -1 },
	{ .what = "copy of none", .type = RECORD_COPY, .box = A,
	    .dst = B, .dst_first = 6, .rv = -1 },
	{ .what = "copy of one too many", .type = RECORD_COPY, .box = A,
	    .uids = { { 1, 4 } }, .dst = B, .dst_first = 6, .rv = -1 },
	{ .what = "copy from none", .type = RECORD_COPY, .box = NONE,
	    .uids = { { 1, 3 } }, .dst = B, .dst_first = 6, .rv = -1 },
	{ .what = "copy to none", .type = RECORD_COPY, .box = A,
	    .uids = { { 1, 3 } }, .dst = NONE, .dst_first = 6, .rv = -1 },
	{ .what = "flags", .type = RECORD_FLAGS, .box = A,
	    .uids = { { 2, 3 } }, .how = MBOX_STORE_REMOVE },
	{ .what = "flags, one too many", .type = RECORD_FLAGS, .box = A,
	    .uids = { { 2, 4 } }, .how = MBOX_STORE_ADD, .rv = -1 },
	{ .what = "flags of none", .type = RECORD_FLAGS, .box = A,
	    .how = MBOX_STORE_ADD, .rv = -1 },
	{ .what = "flags, an unknown way", .type = RECORD_FLAGS, .box = A,
	    .uids = { { 2, 3 } }, .how = MBOX_STORE_REMOVE + 1, .rv = -1 },
	{ .what = "flags in none", .type = RECORD_FLAGS, .box = NONE,
	    .uids = { { 2, 3 } }, .how = MBOX_STORE_ADD, .rv = -1 },
	{ .what = "expunge", .type = RECORD_EXPUNGE, .box = A,
	    .uids = { { 2, 3 }, { 7, 7 } } },
	{ .what = "expunge, one too many", .type = RECORD_EXPUNGE, .box = A,
	    .uids = { { 2, 3 }, { 6, 7 } }, .rv = -1 },
	{ .what = "expunge of none", .type = RECORD_EXPUNGE, .box = A,
	    .rv = -1 },
	{ .what = "expunge in none", .type = RECORD_EXPUNGE, .box = NONE,
	    .uids = { { 2, 3 } }, .rv = -1 },
};

static int
apply(struct index *ix, const struct row *row, uint64_t number)
{
	struct record	 r;
	size_t		 i;
	int		 rv;

	memset(&r, 0, sizeof(r));
	r.number = number;
	r.type = row->type;
	r.box = row->box;
	for (i = 0; i < 2; i++)
		if (row->uids[i].first != 0)
			uidset_add(&r.uids, row->uids[i].first,
			    row->uids[i].last);
	r.dst = row->dst;
	r.dst_first = row->dst_first;
	r.uid = row->uid;
	r.name = row->name;
	r.uidvalidity = row->uidvalidity;
	r.size = row->size;
	r.how = row->how;
	r.flags = MBOX_SEEN;
	r.on = true;
	rv = index_apply(ix, &r, 1);
	uidset_free(&r.uids);
	return rv;
}

static const struct row before[] = {
	{ .type = RECORD_CREATE, .box = A, .name = STR("INBOX"),
	    .uidvalidity = 5 },
	{ .type = RECORD_CREATE, .box = B, .name = STR("b"),
	    .uidvalidity = 6 },
	{ .type = RECORD_ADD, .box = A, .uid = 1 },
	{ .type = RECORD_ADD, .box = A, .uid = 2 },
	{ .type = RECORD_ADD, .box = A, .uid = 3 },
	{ .type = RECORD_ADD, .box = A, .uid = 7 },
	{ .type = RECORD_ADD, .box = B, .uid = 5 },
};

static void
commit(struct index *ix)
{
	struct state_mark	 m = ix->next;

	m.commit++;
	m.history[0] = 1;
	CHECK(index_commit(ix, &m) == 0);
}

static void
test_rows(struct index *ix)
{
	uint8_t		 was[32], is[32];
	size_t		 i;
	int		 rv;

	CHECK(index_state_hash(ix, was) == 0);
	for (i = 0; i < nitems(rows); i++) {
		CHECK(index_begin(ix) == 0);
		rv = apply(ix, &rows[i], nitems(before) + 1);
		CHECK_ROW(rv == rows[i].rv, "%s: %d", rows[i].what, rv);
		CHECK_ROW(ix->next.records == nitems(before) + (rv == 0),
		    "%s: number", rows[i].what);
		index_rollback(ix);
		CHECK(index_state_hash(ix, is) == 0 &&
		    memcmp(was, is, sizeof(is)) == 0);
		CHECK(ix->ndead == 0 && TAILQ_EMPTY(&ix->changes));
	}
	/* A number that is not the next, an unknown type. */
	CHECK(index_begin(ix) == 0);
	CHECK(apply(ix, &rows[0], nitems(before)) == -1);
	CHECK(apply(ix, &rows[0], nitems(before) + 2) == -1);
	index_rollback(ix);
}

/* What each takes from the counters, and what dies with its last reference. */
static void
test_counts(struct index *ix)
{
	static const struct {
		const char *what;	/* of rows */
		uint64_t messages, unseen, uidnext, other, other_next;
		size_t	 dead;
	} want[] = {
		{ "copy", 4, 0, 8, 4, 9, 0 },
		{ "copy behind a gap", 4, 0, 8, 4, 63, 0 },
		{ "copy into itself", 5, 0, 9, 1, 6, 0 },
		{ "flags", 4, 2, 8, 1, 6, 0 },
		{ "expunge", 1, 0, 8, 1, 6, 3 },
		{ "add behind a gap", 5, 0, 801, 1, 6, 0 },
	};
	struct box	 a, b;
	size_t		 i, n;

	for (i = 0; i < nitems(want); i++) {
		for (n = 0; n < nitems(rows); n++)
			if (strcmp(rows[n].what, want[i].what) == 0)
				break;
		CHECK(n < nitems(rows) && index_begin(ix) == 0);
		CHECK(apply(ix, &rows[n], nitems(before) + 1) == 0);
		CHECK(box_by_id(&ix->hot, A, &a) == 1 &&
		    box_by_id(&ix->hot, B, &b) == 1);
		CHECK_ROW(a.messages == want[i].messages &&
		    a.unseen == want[i].unseen &&
		    a.uidnext == want[i].uidnext &&
		    b.messages == want[i].other &&
		    b.uidnext == want[i].other_next &&
		    ix->ndead == want[i].dead,
		    "%s: %llu messages, %llu unseen, UIDNEXT %llu; %llu, "
		    "UIDNEXT %llu; %zu dead", want[i].what,
		    (unsigned long long)a.messages,
		    (unsigned long long)a.unseen,
		    (unsigned long long)a.uidnext,
		    (unsigned long long)b.messages,
		    (unsigned long long)b.uidnext, ix->ndead);
		index_rollback(ix);
	}
}

int
main(void)
{
	struct index	*ix;
	size_t		 i;
	char		 path[128];

	log_init("apply_test");
	log_set_level(LOG_LEVEL_ERROR);
	memset(long_name, 'n', sizeof(long_name));
	if (mkdtemp(dir) == NULL)
		return 1;
	CHECK((ix = index_open(dir, "u")) != NULL);
	CHECK(index_begin(ix) == 0);
	for (i = 0; i < nitems(before); i++)
		CHECK(apply(ix, &before[i], i + 1) == 0);
	commit(ix);
	change_list_free(&ix->changes);
	test_rows(ix);
	test_counts(ix);
	index_close(ix, false);
	snprintf(path, sizeof(path), "%s/u.hot", dir);
	index_unlink(path);
	snprintf(path, sizeof(path), "%s/u.cold", dir);
	index_unlink(path);
	CHECK(rmdir(dir) == 0);
	return TEST_END();
}
