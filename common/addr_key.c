/*
 * The one rule for what an address is (addr_key.h).  Must never let one
 * host have two keys of IPv4, or two within one /64.
 */
#include "common/compat.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <stdio.h>

#include "common/addr_key.h"

static const uint8_t mapped[12] = { [10] = 0xff, 0xff };
static const uint8_t nat64[12] = { 0, 0x64, 0xff, 0x9b };
static const uint8_t loopback6[ADDR_KEY_LEN] = { [15] = 1 };

static void
key_v4(struct addr_key *k, const void *v4)
{
	memcpy(k->b, mapped, sizeof(mapped));
	memcpy(k->b + sizeof(mapped), v4, 4);
}

static void
key_v6(struct addr_key *k, const struct in6_addr *v6)
{
	const uint8_t	*a = v6->s6_addr;

	if (memcmp(a, mapped, sizeof(mapped)) == 0 ||
	    memcmp(a, nat64, sizeof(nat64)) == 0) {
		key_v4(k, a + 12);
		return;
	}
	memcpy(k->b, a, ADDR_KEY_LEN);
	if (memcmp(a, loopback6, ADDR_KEY_LEN) != 0)
		memset(k->b + 8, 0, 8);
}

void
addr_key_from(struct addr_key *k, const struct sockaddr *sa, socklen_t len)
{
	struct sockaddr_in	in;
	struct sockaddr_in6	in6;

	memset(k, 0, sizeof(*k));
	if (len < offsetof(struct sockaddr, sa_data))
		return;
	if (sa->sa_family == AF_INET && len >= sizeof(in)) {
		memcpy(&in, sa, sizeof(in));
		key_v4(k, &in.sin_addr);
	} else if (sa->sa_family == AF_INET6 && len >= sizeof(in6)) {
		memcpy(&in6, sa, sizeof(in6));
		key_v6(k, &in6.sin6_addr);
	}
}

void
addr_key_parse(struct addr_key *k, const char *text)
{
	char		 plain[INET6_ADDRSTRLEN];
	struct in_addr	 v4;
	struct in6_addr	 v6;
	size_t		 n = strcspn(text, "%");

	memset(k, 0, sizeof(*k));
	if (n >= sizeof(plain))
		return;
	memcpy(plain, text, n);
	plain[n] = '\0';
	if (inet_pton(AF_INET, plain, &v4) == 1)
		key_v4(k, &v4);
	else if (inet_pton(AF_INET6, plain, &v6) == 1)
		key_v6(k, &v6);
}

bool
addr_key_none(const struct addr_key *k)
{
	static const struct addr_key	none;

	return addr_key_same(k, &none);
}

bool
addr_key_loopback(const struct addr_key *k)
{
	return memcmp(k->b, loopback6, ADDR_KEY_LEN) == 0 ||
	    (memcmp(k->b, mapped, sizeof(mapped)) == 0 && k->b[12] == 127);
}

bool
addr_key_same(const struct addr_key *a, const struct addr_key *b)
{
	return memcmp(a->b, b->b, ADDR_KEY_LEN) == 0;
}

uint32_t
addr_key_hash(const struct addr_key *k, uint64_t seed)
{
	uint64_t	half[2], h = seed ^ 0x9e3779b97f4a7c15u;
	int		i;

	memcpy(half, k->b, sizeof(half));
	for (i = 0; i < 2; i++) {
		h = (h ^ half[i]) * 0xbf58476d1ce4e5b9u;
		h = (h ^ h >> 29 ^ seed >> 7) * 0x94d049bb133111ebu;
		h ^= h >> 32;
	}
	return (uint32_t)h;
}

const char *
addr_key_print(const struct addr_key *k, char *dst, size_t size)
{
	char	text[INET6_ADDRSTRLEN];

	if (addr_key_none(k))
		snprintf(dst, size, "-");
	else if (memcmp(k->b, mapped, sizeof(mapped)) == 0)
		snprintf(dst, size, "%s",
		    inet_ntop(AF_INET, k->b + 12, text, sizeof(text)));
	else
		snprintf(dst, size, "%s%s",
		    inet_ntop(AF_INET6, k->b, text, sizeof(text)),
		    addr_key_loopback(k) ? "" : "/64");
	return dst;
}
