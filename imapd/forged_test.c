/*
 * A storaged or an authd that was taken over: every message that it may
 * say, with octets of no sense, with ids of nothing, of requests that are
 * done and of those under way, at each moment of a session.  The session
 * may end; imapd lives, leaks nothing and serves the next one.
 */
#include <sys/socket.h>
#include <stdio.h>
#include <unistd.h>

#include "common/test.h"
#include "imapd/auth.h"
#include "imapd/client.h"
#include "imapd/test/rig.h"
#include "imapd/test/storage_fake_impl.h"

#define IDS		24	/* more than a session has asked */

static const struct {
	const char	*name;
	const char	*fake;		/* for fake_do(), or NULL */
	const char	*say;		/* after the login */
	const char	*hear;
} moments[] = {
	{ "logged in", NULL, "", "" },
	{ "selected", NULL, "a SELECT INBOX\r\n", "a OK " },
	{ "a change under way", "wait",
	    "a SELECT INBOX\r\nb STORE 1:* +FLAGS (\\Seen)\r\n", "a OK " },
	{ "a read under way", "wait",
	    "a SELECT INBOX\r\nb FETCH 1:* (ENVELOPE BODY[])\r\n", "a OK " },
	{ "a search under way", "wait",
	    "a SELECT INBOX\r\nb SEARCH BODY hello\r\n", "a OK " },
	{ "a mail is coming", NULL, "a SELECT INBOX\r\n"
	    "b APPEND INBOX {200000}\r\n", "+ " },
	{ "idle", NULL, "a SELECT INBOX\r\nb IDLE\r\n", "+ idling" },
};

/* Payloads: nothing, few octets, many, and those that might be one. */
static const struct { uint8_t octet; bool random; size_t len; } payloads[] = {
	{ 0, false, 0 }, { 0, false, 1 }, { 0xff, false, 3 },
	{ 0, false, 60 }, { 0xff, false, 60 }, { 1, false, 300 },
	{ 0, true, 20 }, { 0, true, 4000 },
};

/* And well formed ones about UIDs that cannot be so. */
static struct uidrange	 ranges[] = { { 1, 2 }, { 2, 9 }, { 1, UINT32_MAX },
    { UINT32_MAX, UINT32_MAX } };
#define LIES		(2 * nitems(ranges))	/* of INBOX, and of none */
#define PAYLOADS	(nitems(payloads) + LIES)

static uint8_t	 junk[4096];

static size_t
make_lie(struct fake *f, size_t i, enum msg_type type)
{
	struct uidset		 uids = { &ranges[i / 2], 1, 0 };
	uint64_t		 box = i % 2 ? 77 :
				    fake_box_find(f, STR("INBOX"))->id;
	struct ev_added		 added = { box, uids, true, 1, 3 };
	struct ev_flags		 flags = { box, uids, UINT64_MAX, 3 };
	struct ev_expunged	 gone = { box, uids, 1, 3 };
	struct reply_ok		 ok = { 1, 1, uids, uids, uids, 1, box,
				    false, false };
	struct mbox_selected	 selected = { box, 0, 1, 0, 9, 1, uids,
				    { NULL, 0 }, false };
	struct data_credit	 credit = { ranges[i / 2].last };
	const struct {
		enum msg_type			 type;
		const struct wire_struct	*wire;
		const void			*v;
	} lies[] = {
		{ IMSG_EV_ADDED, &ev_added_wire, &added },
		{ IMSG_EV_FLAGS, &ev_flags_wire, &flags },
		{ IMSG_EV_EXPUNGED, &ev_expunged_wire, &gone },
		{ IMSG_REPLY_OK, &reply_ok_wire, &ok },
		{ IMSG_REPLY_SELECTED, &mbox_selected_wire, &selected },
		{ IMSG_DATA_CREDIT, &data_credit_wire, &credit },
	};
	struct buf		 b = BUF_INIT;
	size_t			 j, len = 0;

	for (j = 0; j < nitems(lies); j++) {
		if (lies[j].type != type)
			continue;
		CHECK(wire_encode(lies[j].wire, lies[j].v, &b) == 0 &&
		    b.len <= sizeof(junk));
		memcpy(junk, b.data, len = b.len);
	}
	buf_free(&b);
	return len;
}

static size_t
make_junk(struct fake *f, size_t i, const struct msg_rule *r)
{
	size_t	 j, len;

	if (i >= nitems(payloads))
		return make_lie(f, i - nitems(payloads), r->type);
	len = payloads[i].len < r->max ? payloads[i].len : r->max;
	for (j = 0; j < len; j++)
		junk[j] = payloads[i].random ? (uint8_t)random() :
		    payloads[i].octet;
	return len;
}

static void
turns(struct rig *r, int n)
{
	while (n-- > 0)
		rig_turn(r, 0);
}

/* An authd that lost its channel comes back, as paild does it. */
static void
mend(struct rig *r)
{
	turns(r, 2);
	if (r->fake->authd == NULL)
		auth_channel(r->base, fake_authd(r->fake));
}

static void
serves(struct rig *r, const char *what)
{
	mend(r);
	rig_connect(r, false, true);
	rig_say(r, "l LOGIN ann secret\r\ns SELECT INBOX\r\n"
	    "f FETCH 1 (ENVELOPE BODY[])\r\n");
	CHECK_ROW(rig_hear(r, "l OK ") && rig_hear(r, "s OK ") &&
	    rig_hear(r, "Hello.") && rig_hear(r, "f OK "), "%s", what);
	rig_disconnect(r);
}

static struct peer *
storaged(struct rig *r)
{
	struct fake_session	*s = TAILQ_FIRST(&r->fake->sessions);

	return s == NULL ? NULL : s->peer;
}

static void
forge_session(struct rig *r, const struct msg_rule *rule, size_t moment,
    size_t payload)
{
	size_t		 len = make_junk(r->fake, payload, rule);
	struct peer	*p;
	uint32_t	 id;

	rig_connect(r, false, true);
	rig_say(r, "l LOGIN ann secret\r\n");
	CHECK(rig_hear(r, "l OK "));
	if (moments[moment].fake != NULL)
		CHECK(fake_do(r->fake, moments[moment].fake) == 0);
	rig_say(r, moments[moment].say);
	CHECK_ROW(rig_hear(r, moments[moment].hear), "%s, %s",
	    moments[moment].name, rule->name);
	for (id = 0; id <= IDS; id++) {
		if ((p = storaged(r)) == NULL)
			break;
		(void)peer_send(p, rule->type, id < IDS ? id : UINT32_MAX,
		    len == 0 ? NULL : junk, len, -1);
		if (id % 6 == 5)
			turns(r, 1);
	}
	turns(r, 3);
	CHECK(fake_do(r->fake, "go") == 0);
	turns(r, 3);
	rig_disconnect(r);
}

static void
forge_login(struct rig *r, const struct msg_rule *rule, bool under_way,
    size_t payload)
{
	size_t		 len = make_junk(r->fake, payload, rule);
	uint32_t	 id;
	int		 fds[2] = { -1, -1 };

	mend(r);
	rig_connect(r, false, true);
	if (under_way) {
		rig_say(r, "a AUTHENTICATE PLAIN\r\n");
		CHECK(rig_hear(r, "+ "));
	}
	for (id = 0; id < 6; id++) {
		turns(r, 1);
		if (r->fake->authd == NULL)
			break;
		if (rule->fds == 1 && socketpair(AF_UNIX, SOCK_STREAM, 0,
		    fds) == -1)
			exit(1);
		/* The last one is about the newest login, 0 about none. */
		(void)peer_send(r->fake->authd, rule->type, id == 5 ?
		    UINT32_MAX : id == 0 ? 0 : r->fake->last_login - 2 + id,
		    len == 0 ? NULL : junk, len, fds[0]);
		if (fds[1] != -1)
			close(fds[1]);
	}
	turns(r, 3);
	rig_disconnect(r);
}

int
main(void)
{
	static const enum msg_type types[] = {
#define X(name, num, chan, side, max, fds, wire)	IMSG_##name,
		MSG_TABLE(X)
#undef X
	};
	const struct msg_rule	*rule;
	struct rig		 r;
	size_t			 i, m, p;
	int			 before;

	srandom(1);
	rig_init(&r, false);
	CHECK(fake_do(r.fake, "deliver INBOX 3") == 0);
	serves(&r, "at first");
	before = test_open_fds();
	for (i = 0; i < nitems(types); i++) {
		rule = msg_rule(types[i]);
		if (rule->type == IMSG_HELLO ||
		    ((int)rule->sender & MSG_SIDE_B) == 0)
			continue;
		if (rule->channel == MSG_CHANNEL_MBOX)
			for (m = 0; m < nitems(moments); m++)
				for (p = 0; p < PAYLOADS; p++)
					forge_session(&r, rule, m, p);
		else if (rule->channel == MSG_CHANNEL_AUTH)
			for (p = 0; p < 2 * nitems(payloads); p++)
				forge_login(&r, rule, p % 2 == 0, p / 2);
		else
			continue;
		serves(&r, rule->name);
		CHECK_ROW(test_open_fds() == before, "%s: %d, were %d",
		    rule->name, test_open_fds(), before);
	}
	rig_end(&r);
	return TEST_END();
}
