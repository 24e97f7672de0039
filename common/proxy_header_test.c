/*
 * PROXY protocol headers: those of the specification, read in all ways, and
 * 200,000 damaged ones.
 */
#include "common/compat.h"

#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/proxy_header.h"
#include "common/test.h"

#define V2	"\r\n\r\n\0\r\nQUIT\n"
#define V4	"\x21\x11\0\x0c" "\xc0\0\2\1" "\xc6\x33\x64\2" "\x30\x39\0\x8f"
#define V6	"\x21\x21\0\x24" "\x20\1\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\1"	\
	"\x20\1\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\2" "\x30\x39\0\x8f"
#define VALUES(len)	"\x21\x11\0" len "\xc0\0\2\1" "\xc6\x33\x64\2"	\
	"\x30\x39\0\x8f"

struct row {
	const char		*name;
	const char		*p;
	size_t			 n;
	enum proxy_header_code	 code;
	const char		*address;	/* or why, of a bad one */
	bool			 tls;
};
#define GOOD(s, code, address)	\
	{ #s, s, sizeof(s) - 1, PROXY_HEADER_##code, address, false }
#define TLS(s)	{ #s, s, sizeof(s) - 1, PROXY_HEADER_CLIENT,		\
	"192.0.2.1 12345", true }
#define BAD(s, why)	\
	{ #s, s, sizeof(s) - 1, PROXY_HEADER_BAD, why, false }

static const struct row rows[] = {
	GOOD("PROXY TCP4 192.0.2.1 198.51.100.2 12345 143\r\n", CLIENT,
	    "192.0.2.1 12345"),
	GOOD("PROXY TCP4 255.255.255.255 255.255.255.255 65535 65535\r\n",
	    CLIENT, "255.255.255.255 65535"),
	GOOD("PROXY TCP6 2001:db8::1 2001:db8::2 0 143\r\n", CLIENT,
	    "2001:db8::1 0"),
	GOOD("PROXY TCP6 ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff "
	    "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff 65535 65535\r\n",
	    CLIENT, "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff 65535"),
	GOOD("PROXY UNKNOWN\r\n", LOCAL, NULL),
	GOOD("PROXY UNKNOWN ffff::1 whatever it says\r\n", LOCAL, NULL),
	GOOD(V2 V4, CLIENT, "192.0.2.1 12345"),
	GOOD(V2 V6, CLIENT, "2001:db8::1 12345"),
	GOOD(V2 "\x20\0\0\0", LOCAL, NULL),
	GOOD(V2 "\x20\x11\0\x0c" "192021981234", LOCAL, NULL),
	GOOD(V2 "\x21\0\0\0", LOCAL, NULL),		/* UNSPEC */
	GOOD(V2 "\x21\x12\0\x0c" "192021981234", LOCAL, NULL),	/* UDP */
	GOOD(V2 "\x21\x31\0\3" "abc", LOCAL, NULL),		/* Unix */
	GOOD(V2 VALUES("\x14") "\1\0\5imap2", CLIENT, "192.0.2.1 12345"),
	GOOD(V2 VALUES("\x14") "\x20\0\5\0\0\0\0\0", CLIENT,
	    "192.0.2.1 12345"),
	TLS(V2 VALUES("\x14") "\x20\0\5\1\0\0\0\0"),
	TLS(V2 VALUES("\x1f") "\x20\0\x10\1\0\0\0\0\x21\0\7TLSv1.3" "x"),
	BAD("", NULL),
	BAD("* OK IMAP4rev1!", "no PROXY protocol header"),
	BAD("\x16\3\1\2\0\1\0\1\xfc\3\3abcd", "no PROXY protocol header"),
	BAD("PROXY\tUNKNOWN\r\n", "no PROXY protocol header"),
	BAD("PROXY TCP4 192.0.2.1 198.51.100.2 12345 143\n*", "malformed"),
	BAD("PROXY TCP4  192.0.2.1 198.51.100.2 12345 143\r\n", "malformed"),
	BAD("PROXY TCP4 192.0.2.1 198.51.100.2 12345 143 \r\n", "malformed"),
	BAD("PROXY TCP4 192.0.2.1 198.51.100.2 12345\r\n", "malformed"),
	BAD("PROXY TCP4 192.0.2.1 198.51.100.2 12345 65536\r\n",
	    "a malformed address or port"),
	BAD("PROXY TCP4 192.0.2.1 198.51.100.2 -1 143\r\n",
	    "a malformed address or port"),
	BAD("PROXY TCP4 192.0.2.1 198.51.100.2 +1 143\r\n",
	    "a malformed address or port"),
	BAD("PROXY TCP4 192.0.2.1 198.51.100.2 012 143\r\n",
	    "a malformed address or port"),
	BAD("PROXY TCP4 ::1 ::1 12345 143\r\n",
	    "a malformed address or port"),
	BAD("PROXY TCP6 192.0.2.1 198.51.100.2 12345 143\r\n",
	    "a malformed address or port"),
	BAD("PROXY TCP4 192.0.2.1 proxy.example 12345 143\r\n",
	    "a malformed address or port"),
	BAD("PROXY TCP5 192.0.2.1 198.51.100.2 12345 143\r\n",
	    "an unknown protocol"),
	BAD("PROXY UNKNOWNX\r\n", "malformed"),
	BAD("PROXY UNKNOWN \r \r\n", "malformed"),
	BAD("PROXY UNKNOWN 5678901234567890123456789012345678901234567890"
	    "1234567890123456789012345678901234567890123456789012345678\r\n",
	    "too long"),
	BAD(V2 "\x31\x11\0\x0c" "192021981234",
	    "an unknown version or command"),
	BAD(V2 "\x22\x11\0\x0c" "192021981234",
	    "an unknown version or command"),
	BAD(V2 "\x21\x11\xff\xff", "too long"),
	BAD(V2 "\x21\x11\0\x0b" "19202198123",
	    "an address that is cut short"),
	BAD(V2 "\x21\x21\0\x0c" "192021981234",
	    "an address that is cut short"),
	BAD(V2 VALUES("\x0e") "\1\0", "a malformed TLV"),
	BAD(V2 VALUES("\x0f") "\1\0\1", "a malformed TLV"),
	BAD(V2 VALUES("\x13") "\x20\0\4\1\0\0\0", "a malformed TLV"),
};

/*
 * As much at once as is wanted, or one octet: in *read what was read until
 * there was an answer.
 */
static enum proxy_header_code
feed(struct proxy_header *h, const uint8_t *p, size_t n, bool slow,
    size_t *used)
{
	enum proxy_header_code	 code;
	uint8_t			*copy;

	for (*used = 0;; *used += slow ? 1 : h->want) {
		if (*used > n)
			return PROXY_HEADER_MORE;
		/* ASan sees a look beyond it */
		if ((copy = malloc(*used + 1)) == NULL)
			abort();
		memcpy(copy + 1, p, *used);
		code = proxy_header_parse(h, copy + 1, *used);
		free(copy);
		if (code != PROXY_HEADER_MORE)
			return code;
		CHECK(h->want > 0 && *used + h->want <= PROXY_HEADER_MAX);
	}
}

static void
test_rows(void)
{
	struct proxy_header	 h;
	const struct row	*r;
	char			 host[64], port[8], text[80];
	size_t			 i, used;
	int			 slow;

	for (i = 0; i < nitems(rows); i++) for (slow = 0; slow < 2; slow++) {
		r = &rows[i];
		if (r->n == 0)
			continue;
		CHECK_ROW(feed(&h, (const uint8_t *)r->p, r->n, slow, &used)
		    == r->code, "%s", r->name);
		if (r->code == PROXY_HEADER_BAD) {
			CHECK_ROW(h.why != NULL && strcmp(h.why,
			    r->address) == 0, "%s: %s", r->name, h.why);
			continue;
		}
		CHECK_ROW(used == r->n && h.tls == r->tls, "%s", r->name);
		if (r->code == PROXY_HEADER_LOCAL)
			continue;
		CHECK(getnameinfo((struct sockaddr *)&h.address, h.len, host,
		    sizeof(host), port, sizeof(port), NI_NUMERICHOST |
		    NI_NUMERICSERV) == 0);
		snprintf(text, sizeof(text), "%s %s", host, port);
		CHECK_ROW(strcmp(text, r->address) == 0, "%s: %s", r->name,
		    text);
	}
}

/* What follows the header is the client's, and is not wanted. */
static void
test_not_beyond(void)
{
	struct proxy_header	 h;
	uint8_t			 p[PROXY_HEADER_MAX + 64];
	size_t			 i, used;

	for (i = 0; i < nitems(rows); i++) {
		if (rows[i].code == PROXY_HEADER_BAD)
			continue;
		memcpy(p, rows[i].p, rows[i].n);
		memset(p + rows[i].n, '\n', 64);
		CHECK_ROW(feed(&h, p, rows[i].n + 64, false, &used) ==
		    rows[i].code && used == rows[i].n, "%s", rows[i].name);
	}
}

/* Nothing that was damaged reads beyond its end, or wants more than may be. */
static void
test_damaged(void)
{
	struct proxy_header	 h;
	uint8_t			 p[160];
	size_t			 i, k, n, used;

	srandom(1);
	for (i = 0; i < 200000; i++) {
		k = (size_t)random() % nitems(rows);
		n = rows[k].n;
		memcpy(p, rows[k].p, n);
		memset(p + n, ' ', sizeof(p) - n);
		for (k = (size_t)random() % 4; n > 0 && k > 0; k--)
			p[(size_t)random() % n] = (uint8_t)random();
		(void)feed(&h, p, n + (size_t)random() % 16, false, &used);
	}
}

int
main(void)
{
	test_rows();
	test_not_beyond();
	test_damaged();
	return TEST_END();
}
