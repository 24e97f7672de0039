/* Networks: what is one, and who is in it. */
#include "common/compat.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include "common/network.h"
#include "common/test.h"

static bool
has(const char *text, const char *address)
{
	struct sockaddr_storage	 ss = { 0 };
	struct sockaddr_in	 in = { .sin_family = AF_INET };
	struct sockaddr_in6	 in6 = { .sin6_family = AF_INET6 };
	struct network		 n;
	const char		*why;

	CHECK_ROW(network_parse(&n, text, &why) == 0, "%s", text);
	if (inet_pton(AF_INET, address, &in.sin_addr) == 1)
		memcpy(&ss, &in, sizeof(in));
	else if (inet_pton(AF_INET6, address, &in6.sin6_addr) == 1)
		memcpy(&ss, &in6, sizeof(in6));
	return network_has(&n, (struct sockaddr *)&ss, sizeof(ss));
}

static void
test_members(void)
{
	static const struct { const char *net, *in, *out; } t[] = {
		{ "192.0.2.1", "192.0.2.1", "192.0.2.2" },
		{ "192.0.2.0/24", "192.0.2.255", "192.0.3.0" },
		{ "10.0.0.0/9", "10.127.255.255", "10.128.0.0" },
		{ "192.0.2.4/31", "::ffff:192.0.2.5", "192.0.2.6" },
		{ "0.0.0.0/0", "203.0.113.9", "2001:db8::1" },
		{ "2001:db8::/33", "2001:db8:7fff::1", "2001:db8:8000::" },
		{ "::1", "::1", "::" },
		{ "::/0", "2001:db8::1", "192.0.2.1" },
	};
	size_t	i;

	for (i = 0; i < nitems(t); i++) {
		CHECK_ROW(has(t[i].net, t[i].in), "%s: %s", t[i].net, t[i].in);
		CHECK_ROW(!has(t[i].net, t[i].out), "%s: not %s", t[i].net,
		    t[i].out);
	}
}

static void
test_mistakes(void)
{
	static const char *const t[] = { "", "/", "192.0.2", "192.0.2.0/",
	    "192.0.2.0/33", "192.0.2.0/-1", "192.0.2.0/24x", "192.0.2.1/24",
	    "2001:db8::/129", "2001:db8::1/64", "proxy.example.org",
	    "[::1]", "::1%lo", "1111:2222:3333:4444:5555:6666:7777:8888:9999" };
	struct network	 n;
	const char	*why;
	size_t		 i;

	for (i = 0; i < nitems(t); i++)
		CHECK_ROW(network_parse(&n, t[i], &why) == -1 &&
		    why[0] != '\0', "%s", t[i]);
}

static void
test_other_families(void)
{
	struct sockaddr	 sa = { .sa_family = AF_UNIX };
	struct network	 n;
	const char	*why;

	CHECK(network_parse(&n, "::/0", &why) == 0);
	CHECK(!network_has(&n, &sa, sizeof(sa)));
	sa.sa_family = AF_INET6;	/* cut short */
	CHECK(!network_has(&n, &sa, sizeof(sa)));
	CHECK(!network_has(&n, &sa, 0));
}

int
main(void)
{
	test_members();
	test_mistakes();
	test_other_families();
	return TEST_END();
}
