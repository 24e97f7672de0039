/*
 * Messages in the wrong state: of a session's own protocol, each well formed
 * or nearly so, at a moment or about a thing where they have no sense.  The
 * session is cut or lives, as the row says; the session beside it lives.
 */
#include "common/compat.h"

#include "storaged/session/test/op_client.h"

static char	 junk[2000];

static void
send_junk(struct client *c, enum msg_type type, uint32_t id, size_t len)
{
	(void)peer_send(c->p, type, id, len == 0 ? NULL : junk, len, -1);
}

/* An APPEND that may send its octets. */
static uint32_t
opened(struct client *c)
{
	struct append_open	 open = { STR("INBOX"), false };
	uint32_t		 id;

	id = ask(c, IMSG_APPEND_OPEN, &open);
	CHECK(type_of(answer(c, id)) == IMSG_DATA_CREDIT);
	return id;
}

/* Three octets and their APPEND_MSG; a kind of what is wrong with it. */
static void
message(struct client *c, int wrong)
{
	struct append_msg	 m;
	struct mbox_word	 w = { STR("a keyword") };
	struct buf		 d = BUF_INIT;
	uint32_t		 id = opened(c);

	memset(&m, 0, sizeof(m));
	digest_make(&d, "x@y");
	m.size = 3;
	m.digest = (struct str){ (const char *)d.data, d.len };
	send_junk(c, IMSG_APPEND_DATA, id, 3);
	switch (wrong) {
	case 0:
		m.size = 4;
		break;
	case 1:
		m.size = 2;
		break;
	case 2:
		m.size = UINT64_MAX;
		break;
	case 3:
		m.digest.len--;
		break;
	case 4:
		m.flags = 0xff;
		break;
	case 5:
		m.dated = true;
		m.zone = 1441;
		break;
	case 6:
		m.keywords.v = &w;
		m.keywords.n = 1;
		break;
	}
	(void)peer_send_struct(c->p, IMSG_APPEND_MSG, id, &m, -1);
	buf_free(&d);
}

static void
data_unopened(struct client *c, int n)
{
	static const enum msg_type types[] = { IMSG_APPEND_DATA,
	    IMSG_APPEND_DONE, IMSG_MBOX_CANCEL };

	send_junk(c, types[n], 77, n == 0 ? 9 : 0);
}

static void
with_payload(struct client *c, int n)
{
	static const enum msg_type types[] = { IMSG_APPEND_DONE,
	    IMSG_MBOX_CANCEL, IMSG_MBOX_POLL, IMSG_MBOX_IDLE,
	    IMSG_MBOX_UNSELECT, IMSG_MBOX_MORE, IMSG_DATA_CREDIT };

	send_junk(c, types[n], 78, 13);
}

static void
over_limit(struct client *c, int n)
{
	uint32_t	 id = opened(c);
	size_t		 sent;

	(void)n;
	for (sent = 0; sent <= env.appendlimit; sent += sizeof(junk))
		send_junk(c, IMSG_APPEND_DATA, id, sizeof(junk));
}

static void
done_early(struct client *c, int n)
{
	uint32_t	 id = opened(c);

	(void)n;
	send_junk(c, IMSG_APPEND_DONE, id, 0);
}

static void
done_amidst(struct client *c, int n)
{
	uint32_t	 id = opened(c);

	(void)n;
	send_junk(c, IMSG_APPEND_DATA, id, 5);
	send_junk(c, IMSG_APPEND_DONE, id, 0);
}

static void
id_zero(struct client *c, int n)
{
	static const enum msg_type types[] = { IMSG_MBOX_POLL,
	    IMSG_MBOX_UNSELECT, IMSG_MBOX_SELECT };

	send_junk(c, types[n], 0, 0);
}

/* More requests than may be under way. */
static void
too_many(struct client *c, int n)
{
	struct append_open	 open = { STR("INBOX"), false };
	int			 i;

	(void)n;
	for (i = 0; i <= SESSION_OPS_MAX; i++)
		(void)ask(c, IMSG_APPEND_OPEN, &open);
}

/* Of a mailbox that never was, with nothing selected. */
static void
no_mailbox(struct client *c, int n)
{
	struct mbox_meta	 me = { 12345, range(1, UINT32_MAX), 1, 0 };
	struct mbox_body	 bo = { 12345, range(1, UINT32_MAX),
				    UINT64_MAX, UINT64_MAX };
	struct mbox_store	 st;
	struct mbox_expunge	 ex;
	struct mbox_copy	 co;

	memset(&st, 0, sizeof(st));
	memset(&ex, 0, sizeof(ex));
	memset(&co, 0, sizeof(co));
	st.box = ex.box = co.box = 12345;
	st.uids = co.uids = range(1, UINT32_MAX);
	st.flags = MBOX_DELETED;
	co.to = STR("INBOX");
	switch (n) {
	case 0:
		(void)ask(c, IMSG_MBOX_META, &me);
		break;
	case 1:
		(void)ask(c, IMSG_MBOX_BODY, &bo);
		break;
	case 2:
		(void)ask(c, IMSG_MBOX_STORE, &st);
		break;
	case 3:
		(void)ask(c, IMSG_MBOX_EXPUNGE, &ex);
		break;
	case 4:
		(void)ask(c, IMSG_MBOX_COPY, &co);
		break;
	case 5:
		(void)ask(c, IMSG_MBOX_MOVE, &co);
		break;
	}
}

static void
bad_name(struct client *c, int n)
{
	struct mbox_select	 s = { { junk, 1000 }, false };

	if (n == 0)
		s.name = STR("");
	else if (n == 1)
		s.name = STR("\xff\xfe");
	else if (n == 2)
		s.name = STR("../../etc/passwd");
	(void)ask(c, IMSG_MBOX_SELECT, &s);
}

static void
name_with_nul(struct client *c, int n)
{
	struct mbox_select	 s = { { "a\0b", 3 }, false };

	(void)n;
	(void)ask(c, IMSG_MBOX_SELECT, &s);
}

/* Waiting twice, going twice, asking backwards. */
static void
out_of_order(struct client *c, int n)
{
	struct mbox_box	 none = { 12345 };

	if (n == 0)
		(void)ask(c, IMSG_MBOX_UNSELECT, &none);
	else if (n == 1) {
		send_junk(c, IMSG_MBOX_POLL, 90, 0);
		send_junk(c, IMSG_MBOX_POLL, 89, 0);
	} else
		send_junk(c, IMSG_MBOX_CANCEL, c->last, 0);
}

static const struct row {
	const char	*name;
	void		(*say)(struct client *, int);
	int		 n;		/* variants, from 0 */
	bool		 cut;
} rows[] = {
	{ "data, an end or a cancel of nothing", data_unopened, 3, false },
	{ "a payload where none is, or a wrong one", with_payload, 7, true },
	{ "octets beyond the limit", over_limit, 1, false },
	{ "an end without a message", done_early, 1, false },
	{ "an end in the midst of a message", done_amidst, 1, true },
	{ "a message that is not what was sent", message, 7, true },
	{ "no id", id_zero, 3, true },
	{ "more requests than may be", too_many, 1, true },
	{ "a mailbox that is none", no_mailbox, 6, false },
	{ "a name that is none", bad_name, 4, false },
	{ "a name with a NUL", name_with_nul, 1, true },
	{ "out of order", out_of_order, 3, false },
};

static void
try(const struct row *r, int n, struct client *good)
{
	struct client	*c = client_new("ann");

	CHECK(type_of(next(c)) == IMSG_SESSION_READY);
	r->say(c, n);
	if (r->cut) {
		while (next(c) != NULL)
			;
		CHECK_ROW(c->closed, "%s, %d", r->name, n);
	} else {
		c->last = 100;
		CHECK_ROW(type_of(answer(c, ask(c, IMSG_MBOX_POLL,
		    NULL))) == IMSG_REPLY_OK, "%s, %d", r->name, n);
	}
	client_free(c);
	CHECK_ROW(type_of(answer(good, ask(good, IMSG_MBOX_POLL,
	    NULL))) == IMSG_REPLY_OK, "%s, %d: the other", r->name, n);
}

int
main(void)
{
	struct client	*good;
	size_t		 i;
	int		 n;

	if (begin("op_state_test") == -1)
		return 1;
	setup("index");
	memset(junk, 'x', sizeof(junk));
	good = client_new("ann");
	CHECK(type_of(next(good)) == IMSG_SESSION_READY);
	for (i = 0; i < nitems(rows); i++)
		for (n = 0; n < rows[i].n; n++)
			try(&rows[i], n, good);
	/* Nothing of it was kept. */
	CHECK(do_select(good, "INBOX").uids.n == 0);
	client_free(good);
	finish();
	return TEST_END();
}
