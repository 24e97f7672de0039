/* See ingest_rig.h. */
#include "common/compat.h"

#include <sys/socket.h>

#include <event2/event.h>

#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/log.h"
#include "common/msg_mbox.h"
#include "common/peer.h"
#include "common/test.h"
#include "storaged/bucket/test/blob_suite.h"
#include "storaged/bucket/test/s3_store.h"
#include "storaged/bucket/ingest/ingest_int.h"
#include "storaged/bucket/ingest/test/ingest_rig.h"
#include "storaged/test/store_slice.h"

struct event_base *rig_base;
struct s3_fake	*rig_fake;
struct blob_store *rig_store;

struct rig_lm	 rig_lm;

void
rig_answer(uint32_t id)
{
	struct ingest_answer	 a[2] = {
	    { STR("ann@example.org"), 250, STR("2.0.0 stored") },
	    { STR("bob@example.org"), 250, STR("2.0.0 stored") } };
	struct ingest_result	 r = { .outcome = (uint8_t)rig_lm.outcome,
				    .why = STR(""), .answers = { a, 2 } };

	if (rig_lm.outcome == -1)
		return;
	if (rig_lm.outcome == INGEST_LATER) {
		a[1].code = 451;
		a[1].text = STR("4.3.0 the directory is away");
	} else if (rig_lm.outcome == INGEST_FAILED) {
		a[1].code = 550;
		a[1].text = STR("5.1.1 no such user");
	}
	(void)peer_send_struct(rig_lm.peer, IMSG_INGEST_RESULT, id, &r, -1);
}

static void
take(struct str s, char *dst, size_t size)
{
	CHECK(s.len < size);
	memcpy(dst, s.p, s.len);
	dst[s.len] = '\0';
}

static int
lm_message(struct peer *p, struct msg *m, void *arg)
{
	struct data_credit	 credit = { rig_lm.credit };
	struct ingest_offer	 o;
	struct ingest_end	 e;

	(void)arg;
	switch (m->type) {
	case IMSG_INGEST_OFFER:
		CHECK(wire_decode(&ingest_offer_wire, &o, m->data, m->len,
		    NULL) == 0);
		rig_lm.offers++;
		rig_lm.id = m->id;
		buf_reset(&rig_lm.got);
		CHECK(o.of.session != 0 && o.of.session != rig_lm.session);
		rig_lm.session = o.of.session;
		take(o.recipients, rig_lm.recipients,
		    sizeof(rig_lm.recipients));
		take(o.only, rig_lm.only, sizeof(rig_lm.only));
		CHECK(o.seed.len < sizeof(rig_lm.seed));
		memcpy(rig_lm.seed, o.seed.p, o.seed.len);
		rig_lm.seed[strlen(rig_lm.seed)] = '|';
		if (rig_lm.early)
			rig_answer(m->id);
		else
			(void)peer_send_struct(p, IMSG_INGEST_CREDIT, m->id,
			    &credit, -1);
		return 0;
	case IMSG_INGEST_DATA:
		CHECK(m->len <= credit.bytes);
		buf_put(&rig_lm.got, m->data, m->len);
		credit.bytes = (uint32_t)m->len;
		return peer_send_struct(p, IMSG_INGEST_CREDIT, m->id, &credit,
		    -1);
	case IMSG_INGEST_END:
		CHECK(wire_decode(&ingest_end_wire, &e, m->data, m->len,
		    NULL) == 0);
		if (!e.whole)
			rig_lm.broken++;
		else {
			rig_lm.ends++;
			rig_answer(m->id);
		}
		return 0;
	default:
		return -1;
	}
}

static void
lm_closed(struct peer *p, const char *why, void *arg)
{
	(void)p;
	(void)why;
	(void)arg;
	rig_lm.peer = NULL;
}

static int
st_message(struct peer *p, struct msg *m, void *arg)
{
	(void)arg;
	return ingest_message(p, m);
}

static void
st_closed(struct peer *p, const char *why, void *arg)
{
	(void)why;
	(void)arg;
	ingest_gone(p);
	rig_lm.other = NULL;
}

static const struct peer_ops lm_ops = { lm_message, lm_closed, NULL };
static const struct peer_ops st_ops = { st_message, st_closed, NULL };

void
rig_connect(void)
{
	int	 pair[2];

	CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0);
	rig_lm.peer = peer_new(rig_base, pair[0], MSG_CHANNEL_PARCEL,
	    MSG_SIDE_A, &lm_ops, NULL);
	rig_lm.other = peer_new(rig_base, pair[1], MSG_CHANNEL_PARCEL,
	    MSG_SIDE_B, &st_ops, NULL);
	ingest_lmtpd(rig_lm.other);
}

/* -- the bucket -- */

void
rig_drop(const char *name, const char *mail)
{
	struct suite_result	 r = { 0 };
	struct piece		 piece = { mail, strlen(mail) };

	blob_put(rig_store, name, &piece, 1, BLOB_ALWAYS, NULL, BLOB_USER,
	    suite_cb, &r);
	suite_wait(rig_base, &r);
	CHECK(r.outcome == BLOB_DONE);
	suite_result_free(&r);
}

bool
rig_has(const char *name)
{
	return s3_fake_body(rig_fake, name) != NULL;
}

void
rig_remove(const char *dir)
{
	struct suite_result	 r = { 0 };
	const char		*v[10];
	size_t			 i, n;

	blob_list(rig_store, dir, NULL, 10, BLOB_USER, suite_list_cb, &r);
	suite_wait(rig_base, &r);
	for (i = 0, n = r.n; i < n; i++)
		v[i] = strdup(r.keys[i]);
	suite_result_free(&r);
	blob_delete(rig_store, v, n, BLOB_USER, suite_cb, &r);
	suite_wait(rig_base, &r);
	suite_result_free(&r);
	while (n > 0)
		free((void *)(uintptr_t)v[--n]);
}

/* The name of the only object below dir; "": none, or several. */
const char *
rig_only(const char *dir)
{
	static char		 name[KEY_MAX];
	struct suite_result	 r = { 0 };

	blob_list(rig_store, dir, NULL, 10, BLOB_USER, suite_list_cb, &r);
	suite_wait(rig_base, &r);
	strlcpy(name, r.n == 1 ? r.keys[0] : "", sizeof(name));
	suite_result_free(&r);
	return name;
}

struct ingest_place *
rig_place(void)
{
	struct ingest_place	*v;

	CHECK(ingest_places(&v) == 1);
	return v;
}

/* What waited for a while may be tried now. */
static void
note_due(const char *name, const struct ingest_note *n, void *arg)
{
	(void)name;
	(void)arg;
	((struct ingest_note *)(uintptr_t)n)->next_ms = 0;
}

void
rig_poll(void)
{
	struct timeval	 now = { 0, 0 };

	ingest_seen_each(rig_place()->seen, note_due, NULL);
	if (rig_place()->waits)
		evtimer_add(rig_place()->timer, &now);
}

/* Polls until a listing has shown it and all is settled. */
bool
rig_until(bool (*done)(const void *arg), const void *arg)
{
	uint64_t	 end = clock_ms() + TEST_PATIENCE_MS;
	struct timeval	 tv = { 0, 2000 };

	while (!done(arg) && clock_ms() < end) {
		/* Once more would be one try too many. */
		if (done != rig_tried ||
		    ingest_counts()->later < *(const uint64_t *)arg)
			rig_poll();
		event_base_loopexit(rig_base, &tv);
		event_base_dispatch(rig_base);
	}
	return done(arg);
}

bool
rig_gone(const void *arg)
{
	return !rig_has(arg) && ingest_idle();
}

bool
rig_tried(const void *arg)
{
	return ingest_counts()->later >= *(const uint64_t *)arg &&
	    ingest_idle();
}

bool
rig_delivered(const void *arg)
{
	return ingest_counts()->delivered >= *(const uint64_t *)arg &&
	    ingest_idle();
}

static bool
rig_waits(const void *arg)
{
	(void)arg;
	return rig_place()->waits && ingest_idle();
}

void
rig_poll_whole(void)
{
	struct timeval	 tv = { 0, 2000 };
	uint64_t	 end = clock_ms() + TEST_PATIENCE_MS;

	rig_poll();
	do {
		event_base_loopexit(rig_base, &tv);
		event_base_dispatch(rig_base);
	} while (!rig_waits(NULL) && clock_ms() < end);
	CHECK(rig_waits(NULL));
}

bool
rig_offered(const void *arg)
{
	return rig_lm.offers >= *(const unsigned *)arg;
}

static void
rig_refused(const char *use, const char *access_key, const char *why)
{
	fatalx("%s: %s was refused: %s", use, access_key, why);
}

void
rig_start(void)
{
	const struct s3_store_conf c = { "5", "2", NULL, NULL, false };
	static const uint8_t	 node[8] = "testnode";
	struct slice		*conf;
	char			 endpoint[64];

	if ((rig_base = event_base_new()) == NULL)
		fatal("test");
	rig_fake = s3_fake_new(rig_base);
	rig_store = s3_store_open(rig_base, rig_fake, &c);
	snprintf(endpoint, sizeof(endpoint), "http://127.0.0.1:%d",
	    s3_fake_port(rig_fake));
	conf = store_slice("store.type", "s3", "store.endpoint", endpoint,
	    "store.bucket", "bucket", "store.region", "eu-west-1",
	    "ingest.0.bucket", "", "ingest.0.prefix", "in", "ingest.0.poll",
	    "1", "ingest.0.claim-time", "600", "ingest.0.after", "delete",
	    NULL);
	ingest_on_refused(rig_refused);
	ingest_start(rig_base, conf, node);
	slice_free(conf);
	suite_day_key(rig_place()->blob, "AKID", "secret", "eu-west-1");
	buf_init(&rig_lm.got, 0);
	rig_lm.credit = 65536;
	rig_connect();
}
