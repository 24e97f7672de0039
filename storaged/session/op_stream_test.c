/*
 * One FETCH of many messages: small ones that helper threads expand run by
 * run, large ones and damaged ones between them, in the order of UIDs.
 */
#include "common/compat.h"

#include <fcntl.h>
#include <glob.h>

#include "storaged/session/test/op_client.h"
#include "storaged/session/window.h"

#define N	600
#define LARGE	400000
#define EVEN	250

static char	 text[LARGE];
static uint64_t	 box;
static bool	 even;		/* messages of about one size */

/* Message uid; few of them compress well. */
static size_t
make(uint32_t uid)
{
	uint32_t	 v = uid * 2654435761U + 1;
	size_t		 i, len = even ? 6000 + uid % 1000 : uid % 97 == 0 ?
			    LARGE : uid % 31 == 0 ? 70000 : uid * 37 % 5000;

	for (i = 0; i < len; i++) {
		v = v * 1664525 + 1013904223;
		text[i] = (char)('!' + (v >> 24) % 90);
	}
	return len;
}

static void
fill(void)
{
	struct client	*c = client_new("ann");
	uint32_t	 uid;
	size_t		 len;

	CHECK(type_of(next(c)) == IMSG_SESSION_READY);
	for (uid = 1; uid <= N; uid++) {
		len = make(uid);
		(void)append(c, "INBOX", text, len, "a@b", 0);
	}
	client_free(c);
	drain_all();
}

/* All of a set in one stream: the good ones, compared, and the others. */
static void
stream(struct client *c, uint32_t from, uint32_t to, uint64_t off,
    uint64_t want, unsigned *good, unsigned *bad)
{
	struct mbox_body req = { box, range(from, to), off, want };
	struct cursor	 cur;
	const uint8_t	*p;
	uint32_t	 uid;
	size_t		 len, whole;
	int		 state;

	*good = *bad = 0;
	buf_reset(&c->stream);
	(void)ok_of(c, answer(c, ask(c, IMSG_MBOX_BODY, &req)));
	cursor_init(&cur, c->stream.data, c->stream.len);
	for (uid = from; uid <= to; uid++) {
		CHECK(cursor_varint(&cur) == uid);
		state = cursor_u8(&cur);
		len = (size_t)cursor_varint(&cur);
		p = cursor_bytes(&cur, len);
		whole = make(uid);
		whole = whole < off ? 0 : whole - off;
		if (whole > want)
			whole = (size_t)want;
		if (state == MBOX_BODY_OK && len == whole && p != NULL &&
		    memcmp(p, text + off, len) == 0)
			++*good;
		else if (state == MBOX_BODY_DAMAGED && len == 0)
			++*bad;
	}
	CHECK(cursor_done(&cur));
}

static void
test_order(struct client *c)
{
	static const struct { uint32_t from, to; uint64_t off, want; } t[] = {
		{ 1, N, 0, UINT64_MAX },
		{ 1, N, 1000, 500 },
		{ 90, 100, 0, UINT64_MAX },
		{ 5, 5, 0, UINT64_MAX },
		{ 5, 8, 0, UINT64_MAX },
		{ 250, 260, 0, 0 },
	};
	unsigned	 good, bad;
	size_t		 i;

	for (i = 0; i < nitems(t); i++) {
		stream(c, t[i].from, t[i].to, t[i].off, t[i].want, &good,
		    &bad);
		CHECK_ROW(good == t[i].to - t[i].from + 1 && bad == 0,
		    "%u:%u: %u good, %u bad", t[i].from, t[i].to, good, bad);
	}
}

/* Objects of bob's of that kind, and windows that they fill. */
static uint64_t
windows_of(const char *kind, uint64_t size)
{
	char		 pattern[700];
	uint64_t	 n = 0;
	struct stat	 st;
	glob_t		 g;
	size_t		 i;

	snprintf(pattern, sizeof(pattern), "%s/store/*/bob/%s/*", dir, kind);
	if (glob(pattern, 0, NULL, &g) != 0)
		return 0;
	for (i = 0; i < g.gl_pathc; i++)
		if (stat(g.gl_pathv[i], &st) == 0)
			n += ((uint64_t)st.st_size + size - 1) / size;
	globfree(&g);
	return n;
}

/* EVEN messages in one APPEND: they come to lie in one pack. */
static void
append_pack(struct client *c)
{
	struct append_open	 open = { STR("INBOX"), false };
	struct append_msg	 m = { .size = 0 };
	struct data_credit	 credit;
	struct got		*g;
	uint32_t		 uid, id;
	struct buf		 d = BUF_INIT;
	size_t			 at, n, room = 0;

	digest_make(&d, "a@b");
	m.digest = (struct str){ (const char *)d.data, d.len };
	id = ask(c, IMSG_APPEND_OPEN, &open);
	for (uid = 1; uid <= EVEN; uid++) {
		m.size = make(uid);
		for (at = 0; at < m.size; at += n, room -= n) {
			while (room == 0) {
				g = answer(c, id);
				CHECK(type_of(g) == IMSG_DATA_CREDIT &&
				    wire_decode(&data_credit_wire, &credit,
				    g->data, g->len, NULL) == 0);
				room = credit.bytes;
			}
			n = m.size - at < room ? m.size - at : room;
			n = n < MSG_DATA_MAX ? n : MSG_DATA_MAX;
			peer_send(c->p, IMSG_APPEND_DATA, id, text + at, n,
			    -1);
		}
		peer_send_struct(c->p, IMSG_APPEND_MSG, id, &m, -1);
	}
	peer_send(c->p, IMSG_APPEND_DONE, id, NULL, 0, -1);
	while (type_of(g = answer(c, id)) == IMSG_DATA_CREDIT)
		;
	(void)ok_of(c, g);
	buf_free(&d);
}

/* What lies together and is wanted costs one GET for each large window; what
 * is wanted alone reads a small one. */
static void
test_gets(void)
{
	struct client	*c = client_new("bob");
	uint64_t	 before, large;
	unsigned	 good, bad;

	CHECK(type_of(next(c)) == IMSG_SESSION_READY);
	even = true;
	append_pack(c);
	box = do_select(c, "INBOX").box;
	large = windows_of("pack", WINDOW_STREAM);
	CHECK(large > 0 && windows_of("pack", WINDOW_SMALL) > large);
	before = blob_counts(env.blob)->get;
	stream(c, 1, EVEN, 0, 100, &good, &bad);
	CHECK(good == EVEN);
	CHECK(blob_counts(env.blob)->get - before == large);
	windows_drop();
	before = blob_counts(env.blob)->bytes_in;
	stream(c, EVEN / 2, EVEN / 2, 0, 100, &good, &bad);
	CHECK(good == 1);
	CHECK(blob_counts(env.blob)->bytes_in - before == WINDOW_SMALL);
	client_free(c);
	drain_all();
}

/* A byte of one log object is another: one message, and no other. */
static void
test_damage(struct client *c)
{
	unsigned	 good, bad, some = 0;
	glob_t		 g;
	size_t		 i;
	char		 pattern[700];
	struct stat	 st;
	uint8_t		 byte;
	int		 fd;

	snprintf(pattern, sizeof(pattern), "%s/store/*/ann/log/*", dir);
	CHECK(glob(pattern, 0, NULL, &g) == 0);
	for (i = 0; i < g.gl_pathc; i += g.gl_pathc / 3 + 1) {
		fd = open(g.gl_pathv[i], O_RDWR);
		CHECK(fd != -1 && fstat(fd, &st) == 0 &&
		    pread(fd, &byte, 1, st.st_size * 6 / 10) == 1);
		byte ^= 1;
		CHECK(pwrite(fd, &byte, 1, st.st_size * 6 / 10) == 1);
		windows_drop();
		stream(c, 1, N, 0, UINT64_MAX, &good, &bad);
		CHECK_ROW(good + bad == N && bad <= 1, "%u good, %u bad",
		    good, bad);
		some += bad;
		byte ^= 1;
		CHECK(pwrite(fd, &byte, 1, st.st_size * 6 / 10) == 1);
		close(fd);
	}
	CHECK(some > 0);
	globfree(&g);
	windows_drop();
	stream(c, 1, N, 0, UINT64_MAX, &good, &bad);
	CHECK(good == N);
}

/* The client goes while runs are being expanded. */
static void
test_gone(void)
{
	struct mbox_body req;
	struct client	*c;
	unsigned	 i, k;

	for (i = 0; i < 20; i++) {
		c = client_new("ann");
		CHECK(type_of(next(c)) == IMSG_SESSION_READY);
		req = (struct mbox_body){ do_select(c, "INBOX").box,
		    range(1, N), 0, UINT64_MAX };
		c->credit = i % 2 == 0;
		(void)ask(c, IMSG_MBOX_BODY, &req);
		for (k = 0; k < i; k++)
			event_base_loop(base, EVLOOP_NONBLOCK);
		client_free(c);
		drain_all();
	}
}

int
main(void)
{
	struct helper_pool	*pool;
	struct client		*c;

	if (begin("op_stream_test") == -1)
		return 1;
	setup("index");
	fill();
	c = client_new("ann");
	CHECK(type_of(next(c)) == IMSG_SESSION_READY);
	box = do_select(c, "INBOX").box;
	test_order(c);
	test_damage(c);
	pool = env.pool;
	env.pool = NULL;		/* the same without threads */
	test_order(c);
	env.pool = pool;
	client_free(c);
	test_gone();
	test_gets();
	finish();
	return TEST_END();
}
