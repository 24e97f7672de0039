/*
 * A session with a storaged that the test plays: asks and answers, streams
 * and their credit, owners that go away, APPEND, events, and what is not
 * sense.
 */
#include <sys/types.h>
#include <sys/socket.h>

#include <event2/event.h>
#include <stdlib.h>
#include <string.h>

#include "common/compat.h"
#include "common/arena.h"
#include "common/log.h"
#include "common/mbox_client.h"
#include "common/peer.h"
#include "common/test.h"

#define HEARD_MAX	200

static struct event_base	*base;

/* What came, of either side. */
static struct heard {
	enum msg_type	 type;
	uint32_t	 id;
	size_t		 len;
	uint32_t	 credit;
} heard[HEARD_MAX];
static size_t			 nheard;

static struct peer		*storaged;
static struct mbox_client	*session;
static bool			 full;
static int			 nready, nended, nevents;
static char			 end_text[100];
static enum msg_type		 event_type;
static void			*event_cause;

/* Who asks, and what it was told. */
struct owner {
	int		 replies;
	int		 code;		/* of REPLY_NO; -1: OK */
	int		 selected;
	size_t		 octets;
	int		 credits;
	int		 refuse;	/* data is not sense */
	const struct mbox_ask *by;
};

static void
on_reply(void *arg, const struct mbox_answer *a)
{
	struct owner	*o = arg;

	CHECK((a->ok != NULL) + (a->no != NULL) + (a->selected != NULL) == 1);
	o->replies++;
	o->code = a->no != NULL ? a->no->code : -1;
	o->selected += a->selected != NULL;
	o->by = mbox_client_current(session);
}

static int
on_data(void *arg, const uint8_t *p, size_t len)
{
	struct owner	*o = arg;

	(void)p;
	o->octets += len;
	o->by = mbox_client_current(session);
	return o->refuse ? -1 : 0;
}

static void
on_credit(void *arg)
{
	((struct owner *)arg)->credits++;
}

static void
on_ready(void *arg, const struct session_ready *ready)
{
	(void)arg;
	CHECK(ready->appendlimit == 77);
	nready++;
}

static void
on_end(void *arg, const char *why, const struct session_end *end)
{
	(void)arg;
	CHECK(why != NULL);
	snprintf(end_text, sizeof(end_text), "%.*s",
	    end != NULL ? (int)end->text.len : 0,
	    end != NULL ? end->text.p : "");
	nended++;
	session = NULL;
}

static int
on_event(void *arg, enum msg_type type, const void *ev, void *cause)
{
	(void)arg;
	nevents++;
	event_type = type;
	event_cause = cause;
	if (type == IMSG_EV_FLAGS)
		return ((const struct ev_flags *)ev)->box == 9 ? 0 : -1;
	CHECK(type == IMSG_EV_EXPUNGED || ev == NULL);
	return 0;
}

static bool
on_full(void *arg)
{
	(void)arg;
	return full;
}

static const struct mbox_client_ops ops = {
	.ready = on_ready,
	.end = on_end,
	.event = on_event,
	.full = on_full
};

static int
storaged_hears(struct peer *p, struct msg *m, void *arg)
{
	struct arena		*a = arena_new(0);
	struct data_credit	 d = { 0 };

	(void)p;
	(void)arg;
	if (m->type == IMSG_DATA_CREDIT)
		CHECK(wire_decode(&data_credit_wire, &d, m->data, m->len,
		    a) == 0);
	if (nheard < HEARD_MAX)
		heard[nheard++] = (struct heard){ m->type, m->id, m->len,
		    d.bytes };
	arena_free(a);
	return 0;
}

static void
storaged_closed(struct peer *p, const char *why, void *arg)
{
	(void)p;
	(void)why;
	(void)arg;
	storaged = NULL;
}

static const struct peer_ops storaged_ops = {
	.message = storaged_hears,
	.closed = storaged_closed
};

static void
run(void)
{
	int	 i;

	for (i = 0; i < 20; i++)
		(void)event_base_loop(base, EVLOOP_NONBLOCK);
}

/* How often storaged heard this with the id (0: any). */
static size_t
count(enum msg_type type, uint32_t id)
{
	size_t	 i, n = 0;

	for (i = 0; i < nheard; i++)
		n += heard[i].type == type && (id == 0 || heard[i].id == id);
	return n;
}

static void
say(enum msg_type type, uint32_t id, const void *src)
{
	CHECK(peer_send_struct(storaged, type, id, src, -1) == 0);
	run();
}

static void
say_no(uint32_t id, enum mbox_code code)
{
	struct reply_no	 no = { .code = (uint8_t)code };

	say(IMSG_REPLY_NO, id, &no);
}

static void
say_data(uint32_t id, size_t len)
{
	static const uint8_t	 zero[MSG_DATA_MAX];
	size_t			 n;

	for (; len > 0 && storaged != NULL; len -= n) {
		n = len < sizeof(zero) ? len : sizeof(zero);
		CHECK(peer_send(storaged, IMSG_REPLY_DATA, id, zero, n,
		    -1) == 0);
		run();
	}
}

static void
begin(bool ready)
{
	struct session_ready	 r = { .appendlimit = 77 };
	int			 fds[2];

	CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, fds) == 0);
	nheard = 0;
	nready = nended = nevents = 0;
	full = false;
	session = mbox_client_new(base, fds[0], &ops, NULL);
	storaged = peer_new(base, fds[1], MSG_CHANNEL_MBOX, MSG_SIDE_B,
	    &storaged_ops, NULL);
	CHECK(session != NULL && storaged != NULL);
	run();
	if (ready) {
		say(IMSG_SESSION_READY, 0, &r);
		CHECK(nready == 1 && mbox_client_ready(session));
	}
}

static void
finish(void)
{
	mbox_client_close(session);
	session = NULL;
	run();
	CHECK(storaged == NULL);	/* it heard the end */
	peer_close(storaged);
	run();
}

static void
test_ask(void)
{
	struct owner		 one = { 0 }, two = { 0 };
	struct mbox_delete	 req = { .name = STR("a") };
	struct reply_ok		 ok = { 0 };
	struct mbox_selected	 sel = { .box = 1 };

	begin(true);
	mbox_client_ask(session, IMSG_MBOX_DELETE, &req, on_reply, &one);
	mbox_client_ask(session, IMSG_MBOX_POLL, NULL, on_reply, &two);
	run();
	CHECK(count(IMSG_MBOX_DELETE, 1) == 1);
	CHECK(count(IMSG_MBOX_POLL, 2) == 1);
	CHECK(mbox_client_waits(session, &one));
	/* in any order */
	say(IMSG_REPLY_OK, 2, &ok);
	CHECK(two.replies == 1 && two.code == -1 && one.replies == 0);
	say_no(1, MBOX_INUSE);
	CHECK(one.replies == 1 && one.code == MBOX_INUSE);
	CHECK(!mbox_client_waits(session, &one));
	mbox_client_ask(session, IMSG_MBOX_POLL, NULL, on_reply, &one);
	say(IMSG_REPLY_SELECTED, 3, &sel);
	CHECK(one.replies == 2 && one.selected == 1);
	/* answered twice: cut */
	say(IMSG_REPLY_OK, 3, &ok);
	CHECK(one.replies == 2 && nended == 1 && session == NULL);
	finish();
}

/* A set of more ranges than a request may have. */
static void
test_refused(void)
{
	struct owner		 o = { 0 };
	struct mbox_meta	 req = { .box = 1 };
	struct mbox_ask		*a;
	uint32_t		 i;

	req.uids.v = calloc(MBOX_RANGES_MAX + 1, sizeof(*req.uids.v));
	CHECK(req.uids.v != NULL);
	if (req.uids.v == NULL)
		return;
	for (i = 0; i <= MBOX_RANGES_MAX; i++)
		req.uids.v[i].first = req.uids.v[i].last = 2 * i + 1;
	req.uids.n = MBOX_RANGES_MAX + 1;
	begin(true);
	a = mbox_client_stream(session, IMSG_MBOX_META, &req, on_data,
	    on_reply, &o);
	CHECK(o.replies == 0);		/* never at once */
	mbox_ask_cancel(a);
	run();
	CHECK(o.replies == 1 && o.code == MBOX_LIMIT && o.by == a);
	CHECK(count(IMSG_MBOX_META, 0) == 0);
	CHECK(count(IMSG_MBOX_CANCEL, 0) == 0);
	free(req.uids.v);
	finish();
}

static void
test_stream(void)
{
	struct owner		 o = { 0 };
	struct mbox_list	 req = { .counts = true };
	struct mbox_ask		*a;

	begin(true);
	a = mbox_client_stream(session, IMSG_MBOX_LIST, &req, on_data,
	    on_reply, &o);
	say_data(1, 1000);
	CHECK(o.octets == 1000 && o.by == a);
	CHECK(count(IMSG_DATA_CREDIT, 0) == 0);	/* in portions */
	say_data(1, MBOX_CREDIT / 4);
	CHECK(count(IMSG_DATA_CREDIT, 1) == 1);
	/* held back: until the credit is used up, and no octet more */
	mbox_ask_hold(a, true);
	nheard = 0;
	say_data(1, MBOX_CREDIT / 2);
	CHECK(count(IMSG_DATA_CREDIT, 0) == 0);
	full = true;
	mbox_ask_hold(a, false);
	run();
	CHECK(count(IMSG_DATA_CREDIT, 0) == 0);	/* no room */
	full = false;
	mbox_client_resume(session);
	run();
	CHECK(count(IMSG_DATA_CREDIT, 1) == 1 &&
	    heard[0].credit >= MBOX_CREDIT / 2);
	mbox_ask_hold(a, true);
	say_data(1, MBOX_CREDIT - 1000);
	CHECK(session != NULL);
	say_data(1, 2000);
	CHECK(session == NULL && nended == 1 && o.replies == 0);
	finish();
}

static void
test_forget(void)
{
	struct owner		 gone = { 0 }, stays = { 0 };
	struct mbox_list	 req = { .counts = true };
	struct reply_ok		 ok = { 0 };

	begin(true);
	(void)mbox_client_stream(session, IMSG_MBOX_LIST, &req, on_data,
	    on_reply, &gone);
	mbox_client_ask(session, IMSG_MBOX_POLL, NULL, on_reply, &gone);
	mbox_client_ask(session, IMSG_MBOX_POLL, NULL, on_reply, &stays);
	run();
	mbox_client_forget(session, &gone);
	mbox_client_forget(NULL, &gone);
	run();
	CHECK(count(IMSG_MBOX_CANCEL, 1) == 1);
	CHECK(count(IMSG_MBOX_CANCEL, 2) == 0);	/* a change goes on */
	CHECK(!mbox_client_waits(session, &gone));
	/* what comes all the same is dropped, and its credit goes back */
	say_data(1, 10);
	CHECK(gone.octets == 0 && count(IMSG_DATA_CREDIT, 1) == 1);
	say_no(1, MBOX_CANCELLED);
	say(IMSG_REPLY_OK, 2, &ok);
	CHECK(gone.replies == 0 && session != NULL);
	say(IMSG_REPLY_OK, 3, &ok);
	CHECK(stays.replies == 1);
	finish();
}

static void
test_append(void)
{
	struct owner		 o = { 0 };
	struct data_credit	 d = { .bytes = 20000 };
	struct append_msg	 m = { .size = 5 };
	struct reply_ok		 ok = { 0 };
	static const uint8_t	 octets[40000];
	struct mbox_ask		*a;

	begin(true);
	a = mbox_client_append(session, STR("box"), false, on_credit,
	    on_reply, &o);
	CHECK(mbox_append_room(a) == 0);
	CHECK(mbox_append_data(a, octets, 1) == -1);
	say(IMSG_DATA_CREDIT, 1, &d);
	CHECK(o.credits == 1 && mbox_append_room(a) == 20000);
	nheard = 0;
	CHECK(mbox_append_data(a, octets, 20000) == 0);
	run();
	CHECK(count(IMSG_APPEND_DATA, 1) == 2 && mbox_append_room(a) == 0);
	CHECK(mbox_append_msg(a, &m) == 0 && mbox_append_done(a) == 0);
	run();
	CHECK(count(IMSG_APPEND_MSG, 1) == 1);
	CHECK(count(IMSG_APPEND_DONE, 1) == 1);
	say(IMSG_REPLY_OK, 1, &ok);
	CHECK(o.replies == 1);
	/* room at once; cancelled, there is none */
	a = mbox_client_append(session, STR("box"), true, on_credit,
	    on_reply, &o);
	CHECK(mbox_append_room(a) == MBOX_EARLY);
	mbox_ask_cancel(a);
	CHECK(mbox_append_room(a) == 0);
	run();
	CHECK(count(IMSG_MBOX_CANCEL, 2) == 1);
	/* more than all credit */
	d.bytes = MBOX_CREDIT;
	say(IMSG_DATA_CREDIT, 2, &d);
	CHECK(session == NULL && nended == 1);
	finish();
}

static void
test_events(void)
{
	struct owner		 o = { 0 };
	struct ev_flags		 flags = { .box = 9, .cause = 1 };
	struct ev_expunged	 gone = { .box = 9, .cause = 5 };

	CHECK(uidset_add(&flags.uids, 3, 4) == 0);
	begin(true);
	mbox_client_ask(session, IMSG_MBOX_POLL, NULL, on_reply, &o);
	say(IMSG_EV_FLAGS, 0, &flags);
	CHECK(nevents == 1 && event_type == IMSG_EV_FLAGS &&
	    event_cause == &o);
	mbox_client_forget(session, &o);
	say(IMSG_EV_FLAGS, 0, &flags);
	CHECK(nevents == 2 && event_cause == NULL);
	gone.uids = flags.uids;
	say(IMSG_EV_EXPUNGED, 0, &gone);
	CHECK(nevents == 3 && event_cause == NULL);
	say(IMSG_EV_GONE, 0, &(struct mbox_box){ flags.box });
	CHECK(nevents == 4 && event_type == IMSG_EV_GONE);
	say(IMSG_EV_WAITING, 0, NULL);
	CHECK(nevents == 5 && event_type == IMSG_EV_WAITING);
	flags.box = 8;		/* not sense to on_event() */
	say(IMSG_EV_FLAGS, 0, &flags);
	CHECK(session == NULL && nended == 1);
	uidset_free(&flags.uids);
	finish();
}

static void
test_more(void)
{
	begin(false);
	mbox_client_more(NULL, true);
	mbox_client_more(session, true);	/* not before it is ready */
	run();
	CHECK(count(IMSG_MBOX_MORE, 0) == 0);
	finish();
	begin(true);
	mbox_client_more(session, true);
	mbox_client_more(session, true);
	mbox_client_more(session, false);
	run();
	CHECK(count(IMSG_MBOX_MORE, 0) == 2);
	finish();
}

static void
test_end(void)
{
	struct owner		 o = { 0 };
	struct session_end	 end = { .code = MBOX_UNAVAILABLE,
	    .text = STR("no") };
	struct session_ready	 r = { .appendlimit = 77 };

	/* before it was ready */
	begin(false);
	CHECK(!mbox_client_ready(session));
	say(IMSG_SESSION_END, 0, &end);
	CHECK(nended == 1 && nready == 0 && strcmp(end_text, "no") == 0);
	finish();
	/* the channel breaks: nobody is answered */
	begin(true);
	mbox_client_ask(session, IMSG_MBOX_POLL, NULL, on_reply, &o);
	run();
	peer_close(storaged);
	storaged = NULL;
	run();
	CHECK(nended == 1 && o.replies == 0 && end_text[0] == '\0');
	finish();
	/* ready twice, data and credit that nobody asked for */
	begin(true);
	say(IMSG_SESSION_READY, 0, &r);
	CHECK(nended == 1 && nready == 1);
	finish();
	begin(true);
	say_data(1, 5);
	CHECK(nended == 1);
	finish();
	begin(true);
	mbox_client_ask(session, IMSG_MBOX_POLL, NULL, on_reply, &o);
	say_data(1, 5);			/* it is no stream */
	CHECK(nended == 1 && o.octets == 0);
	finish();
	begin(true);
	o.refuse = 1;
	(void)mbox_client_stream(session, IMSG_MBOX_LIST,
	    &(struct mbox_list){ .counts = true }, on_data, on_reply, &o);
	say_data(1, 5);
	CHECK(nended == 1 && o.octets == 5);
	finish();
}

int
main(void)
{
	int	 fds;

	log_init("test");
	log_set_level(LOG_LEVEL_ERROR);
	if ((base = event_base_new()) == NULL)
		return 1;
	fds = test_open_fds();
	test_ask();
	test_refused();
	test_stream();
	test_forget();
	test_append();
	test_events();
	test_more();
	test_end();
	CHECK(test_open_fds() == fds);
	event_base_free(base);
	return TEST_END();
}
