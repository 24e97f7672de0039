/*
 * The index is what the records say, and nothing else: what an evaluation
 * leaves in it (every table, every row) is what applying the records that
 * it made leaves in an empty one.  Histories of random intents, each kind
 * by itself and all together.
 */
#include "common/compat.h"

#include "storaged/index/test/index_rules.h"

static struct str	 words[40];
static char		 word_text[40][8];

static void
random_words(struct str *kw, size_t *n)
{
	for (*n = 0; *n < 3 && rnd(2) == 0; (*n)++)
		kw[*n] = words[rnd(nitems(words))];
}

static void
one_append(void)
{
	struct str	 kw[3];
	size_t		 n;

	random_words(kw, &n);
	(void)do_append(some_box(), kw, n, 1 + rnd(4));
}

static void
one_store(void)
{
	struct str	 kw[3];
	size_t		 n;

	random_words(kw, &n);
	(void)do_store(some_box(), 0, 0, (uint8_t)rnd(3),
	    (uint8_t)rnd(MBOX_FLAGS_ALL + 1), kw, n, NULL);
}

static void
one_other(enum work_kind kind)
{
	struct work		 w;
	enum state_verdict	 v;
	struct uidset		*uids = NULL;

	memset(&w, 0, sizeof(w));
	w.arena = arena_new(0);
	switch (kind) {
	case WORK_COPY:
	case WORK_MOVE:
		w.u.copy.box = box_id(some_box());
		w.u.copy.to = some_box();
		uids = &w.u.copy.uids;
		break;
	case WORK_EXPUNGE:
		w.u.expunge.box = box_id(some_box());
		w.u.expunge.only = rnd(2) == 0;
		uids = &w.u.expunge.uids;
		break;
	case WORK_CREATE:
		w.u.create.name = some_box();
		break;
	case WORK_DELETE:
		w.u.del.name = some_box();
		break;
	case WORK_RENAME:
		w.u.rename.from = some_box();
		w.u.rename.to = some_box();
		break;
	default:
		w.u.subscribe.name = some_box();
		w.u.subscribe.on = rnd(2) == 0;
		break;
	}
	if (uids != NULL)
		some_uids(uids);
	v = evaluate(&w, kind);
	CHECK(v != STATE_FAILED && v != STATE_FULL);
	if (uids != NULL)
		uidset_free(uids);
	work_clear(&w);
	arena_free(w.arena);
}

static const char *const kinds[] = { "STORE", "COPY", "MOVE", "EXPUNGE",
    "APPEND", "CREATE", "DELETE", "RENAME", "SUBSCRIBE" };

static void
one(enum work_kind kind)
{
	if (kind == WORK_APPEND)
		one_append();
	else if (kind == WORK_STORE)
		one_store();
	else
		one_other(kind);
}

/* Each kind on mailboxes with some mail; then all together. */
static void
test_replay(void)
{
	unsigned	 kind, i;

	for (kind = 0; kind < WORK_KINDS; kind++) {
		begin_history();
		for (i = 0; i < 6; i++)
			one(WORK_CREATE);
		for (i = 0; i < 30; i++)
			one(WORK_APPEND);
		check_replay("before");
		for (i = 0; i < 40; i++)
			one((enum work_kind)kind);
		check_replay(kinds[kind]);
		end_history();
	}
	for (seed = 1; seed < 100; seed += 33) {
		begin_history();
		for (i = 0; i < 400; i++)
			one(i % 3 == 0 ? WORK_APPEND :
			    (enum work_kind)rnd(WORK_KINDS));
		check_replay("all");
		end_history();
	}
}

/* An evaluation that is refused, or finds nothing to change, leaves
 * nothing. */
static void
test_nothing(void)
{
	struct buf	 before = BUF_INIT, after = BUF_INIT;
	struct str	 one_word[1] = { STR("never") };

	begin_history();
	(void)do_append(STR("INBOX"), NULL, 0, 3);
	dump(&ix->hot, &before);
	CHECK(do_append(STR("none"), one_word, 1, 1) == STATE_NOTHING);
	CHECK(do_store(STR("INBOX"), 90, 99, MBOX_STORE_ADD, 0, one_word, 1,
	    NULL) == STATE_NOTHING);
	CHECK(do_store(STR("INBOX"), 1, 3, MBOX_STORE_REMOVE, 0, one_word, 1,
	    NULL) == STATE_NOTHING);
	dump(&ix->hot, &after);
	differ(&before, &after, "nothing");
	buf_free(&before);
	buf_free(&after);
	end_history();
}

/* The thread that the log's last record names. */
static uint64_t
last_thread(void)
{
	struct arena	*a = arena_new(0);
	struct cursor	 c;
	struct record	 r;
	uint64_t	 thread = 0;

	cursor_init(&c, batch.records.data, batch.records.len);
	while (cursor_left(&c) > 0 && record_decode(&r, &c, a) == 0)
		thread = r.threadid;
	arena_free(a);
	return thread;
}

/* An answer to a known message is of its thread, whether the index saw the
 * message come or was made anew from the records. */
static void
test_thread(void)
{
	struct work		 w;
	struct append_item	 it;
	uint64_t		 thread[4] = { 0 };
	unsigned		 i;

	begin_history();
	for (i = 0; i < nitems(thread); i++) {
		memset(&w, 0, sizeof(w));
		memset(&it, 0, sizeof(it));
		w.arena = arena_new(0);
		w.u.append.name = STR("INBOX");
		w.u.append.v = &it;
		w.u.append.n = 1;
		it.mid = 100 + i;
		it.nrefs = i > 0;
		it.refs[0] = 100 + i - 1;
		it.small.bytes = (const uint8_t *)"mail";
		it.small.place.stored = 4;
		CHECK(evaluate(&w, WORK_APPEND) == STATE_RECORDS);
		thread[i] = last_thread();
		CHECK(thread[i] == thread[0] && thread[i] != 0);
		work_clear(&w);
		arena_free(w.arena);
		index_rollback(ix);
		CHECK(index_reset(ix) == 0 && index_begin(ix) == 0 &&
		    replay(ix) == 0);
	}
	end_history();
}

/* COPY or MOVE of UIDs 1 to last of INBOX. */
static enum state_verdict
do_copy(enum work_kind kind, uint32_t last, struct str to, uint8_t *code,
    uint32_t *n)
{
	struct work		 w;
	enum state_verdict	 v;

	memset(&w, 0, sizeof(w));
	w.arena = arena_new(0);
	w.u.copy.box = box_id(STR("INBOX"));
	w.u.copy.to = to;
	CHECK(uidset_add(&w.u.copy.uids, 1, last) == 0);
	v = evaluate(&w, kind);
	*code = w.answer.code;
	*n = w.answer.ok.count;
	uidset_free(&w.u.copy.uids);
	work_clear(&w);
	arena_free(w.arena);
	return v;
}

/* A mailbox has so many messages and not one more, whatever brings them;
 * what is in the records is applied all the same. */
static void
test_messages_per_mailbox(void)
{
	struct str	 to = STR("Trash");
	uint32_t	 n;
	uint8_t		 code;

	CHECK(begin_named("Trash"));
	conf.messages_max = 6;
	CHECK(do_append(STR("INBOX"), NULL, 0, 4) == STATE_RECORDS);
	CHECK(do_append(STR("INBOX"), NULL, 0, 3) == STATE_NOTHING);
	CHECK(do_append(STR("INBOX"), NULL, 0, 2) == STATE_RECORDS);
	CHECK(do_append(STR("INBOX"), NULL, 0, 1) == STATE_NOTHING);
	CHECK(do_copy(WORK_COPY, 4, to, &code, &n) == STATE_RECORDS &&
	    code == MBOX_CODE_NONE && n == 4);
	CHECK(do_copy(WORK_COPY, 3, to, &code, &n) == STATE_NOTHING &&
	    code == MBOX_LIMIT);
	CHECK(do_copy(WORK_MOVE, 3, to, &code, &n) == STATE_NOTHING &&
	    code == MBOX_LIMIT);
	CHECK(do_copy(WORK_COPY, 1, STR("INBOX"), &code, &n) ==
	    STATE_NOTHING && code == MBOX_LIMIT);
	CHECK(do_copy(WORK_MOVE, 2, to, &code, &n) == STATE_RECORDS &&
	    n == 2);
	CHECK(count("SELECT messages FROM box WHERE name = 'Trash'") == 6);
	CHECK(count("SELECT messages FROM box WHERE name = 'INBOX'") == 4);
	conf.messages_max = MBOX_MESSAGES_MAX;
	for (n = 0; n < EVAL_MOVE / 2; n++)
		(void)do_append(STR("INBOX"), NULL, 0, 4);
	CHECK(do_copy(WORK_COPY, 2 * EVAL_MOVE + 6, to, &code, &n) ==
	    STATE_RECORDS && n == 2 * EVAL_MOVE + 4);
	conf.messages_max = 1;		/* it was lowered since */
	CHECK(do_store(STR("INBOX"), 3, 6, MBOX_STORE_ADD, MBOX_FLAGGED,
	    NULL, 0, NULL) != STATE_FAILED);
	check_replay("more than are allowed now");
	conf.messages_max = MBOX_MESSAGES_MAX;
	end_history();
}

int
main(void)
{
	size_t	 i;

	log_init("index_rules_test");
	if (mkdtemp(dir) == NULL)
		return 1;
	seed = 7;
	for (i = 0; i < nitems(words); i++) {
		snprintf(word_text[i], sizeof(word_text[i]), "w%zu", i);
		words[i] = str_from(word_text[i]);
	}
	test_replay();
	test_nothing();
	test_thread();
	test_messages_per_mailbox();
	return TEST_END();
}
