/*
 * What a session has no right to do is refused, whatever its peer says, and
 * nothing comes of it.
 */
#include "common/compat.h"

#include "common/msg_deliver.h"
#include "storaged/session/dispatch.h"
#include "storaged/session/test/op_client.h"

static void
make_mail(void)
{
	struct client	*c = client_new("ann");

	(void)append(c, "INBOX", "x", 1, "a@b", 0);
	client_free(c);
}

/* The code of what comes of one request, -1: it was done. */
static int
try(struct client *c, enum msg_type type, const void *req)
{
	struct got	*g;
	uint32_t	 id = ask(c, type, req);

	do
		g = answer(c, id);
	while (type_of(g) == IMSG_DATA_CREDIT);
	return type_of(g) == IMSG_REPLY_NO ? no_of(c, g) : -1;
}

static const struct mbox_list		 list = { .fresh = true };
static const struct mbox_select		 selects = { STR("INBOX"), true };
static const struct mbox_box		 inbox = { 1 };
static const struct mbox_create		 create = { .name = STR("new") };
static const struct mbox_delete		 delete = { .name = STR("Sent") };
static const struct mbox_rename		 renames = { .from = STR("Sent"),
					    .to = STR("Went") };
static const struct mbox_subscribe	 subscribe = { STR("new"), true };
static const struct mbox_idle		 idle = { true };
static const struct mbox_meta		 metas = { .box = 1 };
static const struct mbox_body		 bodies = { .box = 1,
					    .length = 10 };
static const struct mbox_store		 store = { .box = 1,
					    .flags = MBOX_DELETED };
static const struct mbox_copy		 copy = { .box = 1, .to = STR("Sent") };
static const struct mbox_expunge	 expunge = { .box = 1 };
static const struct mbox_room		 room = { .bytes = 1 };

static const struct {
	enum msg_type	 type;
	const void	*req;
	uint8_t		 rights;
} requests[] = {
	{ IMSG_MBOX_LIST, &list, GRANT_READ },
	{ IMSG_MBOX_SELECT, &selects, GRANT_READ },
	{ IMSG_MBOX_META, &metas, GRANT_READ },
	{ IMSG_MBOX_BODY, &bodies, GRANT_READ },
	{ IMSG_MBOX_UNSELECT, &inbox, GRANT_READ },
	{ IMSG_MBOX_POLL, NULL, GRANT_READ },
	{ IMSG_MBOX_IDLE, &idle, GRANT_READ },
	{ IMSG_MBOX_CREATE, &create, GRANT_CHANGE },
	{ IMSG_MBOX_DELETE, &delete, GRANT_CHANGE },
	{ IMSG_MBOX_RENAME, &renames, GRANT_CHANGE },
	{ IMSG_MBOX_SUBSCRIBE, &subscribe, GRANT_CHANGE },
	{ IMSG_MBOX_STORE, &store, GRANT_CHANGE },
	{ IMSG_MBOX_COPY, &copy, GRANT_CHANGE },
	{ IMSG_MBOX_MOVE, &copy, GRANT_CHANGE },
	{ IMSG_MBOX_EXPUNGE, &expunge, GRANT_CHANGE },
	{ IMSG_MBOX_ROOM, &room, GRANT_APPEND },
};

#define TYPES	4096	/* more than any message's number */

/* What imapd sends besides: within a request, or an APPEND's (tried below). */
static const uint32_t others[] = { IMSG_MBOX_CANCEL, IMSG_MBOX_MORE,
	IMSG_MBOX_TRACE,
	IMSG_APPEND_OPEN, IMSG_APPEND_DATA, IMSG_APPEND_MSG,
	IMSG_APPEND_DONE, IMSG_APPEND_PARCEL };

/* Every request of the message table is in one of the tables above. */
static void
test_all_are_tried(void)
{
	const struct msg_rule	*r;
	uint32_t		 type;
	size_t			 i, known, all = 0;

	for (type = 0; type < TYPES; type++) {
		r = msg_rule(type);
		if (r == NULL || r->channel != MSG_CHANNEL_MBOX ||
		    r->sender != MSG_SIDE_A)
			continue;
		known = 0;
		for (i = 0; i < nitems(requests); i++)
			known += requests[i].type == type;
		for (i = 0; i < nitems(others); i++)
			known += others[i] == type;
		CHECK_ROW(known == 1, "%s", r->name);
		all++;
	}
	CHECK(all == nitems(requests) + nitems(others));
}

/* A change's request fits where its evaluation finds it, and no two are
 * evaluated as the same. */
static void
test_changes(void)
{
	const struct op_class	*k, *seen[nitems(requests)];
	size_t			 i, j, n = 0;

	for (i = 0; i < nitems(requests); i++) {
		k = dispatch_class(requests[i].type);
		if (requests[i].rights != GRANT_CHANGE) {
			CHECK_ROW((k->needs & OP_CHANGE) == 0 ||
			    k->run != NULL, "%s", k->name);
			continue;
		}
		CHECK_ROW(msg_rule(requests[i].type)->ws->size <=
		    sizeof(((struct work *)0)->u), "%s", k->name);
		CHECK_ROW((k->needs & OP_CHANGE) != 0 && k->run == NULL &&
		    k->rights == GRANT_CHANGE, "%s", k->name);
		CHECK_ROW(((k->needs & OP_REMOVES) != 0) ==
		    (k->kind == WORK_MOVE || k->kind == WORK_EXPUNGE), "%s",
		    k->name);
		for (j = 0; j < n; j++)
			CHECK_ROW(k->kind != seen[j]->kind, "%s", k->name);
		seen[n++] = k;
	}
	CHECK(n == 8);
}

static void
test_rights(uint8_t rights)
{
	struct client	*c;
	uint64_t	 commit = user_find("ann")->ix->mark.commit;
	size_t		 i;
	int		 code;

	client_rights = rights;
	c = client_new("ann");
	CHECK(type_of(next(c)) == IMSG_SESSION_READY);
	for (i = 0; i < nitems(requests); i++) {
		if ((requests[i].rights & rights) != 0)
			continue;
		code = try(c, requests[i].type, requests[i].req);
		CHECK_ROW(code == MBOX_NOPERM, "%s with rights %u: %d",
		    msg_name(requests[i].type), rights, code);
	}
	CHECK(user_find("ann")->ix->mark.commit == commit);
	CHECK(c->stream.len == 0 && !c->closed);
	client_free(c);
	client_rights = GRANT_ALL;
}

/* It delivers, and hears no more than that it has. */
static void
test_append_only(void)
{
	struct append_open	 open = { STR("INBOX"), false };
	struct client		*c;
	struct got		*g;
	struct reply_ok		 ok;

	client_rights = GRANT_APPEND;
	c = client_new("ann");
	ok = append(c, "INBOX", "y", 1, "c@d", 0);
	CHECK(ok.dst.n == 0 && ok.uidvalidity == 0 && ok.modseq == 0);
	client_rights = GRANT_READ | GRANT_CHANGE;
	client_free(c);
	c = client_new("ann");
	g = answer(c, ask(c, IMSG_APPEND_OPEN, &open));
	while (type_of(g) == IMSG_SESSION_READY)
		g = answer(c, c->last);
	CHECK(no_of(c, g) == MBOX_NOPERM);
	client_free(c);
	client_rights = GRANT_ALL;
}

int
main(void)
{
	if (begin("op_rights_test") == -1)
		return 1;
	setup("index");
	make_mail();
	test_all_are_tried();
	test_changes();
	test_rights(GRANT_APPEND);
	test_rights(GRANT_READ);
	test_rights(GRANT_CHANGE);
	test_rights(GRANT_READ | GRANT_APPEND);
	test_append_only();
	finish();
	return TEST_END();
}
