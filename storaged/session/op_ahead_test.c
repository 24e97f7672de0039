/*
 * One FETCH of many messages from a bucket that is far away: what comes is
 * asked for before it is needed, from the first message to the last.
 */
#include "common/compat.h"

#include "storaged/bucket/blob_impl.h"
#include "storaged/session/test/op_client.h"
#include "storaged/session/window.h"

#define TINY	256		/* messages; as many as are looked at at once */
#define BIG	100		/* and then such ones, in each APPEND */
#define APPENDS	5
#define OCTETS	30000		/* of a big one */

/* A GET that is held back until the test lets all of them go. */
struct held {
	struct blob_request	 r;
	TAILQ_ENTRY(held)	 entry;
	struct blob_request	*real;		/* NULL: not yet sent */
	char			 key[KEY_MAX];
	uint64_t		 off, len;
	size_t			 max;
	char			*none_match;
	enum blob_priority	 prio;
	blob_cb			 cb;
	void			*arg;
};
static TAILQ_HEAD(, held)	 helds = TAILQ_HEAD_INITIALIZER(helds);
static const struct blob_backend *near;
static struct blob_backend	 far;
static unsigned			 nsent;		/* of them are under way */

static void
held_free(struct held *h)
{
	TAILQ_REMOVE(&helds, h, entry);
	nsent -= h->real != NULL;
	free(h->none_match);
	free(h);
}

static void
held_done(const struct blob_result *r, void *arg)
{
	struct held	 h = *(struct held *)arg;

	h.none_match = NULL;
	held_free(arg);
	h.cb(r, h.arg);
}

static struct blob_request *
far_get(void *b, const char *key, uint64_t off, uint64_t len, size_t max,
    const char *none_match, enum blob_priority prio, blob_cb cb, void *arg)
{
	struct held	*h = calloc(1, sizeof(*h));

	(void)b;
	if (h == NULL)
		abort();
	h->r.store = env.blob;
	strlcpy(h->key, key, sizeof(h->key));
	h->off = off;
	h->len = len;
	h->max = max;
	h->none_match = none_match == NULL ? NULL : strdup(none_match);
	h->prio = prio;
	h->cb = cb;
	h->arg = arg;
	TAILQ_INSERT_TAIL(&helds, h, entry);
	return &h->r;
}

static void
far_cancel(void *b, struct blob_request *r)
{
	struct held	*h;

	TAILQ_FOREACH(h, &helds, entry)
		if (&h->r == r) {
			if (h->real != NULL)
				near->cancel(b, h->real);
			held_free(h);
			return;
		}
	near->cancel(b, r);
}

/* One round trip: all that is asked for now arrives.  false: nothing is. */
static bool
arrive(void)
{
	struct held	*h;
	unsigned	 idle;

	for (idle = 0; idle < 20; idle++)	/* until nothing moves */
		event_base_loop(base, EVLOOP_NONBLOCK);
	TAILQ_FOREACH(h, &helds, entry)
		if (h->real == NULL) {
			h->real = near->get(env.blob->b, h->key, h->off,
			    h->len, h->max, h->none_match, h->prio,
			    held_done, h);
			nsent += h->real != NULL;
		}
	if (nsent == 0)
		return false;
	while (nsent > 0)
		event_base_loop(base, EVLOOP_ONCE);
	return true;
}

/* n messages of len octets that do not compress, in one APPEND. */
static void
fill(struct client *c, unsigned n, size_t len)
{
	static char		 text[OCTETS];
	static uint32_t		 v = 1;
	struct append_open	 open = { STR("INBOX"), false };
	struct append_msg	 m = { .size = (uint32_t)len };
	struct data_credit	 credit;
	struct got		*g;
	struct buf		 d = BUF_INIT;
	size_t			 at, k, room = 0;
	uint32_t		 id;

	digest_make(&d, "a@b");
	m.digest = (struct str){ (const char *)d.data, d.len };
	id = ask(c, IMSG_APPEND_OPEN, &open);
	for (; n > 0; n--) {
		for (at = 0; at < len; at++) {
			v = v * 1664525 + 1013904223;
			text[at] = (char)(v >> 24);
		}
		for (at = 0; at < len; at += k, room -= k) {
			while (room == 0) {
				g = answer(c, id);
				CHECK(type_of(g) == IMSG_DATA_CREDIT &&
				    wire_decode(&data_credit_wire, &credit,
				    g->data, g->len, NULL) == 0);
				room = credit.bytes;
			}
			k = len - at < room ? len - at : room;
			k = k < MSG_DATA_MAX ? k : MSG_DATA_MAX;
			peer_send(c->p, IMSG_APPEND_DATA, id, text + at, k,
			    -1);
		}
		peer_send_struct(c->p, IMSG_APPEND_MSG, id, &m, -1);
	}
	peer_send(c->p, IMSG_APPEND_DONE, id, NULL, 0, -1);
	while (type_of(g = answer(c, id)) == IMSG_DATA_CREDIT)
		;
	CHECK_ROW(type_of(g) == IMSG_REPLY_OK, "%d", no_of(c, g));
	buf_free(&d);
}

/* How many round trips a FETCH of one octet of each takes. */
static unsigned
trips(struct client *c, uint64_t box, uint32_t last, uint64_t *gets)
{
	struct mbox_body req = { box, range(1, last), 0, 1 };
	struct cursor	 cur;
	uint64_t	 before = blob_counts(env.blob)->get;
	uint32_t	 id, uid;
	unsigned	 n = 0;

	windows_drop();
	buf_reset(&c->stream);
	id = ask(c, IMSG_MBOX_BODY, &req);
	while (arrive())
		n++;
	(void)ok_of(c, answer(c, id));
	*gets = blob_counts(env.blob)->get - before;
	cursor_init(&cur, c->stream.data, c->stream.len);
	for (uid = 1; uid <= last; uid++)
		if (cursor_varint(&cur) != uid ||
		    cursor_u8(&cur) != MBOX_BODY_OK ||
		    cursor_varint(&cur) != 1 || cursor_bytes(&cur, 1) == NULL)
			break;
	CHECK_ROW(uid == last + 1 && cursor_done(&cur), "UID %u", uid);
	return n;
}

int
main(void)
{
	struct helper_pool	*pool;
	struct client		*c;
	uint64_t		 box, gets;
	unsigned		 n;

	if (begin("op_ahead_test") == -1)
		return 1;
	setup("index");
	c = client_new("ann");
	CHECK(type_of(next(c)) == IMSG_SESSION_READY);
	fill(c, TINY, 100);
	for (n = 0; n < APPENDS; n++)
		fill(c, BIG, OCTETS);
	box = do_select(c, "INBOX").box;
	pool = env.pool;
	env.pool = NULL;	/* then nothing moves but the loop */
	near = env.blob->backend;
	far = *near;
	far.get = far_get;
	far.cancel = far_cancel;
	env.blob->backend = &far;
	n = trips(c, box, TINY + APPENDS * BIG, &gets);
	CHECK(gets > 12);
	CHECK_ROW(n <= gets / 2, "%u trips for %llu GETs", n,
	    (unsigned long long)gets);
	env.blob->backend = near;
	env.pool = pool;
	client_free(c);
	finish();
	return TEST_END();
}
