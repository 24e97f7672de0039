/* Numbers, sets and events of a view, against a plain array. */
#include "imapd/view.h"

#include <stdlib.h>
#include <string.h>

#include "common/arena.h"
#include "common/test.h"
#include "imapd/command.h"

#define UIDS	400

/* malloc of what cannot be had is to say NULL under ASan too. */
const char	*__asan_default_options(void);

const char *
__asan_default_options(void)
{
	return "allocator_may_return_null=1";
}

static uint32_t	 seed = 1;

static uint32_t
rnd(uint32_t n)
{
	seed = seed * 1103515245 + 12345;
	return (seed >> 16) % n;
}

static struct view *
make(const bool *there)
{
	struct mbox_selected	 sel = { .box = 7, .uidvalidity = 1 };
	struct view		*v;
	uint32_t		 i;

	for (i = 1; i < UIDS; i++)
		if (there[i])
			(void)uidset_add(&sel.uids, i, i);
	v = view_new(&sel, STR("box"), false);
	uidset_free(&sel.uids);
	return v;
}

/* The UID of a sequence number; 0: none. */
static uint32_t
uid_of(struct view *v, uint32_t seq)
{
	struct seqrange	 range = { seq, seq };
	struct seqset	 in = { .v = &range, .n = 1 };
	struct uidset	 set = UIDSET_INIT;
	uint32_t	 uid = 0;
	enum view_error	 why;

	if (view_resolve(v, &in, false, &set, &why) == 0 &&
	    uidset_count(&set) == 1)
		uid = uidset_last(&set);
	uidset_free(&set);
	return uid;
}

static void
test_numbers(void)
{
	bool		 there[UIDS];
	struct view	*v;
	uint32_t	 i, n, round;

	for (round = 0; round < 50; round++) {
		for (i = 0; i < UIDS; i++)
			there[i] = rnd(4) != 0;
		v = make(there);
		for (i = 1, n = 0; i < UIDS; i++) {
			if (!there[i]) {
				CHECK(view_seq(v, i) == 0);
				continue;
			}
			n++;
			CHECK(view_seq(v, i) == n && uid_of(v, n) == i);
		}
		CHECK(view_count(v) == n && uid_of(v, n + 1) == 0);
		view_free(v);
	}
}

/* A random set, resolved by the view and by counting. */
static void
test_resolve(void)
{
	bool		 there[UIDS], want[UIDS], uid;
	struct seqrange	 r[4];
	struct seqset	 in = { .v = r };
	struct uidset	 got = UIDSET_INIT, cover = UIDSET_INIT;
	struct view	*v;
	uint32_t	 i, k, n, seq, a, b, round, star;
	enum view_error	 why;

	for (round = 0; round < 2000; round++) {
		for (i = 1, n = 0, star = 0; i < UIDS; i++) {
			there[i] = rnd(3) != 0;
			n += there[i];
			star = there[i] ? i : star;
		}
		v = make(there);
		uid = rnd(2);
		in.n = 1 + rnd(4);
		memset(want, 0, sizeof(want));
		for (k = 0; k < in.n; k++) {
			r[k].first = rnd(uid ? UIDS + 20 : n + 1);
			r[k].last = rnd(uid ? UIDS + 20 : n + 1);
			a = r[k].first ? r[k].first : uid ? star : n;
			b = r[k].last ? r[k].last : uid ? star : n;
			for (i = 1, seq = 0; i < UIDS; i++) {
				uint32_t	 x;

				seq += there[i];
				x = uid ? i : seq;
				want[i] |= there[i] && ((x >= a && x <= b) ||
				    (x >= b && x <= a));
			}
		}
		CHECK(view_resolve(v, &in, uid, &got, &why) == 0);
		(void)uidset_copy(&cover, &got);
		CHECK(view_cover(v, &cover) == 0);
		for (i = 1; i < UIDS; i++) {
			CHECK(uidset_has(&got, i) == want[i]);
			if (there[i])
				CHECK(uidset_has(&cover, i) == want[i]);
		}
		CHECK(cover.n <= got.n && cover.n <= in.n);
		view_free(v);
	}
	uidset_free(&got);
	uidset_free(&cover);
}

static void
test_bounds(void)
{
	bool		 there[UIDS] = { false };
	struct seqrange	 r = { 1, 0 };
	struct seqset	 in = { .v = &r, .n = 1 };
	struct uidset	 got = UIDSET_INIT, save = UIDSET_INIT;
	struct view	*v = make(there);
	enum view_error	 why;

	CHECK(view_resolve(v, &in, false, &got, &why) == 0 && got.n == 0);
	CHECK(view_resolve(v, &in, true, &got, &why) == 0 && got.n == 0);
	r.last = 1;
	why = VIEW_NOMEM;
	CHECK(view_resolve(v, &in, false, &got, &why) == -1 &&
	    why == VIEW_BEYOND);
	view_free(v);
	there[5] = there[9] = true;
	v = make(there);
	r.first = r.last = 3;
	why = VIEW_NOMEM;
	CHECK(view_resolve(v, &in, false, &got, &why) == -1 &&
	    why == VIEW_BEYOND);
	CHECK(view_resolve(v, &in, true, &got, &why) == 0 && got.n == 0);
	(void)uidset_add(&save, 9, 20);
	CHECK(view_save(v, &save) == 0);
	in = (struct seqset){ .saved = true };
	CHECK(view_resolve(v, &in, false, &got, &why) == 0 && got.n == 1 &&
	    got.v[0].first == 9 && got.v[0].last == 9);
	uidset_free(&got);
	uidset_free(&save);
	view_free(v);
}

/* Memory that is not there is not a message that is not there. */
static void
test_resolve_nomem(void)
{
	bool		 there[UIDS] = { false };
	struct seqrange	 r = { 1, 1 };
	struct seqset	 in = { .v = &r, .n = SIZE_MAX / sizeof(r) };
	struct uidset	 got = UIDSET_INIT;
	struct view	*v;
	enum view_error	 why = VIEW_BEYOND;

	there[1] = true;
	v = make(there);
	CHECK(view_resolve(v, &in, false, &got, &why) == -1 &&
	    why == VIEW_NOMEM);
	why = VIEW_BEYOND;
	CHECK(view_resolve(v, &in, true, &got, &why) == -1 &&
	    why == VIEW_NOMEM);
	view_free(v);
}

/* Words that a later command brings come with it, and in order. */
static void
test_keywords_wait(struct view *v)
{
	struct mbox_keyword	 k[] = { { 20, STR("later") },
	    { 21, STR("last") } };
	struct ev_keywords	 kw = { .box = 7, .keywords = { k, 2 },
	    .full = true };
	struct command		 first = { 0 }, second = { 0 };
	char			 words[] = "onetwo";

	/* a message dies with its handler, and its words with it */
	k[0].name = (struct str){ words, 3 };
	k[1].name = (struct str){ words + 3, 3 };
	CHECK(view_ev_keywords(v, &kw, &second) == 0);
	memset(words, 'x', sizeof(words) - 1);
	view_merge(v, &second);
	CHECK(strcmp(view_keyword(v, 20), "one") == 0);
	CHECK(strcmp(view_keyword(v, 21), "two") == 0);
	view_keyword_drop(v, 20);
	view_keyword_drop(v, 21);
	k[0].name = STR("later");
	k[1].name = STR("last");
	v->keywords_new = v->full = false;
	CHECK(view_ev_keywords(v, &kw, &second) == 0);
	k[0].name = k[1].name = (struct str){ "", 0 };	/* forgotten */
	kw.full = false;
	CHECK(view_ev_keywords(v, &kw, NULL) == 0);
	view_merge(v, &first);
	CHECK(!v->keywords_new && !v->full && view_keyword(v, 20) == NULL);
	view_merge(v, &second);
	CHECK(v->keywords_new && !v->full && view_keyword(v, 20) == NULL &&
	    TAILQ_EMPTY(&v->events));
	k[0].name = STR("later");
	k[1].name = STR("la st");
	CHECK(view_ev_keywords(v, &kw, &second) == -1);
	k[1].name = STR("last");
	kw.full = true;
	CHECK(view_ev_keywords(v, &kw, &second) == 0);
	view_forget(v, &second);
	view_merge(v, &first);
	CHECK(v->full && strcmp(view_keyword(v, 21), "last") == 0);
	v->full = false;
}

static void
test_events(void)
{
	bool			 there[UIDS] = { false };
	struct ev_added		 add = { .box = 7 };
	struct ev_flags		 flags = { .box = 7 };
	struct ev_expunged	 gone = { .box = 7 };
	struct mbox_keyword	 k[] = { { 3, STR("kw") } };
	struct ev_keywords	 kw = { .box = 7 };
	struct buf		 b = BUF_INIT;
	struct view		*v;

	there[1] = there[2] = true;
	v = make(there);
	CHECK(TAILQ_EMPTY(&v->events));
	(void)uidset_add(&add.uids, 2, 3);
	CHECK(view_ev_added(v, &add, NULL) == -1);	/* 2 was told */
	uidset_clear(&add.uids);
	CHECK(view_ev_added(v, &add, NULL) == -1);
	(void)uidset_add(&add.uids, 3, 5);
	CHECK(view_ev_added(v, &add, NULL) == 0 &&
	    v->add.n > 0);
	CHECK(view_ev_added(v, &add, NULL) == -1);	/* twice */
	(void)uidset_add(&flags.uids, 2, 3);
	CHECK(view_ev_flags(v, &flags, NULL, false) == 0);
	CHECK(uidset_has(&v->flags, 2) && !uidset_has(&v->flags, 3));
	flags.modseq = 9;		/* .SILENT: heard of, not told */
	uidset_clear(&flags.uids);
	(void)uidset_add(&flags.uids, 1, 1);
	CHECK(view_ev_flags(v, &flags, NULL, true) == 0);
	CHECK(!uidset_has(&v->flags, 1) && v->modseq == 9);
	(void)uidset_add(&gone.uids, 2, 4);
	CHECK(view_ev_expunged(v, &gone, NULL) == 0);
	CHECK(v->flags.n == 0 && uidset_has(&v->gone, 2) &&
	    !uidset_has(&v->gone, 3) && !uidset_has(&v->add, 4) &&
	    uidset_has(&v->add, 5));
	CHECK(view_told_add(v) == 0 && view_count(v) == 3);
	CHECK(view_seq(v, 5) == 3);
	CHECK(view_told_gone(v, 1) == 0 && view_count(v) == 2 &&
	    view_seq(v, 5) == 2 && v->gone.n == 0);
	kw.keywords.v = k;
	kw.keywords.n = 1;
	CHECK(view_ev_keywords(v, &kw, NULL) == 0 && v->keywords_new);
	CHECK(view_keyword_number(v, STR("KW")) == 3 &&
	    view_keyword(v, 2) == NULL && view_keyword(v, 9) == NULL);
	k[0].name = STR("bad word");
	CHECK(view_ev_keywords(v, &kw, NULL) == -1);
	k[0].name = STR("ok");
	k[0].number = 1000000;	/* a user's keywords come and go */
	CHECK(view_ev_keywords(v, &kw, NULL) == 0 && !v->full);
	CHECK(view_keyword_number(v, STR("OK")) == 1000000 &&
	    strcmp(view_keyword(v, 3), "kw") == 0);
	k[0].name = STR("");
	k[0].number = 3;
	kw.full = true;
	CHECK(view_ev_keywords(v, &kw, NULL) == 0 && v->full);
	CHECK(view_keyword(v, 3) == NULL && v->nkeywords == 1 &&
	    view_keyword_number(v, STR("kw")) == -1);
	view_print_keywords(v, &b);
	(void)buf_put_u8(&b, 0);
	CHECK(strstr((char *)b.data, "Draft ok)] Flags permitted\r\n") != NULL &&
	    strstr((char *)b.data, "\\*") == NULL);
	v->full = false;
	buf_reset(&b);
	view_print_keywords(v, &b);
	(void)buf_put_u8(&b, 0);
	CHECK(strstr((char *)b.data, "Draft ok \\*)] Flags permitted\r\n") != NULL);
	buf_free(&b);
	k[0].number = 4;		/* never heard of */
	CHECK(view_ev_keywords(v, &kw, NULL) == 0 && v->nkeywords == 1);
	test_keywords_wait(v);
	flags.box = 8;
	CHECK(view_ev_flags(v, &flags, NULL, false) == -1);
	uidset_free(&add.uids);
	uidset_free(&flags.uids);
	uidset_free(&gone.uids);
	view_free(v);
}

int
main(void)
{
	test_numbers();
	test_resolve();
	test_bounds();
	test_resolve_nomem();
	test_events();
	return TEST_END();
}
