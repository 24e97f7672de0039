/*
 * What becomes of keywords: which of a STORE or APPEND can be had, what
 * makes room, and that all of it follows from the records.
 */
#include "common/compat.h"

#include "storaged/index/test/index_rules.h"

/* What a STORE would not change is no record; what it would is one. */
static void
test_changes(void)
{
	struct str	 ab[2] = { STR("a"), STR("b") };
	struct str	 an[2] = { STR("a"), STR("n") };
	struct kwnums	 nums;
	int64_t		 id = 0;

	begin_history();
	(void)do_append(STR("INBOX"), NULL, 0, 2);
	CHECK(do_store(STR("INBOX"), 1, 1, MBOX_STORE_SET, 0, ab, 1, NULL) ==
	    STATE_RECORDS);
	CHECK(do_store(STR("INBOX"), 1, 1, MBOX_STORE_SET, 0, ab, 1, NULL) ==
	    STATE_NOTHING);
	CHECK(do_store(STR("INBOX"), 1, 1, MBOX_STORE_ADD, 0, ab, 1, NULL) ==
	    STATE_NOTHING);
	CHECK(do_store(STR("INBOX"), 1, 1, MBOX_STORE_ADD, 0, ab, 2, NULL) ==
	    STATE_RECORDS);
	CHECK(do_store(STR("INBOX"), 1, 1, MBOX_STORE_REMOVE, 0, ab + 1, 1,
	    NULL) == STATE_RECORDS);
	CHECK(do_store(STR("INBOX"), 1, 1, MBOX_STORE_REMOVE, 0, ab + 1, 1,
	    NULL) == STATE_NOTHING);
	/* a set that there is, and a name that nobody knows */
	CHECK(do_store(STR("INBOX"), 1, 1, MBOX_STORE_SET, 0, an, 2, NULL) ==
	    STATE_RECORDS);
	CHECK(count("SELECT count(*) FROM kw WHERE uses > 0") == 2);
	check_replay("changes");
	/* fewer than no messages is damage */
	CHECK(keyword_numbers(ix, an, 2, false, &nums) == 0 &&
	    kwset_find(ix, &nums, &id) == 1);
	CHECK(kwset_use(ix, id, -2) == -1 && kwset_use(ix, id, -1) == 0);
	end_history();
}

/* Was a change of this kind noted? */
static bool
changed(enum change_kind kind)
{
	struct change	*ch;

	TAILQ_FOREACH(ch, &ix->changes, entry)
		if (ch->kind == kind)
			return true;
	return false;
}

/* Room for some: the first of the names have it.  The unused ones go from
 * the oldest on, but none that is asked for, and once. */
static void
test_some_room(void)
{
	struct str	 names[3] = { STR("n1"), STR("n2"), STR("n3") };
	struct str	 one_word[2];
	char		 text[16];
	unsigned	 i;
	bool		 full;

	begin_history();
	(void)do_append(STR("INBOX"), NULL, 0, 3);
	for (i = 0; i < MBOX_KEYWORDS_MAX - 1; i++) {	/* all but one */
		one_word[0] = number_word(text, i);
		(void)do_store(STR("INBOX"), 1, 1, MBOX_STORE_ADD, 0,
		    one_word, 1, NULL);
	}
	CHECK(do_store(STR("INBOX"), 2, 2, MBOX_STORE_ADD, 0, names, 3,
	    &full) == STATE_RECORDS && full);
	CHECK(count("SELECT count(*) FROM kw") == MBOX_KEYWORDS_MAX);
	CHECK(count("SELECT count(*) FROM kw WHERE name = 'n1'") == 1);
	CHECK(!changed(CHANGE_FORGOTTEN));
	/* k0 to k9 are used no more; k0 is asked for again */
	for (i = 0; i < 10; i++) {
		one_word[0] = number_word(text, i);
		CHECK(do_store(STR("INBOX"), 1, 1, MBOX_STORE_REMOVE, 0,
		    one_word, 1, NULL) == STATE_RECORDS);
	}
	one_word[0] = STR("k0");
	one_word[1] = STR("n2");
	CHECK(do_store(STR("INBOX"), 3, 3, MBOX_STORE_ADD, 0, one_word, 2,
	    &full) == STATE_RECORDS && !full);
	CHECK(changed(CHANGE_FORGOTTEN));
	CHECK(count("SELECT count(*) FROM kw WHERE name = 'k0'") == 1);
	CHECK(count("SELECT count(*) FROM kw WHERE name = 'k1'") == 0);
	CHECK(count("SELECT count(*) FROM kw WHERE name = 'k2'") == 1);
	/* of two messages with a new one the first makes room */
	CHECK(do_append(STR("INBOX"), names + 2, 1, 2) == STATE_RECORDS);
	CHECK(count("SELECT count(*) FROM kw WHERE name = 'k2'") == 0);
	CHECK(count("SELECT count(*) FROM kw WHERE name = 'k3'") == 1);
	/* of a STORE that is many records the first does */
	for (i = 0; i < EVAL_STORE / 4 + 10; i++)
		(void)do_append(STR("INBOX"), NULL, 0, 4);
	one_word[0] = STR("everywhere");
	CHECK(do_store(STR("INBOX"), 1, EVAL_STORE + 20, MBOX_STORE_ADD, 0,
	    one_word, 1, &full) == STATE_RECORDS && !full);
	CHECK(count("SELECT refs > 900 FROM kwset ORDER BY refs DESC") == 1);
	check_replay("some room");
	end_history();
}

/* What is \Deleted. */
static enum state_verdict
do_expunge(struct str name)
{
	struct work		 w;
	enum state_verdict	 v;

	memset(&w, 0, sizeof(w));
	w.arena = arena_new(0);
	w.u.expunge.box = box_id(name);
	v = evaluate(&w, WORK_EXPUNGE);
	work_clear(&w);
	arena_free(w.arena);
	return v;
}

/* Keywords that nothing uses make room; then there is none, and that is
 * said. */
static void
test_keywords(void)
{
	struct str	 one_word[2];
	char		 text[2][16];
	struct change	*ch;
	unsigned	 i;
	bool		 full;

	begin_history();
	(void)do_append(STR("INBOX"), NULL, 0, 3);
	for (i = 0; i < 2500; i++) {	/* each for a while */
		one_word[0] = number_word(text[0], i);
		CHECK(do_store(STR("INBOX"), 1, 1, MBOX_STORE_SET, 0,
		    one_word, 1, &full) == STATE_RECORDS && !full);
	}
	CHECK(count("SELECT count(*) FROM kw") == MBOX_KEYWORDS_MAX);
	CHECK(count("SELECT sum(uses) FROM kw") == 1);
	CHECK(count("SELECT count(*) FROM boxkw") == MBOX_KEYWORDS_MAX);
	CHECK(count("SELECT max(id) FROM kw") == 2500);
	ch = TAILQ_LAST(&ix->changes, change_list);
	CHECK(ch->kind == CHANGE_FLAGS);
	CHECK(keyword_full(&ix->hot) == 0);
	check_replay("keywords that come and go");

	for (i = 0; i < MBOX_KEYWORDS_MAX; i++) {	/* to stay */
		one_word[0] = number_word(text[0], i);
		CHECK(do_store(STR("INBOX"), 2, 2, MBOX_STORE_ADD, 0,
		    one_word, 1, &full) == (i < MBOX_KEYWORDS_MAX - 1 ?
		    STATE_RECORDS : STATE_NOTHING));
		/* UID 1 has one */
		CHECK(full == (i == MBOX_KEYWORDS_MAX - 1));
		CHECK(keyword_full(&ix->hot) == (i >= MBOX_KEYWORDS_MAX - 2));
	}
	CHECK(count("SELECT count(*) FROM kw WHERE uses > 0") ==
	    MBOX_KEYWORDS_MAX);
	one_word[0] = STR("new");
	one_word[1] = STR("K7");	/* a known one, in other case */
	CHECK(do_store(STR("INBOX"), 3, 3, MBOX_STORE_ADD, MBOX_SEEN,
	    one_word, 2, &full) == STATE_RECORDS && full);
	CHECK(do_append(STR("INBOX"), one_word, 2, 2) == STATE_RECORDS);
	CHECK(count("SELECT count(*) FROM kw WHERE name = 'new'") == 0);
	CHECK(count("SELECT messages FROM box WHERE name = 'INBOX'") == 5);
	check_replay("no room");
	/* the message that has them goes, and with it their use */
	CHECK(do_store(STR("INBOX"), 2, 2, MBOX_STORE_ADD, MBOX_DELETED,
	    NULL, 0, NULL) != STATE_FAILED);
	CHECK(do_expunge(STR("INBOX")) == STATE_RECORDS);
	CHECK(keyword_full(&ix->hot) == 0);
	CHECK(do_append(STR("INBOX"), one_word, 1, 1) == STATE_RECORDS);
	CHECK(count("SELECT count(*) FROM kw WHERE name = 'new'") == 1);
	check_replay("room again");
	end_history();
}

/* A record of a node that is older: it forgets nothing, and names keywords
 * that we have forgotten.  They are applied, told, and the surplus goes. */
static void
test_older_node(void)
{
	static char	 text[MBOX_KEYWORDS_MAX + 2][16];
	static struct str names[MBOX_KEYWORDS_MAX + 2];
	struct wire_list list;
	struct arena	*a = arena_new(0);
	struct record	 r;
	struct str	 two[2] = { STR("new-a"), STR("new-b") };
	size_t		 i;

	begin_history();
	(void)do_append(STR("INBOX"), NULL, 0, 2);
	for (i = 0; i < nitems(names); i++)
		names[i] = number_word(text[i], (unsigned)i);
	memset(&r, 0, sizeof(r));
	r.type = RECORD_FLAGS;
	r.box = box_id(STR("INBOX"));
	r.how = MBOX_STORE_SET;
	CHECK(uidset_add(&r.uids, 1, 1) == 0);
	for (i = 0; i < nitems(names); i += nitems(names) / 2) {
		r.keywords = names + i;
		r.nkeywords = nitems(names) / 2;
		CHECK(eval_emit(ix, &batch, &r, NULL) == STATE_RECORDS);
	}
	uidset_free(&r.uids);
	CHECK(count("SELECT count(*) FROM kw") == MBOX_KEYWORDS_MAX + 2);
	CHECK(read_keywords(&ix->hot, box_id(STR("INBOX")), NULL, &list, a) ==
	    0 && list.n == MBOX_KEYWORDS_MAX + 2);
	CHECK(keyword_full(&ix->hot) == 0);
	for (i = 0; i < 2; i++)
		CHECK(do_append(STR("INBOX"), two + i, 1, 1) ==
		    STATE_RECORDS);
	CHECK(count("SELECT count(*) FROM kw") == MBOX_KEYWORDS_MAX);
	CHECK(count("SELECT count(*) FROM kw WHERE name LIKE 'new-%'") == 2);
	check_replay("an older node's");
	arena_free(a);
	end_history();
}

/* A record that forgets what is used, or not there, is damage. */
static void
test_forget_refused(void)
{
	struct str	 kw[1] = { STR("used") }, no[1] = { STR("none") };
	struct record	 r;

	begin_history();
	(void)do_append(STR("INBOX"), kw, 1, 1);
	memset(&r, 0, sizeof(r));
	r.type = RECORD_FLAGS;
	r.box = box_id(STR("INBOX"));
	r.how = MBOX_STORE_ADD;
	r.flags = MBOX_FLAGGED;
	r.number = batch.next;
	r.nforget = 1;
	CHECK(uidset_add(&r.uids, 1, 1) == 0);
	r.forget = kw;
	CHECK(index_save(ix) == 0 && index_apply(ix, &r, 1) == -1);
	index_back(ix);
	r.forget = no;
	CHECK(index_save(ix) == 0 && index_apply(ix, &r, 1) == -1);
	index_back(ix);
	uidset_free(&r.uids);
	end_history();
}

int
main(void)
{
	log_init("keyword_rules_test");
	if (mkdtemp(dir) == NULL)
		return 1;
	test_changes();
	test_some_room();
	test_keywords();
	test_older_node();
	test_forget_refused();
	return TEST_END();
}
