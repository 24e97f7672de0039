/*
 * Quotas as a session meets them (issue 14, Shows 4): who is at the limit is
 * refused before octets are sent, and only if that is true of the newest
 * state; two nodes overrun the limit by one message, as one does; what makes
 * room is never refused.
 */
#include "common/compat.h"

#include "common/msg_deliver.h"
#include "storaged/session/test/op_client.h"

static const struct user_quota	 none = { true, 0, 0 };

static int
room(struct client *c, uint64_t bytes)
{
	struct mbox_room	 req = { .bytes = bytes };
	struct got		*g = answer(c, ask(c, IMSG_MBOX_ROOM, &req));

	return type_of(g) == IMSG_REPLY_OK ? MBOX_CODE_NONE : no_of(c, g);
}

/* An APPEND that waits for its leave: the code of its answer; the octets
 * that were sent are counted. */
static size_t	 sent;

static int
append_code(struct client *c, size_t len)
{
	static char	 text[4000];
	struct got	*g;
	uint32_t	 id;

	memset(text, 'x', sizeof(text));
	id = append_send(c, "INBOX", text, len);
	g = c->n > 0 ? &c->v[c->n - 1] : NULL;
	if (g != NULL && g->id == id && g->type == IMSG_REPLY_NO) {
		g->taken = true;
		return no_of(c, g);
	}
	sent += len;
	{
		struct append_msg	 m = { .size = len };
		struct buf		 d = BUF_INIT;

		digest_make(&d, "a@b");
		m.digest = (struct str){ (const char *)d.data, d.len };
		peer_send_struct(c->p, IMSG_APPEND_MSG, id, &m, -1);
		peer_send(c->p, IMSG_APPEND_DONE, id, NULL, 0, -1);
		buf_free(&d);
	}
	while (type_of(g = answer(c, id)) == IMSG_DATA_CREDIT)
		;
	return type_of(g) == IMSG_REPLY_OK ? MBOX_CODE_NONE : no_of(c, g);
}

/* The same with octets that come unasked: only the evaluation refuses. */
static int
append_early(struct client *c, size_t len)
{
	static char		 text[4000];
	struct append_open	 open = { STR("INBOX"), true };
	struct append_msg	 m = { .size = len };
	struct buf		 d = BUF_INIT;
	struct got		*g;
	uint32_t		 id = ask(c, IMSG_APPEND_OPEN, &open);

	peer_send(c->p, IMSG_APPEND_DATA, id, text, len, -1);
	digest_make(&d, "a@b");
	m.digest = (struct str){ (const char *)d.data, d.len };
	peer_send_struct(c->p, IMSG_APPEND_MSG, id, &m, -1);
	peer_send(c->p, IMSG_APPEND_DONE, id, NULL, 0, -1);
	buf_free(&d);
	while (type_of(g = answer(c, id)) == IMSG_DATA_CREDIT)
		;
	return type_of(g) == IMSG_REPLY_OK ? MBOX_CODE_NONE : no_of(c, g);
}

static int
change(struct client *c, enum msg_type type, const void *req)
{
	struct got	*g = answer(c, ask(c, type, req));

	return type_of(g) == IMSG_REPLY_OK ? MBOX_CODE_NONE : no_of(c, g);
}

static struct user *
user_of(const char *name)
{
	struct user	*u = user_find(name);

	CHECK(u != NULL && u->ix != NULL);
	return u;
}

/*
 * Another node on the same bucket: a process of its own, forked before
 * anything is open, that does what it is told and answers with a code.
 */
static int	 other_go = -1, other_did = -1;
static pid_t	 other_pid;

static int
other_does(struct client *c, char what)
{
	struct mbox_selected	 s;
	struct mbox_store	 store = { .how = MBOX_STORE_ADD,
				    .flags = MBOX_DELETED,
				    .unchangedsince = UINT64_MAX };
	struct mbox_expunge	 expunge = { 0 };

	switch (what) {
	case 'a':
		return append_code(c, 1000);
	default:			/* all go */
		s = do_select(c, "INBOX");
		store.box = expunge.box = s.box;
		store.uids = s.uids;
		if (change(c, IMSG_MBOX_STORE, &store) != MBOX_CODE_NONE)
			return -1;
		return change(c, IMSG_MBOX_EXPUNGE, &expunge);
	}
}

static void
other_node(void)
{
	static const struct user_quota	 q = { true, 5000, 0 };
	struct client			*c;
	int				 go[2], did[2], code;
	char				 byte;

	if (pipe(go) == -1 || pipe(did) == -1 || (other_pid = fork()) == -1)
		exit(1);
	if (other_pid != 0) {
		close(go[0]);
		close(did[1]);
		other_go = go[1];
		other_did = did[0];
		return;
	}
	close(go[1]);
	if (read(go[0], &byte, 1) != 1)
		_exit(1);
	setup("index2");
	c = client_new("ann");
	user_limits(user_find("ann"), &q);
	CHECK(type_of(next(c)) == IMSG_SESSION_READY);
	do {
		code = other_does(c, byte);
		byte = (char)code;
		if (write(did[1], &byte, 1) != 1)
			_exit(1);
	} while (read(go[0], &byte, 1) == 1);
	_exit(test_failed != 0);
}

static int
other(char what)
{
	char	 byte = -1;

	CHECK(write(other_go, &what, 1) == 1);
	CHECK(read(other_did, &byte, 1) == 1);
	return byte;
}

/* At the limit nothing comes in, and nothing is sent; what makes room works,
 * and what adds nothing. */
static void
test_limit(void)
{
	static const struct user_quota	 q = { true, 5000, 0 };
	struct client			*c = client_new("bob");
	struct mbox_copy		 copy = { .to = STR("Trash") };
	struct mbox_store		 store = { .how = MBOX_STORE_ADD,
					    .flags = MBOX_DELETED,
					    .unchangedsince = UINT64_MAX };
	struct mbox_expunge		 expunge = { 0 };
	struct mbox_create		 create = { .name = STR("Trash") };
	unsigned			 i;

	CHECK(type_of(next(c)) == IMSG_SESSION_READY);
	user_limits(user_of("bob"), &q);
	(void)change(c, IMSG_MBOX_CREATE, &create);
	for (i = 0; i < 4; i++)
		CHECK(append_code(c, 1000) == MBOX_CODE_NONE);
	CHECK(room(c, 100000) == MBOX_CODE_NONE);	/* the grace */
	CHECK(append_code(c, 3000) == MBOX_CODE_NONE);
	CHECK(user_of("bob")->ix->usage.bytes == 7000 &&
	    user_of("bob")->ix->usage.messages == 5);
	sent = 0;
	CHECK(append_code(c, 1) == MBOX_OVERQUOTA && sent == 0);
	CHECK(append_early(c, 1) == MBOX_OVERQUOTA);
	CHECK(room(c, 1) == MBOX_OVERQUOTA);
	CHECK(room(c, env.appendlimit + 1) == MBOX_TOOBIG);
	copy.box = store.box = expunge.box = do_select(c, "INBOX").box;
	copy.uids = range(1, 2);
	CHECK(change(c, IMSG_MBOX_COPY, &copy) == MBOX_OVERQUOTA);
	CHECK(change(c, IMSG_MBOX_MOVE, &copy) == MBOX_CODE_NONE);
	CHECK(user_of("bob")->ix->usage.bytes == 7000);
	store.uids = range(3, 5);
	CHECK(change(c, IMSG_MBOX_STORE, &store) == MBOX_CODE_NONE);
	/* What is pipelined behind what makes room finds it. */
	{
		struct mbox_room	 r = { .bytes = 1 };
		uint32_t		 e, q2;

		e = ask(c, IMSG_MBOX_EXPUNGE, &expunge);
		q2 = ask(c, IMSG_MBOX_ROOM, &r);
		(void)ok_of(c, answer(c, e));
		(void)ok_of(c, answer(c, q2));
	}
	CHECK(user_of("bob")->ix->usage.bytes == 2000);
	client_free(c);
}

/* The newest known quota counts; the default while none is known. */
static void
test_which_quota(void)
{
	static const struct user_quota	 two = { false, 0, 2 },
	    three = { true, 0, 3 }, four = { false, 0, 4 };
	struct client			*c = client_new("carl");
	struct user			*u;

	CHECK(type_of(next(c)) == IMSG_SESSION_READY);
	u = user_of("carl");
	user_limits(u, &two);
	CHECK(append_code(c, 1) == MBOX_CODE_NONE);
	CHECK(append_code(c, 1) == MBOX_CODE_NONE);
	CHECK(append_code(c, 1) == MBOX_OVERQUOTA);
	user_limits(u, &three);
	CHECK(append_code(c, 1) == MBOX_CODE_NONE);
	user_limits(u, &four);		/* the default: his own goes before */
	CHECK(append_code(c, 1) == MBOX_OVERQUOTA);
	user_limits(u, &none);
	CHECK(append_code(c, 1) == MBOX_CODE_NONE);
	CHECK(u->ix->usage.messages == 4);
	client_free(c);
}

/* A NO is of the newest state: another node may have made room.  And so is
 * what evaluation decides: another may have used it up. */
static void
test_two_nodes(void)
{
	static const struct user_quota	 q = { true, 5000, 0 };
	struct client			*c = client_new("ann");
	int				 status;
	unsigned			 i;

	CHECK(type_of(next(c)) == IMSG_SESSION_READY);
	user_limits(user_of("ann"), &q);
	for (i = 0; i < 5; i++)
		CHECK(append_code(c, 1000) == MBOX_CODE_NONE);
	CHECK(append_code(c, 1) == MBOX_OVERQUOTA);
	CHECK(other('a') == MBOX_OVERQUOTA);
	CHECK(other('x') == MBOX_CODE_NONE);	/* expunges all */
	CHECK(user_of("ann")->ix->usage.bytes == 5000);	/* not yet known */
	CHECK(room(c, 1) == MBOX_CODE_NONE);
	CHECK(user_of("ann")->ix->usage.bytes == 0);
	for (i = 0; i < 5; i++)
		CHECK(other('a') == MBOX_CODE_NONE);
	CHECK(user_of("ann")->ix->usage.bytes == 0);	/* not yet known */
	sent = 0;
	CHECK(append_code(c, 1) == MBOX_OVERQUOTA && sent == 1);
	CHECK(user_of("ann")->ix->usage.bytes == 5000);
	CHECK(other('x') == MBOX_CODE_NONE);
	CHECK(append_code(c, 1) == MBOX_CODE_NONE);
	client_free(c);
	close(other_go);
	CHECK(waitpid(other_pid, &status, 0) == other_pid && status == 0);
}

int
main(void)
{
	if (begin("op_quota_test") == -1)
		return 1;
	other_node();
	setup("index");
	test_two_nodes();
	test_limit();
	test_which_quota();
	finish();
	return TEST_END();
}
