/* Sessions of users and addresses, counted through all imapds. */
#include "common/compat.h"

#include "authd/sessions.h"
#include "common/test.h"

static struct sessions	*s;

static const char *
full(const char *user, const char *text, unsigned int users,
    unsigned int addresses)
{
	struct sessions_limits	limits = { users, addresses };
	struct addr_key		from;
	const char		*why;

	addr_key_parse(&from, text);
	why = sessions_full(s, &limits, user, &from);
	return why == NULL ? "" : strrchr(why, '-') + 1;
}

static void
add(uint32_t scope, uint32_t id, const char *user, const char *text)
{
	struct addr_key	from;

	addr_key_parse(&from, text);
	CHECK(sessions_add(s, scope, id, user, &from, NULL) == 0);
}

int
main(void)
{
	uint32_t	i;

	CHECK((s = sessions_new()) != NULL);
	CHECK(strcmp(full("ann", "192.0.2.1", 1, 1), "") == 0);
	/* two imapds, the same number of each */
	add(0, 7, "ann", "192.0.2.1");
	add(1, 7, "ann", "192.0.2.2");
	CHECK(sessions_count(s) == 2);
	CHECK(strcmp(full("ann", "192.0.2.3", 2, 0), "user") == 0);
	CHECK(strcmp(full("ann", "192.0.2.3", 3, 0), "") == 0);
	CHECK(strcmp(full("ann", "192.0.2.3", 0, 1), "") == 0);
	CHECK(strcmp(full("bob", "192.0.2.2", 2, 1), "address") == 0);
	CHECK(strcmp(full("bob", "192.0.2.2", 2, 2), "") == 0);
	/* a number that comes again is another session */
	add(1, 7, "bob", "192.0.2.2");
	CHECK(sessions_count(s) == 2);
	CHECK(strcmp(full("ann", "192.0.2.3", 2, 0), "") == 0);
	/* what ends is not counted, and what is not known is nothing */
	sessions_end(s, 0, 8);
	sessions_end(s, 1, 7);
	sessions_end(s, 1, 7);
	CHECK(strcmp(full("bob", "192.0.2.2", 1, 1), "") == 0);
	CHECK(sessions_count(s) == 1);
	/* proxies have many clients */
	add(0, 9, "zoe", "127.0.0.1");
	CHECK(strcmp(full("x", "127.0.0.1", 1, 1), "") == 0);
	CHECK(strcmp(full("zoe", "127.0.0.1", 1, 1), "user") == 0);
	/* an imapd that goes */
	sessions_forget(s, 0);
	CHECK(sessions_count(s) == 0);
	CHECK(strcmp(full("ann", "192.0.2.1", 1, 1), "") == 0);
	/* one that says of none that it has ended holds no more than that */
	for (i = 1; i <= SESSIONS_MAX + 10; i++)
		add(3, i, "max", "192.0.2.9");
	CHECK(sessions_count(s) == SESSIONS_MAX);
	sessions_free(s);
	sessions_free(NULL);
	return TEST_END();
}
