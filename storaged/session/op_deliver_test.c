/*
 * Deliveries by key, through sessions: a repetition is answered like the first
 * and stores nothing, whatever happened to this node's index and whoever else
 * stored it.
 */
#include "common/compat.h"

#include "storaged/session/append.h"
#include "storaged/session/test/parcel_client.h"
#include "storaged/util/spool_room.h"

#define RACES	40

static char		 text[600000];
static struct lmtpd	*l;

static struct append_parcel
keyed(uint32_t parcel, size_t len, const char *key)
{
	struct append_parcel	 r = delivery(parcel, "R: x\r\n", len);

	r.key = (struct str){ key, DELIVER_KEY_LEN };
	return r;
}

static uint32_t
messages(const char *user, const char *box)
{
	struct box	 b;

	return box_by_name(&user_find(user)->ix->read, str_from(box), &b) ==
	    1 ? b.messages : UINT32_MAX;
}

/* Small and large: nothing is uploaded again, and the one message is whole. */
static void
test_again(void)
{
	static const size_t	 sizes[] = { 2000, sizeof(text) };
	static const char *const keys[] = { "0123456789abcdef",
		"0123456789abcdeg" };
	struct append_parcel	 r;
	struct client		*c = recipient("ann", 0);
	struct reply_ok		 ok;
	uint64_t		 puts, commit;
	uint32_t		 id;
	size_t			 i;

	noise(text, sizeof(text));
	for (i = 0; i < nitems(sizes); i++) {
		id = parcel_send(l, text, sizes[i]);
		r = keyed(id, sizes[i], keys[i]);
		ok = deliver(c, "INBOX", &r);
		CHECK(stored(&ok));
		puts = blob_counts(env.blob)->put;
		commit = user_find("ann")->ix->mark.commit;
		ok = deliver(c, "INBOX", &r);
		CHECK(ok.known);
		CHECK(user_find("ann")->ix->mark.commit == commit);
		CHECK(blob_counts(env.blob)->put == puts);
		/* to another mailbox */
		ok = deliver(c, "gone", &r);
		CHECK(ok.known);
		CHECK(messages("ann", "INBOX") == i + 1);
		CHECK(body_is("ann", "INBOX", (uint32_t)i + 1, "R: x\r\n",
		    text, sizes[i]));
		parcel_drop_it(l, id);
	}
	client_free(c);
	turns(20);
	CHECK(spool_held() == 0);
}

/* Several in one batch: what large ones uploaded for nothing is garbage. */
static void
test_at_once(size_t len, const char *user)
{
	struct append_parcel	 r;
	struct client		*c = recipient(user, 0), *d;
	struct reply_ok		 ok[4];
	uint32_t		 ids[4], id = parcel_send(l, text, len);
	unsigned		 i, known = 0;

	d = recipient(user, 0);
	r = keyed(id, len, "at-once-at-once.");
	for (i = 0; i < nitems(ids); i++)
		ids[i] = deliver_start(i % 2 ? c : d, "INBOX", &r);
	for (i = 0; i < nitems(ids); i++) {
		ok[i] = ok_of(i % 2 ? c : d, answer(i % 2 ? c : d, ids[i]));
		known += ok[i].known;
	}
	CHECK(known == nitems(ids) - 1 && messages(user, "INBOX") == 1);
	CHECK(body_is(user, "INBOX", 1, "R: x\r\n", text, len));
	parcel_drop_it(l, id);
	client_free(c);
	client_free(d);
	turns(20);
}

/*
 * lmtpd gives up, at whatever moment, and the MTA sends it again: the first may
 * be done, not begun, or in an attempt whose end nobody knows yet.
 */
static void
test_given_up(void)
{
	struct append_parcel	 r;
	struct client		*c;
	char			 key[DELIVER_KEY_LEN + 1];
	unsigned		 i, k, known = 0, cut = 0;
	uint32_t		 id = parcel_send(l, text, 3000);

	for (i = 0; i < 24; i++) {
		snprintf(key, sizeof(key), "given up %07u", i);
		r = keyed(id, 3000, key);
		c = recipient("gil", 0);
		(void)deliver_start(c, "INBOX", &r);
		peer_push(c->p);
		for (k = 0; k < i / 2; k++)
			event_base_loop(base, EVLOOP_ONCE | EVLOOP_NONBLOCK);
		cut += c->n == 1;	/* SESSION_READY alone */
		client_free(c);
		c = recipient("gil", 0);
		known += deliver(c, "INBOX", &r).known;
		CHECK_ROW(messages("gil", "INBOX") == i + 1, "%u", i);
		client_free(c);
	}
	CHECK(cut > 2);
	printf("given up %u times, %u without an answer: %u were known\n", i,
	    cut, known);
	parcel_drop_it(l, id);
	turns(20);
}

/* What is known is what the records say: with an index made anew, too. */
static void
test_index_anew(void)
{
	struct append_parcel	 r;
	struct client		*c;
	uint32_t		 id;

	lmtpd_free(l);
	drain_all();
	snprintf(env.index, sizeof(env.index), "%s/anew", dir);
	mkdir(env.index, 0700);
	l = lmtpd_new(0);
	c = recipient("ann", 0);
	id = parcel_send(l, text, 2000);
	r = keyed(id, 2000, "0123456789abcdef");
	CHECK(deliver(c, "INBOX", &r).known);
	r = keyed(id, 2000, "0123456789abcdeh");
	CHECK(!deliver(c, "INBOX", &r).known);
	CHECK(messages("ann", "INBOX") == 3);
	client_free(c);
	turns(20);
}

/* A mailbox is created, by what older nodes understand, in the same commit. */
static void
test_folder(void)
{
	struct append_parcel	 r;
	struct client		*c = recipient("cat", 0);
	struct reply_ok		 ok;
	uint64_t		 puts;
	uint32_t		 id = parcel_send(l, text, 500000), i;

	for (i = 0; i < 2; i++) {
		turns(20);
		puts = blob_counts(env.blob)->put;
		r = delivery(id, "", 500000);
		r.target = DELIVER_OR_INBOX | (i == 0 ? DELIVER_CREATE : 0);
		ok = deliver(c, i == 0 ? "lists/pail" : "lists/none", &r);
		CHECK(stored(&ok));
		/* the message, and the head */
		CHECK(blob_counts(env.blob)->put - puts == 2);
	}
	CHECK(messages("cat", "lists/pail") == 1 &&
	    messages("cat", "lists") == 0 && messages("cat", "INBOX") == 1);
	r = delivery(id, "", 500000);
	CHECK(no_of(c, answer(c, deliver_start(c, "none", &r))) ==
	    MBOX_TRYCREATE);
	parcel_drop_it(l, id);
	client_free(c);
	turns(20);
}

static int
room(struct client *c, const char *envelope)
{
	struct mbox_room	 req = { 1000, str_from(envelope) };
	struct got		*g = answer(c, ask(c, IMSG_MBOX_ROOM, &req));

	return type_of(g) == IMSG_REPLY_OK ? MBOX_CODE_NONE : no_of(c, g);
}

/*
 * Who is full may be sent again what he has: it is not refused before its key
 * has come, and what is another message then costs no upload.
 */
static void
test_full(void)
{
	static const size_t		 sizes[] = { 2000, sizeof(text) };
	static const struct user_quota	 two = { true, 0, 2 };
	struct append_parcel		 r;
	struct client			*c = recipient("fred", 0);
	char				 key[DELIVER_KEY_LEN + 1];
	uint64_t			 puts;
	uint32_t			 ids[2];
	size_t				 i;

	user_limits(user_find("fred"), &two);
	for (i = 0; i < nitems(sizes); i++) {
		ids[i] = parcel_send(l, text, sizes[i]);
		snprintf(key, sizeof(key), "env%zu and a sum.", i);
		r = keyed(ids[i], sizes[i], key);
		CHECK(room(c, "none") == MBOX_CODE_NONE);
		CHECK(!deliver(c, "INBOX", &r).known);
	}
	puts = blob_counts(env.blob)->put;
	CHECK(room(c, "none") == MBOX_OVERQUOTA);
	CHECK(room(c, "") == MBOX_OVERQUOTA);
	CHECK(room(c, "env") == MBOX_OVERQUOTA);
	for (i = 0; i < nitems(sizes); i++) {
		snprintf(key, sizeof(key), "env%zu and a sum.", i);
		key[4] = '\0';
		CHECK(room(c, key) == MBOX_CODE_NONE);
		key[4] = ' ';
		r = keyed(ids[i], sizes[i], key);
		CHECK(deliver(c, "INBOX", &r).known);
		key[15]++;
		r = keyed(ids[i], sizes[i], key);
		CHECK(no_of(c, answer(c, deliver_start(c, "INBOX", &r))) ==
		    MBOX_OVERQUOTA);
	}
	CHECK(blob_counts(env.blob)->put == puts);
	CHECK(messages("fred", "INBOX") == 2);
	for (i = 0; i < nitems(sizes); i++)
		parcel_drop_it(l, ids[i]);
	client_free(c);
	turns(20);
}

/* One node of two: delivers all keys, one after another.  How many of them it
 * stored; -1: not each was answered with OK. */
static int
race(const char *index, int fd)
{
	struct append_parcel	 r;
	struct client		*c;
	char			 key[DELIVER_KEY_LEN + 1], byte = 0;
	struct got		*g;
	uint32_t		 id;
	int			 i, stored = 0;

	setup(index);
	l = lmtpd_new(0);
	c = recipient("eve", 0);
	id = parcel_send(l, text, 1000);
	if (write(fd, &byte, 1) != 1 || read(fd, &byte, 1) != 1)
		return -1;
	for (i = 0; i < RACES; i++) {
		snprintf(key, sizeof(key), "key %012d", i);
		r = keyed(id, 1000, key);
		g = answer(c, deliver_start(c, "INBOX", &r));
		if (type_of(g) != IMSG_REPLY_OK)
			return -1;
		stored += !ok_of(c, g).known;
	}
	lmtpd_free(l);
	client_free(c);
	return stored;
}

/* Two storageds on one store deliver the same mail to one user at once. */
static void
test_two_nodes(void)
{
	struct client	*c;
	int		 sv[2], mine, theirs, status;
	pid_t		 pid;

	if (socketpair(AF_UNIX, SOCK_STREAM, 0, sv) == -1 ||
	    (pid = fork()) == -1)
		exit(1);
	if (pid == 0) {
		close(sv[0]);
		mine = race("index-other", sv[1]);
		drain_all();
		_exit(test_failed > 0 || mine == -1 ? 255 : mine);
	}
	close(sv[1]);
	mine = race("index", sv[0]);
	CHECK(waitpid(pid, &status, 0) == pid && WIFEXITED(status));
	theirs = WEXITSTATUS(status);
	printf("two nodes: %d stored here, %d there\n", mine, theirs);
	CHECK(mine != -1 && theirs != 255 && mine + theirs == RACES);
	close(sv[0]);
	c = client_new("eve");
	CHECK(type_of(next(c)) == IMSG_SESSION_READY);
	CHECK(uidset_count(&(struct uidset){ do_select(c, "INBOX").uids.v, 1,
	    0 }) == RACES);
	client_free(c);
}

int
main(void)
{
	if (begin("op_deliver_test") == -1)
		return 1;
	noise(text, sizeof(text));
	test_two_nodes();		/* which sets it all up */
	turns(20);
	l = lmtpd_new(0);
	test_again();
	test_full();
	test_at_once(100, "bob");
	test_at_once(sizeof(text), "bill");
	test_given_up();
	test_folder();
	test_index_anew();
	lmtpd_free(l);
	turns(20);
	CHECK(parcels_count() == 0);
	finish();
	return TEST_END();
}
