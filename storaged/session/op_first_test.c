/*
 * The first logins in a store that did not exist a moment ago: they are let
 * in before the bucket has told anything of the user, and whatever they ask
 * waits for what it tells.
 */
#include "common/compat.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/clock.h"
#include "storaged/format/key.h"
#include "storaged/session/session.h"
#include "storaged/session/test/op_client.h"

static const struct session *
session_of(const char *user)
{
	return TAILQ_FIRST(&user_find(user)->sessions);
}

/* Before a single turn of the loop. */
static void
test_new_user(void)
{
	struct client		*c = client_new("new"), *later;
	struct mbox_list	 all = { .counts = true };
	uint32_t		 list;

	CHECK(session_of("new")->ready && session_of("new")->opens);
	CHECK(!user_find("new")->follow.opened);
	list = ask(c, IMSG_MBOX_LIST, &all);
	CHECK(type_of(next(c)) == IMSG_SESSION_READY);
	/* Nothing is told of a state that nobody knows. */
	CHECK(type_of(answer(c, list)) == IMSG_REPLY_OK);
	CHECK(c->stream.len > 0);	/* INBOX at least */
	CHECK(!session_of("new")->opens && user_find("new")->follow.opened);
	CHECK(do_select(c, "INBOX").uids.n == 0);
	/* The next one has nothing to wait for. */
	later = client_new("new");
	CHECK(session_of("new")->ready && !session_of("new")->opens);
	client_free(later);
	client_free(c);
}

/* The bucket does not tell at once: it is asked again, as at a login, and the
 * request waits. */
static void
test_asked_again(void)
{
	struct client		*c = client_new("late");
	struct mbox_list	 all = { .counts = true };
	uint32_t		 list;
	int			 i;

	env.sure = false;
	list = ask(c, IMSG_MBOX_LIST, &all);
	while (session_of("late")->nops == 0)
		event_base_loop(base, EVLOOP_ONCE);
	for (i = 0; i < 2; i++) {	/* asked while it waits */
		while (!session_of("late")->waits)
			event_base_loop(base, EVLOOP_ONCE);
		while (session_of("late")->waits)
			event_base_loop(base, EVLOOP_ONCE);
	}
	CHECK(session_of("late")->opens);
	env.sure = true;
	CHECK(type_of(answer(c, list)) == IMSG_REPLY_OK && c->stream.len > 0);
	client_free(c);
}

/* Elsewhere a login hears what is to be said of the user. */
static void
test_other_stores(void)
{
	static const struct { bool sure, fresh, late; } rows[] = {
		{ true, false, false }, { false, true, false },
		{ false, false, false }, { true, true, true },
	};
	struct client	*c;
	char		 user[8];
	size_t		 i;

	for (i = 0; i < nitems(rows); i++) {
		env.sure = rows[i].sure;
		env.fresh = rows[i].fresh;
		env.sure_ms = clock_ms() - (rows[i].late ? SESSION_FRESH_MS :
		    0);
		snprintf(user, sizeof(user), "u%zu", i);
		c = client_new(user);
		CHECK_ROW(!session_of(user)->ready && session_of(user)->opens,
		    "row %zu", i);
		env.sure = true;	/* and its login goes on */
		CHECK_ROW(type_of(next(c)) == IMSG_SESSION_READY, "row %zu",
		    i);
		CHECK(!session_of(user)->opens);
		client_free(c);
	}
	env.fresh = true;
	env.sure_ms = clock_ms();
}

/* An object that is no head. */
static void
damage(const char *user)
{
	char	 prefix[256], path[600], cmd[1300];
	int	 fd;

	CHECK(key_user(user, prefix, sizeof(prefix)) == 0);
	snprintf(path, sizeof(path), "%s/store/%s", dir, prefix);
	snprintf(cmd, sizeof(cmd), "mkdir -p %s", path);
	CHECK(system(cmd) == 0);
	strlcat(path, "/head", sizeof(path));
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL, 0600);
	CHECK(fd != -1 && write(fd, "no head", 7) == 7);
	close(fd);
}

/* It was let in; what it asks is not answered, and it ends. */
static void
test_damaged(void)
{
	struct client		*c;
	struct session_end	 end = { 0 };
	struct got		*g;

	damage("bad");
	c = client_new("bad");
	(void)ask(c, IMSG_MBOX_POLL, NULL);
	(void)ask(c, IMSG_MBOX_LIST, &(struct mbox_list){ .counts = true });
	CHECK(type_of(next(c)) == IMSG_SESSION_READY);
	while (type_of(g = next(c)) == IMSG_REPLY_OK)
		;			/* POLL's */
	CHECK(type_of(g) == IMSG_SESSION_END && wire_decode(&session_end_wire,
	    &end, g->data, g->len, c->a) == 0 && end.code == MBOX_CORRUPTION);
	CHECK(c->stream.len == 0);
	client_free(c);
}

int
main(void)
{
	if (begin("op_first_test") == -1)
		return 1;
	setup("index");
	env.fresh = true;
	env.sure_ms = clock_ms();
	test_new_user();
	test_asked_again();
	test_other_stores();
	test_damaged();
	finish();
	return TEST_END();
}
