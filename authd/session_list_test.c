/* The list of sessions: the newest, of one or of all, and their IDs. */
#include "common/compat.h"

#include <sys/socket.h>

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "authd/session_list.h"
#include "common/json.h"
#include "common/log.h"
#include "common/test.h"

static struct sessions	*s;
static struct buf	 out;

static void
add(uint32_t scope, uint32_t id, const char *user, const char *app,
    int64_t since)
{
	struct session_what	w = { user, "Ann", "192.0.2.1", "PLAIN",
				    "file", app, true, 0x1234, since };
	struct addr_key		from;

	addr_key_parse(&from, w.remote);
	CHECK(sessions_add(s, scope, id, user, &from, NULL) == 0);
	sessions_describe(s, scope, id, &w);
}

static const char *
list(const char *user, bool json)
{
	buf_free(&out);
	session_list(s, user, json, &out);
	buf_put_u8(&out, 0);
	return (char *)out.data;
}

static void
test_list(void)
{
	CHECK(strcmp(list(NULL, false), "no sessions\n") == 0);
	CHECK(strcmp(list(NULL, true), "{\"sessions\":[],\"total\":0}\n") ==
	    0);
	add(0, 7, "ann", "", 1000);
	add(1, 7, "bob", "my phone", 3000);
	add(0, 8, "ann", "", 2000);
	CHECK_ROW(strcmp(list(NULL, false),
	    "1.7 bob from 192.0.2.1 since 1970-01-01T00:50:00Z, PLAIN by "
	    "file: \"my phone\"\n"
	    "0.8 ann from 192.0.2.1 since 1970-01-01T00:33:20Z, PLAIN by "
	    "file\n"
	    "0.7 ann from 192.0.2.1 since 1970-01-01T00:16:40Z, PLAIN by "
	    "file\n") == 0, "%s", (char *)out.data);
	CHECK_ROW(strcmp(list("bob", true), "{\"sessions\":[{\"id\":\"1.7\","
	    "\"user\":\"bob\",\"login\":\"Ann\",\"remote\":\"192.0.2.1\","
	    "\"service\":\"imap\",\"mechanism\":\"PLAIN\",\"backend\":"
	    "\"file\",\"app\":\"my phone\",\"tls\":true,\"since\":"
	    "\"1970-01-01T00:50:00Z\",\"session\":\"0000000000001234\"}],"
	    "\"total\":1}\n") == 0, "%s", (char *)out.data);
	CHECK(sessions_has(s, 1, 7) && !sessions_has(s, 1, 8) &&
	    !sessions_has(s, 256, 7));
	sessions_end(s, 1, 7);
	CHECK(!sessions_has(s, 1, 7));
	CHECK(strcmp(list("bob", false), "no sessions\n") == 0);
	/* One that nobody has described is counted, and not shown. */
	sessions_describe(s, 5, 5, NULL);
	CHECK(strstr(list("ann", true), "\"total\":2") != NULL);
}

/* However many there are, and from wherever. */
static void
test_many(void)
{
	char		user[300];
	uint32_t	i;
	int		sv[2];

	memset(user, 'u', sizeof(user) - 1);
	user[250] = '\0';
	for (i = 0; i < 3 * SESSION_LIST_MAX; i++)
		add(i % 3, 100 + i, user, "", 10000 + (int64_t)i);
	CHECK(strstr(list(NULL, false), "and 1002 older ones\n") != NULL);
	CHECK(strncmp((char *)out.data, "2.1599 ", 7) == 0);
	CHECK(strstr((char *)out.data, "\n1.1100 ") != NULL &&
	    strstr((char *)out.data, ".1099 ") == NULL);
	(void)list(NULL, true);
	CHECK(json_check(out.data, out.len - 2) == 0);
	CHECK(strstr((char *)out.data, "\"total\":1502}") != NULL);
	/* Long names leave less, but what comes is whole: nobody waits for who
	 * reads it. */
	CHECK(strstr((char *)out.data, ".1100\"") == NULL);
	if (socketpair(AF_UNIX, SOCK_STREAM, 0, sv) == -1)
		fatal("socketpair");
	CHECK(send(sv[0], out.data, out.len, MSG_DONTWAIT) ==
	    (ssize_t)out.len);
	close(sv[0]);
	close(sv[1]);
}

static void
test_ids(void)
{
	static const char *const bad[] = { "", ".", "1", "1.", ".1", "1.2.3",
	    "a.1", "1.a", "-1.1", "1.4294967296", "4294967296.1", " 1.1" };
	uint32_t		 scope, id;
	size_t			 i;

	CHECK(session_id("3.17", &scope, &id) == 0 && scope == 3 && id == 17);
	CHECK(session_id("0.4294967295", &scope, &id) == 0 &&
	    id == UINT32_MAX);
	for (i = 0; i < nitems(bad); i++)
		CHECK_ROW(session_id(bad[i], &scope, &id) == -1, "%s", bad[i]);
}

int
main(void)
{
	buf_init(&out, 1024 * 1024);
	s = sessions_new();
	test_list();
	test_many();
	test_ids();
	buf_free(&out);
	sessions_free(s);
	return TEST_END();
}
