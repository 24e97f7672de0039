/* Which keys go out, when, and to whom; with a clock of the test's own. */
#include "common/compat.h"

#include <sys/socket.h>

#include <stdio.h>
#include <unistd.h>

#include <event2/event.h>

#include "common/log.h"
#include "common/msg_auth.h"
#include "common/peer.h"
#include "common/test.h"
#include "common/test/capture.h"
#include "credd/keys.h"
#include "credd/sigkey.h"

#define NOON	(20000 * (int64_t)86400 + 43200)	/* 2024-10-04 */

static struct event_base *base;
static struct keys	 *keys;
static int64_t		  clock_now = NOON;
static unsigned		  told, told_other;	/* refusals */

struct store {
	struct peer	*p;
	bool		 closed;
	size_t		 n;
	char		 dates[16][9];
	bool		 right;		/* all keys were what they should be */
};

static int64_t
fake_now(void)
{
	return clock_now;
}

static int
store_message(struct peer *p, struct msg *m, void *arg)
{
	struct store	*s = arg;
	struct cred_key	 ck;
	uint8_t		 key[SIGKEY_LEN];
	char		 date[9];

	(void)p;
	CHECK(m->type == IMSG_CRED_KEY);
	CHECK(wire_decode(&cred_key_wire, &ck, m->data, m->len, NULL) == 0);
	CHECK(ck.date.len == 8 && ck.key.len == SIGKEY_LEN);
	memcpy(date, ck.date.p, 8);
	date[8] = '\0';
	memcpy(s->dates[s->n++ % 16], date, 9);
	sigkey_derive(key, "secret", date, "eu-1", "s3");
	s->right = s->right && memcmp(key, ck.key.p, SIGKEY_LEN) == 0 &&
	    str_eq(ck.access_key, STR("access")) &&
	    str_eq(ck.token, STR("token")) && str_eq(ck.region, STR("eu-1")) &&
	    str_eq(ck.service, STR("s3")) && ck.expires == 0 &&
	    str_eq(ck.source, STR("imds")) &&
	    str_eq(ck.identity, STR("arn:aws:sts::1:role"));
	return 0;
}

static void
store_closed(struct peer *p, const char *why, void *arg)
{
	struct store	*s = arg;

	(void)p;
	(void)why;
	s->p = NULL;
	s->closed = true;
}

static const struct peer_ops store_ops = { store_message, store_closed, NULL };

static void
pump(void)
{
	int	i;

	for (i = 0; i < 20; i++)
		event_base_loop(base, EVLOOP_NONBLOCK);
}

static void
store_join(struct store *s, uint32_t index)
{
	int	sv[2];

	memset(s, 0, sizeof(*s));
	s->right = true;
	CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, sv) == 0);
	s->p = peer_new(base, sv[0], MSG_CHANNEL_CRED, MSG_SIDE_B, &store_ops,
	    s);
	keys_storaged(keys, index, sv[1]);
	pump();
}

static const struct cred_secret *
secret(void)
{
	static struct cred_secret	s = { "access", "secret", "token",
	    "eu-1", "arn:aws:sts::1:role", 0 };

	return &s;
}

static void
on_refused(unsigned set, const char *access_key, void *arg)
{
	(void)arg;
	told += set == 0 && strcmp(access_key, "access") == 0;
	told_other += set == 1 && strcmp(access_key, "other") == 0;
}

static void
check_days(void)
{
	struct store	a, b, c;

	store_join(&a, 0);
	CHECK(a.n == 0);			/* there is no secret yet */
	keys_source(keys, 0, "imds");
	keys_secret(keys, 0, secret());
	pump();
	CHECK(a.n == 1 && strcmp(a.dates[0], "20241004") == 0);
	keys_look(keys);
	pump();
	CHECK(a.n == 1);
	clock_now = NOON + 6 * 3600 - 1;
	keys_look(keys);
	pump();
	CHECK(a.n == 1);
	clock_now = NOON + 6 * 3600;		/* 18:00: tomorrow's */
	keys_look(keys);
	pump();
	CHECK(a.n == 2 && strcmp(a.dates[1], "20241005") == 0);
	/* a new one gets both, the other none again */
	store_join(&b, 1);
	CHECK(b.n == 2 && a.n == 2);
	CHECK(strcmp(b.dates[0], "20241004") == 0);
	CHECK(strcmp(b.dates[1], "20241005") == 0);
	clock_now = NOON + 12 * 3600;		/* midnight: nothing to do */
	keys_look(keys);
	pump();
	CHECK(a.n == 2 && b.n == 2);
	/* asleep for a week */
	clock_now += 7 * 86400 + 3600;
	keys_look(keys);
	pump();
	CHECK(a.n == 3 && strcmp(a.dates[2], "20241012") == 0);
	/* the clock was wrong: back to its own day */
	clock_now = NOON;
	keys_look(keys);
	pump();
	CHECK(a.n == 4 && strcmp(a.dates[3], "20241004") == 0);
	/* a restart of one: a new channel in the place of the old */
	store_join(&c, 0);
	CHECK(a.closed && c.n == 1 && b.n == 4);
	/* a reload pushes the new keys */
	keys_secret(keys, 0, secret());
	pump();
	CHECK(b.n == 5 && c.n == 2 && a.right && b.right && c.right);
	CHECK(keys_pushed(keys) == 4 + 5 + 2);
	keys_secret(keys, 0, NULL);
	pump();
	CHECK(b.n == 5 && c.n == 2);
	peer_close(b.p);
	peer_close(c.p);
	pump();
}

static void
check_refused(void)
{
	struct cred_refused	ref = { STR("store"), STR("access"),
				    STR("403") };
	struct store		a;
	int			i;

	store_join(&a, 0);
	for (i = 0; i < 100; i++)
		peer_send_struct(a.p, IMSG_CRED_REFUSED, 0, &ref, -1);
	pump();
	CHECK(keys_refused(keys) == 100 && told == 100 && !a.closed);
	/* what is no message of storaged's costs it the channel */
	CHECK(write(peer_fd(a.p), "\x10\0\0\0\x32\0\0\0\1\0\0\0\0\0\0\0",
	    16) == 16);
	pump();
	CHECK(a.closed);
}

/* The line about a refusal: of a few keys a minute, and of new ones even
 * after the clock was set back. */
static void
check_refused_lines(void)
{
	struct cred_refused	ref = { .use = STR("store"),
				    .why = STR("403") };
	struct store		a;
	const char		*said;
	char			key[32];
	unsigned		i;

	log_set_level(LOG_LEVEL_WARN);
	store_join(&a, 0);
	clock_now = NOON + 10 * 86400;
	capture();
	for (i = 0; i < 40; i++) {
		snprintf(key, sizeof(key), "future%u", i);
		ref.access_key = str_from(key);
		peer_send_struct(a.p, IMSG_CRED_REFUSED, 0, &ref, -1);
	}
	pump();
	said = captured();
	CHECK_ROW(strstr(said, "future0") != NULL &&
	    strstr(said, "future39") == NULL, "%s", said);
	clock_now = NOON;
	capture();
	ref.access_key = STR("past");
	for (i = 0; i < 3; i++)
		peer_send_struct(a.p, IMSG_CRED_REFUSED, 0, &ref, -1);
	pump();
	said = captured();
	CHECK_ROW(strstr(said, "access-key=\"past\"") != NULL, "%s", said);
	log_set_level(LOG_LEVEL_ERROR);
	peer_close(a.p);
	pump();
}

struct uses {
	unsigned	 store, bucket, queue, own;
	bool		 right, closed;
};

static int
uses_message(struct peer *p, struct msg *m, void *arg)
{
	struct uses	*u = arg;
	struct cred_key	 ck;
	uint8_t		 key[SIGKEY_LEN];
	bool		 own, queue;
	char		 date[9];

	(void)p;
	CHECK(wire_decode(&cred_key_wire, &ck, m->data, m->len, NULL) == 0);
	memcpy(date, ck.date.p, 8);
	date[8] = '\0';
	own = str_eq(ck.use, STR("ingest.1"));
	queue = str_eq(ck.service, STR("sqs"));
	u->store += str_eq(ck.use, STR("store"));
	u->queue += queue;
	u->bucket += str_eq(ck.use, STR("ingest.0")) && !queue;
	u->own += own;
	sigkey_derive(key, own ? "theirs" : "secret", date, own ? "us-9" :
	    queue ? "eu-2" : "eu-1", queue ? "sqs" : "s3");
	u->right = u->right && memcmp(key, ck.key.p, SIGKEY_LEN) == 0 &&
	    str_eq(ck.region, own ? STR("us-9") : queue ? STR("eu-2") :
	    STR("eu-1")) && str_eq(ck.access_key, own ? STR("other") :
	    STR("access"));
	return 0;
}

static void
uses_closed(struct peer *p, const char *why, void *arg)
{
	(void)p;
	(void)why;
	((struct uses *)arg)->closed = true;
}

/* A set each, and several uses of one: each region and service has a key of
 * its own. */
static void
check_uses(void)
{
	static const struct peer_ops ops = { uses_message, uses_closed, NULL };
	const struct cred_secret other = { "other", "theirs", "", "us-9", "",
	    0 };
	struct cred_refused	 ref = { STR("ingest.1"), STR("other"),
				    STR("403") };
	struct uses		 u = { .right = true };
	struct peer		*p;
	int			 sv[2];

	keys_use(keys, "ingest.0", "s3", "", 0);
	keys_use(keys, "ingest.0", "sqs", "eu-2", 0);
	keys_use(keys, "ingest.1", "s3", "", 1);
	keys_secret(keys, 0, secret());
	CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, sv) == 0);
	p = peer_new(base, sv[0], MSG_CHANNEL_CRED, MSG_SIDE_B, &ops, &u);
	keys_storaged(keys, 3, sv[1]);
	pump();
	CHECK(u.store == 1 && u.bucket == 1 && u.queue == 1 && u.own == 0);
	/* A day goes by between: nobody misses a key. */
	clock_now += 86400;
	keys_secret(keys, 1, &other);
	pump();
	CHECK(u.store == 2 && u.bucket == 2 && u.queue == 2 && u.own == 1);
	CHECK(u.right);
	told = told_other = 0;
	peer_send_struct(p, IMSG_CRED_REFUSED, 0, &ref, -1);
	pump();
	CHECK(told == 0 && told_other == 1);
	/* One that it was never given a key for. */
	ref.use = STR("ingest.7");
	peer_send_struct(p, IMSG_CRED_REFUSED, 0, &ref, -1);
	pump();
	CHECK(told_other == 1 && u.closed);
	keys_secret(keys, 1, NULL);
}

/* A reload gives one a set of its own: it has that one's keys at once, and no
 * more of the other's. */
static void
check_another_set(void)
{
	struct store	a;
	size_t		n;

	keys_secret(keys, 0, NULL);
	keys_source(keys, 1, "imds");
	keys_secret(keys, 1, secret());
	store_join(&a, 0);
	n = a.n;
	keys_use(keys, "store", "s3", "", 1);
	pump();
	CHECK(a.n > n);
	n = a.n;
	keys_use(keys, "ingest.0", "s3", "", 1);
	keys_use(keys, "ingest.0", "sqs", "eu-2", 1);
	pump();
	CHECK(a.n > n);
	n = a.n;
	keys_secret(keys, 0, secret());
	pump();
	CHECK(a.n == n);
	keys_secret(keys, 0, NULL);
	keys_secret(keys, 1, NULL);
	peer_close(a.p);
	pump();
}

int
main(void)
{
	log_set_level(LOG_LEVEL_ERROR);
	base = event_base_new();
	keys = keys_new(base, fake_now, on_refused, NULL);
	CHECK(keys != NULL);
	keys_use(keys, "store", "s3", "", 0);
	check_days();
	check_refused();
	check_refused_lines();
	check_uses();
	check_another_set();
	keys_free(keys);
	pump();
	event_base_free(base);
	return TEST_END();
}
