/*
 * PROXY protocol headers.  Must never want an octet that may not be the
 * header's, nor take an address from one that is malformed.
 */
#include "common/compat.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <stdio.h>

#include "common/proxy_header.h"

#define V1_MAX		107	/* octets, CRLF included */
#define V1_LEAST	15	/* "PROXY UNKNOWN\r\n" */
#define V2_FIXED	16	/* octets before the addresses */
#define TYPE_SSL	0x20	/* PP2_TYPE_SSL */
#define CLIENT_SSL	0x01	/* PP2_CLIENT_SSL */

static const uint8_t v2_begin[12] = { 0x0d, 0x0a, 0x0d, 0x0a, 0x00, 0x0d,
	0x0a, 0x51, 0x55, 0x49, 0x54, 0x0a };
static const uint8_t v1_begin[6] = { 'P', 'R', 'O', 'X', 'Y', ' ' };

static enum proxy_header_code
bad(struct proxy_header *h, const char *why)
{
	h->why = why;
	return PROXY_HEADER_BAD;
}

static enum proxy_header_code
more(struct proxy_header *h, size_t want)
{
	h->want = want;
	return PROXY_HEADER_MORE;
}

static void
set_v4(struct proxy_header *h, const void *address, uint16_t port)
{
	struct sockaddr_in	 in = { .sin_family = AF_INET };

	in.sin_port = htons(port);
	memcpy(&in.sin_addr, address, sizeof(in.sin_addr));
	memcpy(&h->address, &in, sizeof(in));
	h->len = sizeof(in);
}

static void
set_v6(struct proxy_header *h, const void *address, uint16_t port)
{
	struct sockaddr_in6	 in6 = { .sin6_family = AF_INET6 };

	in6.sin6_port = htons(port);
	memcpy(&in6.sin6_addr, address, sizeof(in6.sin6_addr));
	memcpy(&h->address, &in6, sizeof(in6));
	h->len = sizeof(in6);
}

/* Section 2.1: no sign, no leading zero. */
static int
v1_port(const char *s, uint16_t *port)
{
	const char	*bad_num = NULL;
	long long	 n = strtonum(s, 0, UINT16_MAX, &bad_num);

	if (bad_num != NULL || s[0] < '0' || s[0] > '9' ||
	    (s[0] == '0' && s[1] != '\0'))
		return -1;
	*port = (uint16_t)n;
	return 0;
}

/* "TCP4 SRC DST SPORT DPORT", one space between any two. */
static enum proxy_header_code
v1_addresses(struct proxy_header *h, char *line)
{
	char		*word[5], *p = line;
	struct in6_addr	 a[2];
	uint16_t	 port[2];
	int		 i, family;

	for (i = 0; i < 5; i++) {
		word[i] = strsep(&p, " ");
		if (word[i] == NULL || word[i][0] == '\0')
			return bad(h, "malformed");
	}
	if (p != NULL)
		return bad(h, "malformed");
	if (strcmp(word[0], "TCP4") == 0)
		family = AF_INET;
	else if (strcmp(word[0], "TCP6") == 0)
		family = AF_INET6;
	else
		return bad(h, "an unknown protocol");
	if (inet_pton(family, word[1], &a[0]) != 1 ||
	    inet_pton(family, word[2], &a[1]) != 1 ||
	    v1_port(word[3], &port[0]) == -1 ||
	    v1_port(word[4], &port[1]) == -1)
		return bad(h, "a malformed address or port");
	if (family == AF_INET)
		set_v4(h, &a[0], port[0]);
	else
		set_v6(h, &a[0], port[0]);
	return PROXY_HEADER_CLIENT;
}

static enum proxy_header_code
v1_parse(struct proxy_header *h, const uint8_t *p, size_t n)
{
	char	 line[V1_MAX + 1];

	if (n < V1_LEAST)
		return more(h, V1_LEAST - n);
	if (p[n - 1] != '\n') {
		if (memchr(p, '\n', n) != NULL)
			return bad(h, "malformed");
		if (n >= V1_MAX)
			return bad(h, "too long");
		return more(h, p[n - 1] == '\r' ? 1 : n + 2 <= V1_MAX ? 2 :
		    1);
	}
	if (n > V1_MAX || p[n - 2] != '\r' ||
	    memchr(p, '\n', n - 1) != NULL ||
	    memchr(p, '\r', n - 2) != NULL || memchr(p, '\0', n) != NULL)
		return bad(h, "malformed");
	n -= sizeof(v1_begin) + 2;
	memcpy(line, p + sizeof(v1_begin), n);
	line[n] = '\0';
	/* Section 2.1: whatever follows it is ignored. */
	if (strcmp(line, "UNKNOWN") == 0 ||
	    strncmp(line, "UNKNOWN ", 8) == 0)
		return PROXY_HEADER_LOCAL;
	return v1_addresses(h, line);
}

static size_t
be16(const uint8_t *p)
{
	return (size_t)p[0] << 8 | p[1];
}

/* Type, length, value, to the end: section 2.2. */
static enum proxy_header_code
v2_values(struct proxy_header *h, const uint8_t *p, size_t n)
{
	size_t	len;

	for (; n > 0; p += len, n -= len) {
		if (n < 3 || (len = 3 + be16(p + 1)) > n)
			return bad(h, "a malformed TLV");
		if (p[0] != TYPE_SSL)
			continue;
		if (len < 3 + 5)
			return bad(h, "a malformed TLV");
		h->tls = (p[3] & CLIENT_SSL) != 0;
	}
	return PROXY_HEADER_CLIENT;
}

static enum proxy_header_code
v2_parse(struct proxy_header *h, const uint8_t *p, size_t n)
{
	const uint8_t	*a = p + V2_FIXED;
	size_t		 len, used;

	if (n < V2_FIXED)
		return more(h, V2_FIXED - n);
	len = be16(p + 14);
	if (p[12] >> 4 != 2 || (p[12] & 0x0f) > 1)
		return bad(h, "an unknown version or command");
	if (V2_FIXED + len > PROXY_HEADER_MAX)
		return bad(h, "too long");
	if (n < V2_FIXED + len)
		return more(h, V2_FIXED + len - n);
	if (n > V2_FIXED + len)
		return bad(h, "malformed");
	if ((p[12] & 0x0f) == 0)
		return PROXY_HEADER_LOCAL;
	switch (p[13]) {
	case 0x11:		/* TCP over IPv4 */
		if (len < (used = 12))
			return bad(h, "an address that is cut short");
		set_v4(h, a, (uint16_t)be16(a + 8));
		break;
	case 0x21:		/* TCP over IPv6 */
		if (len < (used = 36))
			return bad(h, "an address that is cut short");
		set_v6(h, a, (uint16_t)be16(a + 32));
		break;
	default:		/* its sender knows no address of this kind */
		return PROXY_HEADER_LOCAL;
	}
	return v2_values(h, a + used, len - used);
}

enum proxy_header_code
proxy_header_parse(struct proxy_header *h, const uint8_t *p, size_t n)
{
	memset(h, 0, sizeof(*h));
	if (n == 0)
		return more(h, V1_LEAST);
	if (memcmp(p, v2_begin, n < sizeof(v2_begin) ? n :
	    sizeof(v2_begin)) == 0)
		return v2_parse(h, p, n);
	if (memcmp(p, v1_begin, n < sizeof(v1_begin) ? n :
	    sizeof(v1_begin)) == 0)
		return v1_parse(h, p, n);
	return bad(h, "no PROXY protocol header");
}
