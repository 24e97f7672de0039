/* See index_rules.h. */
#include "common/compat.h"

#include <sqlite3.h>

#include "storaged/index/test/index_rules.h"

/* What a session or this node knows by itself, and no record says. */
static const char *const	 local[] = { "meta", "recent", "past" };
char		 dir[] = "/tmp/pail-rules.XXXXXX";
struct index	*ix;		/* evaluates */
static struct commit	 com;		/* of the batch: it has no uploads */
struct batch	 batch;
uint32_t		 seed;
struct eval_conf conf = { .messages_max = MBOX_MESSAGES_MAX };
static const char	*boxes[] = { "INBOX", "a", "a/b", "c" };

uint64_t
box_id(struct str name)
{
	struct box	 box;

	return box_by_name(&ix->hot, name, &box) == 1 ? box.id : 1;
}

uint32_t
rnd(uint32_t n)
{
	seed = seed * 1103515245 + 12345;
	return (seed >> 8) % n;
}

void
dump(struct db *db, struct buf *out)
{
	sqlite3_stmt	*names, *rows;
	char		 sql[200];
	const char	*name;
	size_t		 k;
	int		 i;

	CHECK(sqlite3_prepare_v2(db->h, "SELECT name FROM sqlite_master"
	    " WHERE type = 'table' ORDER BY name", -1, &names, NULL) ==
	    SQLITE_OK);
	while (sqlite3_step(names) == SQLITE_ROW) {
		name = (const char *)sqlite3_column_text(names, 0);
		for (k = 0; k < nitems(local); k++)
			if (strcmp(name, local[k]) == 0)
				break;
		if (k < nitems(local))
			continue;
		snprintf(sql, sizeof(sql), "SELECT * FROM \"%s\"", name);
		CHECK(sqlite3_prepare_v2(db->h, sql, -1, &rows, NULL) ==
		    SQLITE_OK);
		while (sqlite3_step(rows) == SQLITE_ROW) {
			buf_printf(out, "%s", name);
			for (i = 0; i < sqlite3_column_count(rows); i++) {
				struct str	 s = db_col(rows, i);
				size_t		 j;

				buf_puts(out, "|");
				for (j = 0; j < s.len; j++)
					buf_printf(out, "%02x",
					    (uint8_t)s.p[j]);
			}
			buf_puts(out, "\n");
		}
		sqlite3_finalize(rows);
	}
	sqlite3_finalize(names);
}

void
differ(const struct buf *a, const struct buf *b, const char *what)
{
	size_t	 i = 0, line = 0;

	while (i < a->len && i < b->len && a->data[i] == b->data[i]) {
		if (a->data[i] == '\n')
			line = i + 1;
		i++;
	}
	CHECK_ROW(a->len == b->len && i == a->len,
	    "%s: evaluated %.100s, replayed %.100s", what,
	    line < a->len ? (char *)a->data + line : "(less)",
	    line < b->len ? (char *)b->data + line : "(less)");
}

int
replay(struct index *to)
{
	struct arena	*a = arena_new(0);
	struct cursor	 c;
	struct record	 r;
	uint64_t	 n = 0;
	int		 rv = 0;

	cursor_init(&c, batch.records.data, batch.records.len);
	while (rv == 0 && cursor_left(&c) > 0) {
		arena_reset(a);
		rv = record_decode(&r, &c, a);
		r.number = ++n;
		if (rv == 0)
			rv = index_apply(to, &r, 1);
	}
	arena_free(a);
	return rv == 0 && n == batch.next - 1 ? 0 : -1;
}

void
check_replay(const char *what)
{
	struct buf	 mine = BUF_INIT, other = BUF_INIT;
	struct index	*to = index_open(dir, "replay");

	CHECK(to != NULL && index_begin(to) == 0);
	CHECK_ROW(replay(to) == 0, "%s", what);
	dump(&ix->hot, &mine);
	dump(&to->hot, &other);
	CHECK(mine.len > 0);
	differ(&mine, &other, what);
	CHECK_ROW(ix->usage_next.bytes == to->usage_next.bytes &&
	    ix->usage_next.messages == to->usage_next.messages, "%s", what);
	buf_free(&mine);
	buf_free(&other);
	CHECK(index_reset(to) == 0);
	index_close(to, false);
}

void
begin_history(void)
{
	CHECK((ix = index_open(dir, "u")) != NULL && ix->fresh);
	ix->conf = &conf;
	memset(&com, 0, sizeof(com));
	memset(&batch, 0, sizeof(batch));
	TAILQ_INIT(&com.uploads.list);
	batch.c = &com;
	batch.number = batch.first = batch.next = 1;
	batch.room = SIZE_MAX / 2;
	batch.time = 1700000000;
	CHECK(index_begin(ix) == 0);
	CHECK(index_state_first(ix, &batch) == STATE_RECORDS);
}

bool
begin_named(const char *name)
{
	bool	 ok;

	strlcpy(conf.defaults[0].name, name, sizeof(conf.defaults[0].name));
	conf.ndefaults = 1;
	begin_history();
	ok = box_id(str_from(name)) != 1;
	conf.ndefaults = 0;
	return ok;
}

void
end_history(void)
{
	index_rollback(ix);
	CHECK(index_reset(ix) == 0);
	index_close(ix, false);
	buf_free(&batch.records);
	buf_free(&batch.area);
	garbage_free(&batch.garbage);
}

enum state_verdict
evaluate(struct work *w, enum work_kind kind)
{
	enum state_verdict	 v;
	size_t			 len = batch.records.len;
	uint64_t		 next = batch.next;

	w->kind = kind;
	w->intent.payload = w;
	do
		v = index_state_ops.evaluate(ix, &w->intent, &batch);
	while (v == STATE_MORE);
	if (v != STATE_RECORDS) {
		batch.records.len = len;
		batch.next = next;
	}
	return v;
}

struct str
some_box(void)
{
	return str_from(boxes[rnd(nitems(boxes))]);
}

void
some_uids(struct uidset *set)
{
	unsigned	 n;
	uint32_t	 a;

	*set = UIDSET_INIT;
	for (n = rnd(3) + 1; n > 0; n--) {
		a = rnd(40) + 1;
		CHECK(uidset_add(set, a, a + rnd(9)) == 0);
	}
}

enum state_verdict
do_append(struct str name, struct str *kw, size_t nkw, unsigned n)
{
	struct work		 w;
	struct append_item	 items[4];
	enum state_verdict	 v;
	unsigned		 i, k;

	memset(&w, 0, sizeof(w));
	memset(items, 0, sizeof(items));
	w.arena = arena_new(0);
	w.u.append.name = name;
	w.u.append.v = items;
	w.u.append.n = n;
	for (i = 0; i < n; i++) {
		items[i].flags = (uint8_t)rnd(MBOX_FLAGS_ALL + 1);
		items[i].keywords = kw;
		items[i].nkeywords = nkw;
		items[i].size = rnd(1000);
		items[i].msgid[0] = (uint8_t)rnd(256);
		items[i].mid = rnd(4) == 0 ? 0 : 1 + rnd(60);
		for (k = rnd(3); k > 0; k--)
			items[i].refs[items[i].nrefs++] = 1 + rnd(60);
		items[i].small.bytes = (const uint8_t *)"mail";
		items[i].small.place.stored = 4;
	}
	v = evaluate(&w, WORK_APPEND);
	CHECK(v != STATE_FAILED && v != STATE_FULL);
	work_clear(&w);
	arena_free(w.arena);
	return v;
}

enum state_verdict
do_store(struct str name, uint32_t first, uint32_t last, uint8_t how,
    uint8_t flags, struct str *kw, size_t nkw, bool *full)
{
	struct mbox_word	 v[MBOX_KEYWORDS_MAX];
	struct work		 w;
	enum state_verdict	 rv;
	size_t			 i;

	memset(&w, 0, sizeof(w));
	w.arena = arena_new(0);
	w.u.store.box = box_id(name);
	if (first != 0)
		(void)uidset_add(&w.u.store.uids, first, last);
	else
		some_uids(&w.u.store.uids);
	w.u.store.how = how;
	w.u.store.flags = flags;
	for (i = 0; i < nkw; i++)
		v[i].word = kw[i];
	w.u.store.keywords.v = v;
	w.u.store.keywords.n = nkw;
	w.u.store.unchangedsince = first == 0 && rnd(4) == 0 ?
	    rnd((uint32_t)batch.next) : INT64_MAX;
	rv = evaluate(&w, WORK_STORE);
	CHECK(rv != STATE_FAILED && rv != STATE_FULL);
	if (full != NULL)
		*full = w.answer.ok.full;
	uidset_free(&w.u.store.uids);
	work_clear(&w);
	arena_free(w.arena);
	return rv;
}

struct str
number_word(char text[16], unsigned n)
{
	snprintf(text, 16, "k%u", n);
	return str_from(text);
}

int64_t
count(const char *sql)
{
	sqlite3_stmt	*st;
	int64_t		 v = -1;

	if (sqlite3_prepare_v2(ix->hot.h, sql, -1, &st, NULL) == SQLITE_OK &&
	    sqlite3_step(st) == SQLITE_ROW)
		v = sqlite3_column_int64(st, 0);
	sqlite3_finalize(st);
	return v;
}
