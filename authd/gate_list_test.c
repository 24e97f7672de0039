/* What the gate holds against whom, listed and forgiven. */
#include "common/compat.h"

#include "authd/gate_list.h"
#include "common/json.h"
#include "common/test.h"

#define WALL	1795928400	/* 2026-11-29T05:00:00Z */

static struct gate	*gate;
static struct known	*known;
static int64_t		 now = 1000000;

static void
fail(uint32_t scope, const char *name, const char *from, uint8_t password)
{
	struct gate_try	t;
	struct addr_key	k;
	uint8_t		mac[MAC_LEN] = { password };
	int64_t		pause, when;

	addr_key_parse(&k, from);
	CHECK(gate_enter(gate, &t, scope, 0, name, &k, mac, now, &pause) == 0);
	now += pause;
	CHECK(gate_next(gate, 0, 4, 4, now, &when) == &t);
	(void)gate_failed(gate, &t, now);
	gate_label(&t, name);
	gate_leave(gate, &t);
}

static bool
lists(const char *line)
{
	struct buf	b = BUF_INIT;
	bool		has;

	gate_list(gate, now, WALL, false, &b);
	buf_put_u8(&b, '\0');
	has = strstr((char *)b.data, line) != NULL;
	if (!has)
		printf("%s", (char *)b.data);
	buf_free(&b);
	return has;
}

/* The same as a document. */
static bool
lists_json(const char *row)
{
	struct buf	b = BUF_INIT;
	bool		has;

	gate_list(gate, now, WALL, true, &b);
	CHECK(json_check(b.data, b.len) == 0);
	buf_put_u8(&b, '\0');
	has = strstr((char *)b.data, row) != NULL;
	if (!has)
		printf("%s", (char *)b.data);
	buf_free(&b);
	return has;
}

static size_t
lines(void)
{
	struct buf	b = BUF_INIT;
	size_t		i, n = 0;

	gate_list(gate, now, WALL, false, &b);
	for (i = 0; i < b.len; i++)
		n += b.data[i] == '\n';
	buf_free(&b);
	return n;
}

int
main(void)
{
	struct gate_conf	conf = { 1000, 30 };
	char			text[64];
	int			i;

	CHECK((known = known_new(10)) != NULL);
	CHECK((gate = gate_new(known, &conf, 2000)) != NULL);
	CHECK(lines() == 0);
	/* two imapds, one address: together */
	for (i = 0; i < 3; i++)
		fail(0, "ann", "192.0.2.7", (uint8_t)i);
	for (i = 0; i < 4; i++)
		fail(1, "ann", "192.0.2.7", (uint8_t)i);
	fail(0, "o'neil \"x\"", "2001:db8::1", 1);
	CHECK(lists("address 192.0.2.7: 7 failures, paused until "
	    "2026-11-29T05:00:0"));
	CHECK(lists("network 192.0.2.0/24: 7 failures, paused until -, "));
	CHECK(lists("user-from-address ann from 192.0.2.7: 7 failures, "
	    "paused until 2026-11-29T05:00:0"));
	CHECK(lists("user ann: 7 failures, paused until -, forgotten "
	    "2026-11-29T05:15:00Z\n"));
	CHECK(lists("user-from-address \"o'neil \\\"x\\\"\" from "
	    "2001:db8::/64: 1 failures, "));
	CHECK(lists("network 2001:db8::/48: 1 failures"));
	CHECK(lists_json("{\"kind\":\"user-from-address\",\"user\":"
	    "\"o'neil \\\"x\\\"\",\"address\":\"2001:db8::/64\","
	    "\"failures\":1,\"paused_until\":\"2026-11-29T0"));
	CHECK(lists_json("{\"kind\":\"user\",\"user\":\"ann\",\"address\":"
	    "null,\"failures\":7,\"paused_until\":null,\"forgotten\":"
	    "\"2026-11-29T05:15:00Z\"}"));
	CHECK(lists_json("{\"kind\":\"network\",\"user\":null,\"address\":"
	    "\"192.0.2.0/24\",\"failures\":7,"));
	CHECK(lists_json("],\"more\":0}\n"));
	CHECK(lines() == 8);
	/* loopback may be anyone: no address, but the user from there */
	fail(0, "bob", "127.0.0.1", 1);
	CHECK(lists("user-from-address bob from 127.0.0.1: 1 failures"));
	CHECK(lines() == 10);
	/* by user: everywhere */
	CHECK(gate_clear(gate, "nobody") == 0);
	CHECK(gate_clear(gate, "ann") == 4);
	CHECK(lines() == 8 && lists("address 192.0.2.7: 7 failures"));
	/* by address, as it is listed */
	CHECK(gate_clear(gate, "192.0.2.8") == 2);	/* its network */
	CHECK(gate_clear(gate, "192.0.2.7") == 2);
	CHECK(gate_clear(gate, "2001:db8::/64") == 3);
	CHECK(lines() == 3);
	CHECK(gate_clear(gate, NULL) == 3 && lines() == 0);
	/* no more than fit, those that failed most */
	for (i = 0; i < 900; i++) {
		snprintf(text, sizeof(text), "198.51.%d.%d", i / 200,
		    i % 200 + 1);
		fail(0, "x", text, (uint8_t)(i % 200));
	}
	fail(0, "zoe", "203.0.113.1", 1);
	fail(0, "zoe", "203.0.113.1", 2);
	CHECK(lists("address 203.0.113.1: 2 failures"));
	CHECK(lists("and "));
	CHECK(lists_json("],\"more\":1310}\n"));
	CHECK(lines() == GATE_LIST_MAX + 1);
	/* what is forgotten by time is not listed */
	now += TALLY_FORGET_MS + 1;
	CHECK(lines() == 0);
	gate_free(gate);
	known_free(known);
	return TEST_END();
}
