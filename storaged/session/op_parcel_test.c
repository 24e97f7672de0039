/*
 * Parcels and what is delivered from them: several recipients share one, and
 * each gets his own lines and all of its octets; how many PUTs that costs.
 */
#include "common/compat.h"

#include "storaged/session/append.h"
#include "storaged/session/test/parcel_client.h"
#include "storaged/util/spool_room.h"

#define RECIPIENTS	100
#define AT_ONCE		60
#define PASS		(EVLOOP_ONCE | EVLOOP_NONBLOCK)	/* of the loop */

static struct lmtpd	*l;
static char		 text[1024 * 1024];

/* Is the delivery with that id answered, and stored? */
static bool
did(struct client *c, uint32_t id)
{
	struct reply_ok	 ok = ok_of(c, answer(c, id));

	return stored(&ok);
}

/* The sizes at which a message is held otherwise: in memory or on disk, packed
 * or an object of its own, of one chunk or of several. */
static void
test_sizes(void)
{
	static const size_t	 sizes[] = { 0, 1, 4000, PARCEL_MEMORY - 1,
		PARCEL_MEMORY, PARCEL_MEMORY + 1, APPEND_SMALL - 300,
		APPEND_SMALL + 1, MSGOBJ_CHUNK * 2, MSGOBJ_CHUNK * 2 - 4,
		sizeof(text) };
	static char		 lines[DELIVER_PREFIX_MAX + 1];
	const char *const	 prefixes[] = { "", "A: b\r\n", lines };
	struct append_parcel	 r;
	struct client		*c = recipient("ann", 0);
	uint32_t		 id, uid = 0;
	size_t			 i, j;

	memset(lines, 'l', sizeof(lines) - 1);
	for (i = 0; i < nitems(sizes); i++) {
		noise(text, sizes[i]);
		if (i % 2 == 1 && sizes[i] > 100)
			memset(text, 'x', sizes[i] / 2);
		id = parcel_send(l, text, sizes[i]);
		CHECK_ROW(id != 0, "%zu octets", sizes[i]);
		for (j = 0; j < nitems(prefixes); j++) {
			r = delivery(id, prefixes[j], sizes[i]);
			uid++;
			CHECK(did(c, deliver_start(c, "INBOX", &r)));
			CHECK_ROW(body_is("ann", "INBOX", uid, prefixes[j],
			    text, sizes[i]), "%zu + %zu octets",
			    strlen(prefixes[j]), sizes[i]);
		}
		parcel_drop_it(l, id);
	}
	turns(20);
	CHECK(parcels_count() == 0 && spool_held() == 0);
	client_free(c);
}

/* A digest that is no small one: an object of its own, from memory. */
static void
test_large_digest(void)
{
	struct append_parcel	 r;
	struct client		*c = recipient("ann", 0);
	struct buf		 d = BUF_INIT;
	struct reply_ok		 ok;
	uint32_t		 id;

	digest_begin(&d);
	digest_put(&d, DIGEST_HEADER, text, APPEND_DIGEST + 1);
	id = parcel_send(l, "tiny", 4);
	r = delivery(id, "A: b\r\n", 4);
	r.digest = (struct str){ (const char *)d.data, d.len };
	ok = deliver(c, "Sent", &r);
	CHECK(stored(&ok) && body_is("ann", "Sent", 1,
	    "A: b\r\n", "tiny", 4));
	parcel_drop_it(l, id);
	buf_free(&d);
	client_free(c);
	turns(20);
	CHECK(spool_held() == 0);
}

/* Flags, keywords and date are as they were given. */
static void
test_facts(void)
{
	struct mbox_word	 w = { STR("$Label") };
	struct mbox_meta_row	 row;
	struct append_parcel	 r;
	struct client		*c = recipient("bob", 0), *reader;
	uint32_t		 id = parcel_send(l, "x\r\n", 3);

	r = delivery(id, "", 3);
	r.flags = MBOX_FLAGGED;
	r.keywords.v = &w;
	r.keywords.n = 1;
	r.dated = true;
	r.date = 1234567890;
	r.zone = -90;
	(void)deliver(c, "INBOX", &r);
	reader = client_new("bob");
	CHECK(type_of(next(reader)) == IMSG_SESSION_READY);
	CHECK(meta(reader, do_select(reader, "INBOX").box, range(1, 1),
	    MBOX_WHAT_FLAGS | MBOX_WHAT_DATE | MBOX_WHAT_SIZE, &row, 1) == 1);
	CHECK(row.flags == MBOX_FLAGGED && row.nkeywords == 1 &&
	    row.date == 1234567890 && row.zone == -90 && row.size == 3);
	parcel_drop_it(l, id);
	client_free(reader);
	client_free(c);
	turns(20);
}

/* A small mail to a hundred: one parcel, and one PUT for each of them. */
static void
test_hundred(void)
{
	static struct client	*v[RECIPIENTS];
	uint32_t		 ids[RECIPIENTS], id;
	struct append_parcel	 r;
	uint64_t		 puts;
	char			 name[16], line[32];
	unsigned		 i;

	for (i = 0; i < RECIPIENTS; i++) {
		snprintf(name, sizeof(name), "user%u", i);
		v[i] = recipient(name, 0);
	}
	turns(100);
	puts = blob_counts(env.blob)->put;
	noise(text, 2000);
	id = parcel_send(l, text, 2000);
	CHECK(id != 0 && parcels_count() == 1);
	for (i = 0; i < RECIPIENTS; i++) {
		snprintf(line, sizeof(line), "X: %u\r\n", i);
		r = delivery(id, line, 2000);
		ids[i] = deliver_start(v[i], "INBOX", &r);
	}
	for (i = 0; i < RECIPIENTS; i++)
		CHECK(did(v[i], ids[i]));
	CHECK_ROW(blob_counts(env.blob)->put - puts == RECIPIENTS,
	    "%llu PUTs", (unsigned long long)(blob_counts(env.blob)->put -
	    puts));
	parcel_drop_it(l, id);
	CHECK(body_is("user0", "INBOX", 1, "X: 0\r\n", text, 2000) &&
	    body_is("user99", "INBOX", 1, "X: 99\r\n", text, 2000));
	for (i = 0; i < RECIPIENTS; i++)
		client_free(v[i]);
	turns(20);
}

/* Many mails to one at once: what waits while a PUT is on its way is one
 * commit. */
static void
test_at_once(void)
{
	struct client		*c = recipient("eve", 0);
	uint32_t		 ids[AT_ONCE], parcels[AT_ONCE];
	struct append_parcel	 r;
	uint64_t		 puts;
	unsigned		 i;

	for (i = 0; i < AT_ONCE; i++)
		parcels[i] = parcel_send(l, text + i, 100);
	turns(50);
	puts = blob_counts(env.blob)->put;
	for (i = 0; i < AT_ONCE; i++) {
		r = delivery(parcels[i], "", 100);
		ids[i] = deliver_start(c, "INBOX", &r);
	}
	for (i = 0; i < AT_ONCE; i++)
		CHECK(did(c, ids[i]));
	puts = blob_counts(env.blob)->put - puts;
	printf("%d mails to one user at once: %llu PUTs\n", AT_ONCE,
	    (unsigned long long)puts);
	CHECK(puts <= 2);
	for (i = 0; i < AT_ONCE; i++)
		parcel_drop_it(l, parcels[i]);
	turns(50);
	CHECK(parcels_count() == 0);
	client_free(c);
}

/* More large ones to one user than may be at work at a time: the rest waits,
 * and none is refused; the octets are on disk once, and the objects of those
 * at work. */
static void
test_many_large(void)
{
	static struct client	*v[2];
	static const char *const names[] = { "fay", "gus" };
	uint32_t		 ids[2][SESSION_SPOOLS_MAX + 4], id;
	struct append_parcel	 r;
	uint64_t		 most = 0;
	size_t			 i, j;
	unsigned		 k;

	noise(text, 600000);
	id = parcel_send(l, text, 600000);
	CHECK(spool_held() == 600000);
	r = delivery(id, "Q: r\r\n", 600000);
	for (i = 0; i < nitems(v); i++)
		v[i] = recipient(names[i], 0);
	for (j = 0; j < nitems(ids[0]); j++)
		for (i = 0; i < nitems(v); i++)
			ids[i][j] = deliver_start(v[i], "INBOX", &r);
	for (k = 0; k < 3000; k++) {
		event_base_loop(base, PASS);
		most = spool_held() > most ? spool_held() : most;
	}
	for (i = 0; i < nitems(v); i++)
		for (j = 0; j < nitems(ids[0]); j++)
			CHECK(did(v[i], ids[i][j]));
	CHECK_ROW(most > 600000 && most <= 600000 + 2 * SESSION_SPOOLS_MAX *
	    700000, "%llu octets", (unsigned long long)most);
	CHECK(spool_held() == 600000);
	parcel_drop_it(l, id);
	for (i = 0; i < nitems(v); i++) {
		CHECK(body_is(names[i], "INBOX", 1, "Q: r\r\n", text, 600000));
		client_free(v[i]);
	}
	turns(20);
	CHECK(spool_held() == 0);
}

/* Is an APPEND of the user's being made an object? */
static bool
at_work(const char *user)
{
	struct session	*s = TAILQ_FIRST(&user_find(user)->sessions);
	struct op	*op = s == NULL ? NULL : TAILQ_FIRST(&s->ops);
	struct append	*x = op == NULL ? NULL : op->x;

	return x != NULL && !TAILQ_EMPTY(&x->larges) &&
	    TAILQ_FIRST(&x->larges)->writing;
}

/* It is dropped, or all of lmtpd's are, while an APPEND reads it: who uses it
 * has it to the end. */
static void
test_dropped_while_used(void)
{
	struct client		*c = recipient("ida", 0);
	struct append_parcel	 r;
	uint32_t		 id, append;
	unsigned		 gone, i;

	noise(text, sizeof(text));
	for (gone = 0; gone < 2; gone++) {
		id = parcel_send(l, text, sizeof(text));
		r = delivery(id, "D: e\r\n", sizeof(text));
		append = deliver_start(c, "INBOX", &r);
		for (i = 0; i < 10000 && !at_work("ida"); i++)
			event_base_loop(base, PASS);
		CHECK(at_work("ida"));
		if (gone == 1) {
			lmtpd_free(l);
			l = lmtpd_new(0);
		} else
			parcel_drop_it(l, id);
		for (i = 0; i < 3 && parcels_count() > 0; i++)
			event_base_loop(base, PASS);
		CHECK_ROW(parcels_count() == 0 && at_work("ida") &&
		    spool_held() > 0, "%u", gone);
		CHECK(did(c, append));
		CHECK(body_is("ida", "INBOX", gone + 1, "D: e\r\n", text,
		    sizeof(text)));
		CHECK(spool_held() == 0);
	}
	client_free(c);
	turns(20);
}

int
main(void)
{
	if (begin("op_parcel_test") == -1)
		return 1;
	setup("index");
	env.open_max = 200;
	env.appendlimit = sizeof(text);
	l = lmtpd_new(0);
	test_sizes();
	test_large_digest();
	test_facts();
	test_hundred();
	test_at_once();
	test_many_large();
	test_dropped_while_used();
	lmtpd_free(l);
	turns(20);
	finish();
	return TEST_END();
}
