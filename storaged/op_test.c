/*
 * Sessions on the file store, from messages to messages: what a client of
 * the session protocol sees, in which order, and what another node's
 * commits do to it.
 */
#include "common/compat.h"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <event2/event.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/digest.h"
#include "common/log.h"
#include "common/msg_setup.h"
#include "common/slice.h"
#include "common/test.h"
#include "storaged/op.h"

#define MSGS_MAX	4096

static struct event_base *base;
static char		 dir[] = "/tmp/pail-op.XXXXXX";
static struct slice	*conf;

struct got {
	enum msg_type	 type;
	uint32_t	 id;
	uint8_t		*data;
	size_t		 len;
	bool		 taken;
};

/* A session as imapd holds it. */
struct client {
	struct peer	*p;
	struct got	 v[MSGS_MAX];
	size_t		 n;
	uint32_t	 last;		/* request id */
	struct buf	 stream;	/* of the last REPLY_DATAs */
	bool		 closed;
	bool		 credit;	/* give it back at once */
	struct arena	*a;
};

static int
client_message(struct peer *p, struct msg *m, void *arg)
{
	struct client		*c = arg;
	struct data_credit	 credit = { (uint32_t)m->len };
	struct got		*g;

	(void)p;
	if (m->type == IMSG_REPLY_DATA) {
		buf_put(&c->stream, m->data, m->len);
		if (c->credit)
			peer_send_struct(c->p, IMSG_DATA_CREDIT, m->id,
			    &data_credit_wire, &credit, -1);
		return 0;
	}
	if (c->n == MSGS_MAX)
		return -1;
	g = &c->v[c->n++];
	g->type = m->type;
	g->id = m->id;
	g->len = m->len;
	g->data = malloc(m->len + 1);
	memcpy(g->data, m->data, m->len);
	event_base_loopbreak(base);
	return 0;
}

static void
client_closed(struct peer *p, const char *why, void *arg)
{
	struct client	*c = arg;

	(void)p;
	(void)why;
	c->p = NULL;
	c->closed = true;
	event_base_loopbreak(base);
}

static const struct peer_ops client_ops = { client_message, client_closed,
    NULL };

static struct client *
client_new(const char *user)
{
	struct client	*c = calloc(1, sizeof(*c));
	int		 sv[2];

	if (socketpair(AF_UNIX, SOCK_STREAM, 0, sv) == -1)
		exit(1);
	c->a = arena_new(0);
	c->credit = true;
	c->p = peer_new(base, sv[0], MSG_CHANNEL_MBOX, MSG_SIDE_A,
	    &client_ops, c);
	session_new(user, sv[1]);
	return c;
}

static void
client_free(struct client *c)
{
	size_t	 i;

	peer_close(c->p);
	for (i = 0; i < c->n; i++)
		free(c->v[i].data);
	buf_free(&c->stream);
	arena_free(c->a);
	free(c);
}

static void
too_long(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	*(bool *)arg = true;
	event_base_loopbreak(base);
}

/* Runs the loop until more has come.  false: closed, or 5 s have passed. */
static bool
wait_more(struct client *c)
{
	struct timeval	 tv = { 5, 0 };
	bool		 late = false;
	struct event	*ev;
	size_t		 n = c->n;

	ev = evtimer_new(base, too_long, &late);
	evtimer_add(ev, &tv);
	while (n == c->n && !late && !c->closed)
		event_base_loop(base, EVLOOP_ONCE);
	event_free(ev);
	if (late) {
		fprintf(stderr, "nothing comes, last id %u\n", c->last);
		abort();
		exit(1);
	}
	return n != c->n;
}

/* The next message; NULL: the channel was closed. */
static struct got *
next(struct client *c)
{
	size_t	 i;

	for (i = 0;; i++) {
		if (i == c->n && !wait_more(c))
			return NULL;
		if (!c->v[i].taken) {
			c->v[i].taken = true;
			return &c->v[i];
		}
	}
}

/* The answer to a request; events before it are taken too and counted. */
static unsigned	 skipped[256];

static struct got *
answer(struct client *c, uint32_t id)
{
	struct got	*g;
	size_t		 i;

	memset(skipped, 0, sizeof(skipped));
	for (i = 0;; i++) {
		if (i == c->n && !wait_more(c))
			return NULL;
		g = &c->v[i];
		if (g->taken)
			continue;
		if (g->type >= IMSG_EV_ADDED && g->type <= IMSG_EV_WAITING) {
			g->taken = true;
			skipped[g->type]++;
		} else if (g->id == id) {
			g->taken = true;
			return g;
		}
	}
}

static uint32_t
ask(struct client *c, enum msg_type type, const struct wire_struct *ws,
    const void *req)
{
	peer_send_struct(c->p, type, ++c->last, ws, req, -1);
	return c->last;
}

static enum msg_type
type_of(const struct got *g)
{
	return g == NULL ? 0 : g->type;
}

static struct reply_ok
ok_of(struct client *c, const struct got *g)
{
	struct reply_ok	 ok;

	memset(&ok, 0, sizeof(ok));
	CHECK(type_of(g) == IMSG_REPLY_OK);
	if (type_of(g) == IMSG_REPLY_OK)
		CHECK(wire_decode(&reply_ok_wire, &ok, g->data, g->len,
		    c->a) == 0);
	return ok;
}

static int
no_of(struct client *c, const struct got *g)
{
	struct reply_no	 no;

	if (type_of(g) != IMSG_REPLY_NO || wire_decode(&reply_no_wire, &no,
	    g->data, g->len, c->a) == -1)
		return -1;
	return no.code;
}

static void
digest_make(struct buf *b, const char *mid)
{
	digest_begin(b);
	digest_put(b, DIGEST_HEADER, "Subject: x\r\n\r\n", 14);
	digest_put(b, DIGEST_MESSAGE_ID, mid, strlen(mid));
}

/* Opens an APPEND and sends one message; the answer comes later. */
static uint32_t
append_send(struct client *c, const char *box, const char *text, size_t len)
{
	struct append_open	 open = { str_from(box) };
	struct got		*g;
	struct data_credit	 credit;
	size_t			 n, window = 0;
	uint32_t		 id;

	id = ask(c, IMSG_APPEND_OPEN, &append_open_wire, &open);
	while (len > 0 || window == 0) {
		if (window == 0) {
			g = answer(c, id);
			if (type_of(g) != IMSG_DATA_CREDIT) {
				if (g != NULL)
					g->taken = false;
				return id;
			}
			wire_decode(&data_credit_wire, &credit, g->data,
			    g->len, NULL);
			window = credit.bytes;
			continue;
		}
		n = len < MSG_DATA_MAX ? len : MSG_DATA_MAX;
		if (n > window)
			n = window;
		peer_send(c->p, IMSG_APPEND_DATA, id, text, n, -1);
		text += n;
		len -= n;
		window -= n;
	}
	return id;
}

static uint32_t
append_start(struct client *c, const char *box, const char *text, size_t len,
    const char *mid, uint8_t flags)
{
	struct append_msg	 m;
	struct mbox_word	 w = { STR("$Kw") };
	struct buf		 d = BUF_INIT;
	uint32_t		 id = append_send(c, box, text, len);

	memset(&m, 0, sizeof(m));
	digest_make(&d, mid);
	m.size = len;
	m.flags = flags;
	m.keywords.v = &w;
	m.keywords.n = flags != 0;
	m.dated = true;
	m.date = 1234567890;
	m.zone = 120;
	m.digest = (struct str){ (const char *)d.data, d.len };
	peer_send_struct(c->p, IMSG_APPEND_MSG, id, &append_msg_wire, &m, -1);
	peer_send(c->p, IMSG_APPEND_DONE, id, NULL, 0, -1);
	buf_free(&d);
	return id;
}

static struct reply_ok
append(struct client *c, const char *box, const char *text, size_t len,
    const char *mid, uint8_t flags)
{
	uint32_t	 id = append_start(c, box, text, len, mid, flags);
	struct got	*g;

	while (type_of(g = answer(c, id)) == IMSG_DATA_CREDIT)
		;
	return ok_of(c, g);
}

static struct mbox_selected
do_select(struct client *c, const char *name)
{
	struct mbox_select	 req = { str_from(name), false };
	struct mbox_selected	 s;
	struct got		*g;

	memset(&s, 0, sizeof(s));
	g = answer(c, ask(c, IMSG_MBOX_SELECT, &mbox_select_wire, &req));
	CHECK(type_of(g) == IMSG_REPLY_SELECTED);
	if (type_of(g) == IMSG_REPLY_SELECTED)
		CHECK(wire_decode(&mbox_selected_wire, &s, g->data, g->len,
		    c->a) == 0);
	return s;
}

static struct uidset
range(uint32_t a, uint32_t b)
{
	static struct uidrange	 r[8];
	static unsigned		 n;
	struct uidset		 s = { &r[n++ % 8], 1, 0 };

	s.v->first = a;
	s.v->last = b;
	return s;
}

/* Reads a stream's rows: META. */
static size_t
meta(struct client *c, uint64_t box, struct uidset uids, uint32_t what,
    struct mbox_meta_row *rows, size_t max)
{
	struct mbox_meta req = { box, uids, what, DIGEST_BIT(DIGEST_HEADER) };
	struct cursor	 cur;
	struct str	 s;
	size_t		 n = 0;

	buf_reset(&c->stream);
	(void)ok_of(c, answer(c, ask(c, IMSG_MBOX_META, &mbox_meta_wire,
	    &req)));
	cursor_init(&cur, arena_dup(c->a, c->stream.data, c->stream.len),
	    c->stream.len);
	while (cursor_left(&cur) > 0 && n < max) {
		s = cursor_str(&cur);
		memset(&rows[n], 0, sizeof(rows[n]));
		CHECK(mbox_meta_row_decode(&rows[n++], what, s.p, s.len,
		    c->a) == 0);
	}
	CHECK(cursor_done(&cur));
	return n;
}

/* One message's octets: its state, and the length in *len. */
static int
body(struct client *c, uint64_t box, uint32_t uid, uint64_t off,
    uint64_t want, const uint8_t **p, size_t *len)
{
	struct mbox_body req = { box, range(uid, uid), off, want };
	struct cursor	 cur;
	struct got	*g;
	int		 state;

	*len = 0;
	buf_reset(&c->stream);
	g = answer(c, ask(c, IMSG_MBOX_BODY, &mbox_body_wire, &req));
	if (type_of(g) != IMSG_REPLY_OK)
		return -no_of(c, g);
	cursor_init(&cur, c->stream.data, c->stream.len);
	if (cursor_left(&cur) == 0)
		return -1000;
	CHECK(cursor_varint(&cur) == uid);
	state = cursor_u8(&cur);
	*len = (size_t)cursor_varint(&cur);
	*p = cursor_bytes(&cur, *len);
	CHECK(cursor_done(&cur));
	return state;
}

static void
test_first_login(void)
{
	struct client	*c = client_new("ann");
	struct mbox_list req = { STR(""), true, true };
	struct mbox_row	 row;
	struct cursor	 cur;
	struct str	 s;
	unsigned	 n = 0, subscribed = 0, uses = 0;

	CHECK(type_of(next(c)) == IMSG_SESSION_READY);
	(void)ok_of(c, answer(c, ask(c, IMSG_MBOX_LIST, &mbox_list_wire,
	    &req)));
	cursor_init(&cur, c->stream.data, c->stream.len);
	while (cursor_left(&cur) > 0) {
		s = cursor_str(&cur);
		CHECK(wire_decode(&mbox_row_wire, &row, s.p, s.len, c->a) ==
		    0);
		n++;
		subscribed += (row.attrs & MBOX_SUBSCRIBED) != 0;
		uses |= row.attrs & MBOX_USE_MASK;
		CHECK(row.uidnext == 1 && row.uidvalidity > 1000000);
	}
	CHECK(n == 3 && subscribed == 3);
	CHECK(uses == (MBOX_USE_SENT | MBOX_USE_TRASH));
	client_free(c);
}

static void
test_mail(void)
{
	struct client		*c = client_new("ann"), *d = client_new("ann");
	struct mbox_selected	 s, s2;
	struct mbox_meta_row	 rows[8];
	struct mbox_store	 st;
	struct mbox_copy	 cp;
	struct mbox_expunge	 ex;
	struct reply_ok		 ok;
	struct got		*g;
	struct ev_added		 added;
	const uint8_t		*p;
	size_t			 len;
	uint32_t		 id;

	CHECK(type_of(next(c)) == IMSG_SESSION_READY);
	CHECK(type_of(next(d)) == IMSG_SESSION_READY);
	s = do_select(c, "inbox");
	CHECK(s.uids.n == 0 && s.uidnext == 1);
	s2 = do_select(d, "INBOX");
	CHECK(s2.box == s.box);

	/* APPEND: the event comes before the answer, once as \Recent */
	id = append_start(c, "INBOX", "Hello\r\n", 7, "a@x", MBOX_FLAGGED);
	g = next(c);
	CHECK(type_of(g) == IMSG_EV_KEYWORDS);
	g = next(c);
	CHECK(type_of(g) == IMSG_EV_ADDED);
	CHECK(wire_decode(&ev_added_wire, &added, g->data, g->len, c->a) ==
	    0 && added.cause == id && added.recent);
	g = next(c);
	ok = ok_of(c, g);
	CHECK(g->id == id && ok.uidvalidity == s.uidvalidity &&
	    ok.dst.n == 1 && ok.dst.v[0].first == 1);
	CHECK(type_of(next(d)) == IMSG_EV_KEYWORDS);
	g = next(d);
	CHECK(type_of(g) == IMSG_EV_ADDED);
	CHECK(wire_decode(&ev_added_wire, &added, g->data, g->len, d->a) ==
	    0 && added.cause == 0 && !added.recent);

	CHECK(meta(c, s.box, range(1, 100), MBOX_WHAT_DIGEST * 2 - 1, rows,
	    8) == 1);
	CHECK(rows[0].flags == MBOX_FLAGGED && rows[0].nkeywords == 1 &&
	    rows[0].date == 1234567890 && rows[0].zone == 120 &&
	    rows[0].size == 7 && rows[0].threadid != 0 &&
	    rows[0].digest.len > 14);
	CHECK(body(c, s.box, 1, 0, UINT64_MAX, &p, &len) == MBOX_BODY_OK &&
	    len == 7 && memcmp(p, "Hello\r\n", 7) == 0);
	CHECK(body(c, s.box, 1, 2, 3, &p, &len) == MBOX_BODY_OK &&
	    len == 3 && memcmp(p, "llo", 3) == 0);
	CHECK(body(c, s.box, 2, 0, UINT64_MAX, &p, &len) == -1000);

	/* STORE, and one that changes nothing */
	memset(&st, 0, sizeof(st));
	st.box = s.box;
	st.uids = range(1, 5);
	st.how = MBOX_STORE_ADD;
	st.flags = MBOX_SEEN | MBOX_DELETED;
	st.unchangedsince = UINT64_MAX;
	ok = ok_of(c, answer(c, ask(c, IMSG_MBOX_STORE, &mbox_store_wire,
	    &st)));
	CHECK(skipped[IMSG_EV_FLAGS] == 1 && ok.modseq > 0);
	ok = ok_of(c, answer(c, ask(c, IMSG_MBOX_STORE, &mbox_store_wire,
	    &st)));
	CHECK(skipped[IMSG_EV_FLAGS] == 0 && ok.modseq == 0);
	st.unchangedsince = 1;
	st.flags = MBOX_DRAFT;
	ok = ok_of(c, answer(c, ask(c, IMSG_MBOX_STORE, &mbox_store_wire,
	    &st)));
	CHECK(ok.modified.n == 1);

	/* COPY, MOVE, EXPUNGE */
	memset(&cp, 0, sizeof(cp));
	cp.box = s.box;
	cp.uids = range(1, 9);
	cp.to = STR("nowhere");
	CHECK(no_of(c, answer(c, ask(c, IMSG_MBOX_COPY, &mbox_copy_wire,
	    &cp))) == MBOX_TRYCREATE);
	cp.to = STR("Sent");
	ok = ok_of(c, answer(c, ask(c, IMSG_MBOX_COPY, &mbox_copy_wire,
	    &cp)));
	CHECK(ok.src.n == 1 && ok.src.v[0].last == 1 && ok.dst.n == 1);
	memset(&ex, 0, sizeof(ex));
	ex.box = s.box;
	(void)ok_of(c, answer(c, ask(c, IMSG_MBOX_EXPUNGE,
	    &mbox_expunge_wire, &ex)));
	CHECK(skipped[IMSG_EV_EXPUNGED] == 1);
	CHECK(body(c, s.box, 1, 0, UINT64_MAX, &p, &len) == MBOX_BODY_GONE);
	s = do_select(c, "Sent");
	CHECK(s.uids.n == 1 && s.recent_from == 1 && s.keywords.n == 1);
	CHECK(body(c, s.box, 1, 0, UINT64_MAX, &p, &len) == MBOX_BODY_OK &&
	    len == 7);
	cp.box = s.box;
	cp.to = STR("INBOX");
	ok = ok_of(c, answer(c, ask(c, IMSG_MBOX_MOVE, &mbox_copy_wire,
	    &cp)));
	CHECK(skipped[IMSG_EV_EXPUNGED] == 1 && ok.dst.v[0].first == 2);
	CHECK(no_of(c, answer(c, append_start(c, "gone", "x", 1, "b@x",
	    0))) == MBOX_TRYCREATE);
	client_free(c);
	client_free(d);
}

static void
test_boxes(void)
{
	static const struct {
		char		 how;
		const char	*a, *b;
		int		 code;		/* -1: OK */
	} t[] = {
		{ 'c', "x/y/z", NULL, -1 },
		{ 'c', "x/y", NULL, MBOX_ALREADYEXISTS },
		{ 'c', "INBOX", NULL, MBOX_ALREADYEXISTS },
		{ 'c', "a//b", NULL, MBOX_CANNOT },
		{ 'c', "/a", NULL, MBOX_CANNOT },
		{ 'c', "a\x7f", NULL, MBOX_CANNOT },
		{ 'c', "new/", NULL, -1 },
		{ 'd', "x", NULL, MBOX_HASCHILDREN },
		{ 'd', "INBOX", NULL, MBOX_CANNOT },
		{ 'd', "none", NULL, MBOX_NONEXISTENT_BOX },
		{ 'd', "new", NULL, -1 },
		{ 'r', "x", "q/r", -1 },
		{ 'd', "q/r/y/z", NULL, -1 },
		{ 'd', "x", NULL, MBOX_NONEXISTENT_BOX },
		{ 'r', "q", "q/r/s", MBOX_CANNOT },
		{ 'r', "q", "Sent", MBOX_ALREADYEXISTS },
		{ 'r', "INBOX", "old/mail", -1 },
		{ 'd', "old", NULL, MBOX_HASCHILDREN },
		{ 's', "q", NULL, -1 },
		{ 's', "q", NULL, -1 },
		{ 'u', "q", NULL, -1 },
	};
	struct client		*c = client_new("ann");
	struct mbox_selected	 s;
	size_t			 i;
	uint32_t		 id = 0;
	struct got		*g;

	CHECK(type_of(next(c)) == IMSG_SESSION_READY);
	for (i = 0; i < nitems(t); i++) {
		struct mbox_create	 cr = { str_from(t[i].a), 0 };
		struct mbox_delete	 de = { str_from(t[i].a) };
		struct mbox_rename	 re = { str_from(t[i].a),
					    str_from(t[i].b) };
		struct mbox_subscribe	 su = { str_from(t[i].a),
					    t[i].how == 's' };

		switch (t[i].how) {
		case 'c':
			id = ask(c, IMSG_MBOX_CREATE, &mbox_create_wire, &cr);
			break;
		case 'd':
			id = ask(c, IMSG_MBOX_DELETE, &mbox_delete_wire, &de);
			break;
		case 'r':
			id = ask(c, IMSG_MBOX_RENAME, &mbox_rename_wire, &re);
			break;
		default:
			id = ask(c, IMSG_MBOX_SUBSCRIBE, &mbox_subscribe_wire,
			    &su);
		}
		g = answer(c, id);
		CHECK_ROW(no_of(c, g) == t[i].code && g != NULL,
		    "row %zu: code %d", i, no_of(c, g));
	}
	s = do_select(c, "INBOX");
	CHECK(s.uids.n == 0);
	s = do_select(c, "old/mail");
	CHECK(s.uids.n == 1);
	client_free(c);
}

/* Many at once: order, one stream's credit, large ones in between. */
static void
test_many(void)
{
	struct client		*c = client_new("bob");
	static struct mbox_meta_row rows[300];
	struct mbox_selected	 s;
	struct mbox_body	 req;
	struct uidset		 gone = UIDSET_INIT;
	struct cursor		 cur;
	char			*big = malloc(700000), text[64];
	const uint8_t		*p;
	uint32_t		 ids[200];
	size_t			 i, len, sum = 0;

	for (i = 0; i < 700000; i++)
		big[i] = (char)('a' + (int)(arc4random() % 26));
	CHECK(type_of(next(c)) == IMSG_SESSION_READY);
	for (i = 0; i < 200; i++) {
		snprintf(text, sizeof(text), "Message %zu\r\n", i);
		ids[i] = append_start(c, "INBOX", text, strlen(text), text,
		    0);
	}
	for (i = 0; i < 200; i++)
		CHECK_ROW(type_of(answer(c, ids[i])) == IMSG_REPLY_OK,
		    "append %zu", i);
	(void)append(c, "INBOX", big, 700000, "big@x", 0);
	(void)append(c, "INBOX", big, 100000, "mid@x", 0);
	(void)append(c, "INBOX", "", 0, "empty@x", 0);
	s = do_select(c, "INBOX");
	CHECK(s.uids.n == 1 && s.uids.v[0].last == 203);
	CHECK(meta(c, s.box, range(1, 300), MBOX_WHAT_SIZE |
	    MBOX_WHAT_DIGEST, rows, 300) == 203);
	CHECK(rows[200].size == 700000 && rows[202].size == 0);
	CHECK(body(c, s.box, 201, 0, UINT64_MAX, &p, &len) == MBOX_BODY_OK &&
	    len == 700000 && memcmp(p, big, len) == 0);
	CHECK(body(c, s.box, 201, 300000, 1000, &p, &len) == MBOX_BODY_OK &&
	    len == 1000 && memcmp(p, big + 300000, len) == 0);
	CHECK(body(c, s.box, 202, 0, UINT64_MAX, &p, &len) == MBOX_BODY_OK &&
	    len == 100000 && memcmp(p, big, len) == 0);
	CHECK(body(c, s.box, 203, 0, UINT64_MAX, &p, &len) == MBOX_BODY_OK &&
	    len == 0);
	/* all of them in one stream */
	memset(&req, 0, sizeof(req));
	req.box = s.box;
	req.uids = range(1, 203);
	req.length = UINT64_MAX;
	buf_reset(&c->stream);
	(void)ok_of(c, answer(c, ask(c, IMSG_MBOX_BODY, &mbox_body_wire,
	    &req)));
	cursor_init(&cur, c->stream.data, c->stream.len);
	for (i = 1; i <= 203; i++) {
		CHECK(cursor_varint(&cur) == i);
		CHECK(cursor_u8(&cur) == MBOX_BODY_OK);
		len = (size_t)cursor_varint(&cur);
		sum += len;
		CHECK(cursor_bytes(&cur, len) != NULL || len == 0);
	}
	CHECK(cursor_done(&cur));
	CHECK(sum > 800000);
	/* without credit the stream stops at the window */
	c->credit = false;
	buf_reset(&c->stream);
	(void)ask(c, IMSG_MBOX_BODY, &mbox_body_wire, &req);
	CHECK(type_of(answer(c, ask(c, IMSG_MBOX_POLL, NULL, NULL))) ==
	    IMSG_REPLY_OK);
	for (i = 0; i < 50; i++)
		event_base_loop(base, EVLOOP_NONBLOCK);
	CHECK(c->stream.len <= MBOX_WINDOW);
	peer_send(c->p, IMSG_MBOX_CANCEL, c->last - 1, NULL, 0, -1);
	CHECK(no_of(c, answer(c, c->last - 1)) == MBOX_CANCELLED);
	uidset_free(&gone);
	free(big);
	client_free(c);
}

/* What breaks the rules is cut; the others go on. */
static void
test_hostile(void)
{
	struct client		*good = client_new("ann"), *c;
	struct mbox_store	 st;
	struct mbox_word	 w = { STR("bad word") };
	struct append_open	 ao = { STR("INBOX") };
	struct data_credit	 credit = { 4000000000u };
	int			 how;
	char			 junk[1000];
	struct got		*g;

	CHECK(type_of(next(good)) == IMSG_SESSION_READY);
	memset(junk, 'x', sizeof(junk));
	for (how = 0; how < 7; how++) {
		c = client_new("ann");
		CHECK(type_of(next(c)) == IMSG_SESSION_READY);
		memset(&st, 0, sizeof(st));
		st.uids = range(1, 1);
		switch (how) {
		case 0:
			st.how = 9;
			ask(c, IMSG_MBOX_STORE, &mbox_store_wire, &st);
			break;
		case 1:
			st.keywords.v = &w;
			st.keywords.n = 1;
			ask(c, IMSG_MBOX_STORE, &mbox_store_wire, &st);
			break;
		case 2:
			peer_send(c->p, IMSG_MBOX_SELECT, 5, junk, 1000, -1);
			break;
		case 3:		/* the same id twice */
			st.flags = 1;
			peer_send_struct(c->p, IMSG_APPEND_OPEN, 7,
			    &append_open_wire, &ao, -1);
			peer_send_struct(c->p, IMSG_APPEND_OPEN, 7,
			    &append_open_wire, &ao, -1);
			break;
		case 4:		/* the end in the midst of a message */
			ask(c, IMSG_APPEND_OPEN, &append_open_wire, &ao);
			peer_send(c->p, IMSG_APPEND_DATA, c->last, junk, 9,
			    -1);
			peer_send(c->p, IMSG_APPEND_DONE, c->last, NULL, 0,
			    -1);
			break;
		case 5:		/* a descriptor's worth of nonsense */
			peer_send(c->p, IMSG_MBOX_META, 3, junk, 9, -1);
			break;
		case 6:		/* credit that was never taken: clamped */
			peer_send_struct(c->p, IMSG_DATA_CREDIT, 99,
			    &data_credit_wire, &credit, -1);
			ask(c, IMSG_MBOX_POLL, NULL, NULL);
			CHECK(type_of(answer(c, c->last)) == IMSG_REPLY_OK);
			peer_send(c->p, IMSG_MBOX_POLL, 0, NULL, 0, -1);
			break;
		}
		while ((g = next(c)) != NULL)
			;
		CHECK_ROW(c->closed, "%d", how);
		client_free(c);
	}
	CHECK(type_of(answer(good, ask(good, IMSG_MBOX_POLL, NULL, NULL))) ==
	    IMSG_REPLY_OK);
	client_free(good);
}

/* Everything local is deleted: the bucket gives it back. */
static void
test_rebuild(void)
{
	struct client		*c;
	struct mbox_selected	 s;
	static struct mbox_meta_row rows[300];
	const uint8_t		*p;
	size_t			 len;
	struct user		*u;

	for (int i = 0; i < 20; i++)
		event_base_loop(base, EVLOOP_NONBLOCK);
	env.draining = true;
	while (!user_drain())
		event_base_loop(base, EVLOOP_ONCE);
	env.draining = false;
	index_discard(env.index, "bob");
	CHECK((u = user_find("bob")) == NULL);
	c = client_new("bob");
	CHECK(type_of(next(c)) == IMSG_SESSION_READY);
	s = do_select(c, "INBOX");
	CHECK(s.uids.n == 1 && s.uids.v[0].last == 203);
	CHECK(meta(c, s.box, range(1, 300), MBOX_WHAT_DATE |
	    MBOX_WHAT_DIGEST, rows, 300) == 203);
	CHECK(rows[202].date == 1234567890 && rows[200].digest.len > 14);
	CHECK(body(c, s.box, 5, 0, UINT64_MAX, &p, &len) == MBOX_BODY_OK &&
	    len == 11 && memcmp(p, "Message 4\r\n", 11) == 0);
	CHECK(body(c, s.box, 201, 699999, 10, &p, &len) == MBOX_BODY_OK &&
	    len == 1);
	client_free(c);
}

static struct slice *
make_conf(void)
{
	struct setup_pair	 v[] = {
		{ STR("store.type"), STR("file") },
		{ STR("store.path"), str_from(env.cache) },
	};
	struct setup_conf	 sc = { { v, nitems(v) } };
	struct buf		 b = BUF_INIT;
	struct slice		*s;

	wire_encode(&setup_conf_wire, &sc, &b);
	s = slice_new(b.data, b.len);
	buf_free(&b);
	return s;
}

int
main(void)
{
	char	 why[256], cmd[128];

	log_init("op_test");
	log_set_level(LOG_LEVEL_ERROR);
	if (mkdtemp(dir) == NULL)
		return 1;
	base = event_base_new();
	snprintf(env.cache, sizeof(env.cache), "%s/store", dir);
	conf = make_conf();
	mkdir(env.cache, 0700);
	env.base = base;
	if ((env.blob = blob_open(base, conf, why, sizeof(why))) == NULL) {
		fprintf(stderr, "%s\n", why);
		return 1;
	}
	snprintf(env.cache, sizeof(env.cache), "%s", dir);
	snprintf(env.index, sizeof(env.index), "%s/index", dir);
	mkdir(env.index, 0700);
	env.io = commit_io_new(base, env.blob);
	env.codec = (struct codec_choice){ CODEC_ZSTD, 3 };
	env.appendlimit = 1024 * 1024;
	env.open_max = 4;
	env.timeout_ms = 5000;
	arc4random_buf(env.node, sizeof(env.node));
	eval_ndefaults = 2;
	strlcpy(eval_defaults[0].name, "Sent", MBOX_NAME_MAX);
	eval_defaults[0].use = MBOX_USE_SENT;
	strlcpy(eval_defaults[1].name, "Trash", MBOX_NAME_MAX);
	eval_defaults[1].use = MBOX_USE_TRASH;
	test_first_login();
	test_mail();
	test_boxes();
	test_many();
	test_hostile();
	test_rebuild();
	for (int i = 0; i < 20; i++)
		event_base_loop(base, EVLOOP_NONBLOCK);
	env.draining = true;
	while (!user_drain())
		event_base_loop(base, EVLOOP_ONCE);
	commit_io_free(env.io);
	blob_close(env.blob);
	slice_free(conf);
	event_base_free(base);
	snprintf(cmd, sizeof(cmd), "rm -rf %s", dir);
	CHECK(system(cmd) == 0);
	return TEST_END();
}
