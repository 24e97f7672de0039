/* Networks: an address and how many of its bits count. */
#include "common/compat.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include "common/network.h"

static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };

static void
network_v4(uint8_t address[16], const struct in_addr *v4)
{
	memcpy(address, mapped, sizeof(mapped));
	memcpy(address + sizeof(mapped), v4, sizeof(*v4));
}

/* Are the bits from this one on all 0? */
static bool
network_clean(const struct network *n)
{
	unsigned int	i;

	for (i = n->bits; i < 128; i++)
		if (n->address[i / 8] & 0x80 >> i % 8)
			return false;
	return true;
}

int
network_parse(struct network *n, const char *text, const char **why)
{
	char		 host[INET6_ADDRSTRLEN];
	const char	*slash = strchr(text, '/'), *bad = NULL;
	size_t		 len = slash != NULL ? (size_t)(slash - text) :
			    strlen(text);
	struct in_addr	 v4;
	struct in6_addr	 v6;
	unsigned int	 first, bits;

	*why = "not an IP address or a network like 192.0.2.0/24";
	if (len >= sizeof(host))
		return -1;
	memcpy(host, text, len);
	host[len] = '\0';
	if (inet_pton(AF_INET, host, &v4) == 1) {
		network_v4(n->address, &v4);
		first = 96;
	} else if (inet_pton(AF_INET6, host, &v6) == 1) {
		memcpy(n->address, &v6, sizeof(n->address));
		first = 0;
	} else
		return -1;
	bits = 128 - first;
	if (slash != NULL) {
		*why = "the number after / is not one of bits";
		bits = (unsigned int)strtonum(slash + 1, 0, 128 - first,
		    &bad);
		if (bad != NULL)
			return -1;
	}
	n->bits = first + bits;
	*why = "there are bits set behind those that count";
	return network_clean(n) ? 0 : -1;
}

bool
network_has(const struct network *n, const struct sockaddr *sa, socklen_t len)
{
	struct sockaddr_in	 in;
	struct sockaddr_in6	 in6;
	uint8_t			 a[16];
	unsigned int		 whole = n->bits / 8, rest = n->bits % 8;

	if (len < offsetof(struct sockaddr, sa_data))
		return false;
	if (sa->sa_family == AF_INET && len >= sizeof(in)) {
		memcpy(&in, sa, sizeof(in));
		network_v4(a, &in.sin_addr);
	} else if (sa->sa_family == AF_INET6 && len >= sizeof(in6)) {
		memcpy(&in6, sa, sizeof(in6));
		memcpy(a, &in6.sin6_addr, sizeof(a));
	} else
		return false;
	/* "::/0" is every IPv6 address, and no IPv4 one. */
	if (n->bits < 96 && memcmp(a, mapped, sizeof(mapped)) == 0)
		return false;
	if (memcmp(a, n->address, whole) != 0)
		return false;
	return rest == 0 || ((a[whole] ^ n->address[whole]) &
	    (0xff00 >> rest & 0xff)) == 0;
}
