/*
 * Objects that are damaged or missing cost the message, or the user, that
 * they belong to, with a word why; a bucket that is away costs what needs
 * it.
 */
#include "common/compat.h"

#include <fcntl.h>

#include "common/clock.h"
#include "storaged/bucket/cache/blob_cache.h"
#include "storaged/session/test/op_client.h"
#include "storaged/session/window.h"

#define SMALL	120
#define LARGE	700000
#define ALL	(SMALL + 1)

static char	 large[LARGE];
static uint64_t	 box;

/* The one file of a kind in the store, "*" for its name; dst has 600. */
static void
object(const char *what, char *dst)
{
	char	 cmd[700];
	FILE	*f;

	snprintf(cmd, sizeof(cmd), "ls %s/store/*/ann/%s 2>/dev/null "
	    "| head -1", dir, what);
	dst[0] = '\0';
	if ((f = popen(cmd, "r")) == NULL || fgets(dst, 600, f) == NULL)
		dst[0] = '\0';
	if (f != NULL)
		pclose(f);
	dst[strcspn(dst, "\n")] = '\0';
	CHECK_ROW(dst[0] != '\0', "no %s", what);
}

/* Changes one byte; at is a part of the length, in 1/100. */
static void
flip(const char *path, unsigned at)
{
	struct stat	 st;
	uint8_t		 byte;
	int		 fd = open(path, O_RDWR);
	off_t		 off;

	CHECK(fd != -1 && fstat(fd, &st) == 0);
	off = st.st_size * at / 100;
	CHECK(pread(fd, &byte, 1, off) == 1);
	byte ^= 0x10;
	CHECK(pwrite(fd, &byte, 1, off) == 1);
	close(fd);
}

static struct client *
login(const char *user)
{
	struct client	*c = client_new(user);

	CHECK(type_of(next(c)) == IMSG_SESSION_READY);
	return c;
}

static void
fill(void)
{
	struct client	*c = login("ann");
	char		 text[3000];
	int		 i, j;

	for (i = 0; i < SMALL; i++) {
		for (j = 0; j < (int)sizeof(text); j++)
			text[j] = (char)('a' + (int)(arc4random() % 26));
		(void)append(c, "INBOX", text, sizeof(text), "a@b", 0);
	}
	for (i = 0; i < LARGE; i++)
		large[i] = (char)('a' + (int)(arc4random() % 26));
	(void)append(c, "INBOX", large, LARGE, "l@b", 0);
	client_free(c);
	drain_all();
}

/* Every message, one by one: how many are good, and how many are damaged?
 * Nothing else may be. */
static void
read_all(struct client *c, unsigned *good, unsigned *bad)
{
	const uint8_t	*p;
	size_t		 len;
	uint32_t	 uid;
	int		 state;

	*good = *bad = 0;
	box = do_select(c, "INBOX").box;
	for (uid = 1; uid <= ALL; uid++) {
		state = body(c, box, uid, 0, UINT64_MAX, &p, &len);
		*good += state == MBOX_BODY_OK && len == (uid == ALL ?
		    LARGE : 3000);
		*bad += (state == MBOX_BODY_DAMAGED && len == 0) ||
		    state == -MBOX_CORRUPTION;
	}
}

static void
test_objects(void)
{
	static const struct {
		const char	*what;
		int		 at;	/* -1: it is removed */
		unsigned	 bad;	/* 0: some */
	} t[] = {
		{ "log/*", 60, 1 },	/* a message's bytes */
		{ "log/*", 0, 0 },	/* its head */
		{ "log/*", -1, 0 },
		{ "msg/*", 50, 1 },
		{ "msg/*", 0, 1 },
		{ "msg/*", -1, 1 },
	};
	static struct mbox_meta_row rows[ALL + 1];
	char		 path[600], save[700];
	struct client	*c;
	unsigned	 good, bad;
	size_t		 i;

	for (i = 0; i < nitems(t); i++) {
		object(t[i].what, path);
		snprintf(save, sizeof(save), "cp -p %s %s/saved", path, dir);
		CHECK(system(save) == 0);
		if (t[i].at == -1)
			unlink(path);
		else
			flip(path, (unsigned)t[i].at);
		c = login("ann");
		read_all(c, &good, &bad);
		CHECK_ROW(good + bad == ALL && (t[i].bad == 0 ? bad > 0 &&
		    good > 0 : bad == t[i].bad), "%s %d: %u good, %u bad",
		    t[i].what, t[i].at, good, bad);
		/* Digests are in the cold index: no need of the bucket. */
		CHECK(meta(c, box, range(1, ALL), MBOX_WHAT_DIGEST, rows,
		    ALL + 1) == ALL);
		client_free(c);
		drain_all();
		windows_drop();
		snprintf(save, sizeof(save), "cp -p %s/saved %s", dir, path);
		CHECK(system(save) == 0);
	}
	c = login("ann");
	read_all(c, &good, &bad);
	CHECK(good == ALL && bad == 0);
	client_free(c);
	drain_all();
}

/* What the cache took while it was damaged is fetched again. */
static void
test_cache(void)
{
	struct client	*c;
	char		 path[600], cache[600], why[256];
	unsigned	 good, bad;

	windows_drop();
	snprintf(cache, sizeof(cache), "%s/objects", dir);
	env.objects = blob_cache_open(base, env.blob, cache, 64 << 20, why,
	    sizeof(why));
	CHECK(env.objects != NULL);
	windows_from(env.blob, env.objects);
	object("log/*", path);
	flip(path, 60);
	c = login("ann");
	read_all(c, &good, &bad);
	CHECK(bad == 1 && good == ALL - 1);
	flip(path, 60);
	read_all(c, &good, &bad);	/* it hears of it */
	read_all(c, &good, &bad);
	CHECK(bad == 0 && good == ALL);
	client_free(c);
	drain_all();
	windows_drop();
	blob_cache_close(env.objects);
	env.objects = NULL;
	windows_from(env.blob, NULL);
}

/* All rows of INBOX as octets: 0, or -1 when it was refused. */
static int
all_rows(struct buf *b)
{
	struct client		*c = client_new("ann");
	struct mbox_select	 sel = { STR("INBOX"), false };
	struct mbox_meta	 req = { box, range(1, ALL), MBOX_WHAT_FLAGS |
				    MBOX_WHAT_MODSEQ | MBOX_WHAT_DATE |
				    MBOX_WHAT_SIZE | MBOX_WHAT_SAVEDATE |
				    MBOX_WHAT_IDS | MBOX_WHAT_DIGEST,
				    DIGEST_BIT(DIGEST_HEADER) };
	struct got		*g;
	int			 rv = -1;

	buf_reset(b);
	if (type_of(next(c)) == IMSG_SESSION_READY && type_of(answer(c,
	    ask(c, IMSG_MBOX_SELECT, &sel))) ==
	    IMSG_REPLY_SELECTED) {
		buf_reset(&c->stream);
		g = answer(c, ask(c, IMSG_MBOX_META, &req));
		if (type_of(g) == IMSG_REPLY_OK)
			rv = buf_put(b, c->stream.data, c->stream.len);
	}
	client_free(c);
	drain_all();
	return rv;
}

/* A bit of any page of the index: what is said is right, or nothing is and
 * the next session finds an index made anew. */
static void
test_index(void)
{
	static const char *const kind[] = { "hot", "cold" };
	struct buf	 truth = BUF_INIT, b = BUF_INIT;
	char		 path[600];
	unsigned	 i, at, refused = 0;

	CHECK(all_rows(&truth) == 0 && truth.len > ALL * 20);
	for (i = 0; i < nitems(kind); i++)
		for (at = 2; at < 100; at += 4) {
			snprintf(path, sizeof(path), "%s/index/ann.%s", dir,
			    kind[i]);
			flip(path, at);
			if (all_rows(&b) == -1) {
				refused++;
				CHECK(all_rows(&b) == 0);
			}
			CHECK_ROW(b.len == truth.len && memcmp(b.data,
			    truth.data, b.len) == 0, "%s %u", kind[i], at);
		}
	CHECK(refused > 0 && refused <= 25);
	buf_free(&truth);
	buf_free(&b);
}

/* A damaged head ends the user's sessions, and those of no other. */
static void
test_head(void)
{
	struct client		*c = login("ann"), *d = login("bob");
	struct mbox_select	 req = { STR("INBOX"), false };
	struct got		*g;
	char			 path[600];
	bool			 refused = false;

	object("head", path);
	flip(path, 50);
	(void)ask(c, IMSG_MBOX_SELECT, &req);
	while ((g = next(c)) != NULL)
		refused |= type_of(g) == IMSG_SESSION_END ||
		    no_of(c, g) == MBOX_CORRUPTION;
	CHECK(refused && c->closed);
	(void)do_select(d, "INBOX");
	client_free(c);
	flip(path, 50);			/* mended */
	c = login("ann");
	CHECK(do_select(c, "INBOX").uidnext == ALL + 1);
	client_free(c);
	client_free(d);
	drain_all();
}

static void
head_of(const char *user, char *dst, size_t size)
{
	char	 prefix[256], key[300];

	CHECK(key_user(user, prefix, sizeof(prefix)) == 0 &&
	    key_head(prefix, key, sizeof(key)) == 0);
	snprintf(dst, size, "%s/store/%s", dir, key);
}

/* No mailbox may be seen, at the login or (the user is open) after it: true
 * when that is so, and damage is why. */
static bool
shut_out(struct client *c)
{
	struct mbox_select	 req = { STR("INBOX"), false };
	struct session_end	 end;
	struct got		*g;
	bool			 damage = false;

	(void)ask(c, IMSG_MBOX_SELECT, &req);
	while ((g = next(c)) != NULL) {
		if (type_of(g) == IMSG_REPLY_SELECTED)
			damage = false;
		else if (type_of(g) == IMSG_SESSION_END)
			damage |= wire_decode(&session_end_wire, &end,
			    g->data, g->len, c->a) == 0 &&
			    end.code == MBOX_CORRUPTION;
	}
	damage &= c->closed;
	client_free(c);
	drain_all();
	return damage;
}

/* A copy of a file at another place, whose directory is made. */
static void
copy(const char *from, const char *to)
{
	char	 cmd[2000];

	snprintf(cmd, sizeof(cmd), "mkdir -p $(dirname %s) && cp -p %s %s",
	    to, from, to);
	CHECK(system(cmd) == 0);
}

static bool
same(const char *a, const char *b)
{
	char	 cmd[2000];

	snprintf(cmd, sizeof(cmd), "cmp -s %s %s", a, b);
	return system(cmd) == 0;
}

/*
 * Another user's head in the place of a user's own: to a user who is new, to
 * one whom the node knows, to one who is logged in, and to one whose index is
 * gone.  It is all inline, so that no missing object gives it away.
 */
static void
test_foreign(void)
{
	static const char *const users[] = { "new", "bob", "carol",
	    "dave" };
	struct client	*c = login("eve");
	char		 eve[600], head[600], own[600], file[600];
	size_t		 i;
	int		 again;

	(void)append(c, "INBOX", "Subject: of eve\r\n\r\n", 19, "e@b", 0);
	client_free(c);
	drain_all();
	head_of("eve", eve, sizeof(eve));
	snprintf(own, sizeof(own), "%s/saved", dir);
	for (i = 0; i < nitems(users); i++) {
		head_of(users[i], head, sizeof(head));
		c = i > 0 ? login(users[i]) : NULL;
		if (i > 0)
			copy(head, own);
		if (i == 1 || i == 3) {
			client_free(c);
			drain_all();
		}
		if (i == 3) {
			snprintf(file, sizeof(file), "%s/%s.hot", env.index,
			    users[i]);
			CHECK(unlink(file) == 0);
		}
		copy(eve, head);
		if (i == 2)
			CHECK(shut_out(c));
		for (again = 0; again < 2; again++)
			CHECK_ROW(shut_out(client_new(users[i])), "%s %d",
			    users[i], again);
		CHECK_ROW(same(eve, head), "%s: overwritten", users[i]);
		if (i == 0)
			continue;
		copy(own, head);
		c = login(users[i]);
		CHECK_ROW(do_select(c, "INBOX").uidnext == 1, "%s", users[i]);
		client_free(c);
		drain_all();
	}
}

/* The bucket is away: each request ends so, from the loop. */
struct away { struct event *ev; blob_cb cb; void *arg; };

static void
away_answer(evutil_socket_t fd, short what, void *arg)
{
	struct away		*a = arg;
	struct blob_result	 r = { .outcome = BLOB_UNAVAILABLE,
				    .etag = "", .why = "away" };

	(void)fd;
	(void)what;
	a->cb(&r, a->arg);
	event_free(a->ev);
	free(a);
}

static void *
away_ask(blob_cb cb, void *arg)
{
	struct timeval	 tv = { 0, 10000 };
	struct away	*a = calloc(1, sizeof(*a));

	a->cb = cb;
	a->arg = arg;
	a->ev = evtimer_new(base, away_answer, a);
	evtimer_add(a->ev, &tv);
	return a;
}

static void *
away_put(void *arg, const char *key, const void *p, size_t len,
    enum blob_condition cond, const char *etag, enum blob_priority prio,
    blob_cb cb, void *cbarg)
{
	(void)arg, (void)key, (void)p, (void)len, (void)cond, (void)etag;
	(void)prio;
	return away_ask(cb, cbarg);
}

static void *
away_get(void *arg, const char *key, size_t max, const char *none_match,
    enum blob_priority prio, blob_cb cb, void *cbarg)
{
	(void)arg, (void)key, (void)max, (void)none_match, (void)prio;
	return away_ask(cb, cbarg);
}

static void
away_cancel(void *arg, void *request)
{
	struct away	*a = request;

	(void)arg;
	event_free(a->ev);
	free(a);
}

static void
test_away(void)
{
	struct client		*c = login("ann"), *d;
	struct commit_io	 io = *env.io;
	struct mbox_select	 req = { STR("INBOX"), false };
	struct mbox_create	 cr = { STR("new"), 0 };
	static struct mbox_meta_row rows[ALL + 1];
	struct session_end	 end;
	const uint8_t		*p;
	struct got		*g;
	uint64_t		 start;
	size_t			 len;
	unsigned		 good, bad;

	read_all(c, &good, &bad);
	CHECK(good == ALL);
	env.io->get = away_get;
	env.io->put = away_put;
	env.io->cancel = away_cancel;
	/* What is selected goes on from the index and from memory. */
	CHECK(meta(c, box, range(1, ALL), MBOX_WHAT_DIGEST | MBOX_WHAT_IDS,
	    rows, ALL + 1) == ALL);
	CHECK(body(c, box, SMALL, 0, UINT64_MAX, &p, &len) == MBOX_BODY_OK &&
	    len == 3000);
	/* NOOP is no error, a SELECT is refused. */
	(void)ok_of(c, answer(c, ask(c, IMSG_MBOX_POLL, NULL)));
	CHECK(no_of(c, answer(c, ask(c, IMSG_MBOX_SELECT,
	    &req))) == MBOX_UNAVAILABLE);
	/* One that the node has never seen waits for the time-out. */
	env.timeout_ms = 500;
	start = clock_ms();
	d = client_new("stranger");
	g = next(d);
	CHECK(type_of(g) == IMSG_SESSION_END && wire_decode(
	    &session_end_wire, &end, g->data, g->len, d->a) == 0 &&
	    end.code == MBOX_UNAVAILABLE && clock_ms() - start >= 450);
	client_free(d);
	env.timeout_ms = 5000;
	*env.io = io;
	/* It is back: so are changes. */
	(void)ok_of(c, answer(c, ask(c, IMSG_MBOX_CREATE, &cr)));
	CHECK(do_select(c, "INBOX").uidnext == ALL + 1);
	client_free(c);
	drain_all();
}

int
main(void)
{
	if (begin("op_damage_test") == -1)
		return 1;
	setup("index");
	fill();
	test_objects();
	test_index();
	test_cache();
	test_head();
	test_foreign();
	test_away();
	finish();
	return TEST_END();
}
