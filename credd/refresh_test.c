/* Which keys go out, when, and to whom; with a clock of the test's own. */
#include "common/compat.h"

#include <sys/socket.h>

#include <stdio.h>
#include <unistd.h>

#include <event2/event.h>

#include "common/log.h"
#include "common/msg_auth.h"
#include "common/msg_setup.h"
#include "common/peer.h"
#include "common/test.h"
#include "credd/refresh.h"
#include "credd/sigkey.h"

#define NOON	(20000 * (int64_t)86400 + 43200)	/* 2024-10-04 */

static struct event_base *base;
static struct refresh	 *refresh;
static int64_t		  clock_now = NOON;

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
	    str_eq(ck.service, STR("s3")) && ck.expires == 0;
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
	refresh_storaged(refresh, index, sv[1]);
	pump();
}

static struct cred_secret *
secret(void)
{
	struct setup_pair	 pairs[] = {
		{ STR("store.access-key"), STR("access") },
		{ STR("store.secret-key"), STR("secret") },
		{ STR("store.session-token"), STR("token") },
		{ STR("store.region"), STR("eu-1") }
	};
	struct setup_conf	 conf = { { pairs, nitems(pairs) } };
	struct cred_secret	*s = cred_secret_new();
	struct slice		*slice;
	struct buf		 b = BUF_INIT;
	const char		*name;
	char			 why[128];
	size_t			 i;

	/* with one of the two keys it is a mistake, with none it is nothing */
	for (i = 0; i < 3; i++) {
		conf.pairs.v = pairs + (i == 0 ? 2 : i == 1 ? 1 : 0);
		conf.pairs.n = i == 2 ? 4 : 1;
		buf_reset(&b);
		CHECK(wire_encode(&setup_conf_wire, &conf, &b) == 0);
		CHECK((slice = slice_new(b.data, b.len)) != NULL);
		CHECK_ROW(source_get(slice, s, &name, why, sizeof(why)) ==
		    (i == 0 ? 0 : i == 1 ? -1 : 1), "row %zu", i);
		slice_free(slice);
	}
	CHECK(strcmp(name, "static") == 0);
	buf_free(&b);
	return s;
}

static void
check_days(void)
{
	struct store	a, b, c;

	store_join(&a, 0);
	CHECK(a.n == 0);			/* there is no secret yet */
	refresh_secret(refresh, secret());
	pump();
	CHECK(a.n == 1 && strcmp(a.dates[0], "20241004") == 0);
	refresh_look(refresh);
	pump();
	CHECK(a.n == 1);
	clock_now = NOON + 6 * 3600 - 1;
	refresh_look(refresh);
	pump();
	CHECK(a.n == 1);
	clock_now = NOON + 6 * 3600;		/* 18:00: tomorrow's */
	refresh_look(refresh);
	pump();
	CHECK(a.n == 2 && strcmp(a.dates[1], "20241005") == 0);
	/* a new one gets both, the other none again */
	store_join(&b, 1);
	CHECK(b.n == 2 && a.n == 2);
	CHECK(strcmp(b.dates[0], "20241004") == 0);
	CHECK(strcmp(b.dates[1], "20241005") == 0);
	clock_now = NOON + 12 * 3600;		/* midnight: nothing to do */
	refresh_look(refresh);
	pump();
	CHECK(a.n == 2 && b.n == 2);
	/* asleep for a week */
	clock_now += 7 * 86400 + 3600;
	refresh_look(refresh);
	pump();
	CHECK(a.n == 3 && strcmp(a.dates[2], "20241012") == 0);
	/* the clock was wrong: back to its own day */
	clock_now = NOON;
	refresh_look(refresh);
	pump();
	CHECK(a.n == 4 && strcmp(a.dates[3], "20241004") == 0);
	/* a restart of one: a new channel in the place of the old */
	store_join(&c, 0);
	CHECK(a.closed && c.n == 1 && b.n == 4);
	/* a reload pushes the new keys */
	refresh_secret(refresh, secret());
	pump();
	CHECK(b.n == 5 && c.n == 2 && a.right && b.right && c.right);
	CHECK(refresh_pushed(refresh) == 4 + 5 + 2);
	refresh_secret(refresh, NULL);
	pump();
	CHECK(b.n == 5 && c.n == 2);
	peer_close(b.p);
	peer_close(c.p);
	pump();
}

static void
check_refused(void)
{
	struct cred_refused	ref = { STR("access"), STR("403") };
	struct store		a;
	int			i;

	store_join(&a, 0);
	for (i = 0; i < 100; i++)
		peer_send_struct(a.p, IMSG_CRED_REFUSED, 0,
		    &cred_refused_wire, &ref, -1);
	pump();
	CHECK(refresh_refused(refresh) == 100 && !a.closed);
	/* what is no message of storaged's costs it the channel */
	CHECK(write(peer_fd(a.p), "\x10\0\0\0\x32\0\0\0\1\0\0\0\0\0\0\0",
	    16) == 16);
	pump();
	CHECK(a.closed);
}

int
main(void)
{
	log_set_level(LOG_LEVEL_ERROR);
	base = event_base_new();
	refresh = refresh_new(base, fake_now);
	CHECK(refresh != NULL);
	check_days();
	check_refused();
	refresh_free(refresh);
	pump();
	event_base_free(base);
	cred_secret_free(NULL);
	return TEST_END();
}
