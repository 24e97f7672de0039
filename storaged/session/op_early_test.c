/* APPENDs whose octets come unasked. */
#include "common/compat.h"

#include "storaged/session/test/op_client.h"

static char	 text[40000];

static void
end_of_message(struct client *c, uint32_t id, size_t len)
{
	struct append_msg	 m;
	struct buf		 d = BUF_INIT;

	memset(&m, 0, sizeof(m));
	digest_make(&d, "early@x");
	m.size = len;
	m.digest = (struct str){ (const char *)d.data, d.len };
	peer_send_struct(c->p, IMSG_APPEND_MSG, id, &m, -1);
	buf_free(&d);
}

static void
data(struct client *c, uint32_t id, size_t len)
{
	size_t	 n;

	for (; len > 0; len -= n) {
		n = len < MSG_DATA_MAX ? len : MSG_DATA_MAX;
		peer_send(c->p, IMSG_APPEND_DATA, id, text, n, -1);
	}
}

/* All at once, nothing awaited: messages of len octets each. */
static uint32_t
append_early(struct client *c, const char *box, size_t len, int messages)
{
	struct append_open	 open = { str_from(box), true };
	uint32_t		 id;

	id = ask(c, IMSG_APPEND_OPEN, &open);
	for (; messages > 0; messages--) {
		data(c, id, len);
		end_of_message(c, id, len);
	}
	peer_send(c->p, IMSG_APPEND_DONE, id, NULL, 0, -1);
	return id;
}

/* One answer, no credit: nobody waited for any. */
static void
test_small(struct client *c)
{
	static const struct { size_t len; int messages; } rows[] = {
		{ 1, 1 }, { 4000, 1 }, { 4000, 3 }, { 0, 1 },
		{ MBOX_EARLY - 1, 1 },
	};
	uint32_t	 uid = 1, id;
	struct reply_ok	 ok;
	size_t		 i;

	for (i = 0; i < nitems(rows); i++) {
		id = append_early(c, "INBOX", rows[i].len, rows[i].messages);
		ok = ok_of(c, answer(c, id));
		CHECK_ROW(ok.dst.n == 1 && ok.dst.v[0].first == uid &&
		    ok.dst.v[0].last == uid + (uint32_t)rows[i].messages - 1,
		    "%zu octets", rows[i].len);
		uid += (uint32_t)rows[i].messages;
	}
	CHECK(no_of(c, answer(c, append_early(c, "gone", 4000, 1))) ==
	    MBOX_TRYCREATE);
}

/* More than may come unasked: then there is credit, or a refusal. */
static void
test_more(struct client *c)
{
	struct append_open	 open = { STR("INBOX"), true };
	struct append_open	 gone = { STR("gone"), true };
	struct data_credit	 credit = { 0 };
	struct got		*g;
	uint32_t		 id;

	id = ask(c, IMSG_APPEND_OPEN, &open);
	data(c, id, MBOX_EARLY);
	g = answer(c, id);
	CHECK(type_of(g) == IMSG_DATA_CREDIT && wire_decode(
	    &data_credit_wire, &credit, g->data, g->len, NULL) == 0 &&
	    credit.bytes == MBOX_CREDIT - MBOX_EARLY);
	data(c, id, sizeof(text) - MBOX_EARLY);
	end_of_message(c, id, sizeof(text));
	peer_send(c->p, IMSG_APPEND_DONE, id, NULL, 0, -1);
	while (type_of(g = answer(c, id)) == IMSG_DATA_CREDIT)
		;
	CHECK(ok_of(c, g).dst.n == 1);
	id = ask(c, IMSG_APPEND_OPEN, &gone);
	data(c, id, MBOX_EARLY);
	CHECK(no_of(c, answer(c, id)) == MBOX_TRYCREATE);
}

static void
test_too_much(void)
{
	struct append_open	 open = { STR("INBOX"), true };
	struct client		*c = client_new("ann");
	uint32_t		 id;

	CHECK(type_of(next(c)) == IMSG_SESSION_READY);
	id = ask(c, IMSG_APPEND_OPEN, &open);
	data(c, id, MBOX_EARLY - 1);
	peer_send(c->p, IMSG_APPEND_DATA, id, text, 2, -1);
	while (next(c) != NULL)
		;
	CHECK(c->closed);
	client_free(c);
}

int
main(void)
{
	struct client	*c;

	if (begin("op_early_test") == -1)
		return 1;
	setup("index");
	memset(text, 'x', sizeof(text));
	c = client_new("ann");
	CHECK(type_of(next(c)) == IMSG_SESSION_READY);
	test_small(c);
	test_more(c);
	test_too_much();
	CHECK(do_select(c, "INBOX").uids.n == 1);
	client_free(c);
	finish();
	return TEST_END();
}
