/* Pools of workers, as a slice tells of them. */
#include "common/compat.h"

#include "common/auth_kind.h"
#include "common/slice.h"
#include "common/msg_setup.h"
#include "common/test.h"
#include "common/wire.h"

int
main(void)
{
	static const char *const text[][2] = {
		{ "auth.0.type", "ldap" }, { "auth.1.type", "file" },
		{ "auth.2.type", "ldap" }, { "auth.3.type", "file" },
		{ "auth.4.type", "ldap" }, { "auth.5.type", "pam" },
		{ "auth.5.lookup", "system" }, { "auth.0.lookup", "system" },
		{ "auth.3.lookup", "system" }, { "auth.1.lookup", "file" },
		{ "auth.2.lookup", "" }, { "auth.4.lookup", "file" },
		{ "pools.0.type", "file" }, { "pools.0.entry", "4294967295" },
		{ "pools.0.workers", "3" }, { "pools.0.timeout", "30000" },
		{ "pools.1.type", "ldap" }, { "pools.1.entry", "0" },
		{ "pools.1.workers", "2" }, { "pools.1.timeout", "10000" },
		{ "pools.2.type", "ldap" }, { "pools.2.entry", "1" },
		{ "pools.2.workers", "4" }, { "pools.2.timeout", "9000" },
		{ "pools.3.type", "system" }, { "pools.3.entry", "1" },
		{ "pools.3.workers", "1" }, { "pools.3.timeout", "9000" },
	};
	/* The third ldap, the pam and the first system came with a reload. */
	static const size_t	of_entry[] = { 1, 0, 2, 0, AUTH_POOLS_MAX,
	    AUTH_POOLS_MAX, AUTH_POOLS_MAX };
	/* pam has system itself, as file has file. */
	static const size_t	of_lookup[] = { AUTH_POOLS_MAX, AUTH_POOLS_MAX,
	    AUTH_POOLS_MAX, 3, 0, AUTH_POOLS_MAX, AUTH_POOLS_MAX };
	static struct auth_entries e;
	struct setup_pair	pairs[nitems(text)];
	struct setup_conf	conf = { { pairs, nitems(text) } };
	struct auth_pools	p;
	struct slice		*s;
	struct buf		b = BUF_INIT;
	uint32_t		i;

	for (i = 0; i < nitems(text); i++)
		pairs[i] = (struct setup_pair){ str_from(text[i][0]),
		    str_from(text[i][1]) };
	CHECK(wire_encode(&setup_conf_wire, &conf, &b) == 0);
	CHECK((s = slice_new(b.data, b.len)) != NULL);
	auth_pools_read(&p, s);
	CHECK(p.n == 4 && p.pool[2].timeout_ms == 9000);
	CHECK(auth_entries_read(&e, s) == 0 && e.n == 6);
	CHECK(p.pool[0].entry == AUTH_ALL && p.pool[1].entry == 0);
	for (i = 0; i < nitems(of_entry); i++) {
		CHECK_ROW(auth_pool_of_entry(&p, &e, i) == of_entry[i],
		    "entry %u", i);
		CHECK_ROW(auth_pool_of_lookup(&p, &e, i) == of_lookup[i],
		    "entry %u", i);
	}
	for (i = 0; i < 12; i++)
		CHECK_ROW(auth_pool_of_worker(&p, i) == (i < 3 ? 0u :
		    i < 5 ? 1u : i < 9 ? 2u : i < 10 ? 3u : AUTH_POOLS_MAX),
		    "worker %u", i);
	while (e.n < AUTH_ENTRIES_MAX)
		CHECK(auth_entries_add(&e, "file", NULL) == 0);
	CHECK(auth_entries_add(&e, "file", NULL) == -1);
	CHECK(auth_kind_find("file") != NULL);
	CHECK(auth_kind_find("file")->workers == 0);
	CHECK(auth_kind_find("fil") == NULL && auth_kind_find("") == NULL);
	slice_free(s);
	buf_free(&b);
	return TEST_END();
}
