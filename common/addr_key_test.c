/* What is one address, and what is another. */
#include "common/compat.h"

#include <sys/un.h>

#include <arpa/inet.h>
#include <netinet/in.h>

#include "common/addr_key.h"
#include "common/test.h"

/* A text, its key's text, loopback. */
static const struct {
	const char	*in, *out;
	bool		 loopback;
} rows[] = {
	{ "192.0.2.1", "192.0.2.1", false },
	{ "0.0.0.0", "0.0.0.0", false },
	{ "127.0.0.1", "127.0.0.1", true },
	{ "127.255.3.9", "127.255.3.9", true },
	{ "126.0.0.1", "126.0.0.1", false },
	{ "128.0.0.1", "128.0.0.1", false },
	{ "::ffff:192.0.2.1", "192.0.2.1", false },
	{ "::ffff:127.0.0.2", "127.0.0.2", true },
	{ "64:ff9b::192.0.2.1", "192.0.2.1", false },
	{ "64:ff9b::127.0.0.2", "127.0.0.2", true },
	{ "64:ff9b:0:1::1", "64:ff9b:0:1::/64", false },
	{ "2001:db8::1", "2001:db8::/64", false },
	{ "2001:DB8:0:0:ffff::", "2001:db8::/64", false },
	{ "2001:db8:0:1::1", "2001:db8:0:1::/64", false },
	{ "fe80::1%eth0", "fe80::/64", false },
	{ "fe80::2", "fe80::/64", false },
	{ "::1", "::1", true },
	{ "::1%lo", "::1", true },
	{ "::1:0:0:1", "-", false },	/* ::/64 has no hosts */
	{ "::", "-", false },
	{ "", "-", false },
	{ "unknown", "-", false },
	{ "192.0.2", "-", false },
	{ "192.0.2.1 ", "-", false },
	{ "2001:db8::1/64", "-", false },
	{ "0000:0000:0000:0000:0000:ffff:192.168.100.200.1.2.3.4.5.6", "-",
	    false }
};

static void
check_text(void)
{
	struct addr_key	 k, again;
	char		 text[ADDR_KEY_TEXT];
	size_t		 i;

	for (i = 0; i < nitems(rows); i++) {
		memset(&k, 0xa5, sizeof(k));
		addr_key_parse(&k, rows[i].in);
		CHECK_ROW(strcmp(addr_key_print(&k, text, sizeof(text)),
		    rows[i].out) == 0, "%s is %s", rows[i].in, text);
		CHECK_ROW(addr_key_loopback(&k) == rows[i].loopback, "%s",
		    rows[i].in);
		CHECK_ROW(addr_key_none(&k) == (text[0] == '-'), "%s",
		    rows[i].in);
		text[strcspn(text, "/")] = '\0';
		addr_key_parse(&again, text);
		CHECK_ROW(addr_key_same(&k, &again), "%s", rows[i].in);
		CHECK_ROW(addr_key_hash(&k, 7) == addr_key_hash(&again, 7),
		    "%s", rows[i].in);
	}
}

/* A socket's address and its text are one key. */
static void
check_sockaddr(void)
{
	struct sockaddr_in	 in = { .sin_family = AF_INET };
	struct sockaddr_in6	 in6 = { .sin6_family = AF_INET6 };
	struct sockaddr_un	 un = { .sun_family = AF_UNIX };
	struct addr_key		 k, t;
	size_t			 i;

	for (i = 0; i < nitems(rows); i++) {
		addr_key_parse(&t, rows[i].in);
		if (inet_pton(AF_INET, rows[i].in, &in.sin_addr) == 1) {
			in.sin_port = (in_port_t)(i + 1);
			addr_key_from(&k, (struct sockaddr *)&in, sizeof(in));
		} else if (inet_pton(AF_INET6, rows[i].in,
		    &in6.sin6_addr) == 1) {
			in6.sin6_port = (in_port_t)(i + 1);
			in6.sin6_scope_id = (uint32_t)i;
			addr_key_from(&k, (struct sockaddr *)&in6,
			    sizeof(in6));
		} else
			continue;
		CHECK_ROW(addr_key_same(&k, &t), "%s", rows[i].in);
	}
	addr_key_parse(&k, "192.0.2.1");
	addr_key_from(&k, (struct sockaddr *)&un, sizeof(un));
	CHECK(addr_key_none(&k));
	addr_key_parse(&k, "192.0.2.1");
	addr_key_from(&k, (struct sockaddr *)&in, sizeof(in) - 1);
	CHECK(addr_key_none(&k));
	addr_key_from(&k, (struct sockaddr *)&in6, sizeof(in6) - 1);
	CHECK(addr_key_none(&k));
	addr_key_from(&k, (struct sockaddr *)&in, 0);
	CHECK(addr_key_none(&k));
}

/* A thousand neighbours spread over a table, by a seed. */
static void
check_hash(void)
{
	unsigned int	used[256] = { 0 }, worst = 0, moved = 0;
	struct addr_key	k = { { 0x20, 0x01, 0x0d, 0xb8 } };
	uint32_t	i;

	for (i = 0; i < 1024; i++) {
		k.b[6] = (uint8_t)(i >> 8);
		k.b[7] = (uint8_t)i;
		if (++used[addr_key_hash(&k, 1) % 256] > worst)
			worst = used[addr_key_hash(&k, 1) % 256];
		moved += addr_key_hash(&k, 1) % 256 !=
		    addr_key_hash(&k, 2) % 256;
	}
	CHECK(worst < 20);
	CHECK(moved > 900);
}

int
main(void)
{
	check_text();
	check_sockaddr();
	check_hash();
	return TEST_END();
}
