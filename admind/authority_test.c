/* Names by which this host may be called; a stranger's name that points here
 * is none. */
#include "common/compat.h"

#include <string.h>

#include "admind/authority.h"
#include "common/test.h"
#include "common/test/cert_fake.h"

static const struct {
	const char	*said;
	bool		 plain, tls;	/* is it ours? */
} rows[] = {
	{ "localhost:9143", true, true },
	{ "LocalHost:9143", true, true },
	{ "localhost", true, true },
	{ "127.0.0.1:9143", true, true },
	{ "127.8.9.1:9143", true, true },
	{ "[::1]:9143", true, true },
	{ "[0:0:0:0:0:0:0:1]", true, true },
	{ "mail.example.org:9143", false, true },
	{ "MAIL.example.org", false, true },
	{ "monitor.example.net", true, true },
	{ "Monitor.Example.net:443", true, true },
	{ "mail.example.org:443", false, false },
	{ ".example.org:9143", false, false },
	{ "example.org:9143", false, false },
	{ "localhost:9144", false, false },
	{ "localhost:09143", true, true },
	{ "localhost:", false, false },
	{ "localhost:9143x", false, false },
	{ "localhost:009143", false, false },
	{ "localhost:9143:9143", false, false },
	{ "evil.example:9143", false, false },
	{ "localhost.evil.example:9143", false, false },
	{ "evil.localhost:9143", false, false },
	{ "127.0.0.1.evil.example:9143", false, false },
	{ "128.0.0.1:9143", false, false },
	{ "0.0.0.0:9143", false, false },
	{ "0x7f000001:9143", false, false },
	{ "2130706433:9143", false, false },
	{ "[::]:9143", false, false },
	{ "[::1:9143", false, false },
	{ "[::1]9143", false, false },
	{ "::1", false, false },
	{ "[", false, false },
	{ "[]", false, false },
	{ "[]:9143", false, false },
	{ ":9143", false, false },
	{ "a@localhost:9143", false, false },
	{ "localhost,evil.example", false, false },
	{ "monitor.example.net.evil.example", false, false },
	{ "", false, false }
};

int
main(void)
{
	static const struct authority_hosts	 hosts = {
		.v = { "monitor.example.net" }, .n = 1
	};
	static const struct cert_fake		 want = {
		.cns = { STR("mail.example.org") }
	};
	struct cert_fake_pair			 c;
	char					 name[AUTHORITY_NAME + 2];
	size_t					 i;

	c = cert_fake_make(&want, NULL);
	for (i = 0; i < nitems(rows); i++) {
		struct str	 s = str_from(rows[i].said);

		CHECK_ROW(authority_ok(s, 9143, NULL, &hosts) ==
		    rows[i].plain, "%s", rows[i].said);
		CHECK_ROW(authority_ok(s, 9143, c.x, &hosts) == rows[i].tls,
		    "%s", rows[i].said);
	}
	/* A listener without a port: whatever is said. */
	CHECK(authority_ok(STR("localhost:1"), 0, NULL, &hosts));
	CHECK(!authority_ok((struct str){ "localhost\0.a", 12 }, 0, NULL,
	    &hosts));
	memset(name, 'a', sizeof(name));
	for (i = AUTHORITY_NAME - 2; i <= sizeof(name); i++)
		CHECK(!authority_ok((struct str){ name, i }, 0, c.x,
		    &hosts));
	cert_fake_free(&c);
	return TEST_END();
}
