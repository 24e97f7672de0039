/*
 * Deliveries: the mailbox that each goes to, and keys, which swallow a
 * delivery's repetition for a day.  All that is known of keys follows from the
 * records: random histories against a model, and rebuilt at any time.
 */
#include "common/compat.h"

#include "storaged/index/test/index_rules.h"

#define KEYS	12

static uint64_t
records(void)
{
	return batch.next - 1;
}

/* n messages by lmtpd, at most one; key 0: none. */
static enum state_verdict
deliver_n(const char *name, uint8_t target, uint8_t key, size_t n,
    struct answer *a)
{
	static struct append_item	 it;
	struct work			 w;
	enum state_verdict		 v;

	memset(&w, 0, sizeof(w));
	memset(&it, 0, sizeof(it));
	w.arena = arena_new(0);
	w.u.append.name = str_from(name);
	w.u.append.v = &it;
	w.u.append.n = n;
	w.u.append.target = target;
	w.u.append.keyed = key != 0;
	w.u.append.key[0] = key;
	it.small.bytes = (const uint8_t *)"mail";
	it.small.place.stored = 4;
	v = evaluate(&w, WORK_APPEND);
	CHECK(v == STATE_RECORDS || v == STATE_NOTHING);
	*a = w.answer;
	a->ok.dst = (struct uidset){ NULL, 0, 0 };
	work_clear(&w);
	arena_free(w.arena);
	return v;
}

static enum state_verdict
deliver(const char *name, uint8_t target, uint8_t key, struct answer *a)
{
	return deliver_n(name, target, key, 1, a);
}

static enum state_verdict
make(enum work_kind kind, const char *name, uint32_t use)
{
	struct work		 w;
	enum state_verdict	 v;

	memset(&w, 0, sizeof(w));
	w.arena = arena_new(0);
	if (kind == WORK_CREATE) {
		w.u.create.name = str_from(name);
		w.u.create.use = use;
	} else
		w.u.del.name = str_from(name);
	v = evaluate(&w, kind);
	work_clear(&w);
	arena_free(w.arena);
	return v;
}

/* Messages of the mailbox; -1: there is none. */
static int64_t
mail(const char *name)
{
	struct box	 box;

	return box_by_name(&ix->hot, str_from(name), &box) == 1 ?
	    (int64_t)box.messages : -1;
}

static const struct {
	const char	*name;
	uint8_t		 target;
	const char	*into;		/* NULL: it is refused */
	uint8_t		 code;
	unsigned	 records;
	const char	*subscribed;
} targets[] = {
	{ "here", 0, "here", 0, 1, NULL },
	{ "gone", 0, NULL, MBOX_TRYCREATE, 0, NULL },
	{ "inbox", 0, "INBOX", 0, 1, NULL },
	{ "here", DELIVER_OR_INBOX, "here", 0, 1, NULL },
	{ "gone", DELIVER_OR_INBOX, "INBOX", 0, 1, NULL },
	{ "a//b", DELIVER_OR_INBOX, "INBOX", 0, 1, NULL },
	{ "", DELIVER_OR_INBOX, "INBOX", 0, 1, NULL },
	{ "here", DELIVER_CREATE, "here", 0, 1, NULL },
	{ "new", DELIVER_CREATE, "new", 0, 3, "new" },
	{ "up/new", DELIVER_CREATE, "up/new", 0, 4, "up/new" },
	{ "a//b", DELIVER_CREATE, NULL, MBOX_CANNOT, 0, NULL },
	{ "new2", DELIVER_CREATE | DELIVER_OR_INBOX, "new2", 0, 3, "new2" },
	{ "\x01", DELIVER_CREATE | DELIVER_OR_INBOX, "INBOX", 0, 1, NULL },
	{ "here", DELIVER_JUNK, "Bulk", 0, 1, NULL },
	{ "gone", DELIVER_JUNK | DELIVER_CREATE, "Bulk", 0, 1, NULL },
	{ "a//b", DELIVER_JUNK, "Bulk", 0, 1, NULL },
};

static void
test_targets(void)
{
	struct answer	 a;
	uint64_t	 before;
	int64_t		 subs, n;
	size_t		 i;
	enum state_verdict v;

	for (i = 0; i < nitems(targets); i++) {
		begin_history();
		CHECK(make(WORK_CREATE, "here", 0) == STATE_RECORDS);
		CHECK(make(WORK_CREATE, "Zunk", MBOX_USE_JUNK) ==
		    STATE_RECORDS);
		CHECK(make(WORK_CREATE, "Bulk", MBOX_USE_JUNK |
		    MBOX_USE_ARCHIVE) == STATE_RECORDS);
		CHECK(sub_count(&ix->hot, &subs) == 0);
		before = records();
		v = deliver(targets[i].name, targets[i].target, 1, &a);
		CHECK_ROW(a.code == targets[i].code && (v == STATE_RECORDS) ==
		    (targets[i].into != NULL) && !a.ok.known, "row %zu", i);
		CHECK_ROW(records() - before == targets[i].records,
		    "row %zu: %llu", i, (unsigned long long)(records() -
		    before));
		if (targets[i].into != NULL)
			CHECK_ROW(mail(targets[i].into) == 1, "row %zu", i);
		CHECK(count("SELECT sum(messages) FROM box") ==
		    (targets[i].into != NULL));
		CHECK(sub_count(&ix->hot, &n) == 0 && n - subs ==
		    (targets[i].subscribed != NULL));
		if (targets[i].subscribed != NULL)
			CHECK(sub_has(&ix->hot,
			    str_from(targets[i].subscribed)) == 1);
		check_replay("targets");
		end_history();
	}
	/* nobody's Junk: as it was named */
	begin_history();
	(void)deliver("INBOX", DELIVER_JUNK, 0, &a);
	CHECK(mail("INBOX") == 1);
	(void)deliver("Junk", DELIVER_JUNK | DELIVER_CREATE, 0, &a);
	CHECK(mail("Junk") == 1);
	/* a name that was subscribed before the mailbox is made */
	CHECK(make(WORK_DELETE, "Junk", 0) == STATE_RECORDS);
	before = records();
	(void)deliver("Junk", DELIVER_CREATE, 0, &a);
	CHECK(mail("Junk") == 1 && records() - before == 2);
	end_history();
}

/* A refusal after the mailbox was made leaves neither. */
static void
test_refused(void)
{
	struct answer	 a;

	begin_history();
	conf.messages_max = 0;
	CHECK(deliver("new", DELIVER_CREATE, 1, &a) == STATE_NOTHING &&
	    a.code == MBOX_LIMIT && mail("new") == -1);
	conf.messages_max = MBOX_MESSAGES_MAX;
	CHECK(deliver("new", DELIVER_CREATE, 1, &a) == STATE_RECORDS &&
	    !a.ok.known && mail("new") == 1);
	check_replay("refused");
	end_history();
}

static void
rebuild(void)
{
	index_rollback(ix);
	CHECK(index_reset(ix) == 0 && index_begin(ix) == 0 &&
	    replay(ix) == 0);
}

/* To the second. */
static void
test_day(void)
{
	struct answer	 a;
	unsigned	 i;

	for (i = 0; i < 2; i++) {
		begin_history();
		CHECK(deliver("INBOX", 0, 7, &a) == STATE_RECORDS);
		batch.time += INDEX_KEY_LIFE;
		if (i == 1)	/* by then another was stored */
			CHECK(deliver("INBOX", 0, 8, &a) == STATE_RECORDS);
		CHECK(deliver("INBOX", 0, 7, &a) == STATE_NOTHING &&
		    a.ok.known && a.code == MBOX_CODE_NONE);
		rebuild();
		CHECK(deliver("gone", 0, 7, &a) == STATE_NOTHING &&
		    a.ok.known);
		batch.time++;
		CHECK(deliver("INBOX", 0, 7, &a) == STATE_RECORDS &&
		    !a.ok.known);
		CHECK(mail("INBOX") == 2 + i);
		batch.time += INDEX_KEY_LIFE;
		CHECK(deliver("INBOX", 0, 7, &a) == STATE_NOTHING);
		batch.time++;
		(void)deliver("INBOX", 0, 9, &a);
		CHECK(count("SELECT count(*) FROM dkey") == 1);
		check_replay("day");
		end_history();
	}
}

/* Its message is not sent along, since the key was known; is it still? */
static void
test_without_message(void)
{
	struct answer	 a;

	begin_history();
	CHECK(deliver_n("INBOX", 0, 5, 0, &a) == STATE_NOTHING &&
	    a.code == MBOX_UNAVAILABLE && !a.ok.known);
	CHECK(mail("INBOX") <= 0);
	CHECK(deliver("INBOX", 0, 5, &a) == STATE_RECORDS);
	CHECK(deliver_n("INBOX", 0, 5, 0, &a) == STATE_NOTHING &&
	    a.code == MBOX_CODE_NONE && a.ok.known);
	end_history();
}

/* What has become of the message means nothing; a copy has no key; mail
 * without one leaves nothing behind. */
static void
test_whatever_became(void)
{
	struct answer	 a;
	struct work	 w;

	begin_history();
	CHECK(make(WORK_CREATE, "box", 0) == STATE_RECORDS);
	CHECK(deliver("box", 0, 3, &a) == STATE_RECORDS);
	memset(&w, 0, sizeof(w));
	w.arena = arena_new(0);
	w.u.copy.box = box_id(STR("box"));
	w.u.copy.to = STR("INBOX");
	CHECK(uidset_add(&w.u.copy.uids, 1, 9) == 0);
	CHECK(evaluate(&w, WORK_COPY) == STATE_RECORDS);
	uidset_free(&w.u.copy.uids);
	work_clear(&w);
	arena_free(w.arena);
	CHECK(make(WORK_DELETE, "box", 0) == STATE_RECORDS);
	CHECK(deliver("INBOX", 0, 3, &a) == STATE_NOTHING && a.ok.known);
	CHECK(deliver("INBOX", 0, 0, &a) == STATE_RECORDS);
	CHECK(deliver("INBOX", 0, 0, &a) == STATE_RECORDS);
	CHECK(mail("INBOX") == 3 && count("SELECT count(*) FROM dkey") == 1);
	check_replay("whatever");
	end_history();
}

/* The model: when each key was stored last. */
static void
test_model(void)
{
	int64_t		 stored[KEYS + 1];
	struct answer	 a;
	uint64_t	 before;
	unsigned	 h, i, nknown = 0, nstored = 0;
	uint8_t		 key, begin[DELIVER_ENVELOPE_LEN];
	bool		 known;

	for (h = 0; h < 60; h++) {
		begin_history();
		memset(stored, 0, sizeof(stored));
		for (i = 0; i < 120; i++) {
			batch.time += rnd(3) == 0 ? rnd(INDEX_KEY_LIFE / 4) :
			    rnd(60);
			key = (uint8_t)rnd(KEYS + 1);
			known = key != 0 && stored[key] != 0 &&
			    batch.time - stored[key] <= INDEX_KEY_LIFE;
			before = records();
			memset(begin, 0, sizeof(begin));
			begin[0] = key;
			CHECK_ROW(key_like(&ix->hot, begin, batch.time) ==
			    known, "history %u, step %u", h, i);
			(void)deliver(rnd(4) == 0 ? "x" : "INBOX",
			    DELIVER_CREATE, key, &a);
			CHECK_ROW(a.ok.known == known && (records() ==
			    before) == known, "history %u, step %u", h, i);
			if (!known)
				stored[key] = batch.time;
			nknown += known;
			nstored += !known;
			if (rnd(30) == 0)
				rebuild();
		}
		CHECK(count("SELECT sum(messages) FROM box") > 0);
		check_replay("model");
		end_history();
	}
	CHECK(nknown > 1000 && nstored > 1000);
}

int
main(void)
{
	log_init("deliver_rules_test");
	if (mkdtemp(dir) == NULL)
		return 1;
	seed = 11;
	test_targets();
	test_refused();
	test_day();
	test_without_message();
	test_whatever_became();
	test_model();
	return TEST_END();
}
