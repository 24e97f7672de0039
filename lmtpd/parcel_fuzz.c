/*
 * A hostile storaged behind the channel PARCEL: what it says of lmtpd's
 * parcels, and mails that it offers, against the fakes of authd and of honest
 * storageds.  Whatever it says costs it the channel at most: each offer has at
 * most one result, credit is bounded, and nothing is left behind.
 *
 * The input is steps of two bytes, what and id, with what each needs behind
 * them; numbers are of two bytes, strings have their length in two.
 */
#include "common/compat.h"

#include <sys/socket.h>

#include <event2/event.h>

#include "common/arena.h"
#include "common/buf.h"
#include "common/fuzz.h"
#include "common/log.h"
#include "common/msg_deliver.h"
#include "common/msg_ingest.h"
#include "common/msg_mbox.h"
#include "common/peer.h"
#include "common/test/slice_make.h"
#include "lmtpd/ingest.h"
#include "lmtpd/parcel.h"
#include "lmtpd/test/deliver_fake.h"
#include "lmtpd/test/deliver_rig.h"

#define STORAGED	77	/* none of the fakes */
#define STEPS_MAX	200
#define PARCELS		4
#define CREDIT_MAX	65536

static struct {
	struct peer	*peer;		/* NULL: lmtpd has cut it */
	unsigned int	 results[256];	/* of each id, since its offer */
	uint32_t	 credit[256];
} st;

static struct own {
	struct parcel	*p;		/* lmtpd's; NULL: gone */
	bool		 gone;
} own[PARCELS];

static int
st_message(struct peer *p, struct msg *m, void *arg)
{
	struct ingest_result	 r;
	struct data_credit	 c;
	struct arena		*a = arena_new(1024 * 1024);
	uint8_t			 id = (uint8_t)m->id;

	(void)p;
	(void)arg;
	FUZZ_CHECK(a != NULL);
	if (m->type == IMSG_INGEST_CREDIT) {
		FUZZ_CHECK(wire_decode(&data_credit_wire, &c, m->data, m->len,
		    a) == 0);
		FUZZ_CHECK((st.credit[id] += c.bytes) <= CREDIT_MAX);
	} else if (m->type == IMSG_INGEST_RESULT) {
		FUZZ_CHECK(wire_decode(&ingest_result_wire, &r, m->data,
		    m->len, a) == 0 && r.outcome < INGEST_OUTCOMES);
		FUZZ_CHECK(st.results[id]++ == 0);
	}
	arena_free(a);
	return 0;
}

static void
st_closed(struct peer *p, const char *why, void *arg)
{
	(void)p;
	(void)why;
	(void)arg;
	st.peer = NULL;
}

static const struct peer_ops st_ops = { st_message, st_closed, NULL };

static void
on_room(void *arg)
{
	const struct own	*o = arg;

	FUZZ_CHECK(parcel_room(o->p) <= PARCEL_WINDOW);
}

static void
on_ready(void *arg)
{
	(void)arg;
}

static void
on_gone(void *arg, const struct verdict *v)
{
	struct own	*o = arg;

	FUZZ_CHECK(!verdict_ok(v));
	FUZZ_CHECK(!o->gone);
	o->gone = true;
}

static const struct parcel_ops own_ops = { on_room, on_ready, on_gone };

static struct str
text(struct cursor *c)
{
	size_t	 n = cursor_u16(c);

	if (n > cursor_left(c))
		n = cursor_left(c);
	return (struct str){ (const char *)cursor_bytes(c, n), n };
}

static void
say(enum msg_type type, uint32_t id, struct str payload)
{
	if (st.peer == NULL)
		return;
	(void)peer_send(st.peer, type, id, payload.p, payload.len, -1);
}

/* Frames of the channel that no honest storaged sends. */
static void
raw(struct cursor *c, uint32_t id)
{
	static const enum msg_type	 types[] = { IMSG_PARCEL_CREDIT,
		IMSG_PARCEL_READY, IMSG_PARCEL_NO, IMSG_INGEST_OFFER,
		IMSG_INGEST_DATA, IMSG_INGEST_END };
	enum msg_type			 type =
		types[cursor_u16(c) % nitems(types)];
	struct str			 payload = text(c);

	if (payload.len <= msg_rule(type)->max)
		say(type, id, payload);
}

static void
offer(struct cursor *c, uint32_t id)
{
	struct ingest_offer	 o = { .bucket = STR("drop") };

	o.place = cursor_u16(c) % 5;
	o.size = cursor_u16(c);
	o.seed = text(c);
	o.sender = text(c);
	o.recipients = text(c);
	o.only = text(c);
	if (o.seed.len > INGEST_SEED_MAX || o.recipients.len >
	    INGEST_LIST_MAX || o.only.len > INGEST_LIST_MAX ||
	    o.sender.len > INGEST_ADDRESS_MAX || st.peer == NULL)
		return;
	st.results[id] = st.credit[id] = 0;
	(void)peer_send_struct(st.peer, IMSG_INGEST_OFFER, id, &o, -1);
}

static void
data(uint32_t id, struct str octets)
{
	if (octets.len > MSG_DATA_MAX)
		return;
	st.credit[id] -= octets.len < st.credit[id] ? (uint32_t)octets.len :
	    st.credit[id];
	say(IMSG_INGEST_DATA, id, octets);
}

/* lmtpd's own doing, which storaged's words meet. */
static void
parcel(struct cursor *c, struct own *o)
{
	static const uint8_t	 sha[32];
	struct str		 s;

	switch (cursor_u16(c) % 4) {
	case 0:
		if (o->p == NULL) {
			o->gone = false;
			o->p = parcel_new(STORAGED, &own_ops, o);
		}
		break;
	case 1:
		s = text(c);
		if (o->p != NULL && !o->gone && s.len <= parcel_room(o->p))
			parcel_data(o->p, s.p, s.len);
		break;
	case 2:
		if (o->p != NULL && !o->gone)
			parcel_end(o->p, sha);
		break;
	case 3:
		parcel_free(o->p);
		o->p = NULL;
		break;
	}
}

static void
step(struct cursor *c)
{
	uint8_t			 what = cursor_u8(c), id = cursor_u8(c);
	struct data_credit	 credit;
	struct parcel_no	 no;
	struct ingest_end	 end = { (id & 1) != 0 };

	switch (what % 9) {
	case 0:
		raw(c, id);
		break;
	case 1:
		offer(c, id);
		break;
	case 2:
		data(id, text(c));
		break;
	case 3:
		if (st.peer != NULL)
			(void)peer_send_struct(st.peer, IMSG_INGEST_END,
			    id / 2, &end, -1);
		break;
	case 4:
		credit.bytes = cursor_u16(c);
		if (st.peer != NULL)
			(void)peer_send_struct(st.peer, IMSG_PARCEL_CREDIT,
			    id, &credit, -1);
		break;
	case 5:
		say(IMSG_PARCEL_READY, id, STR(""));
		break;
	case 6:
		no = (struct parcel_no){ .code = (uint8_t)(cursor_u16(c) %
		    MBOX_CODE_MAX), .text = STR("why not") };
		if (st.peer != NULL)
			(void)peer_send_struct(st.peer, IMSG_PARCEL_NO, id,
			    &no, -1);
		break;
	case 7:
		parcel(c, &own[id % PARCELS]);
		break;
	case 8:
		rig_settle();
		break;
	}
	(void)event_base_loop(rig_base, EVLOOP_NONBLOCK);
}

static void
begin(void)
{
	static struct slice	*conf;
	int			 pair[2];

	rig_start();
	log_set_level(LOG_LEVEL_ERROR);
	if (conf == NULL)
		conf = slice_make(NULL, "domains.0", "s0",
		    "ingest.0.catch-all", "", "ingest.1.catch-all", "lost@s0",
		    "ingest.2.catch-all", "", "ingest.3.recipients.0",
		    "headers", "ingest.3.catch-all", "nobody@s1", NULL);
	ingest_init(rig_base, conf);
	parcel_others(ingest_message, ingest_gone);
	FUZZ_CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0);
	memset(&st, 0, sizeof(st));
	st.peer = peer_new(rig_base, pair[0], MSG_CHANNEL_PARCEL, MSG_SIDE_B,
	    &st_ops, NULL);
	FUZZ_CHECK(st.peer != NULL);
	parcel_channel(rig_base, STORAGED, pair[1]);
	rig_settle();
}

static void
fuzz_parcel(const uint8_t *in, size_t len)
{
	struct cursor	 c;
	size_t		 i;

	if (len > 65536)
		return;
	begin();
	cursor_init(&c, in, len);
	for (i = 0; i < STEPS_MAX && cursor_left(&c) >= 2; i++)
		step(&c);
	rig_settle();
	peer_close(st.peer);
	rig_settle();
	for (i = 0; i < PARCELS; i++) {
		FUZZ_CHECK(own[i].p == NULL || own[i].gone ||
		    parcel_id(own[i].p) == 0);
		parcel_free(own[i].p);
		own[i].p = NULL;
	}
	rig_stop();
	FUZZ_CHECK(fake.open == 0);
}

int
main(int argc, char **argv)
{
	return fuzz_main(argc, argv, fuzz_parcel);
}
