/* See op_client.h. */
#include "common/compat.h"

#include "storaged/session/test/op_client.h"
#include "storaged/test/store_slice.h"

struct env	 env;
uint8_t		 client_rights = GRANT_ALL;
uint8_t		 client_kind = PROC_IMAPD;
uint32_t	 client_index;
struct event_base *base;
char		 dir[] = "/tmp/pail-op.XXXXXX";
static struct slice	*conf;
/* The answer to a request; events before it are taken too and counted. */
unsigned	 skipped[256];

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
			    &credit, -1);
		return 0;
	}
	if (c->n == MSGS_MAX)
		return -1;
	g = &c->v[c->n++];
	g->taken = false;
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

struct client *
client_new(const char *user)
{
	struct client	*c = calloc(1, sizeof(*c));
	struct grant_session grant = { .session = 1 };
	int		 sv[2];

	if (socketpair(AF_UNIX, SOCK_STREAM, 0, sv) == -1)
		exit(1);
	c->a = arena_new(0);
	c->credit = true;
	c->p = peer_new(base, sv[0], MSG_CHANNEL_MBOX, MSG_SIDE_A,
	    &client_ops, c);
	grant.rights = client_rights;
	grant.kind = client_kind;
	grant.index = client_index;
	session_new(user, &grant, sv[1]);
	return c;
}

void
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

struct got *
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

struct got *
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

uint32_t
ask(struct client *c, enum msg_type type,
    const void *req)
{
	peer_send_struct(c->p, type, ++c->last, req, -1);
	return c->last;
}

enum msg_type
type_of(const struct got *g)
{
	return g == NULL ? 0 : g->type;
}

struct reply_ok
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

int
no_of(struct client *c, const struct got *g)
{
	struct reply_no	 no;

	if (type_of(g) != IMSG_REPLY_NO || wire_decode(&reply_no_wire, &no,
	    g->data, g->len, c->a) == -1)
		return -1;
	return no.code;
}

void
digest_make(struct buf *b, const char *mid)
{
	digest_begin(b);
	digest_put(b, DIGEST_HEADER, "Subject: x\r\n\r\n", 14);
	digest_put(b, DIGEST_MESSAGE_ID, mid, strlen(mid));
}

uint32_t
append_send(struct client *c, const char *box, const char *text, size_t len)
{
	struct append_open	 open = { str_from(box), false };
	struct got		*g;
	struct data_credit	 credit;
	size_t			 n, room = 0;
	uint32_t		 id;

	id = ask(c, IMSG_APPEND_OPEN, &open);
	while (len > 0 || room == 0) {
		if (room == 0) {
			g = answer(c, id);
			if (type_of(g) != IMSG_DATA_CREDIT) {
				if (g != NULL)
					g->taken = false;
				return id;
			}
			wire_decode(&data_credit_wire, &credit, g->data,
			    g->len, NULL);
			room = credit.bytes;
			continue;
		}
		n = len < MSG_DATA_MAX ? len : MSG_DATA_MAX;
		if (n > room)
			n = room;
		peer_send(c->p, IMSG_APPEND_DATA, id, text, n, -1);
		text += n;
		len -= n;
		room -= n;
	}
	return id;
}

uint32_t
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
	peer_send_struct(c->p, IMSG_APPEND_MSG, id, &m, -1);
	peer_send(c->p, IMSG_APPEND_DONE, id, NULL, 0, -1);
	buf_free(&d);
	return id;
}

struct reply_ok
append(struct client *c, const char *box, const char *text, size_t len,
    const char *mid, uint8_t flags)
{
	uint32_t	 id = append_start(c, box, text, len, mid, flags);
	struct got	*g;

	while (type_of(g = answer(c, id)) == IMSG_DATA_CREDIT)
		;
	return ok_of(c, g);
}

struct mbox_selected
do_select(struct client *c, const char *name)
{
	struct mbox_select	 req = { str_from(name), false };
	struct mbox_selected	 s;
	struct got		*g;

	memset(&s, 0, sizeof(s));
	g = answer(c, ask(c, IMSG_MBOX_SELECT, &req));
	CHECK(type_of(g) == IMSG_REPLY_SELECTED);
	if (type_of(g) == IMSG_REPLY_SELECTED)
		CHECK(wire_decode(&mbox_selected_wire, &s, g->data, g->len,
		    c->a) == 0);
	return s;
}

struct uidset
range(uint32_t a, uint32_t b)
{
	static struct uidrange	 r[8];
	static unsigned		 n;
	struct uidset		 s = { &r[n++ % 8], 1, 0 };

	s.v->first = a;
	s.v->last = b;
	return s;
}

size_t
meta(struct client *c, uint64_t box, struct uidset uids, uint32_t what,
    struct mbox_meta_row *rows, size_t max)
{
	struct mbox_meta req = { box, uids, what, DIGEST_BIT(DIGEST_HEADER) };
	struct cursor	 cur;
	struct str	 s;
	size_t		 n = 0;

	buf_reset(&c->stream);
	(void)ok_of(c, answer(c, ask(c, IMSG_MBOX_META, &req)));
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

int
body(struct client *c, uint64_t box, uint32_t uid, uint64_t off,
    uint64_t want, const uint8_t **p, size_t *len)
{
	struct mbox_body req = { box, range(uid, uid), off, want };
	struct cursor	 cur;
	struct got	*g;
	int		 state;

	*len = 0;
	buf_reset(&c->stream);
	g = answer(c, ask(c, IMSG_MBOX_BODY, &req));
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

void
setup(const char *index_dir)
{
	char	 why[256];

	base = event_base_new();
	dispatch_init(&env);
	snprintf(env.cache, sizeof(env.cache), "%s/store", dir);
	conf = store_slice("store.path", env.cache, NULL);
	env.base = base;
	if ((env.blob = blob_open(base, conf, why, sizeof(why))) == NULL) {
		fprintf(stderr, "%s\n", why);
		exit(1);
	}
	snprintf(env.cache, sizeof(env.cache), "%s", dir);
	snprintf(env.index, sizeof(env.index), "%s/%s", dir, index_dir);
	mkdir(env.index, 0700);
	env.io = commit_io_new(base, env.blob);
	env.pool = helper_new(base, 2);
	env.eval.messages_max = MBOX_MESSAGES_MAX;
	windows_from(env.blob, NULL);
	env.codec = (struct codec_choice){ CODEC_ZSTD, 3 };
	env.appendlimit = 1024 * 1024;
	env.parcels_max = 4 * env.appendlimit;
	env.open_max = 4;
	env.sure = true;
	env.timeout_ms = 5000;
	env.sessions_max = SESSIONS_MAX;
	arc4random_buf(env.node, sizeof(env.node));
	env.eval.ndefaults = 2;
	strlcpy(env.eval.defaults[0].name, "Sent", MBOX_NAME_MAX);
	env.eval.defaults[0].use = MBOX_USE_SENT;
	strlcpy(env.eval.defaults[1].name, "Trash", MBOX_NAME_MAX);
	env.eval.defaults[1].use = MBOX_USE_TRASH;
}

int
begin(const char *name)
{
	log_init(name);
	log_set_level(LOG_LEVEL_ERROR);
	return mkdtemp(dir) == NULL ? -1 : 0;
}

void
drain_all(void)
{
	int	 i;

	for (i = 0; i < 20; i++)
		event_base_loop(base, EVLOOP_NONBLOCK);
	env.draining = true;
	while (!user_drain() || session_count() > 0)
		event_base_loop(base, EVLOOP_ONCE);
	env.draining = false;
}

void
finish(void)
{
	char	 cmd[128];

	drain_all();
	commit_io_free(env.io);
	helper_free(env.pool);
	blob_close(env.blob);
	slice_free(conf);
	event_base_free(base);
	snprintf(cmd, sizeof(cmd), "rm -rf %s", dir);
	CHECK(system(cmd) == 0);
}
