/* See gate_rig.h. */
#include "common/compat.h"

#include <stdio.h>

#include "authd/test/gate_rig.h"

struct known	*known;
struct gate	*g;

void
gate_begin(void)
{
	struct gate_conf	conf = { 1000, 30 };

	known = known_new(100);
	g = gate_new(known, &conf, 1000);
}

void
gate_end(void)
{
	CHECK(gate_waiting(g) == 0);
	gate_free(g);
	known_free(known);
}

int64_t
enter_at(struct gate_try *t, uint32_t scope, const char *name,
    const char *remote, const char *password, int64_t now)
{
	struct addr_key	from;
	uint8_t		mac[MAC_LEN];
	int64_t		pause;

	addr_key_parse(&from, remote);
	cache_mac(mac, name, str_from(password));
	CHECK(gate_enter(g, t, scope, 0, name, &from, mac, now, &pause) == 0);
	return pause;
}

struct gate_try *
next_at(int64_t now)
{
	int64_t	when;

	return gate_next(g, 0, 4, 4, now, &when);
}

int64_t
fail(uint32_t scope, const char *name, const char *remote, int n, int64_t now)
{
	static unsigned int	serial;
	struct gate_try		t;
	char			password[16];
	int64_t			when;

	while (n-- > 0) {
		snprintf(password, sizeof(password), "%u", serial++);
		now += enter_at(&t, scope, name, remote, password, now);
		while (gate_next(g, 0, 4, 4, now, &when) != &t)
			now = when;
		now = gate_failed(g, &t, now);
		gate_leave(g, &t);
	}
	return now;
}

void
pass(uint32_t scope, const char *name, const char *remote, int64_t now)
{
	struct gate_try	t;
	int64_t		when;

	now += enter_at(&t, scope, name, remote, "right", now);
	while (gate_next(g, 0, 4, 4, now, &when) != &t)
		now = when;
	gate_passed(g, &t, name, now);
	gate_leave(g, &t);
}

int64_t
pause_of(uint32_t scope, const char *name, const char *remote, int64_t now)
{
	struct gate_try	t;
	int64_t		pause;

	pause = enter_at(&t, scope, name, remote, "next", now);
	gate_leave(g, &t);
	return pause;
}
