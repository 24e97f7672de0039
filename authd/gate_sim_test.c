/*
 * What the gate's rules come to: attacks by the simulated clock.  A worker
 * takes HASH_MS for a password; each attacking connection sends its next
 * guess as soon as the last one is answered.  Meanwhile honest users log in,
 * each from where the row says.
 */
#include "common/compat.h"

#include <stdio.h>

#include "authd/cache.h"
#include "authd/gate.h"
#include "common/test.h"

#define HASH_MS		30
#define CONNS_MAX	1600
#define PROBES_MAX	400
#define KNOWN_FROM	"198.51.100.1"
#define NET(i)		((i) >> 8 & 0xff), ((i) & 0xff)

enum where {			/* the attackers' addresses */
	ONE,			/* 203.0.113.1 */
	MANY,			/* of one /16 each */
	ONE_64,			/* of IPv6 */
	ONE_48			/* each of its own /64 */
};
enum guess { VICTIM, ANYBODY };	/* whose password */
enum honest {
	FRESH,			/* a new user from a new address */
	VICTIM_FRESH,		/* the victim from a new address */
	VICTIM_KNOWN,		/* the victim from a known one */
	VICTIM_TYPO,		/* the same, mistyped just before */
	VICTIM_FRESH_TYPO,	/* from a new one, mistyped just before */
	NEIGHBOUR		/* another user, known where they are */
};

static const struct row {
	const char	*name;
	enum where	 where;
	int		 addresses, each, scopes;	/* each: connections */
	size_t		 workers;
	enum guess	 guess;
	enum honest	 honest;
	int		 every, after;	/* ms; their first after that */
	int		 seconds;
	int		 most_ms;	/* an honest login's wait */
	int		 guesses;	/* of the victim's password, at most */
} rows[] = {
	{ "nobody attacks",
	    ONE, 0, 0, 1, 2, VICTIM, FRESH, 500, 0, 20, 30, 0 },
	{ "four connections, the victim from elsewhere",
	    ONE, 1, 4, 1, 2, VICTIM, VICTIM_FRESH, 500, 0, 60, 90, 11 },
	{ "four connections, the victim from a known address",
	    ONE, 1, 4, 1, 2, VICTIM, VICTIM_KNOWN, 500, 0, 60, 60, 11 },
	{ "four connections, the victim mistypes",
	    ONE, 1, 4, 1, 2, VICTIM, VICTIM_TYPO, 3000, 0, 60, 90, 11 },
	{ "a hundred connections, the victim from elsewhere",
	    ONE, 1, 100, 1, 2, VICTIM, VICTIM_FRESH, 500, 0, 60, 90, 11 },
	{ "a /64 with a thousand connections",
	    ONE_64, 1000, 1, 1, 2, VICTIM, VICTIM_FRESH, 500, 0, 60, 90, 11 },
	{ "a hundred connections at anybody, another user there",
	    ONE, 1, 100, 1, 2, ANYBODY, NEIGHBOUR, 500, 0, 60, 90, 0 },
	{ "400 addresses at anybody, a new user",
	    MANY, 400, 1, 1, 2, ANYBODY, FRESH, 500, 0, 60, 300, 0 },
	{ "400 addresses at anybody, one worker",
	    MANY, 400, 1, 1, 1, ANYBODY, FRESH, 500, 0, 60, 300, 0 },
	{ "400 addresses at anybody, two imapds",
	    MANY, 400, 2, 2, 2, ANYBODY, FRESH, 500, 0, 60, 300, 0 },
	{ "400 addresses at anybody, eight workers",
	    MANY, 400, 4, 1, 8, ANYBODY, FRESH, 500, 0, 60, 300, 0 },
	{ "1,600 addresses at anybody",
	    MANY, 1600, 1, 1, 2, ANYBODY, FRESH, 500, 0, 60, 300, 0 },
	{ "400 /64s of one /48 at anybody",
	    ONE_48, 400, 1, 1, 2, ANYBODY, FRESH, 500, 0, 60, 300, 0 },
	{ "400 addresses at one user, from a known one",
	    MANY, 400, 1, 1, 2, VICTIM, VICTIM_KNOWN, 500, 0, 120, 60, 640 },
	{ "400 addresses at one user, mistyped at a known one",
	    MANY, 400, 1, 1, 2, VICTIM, VICTIM_TYPO, 3000, 0, 120, 90, 640 },
	{ "400 addresses at one user, from a new one",
	    MANY, 400, 1, 1, 2, VICTIM, VICTIM_FRESH, 2500, 0, 120, 1500,
	    640 },
	{ "1,600 connections at one user, from a new one",
	    MANY, 400, 4, 1, 2, VICTIM, VICTIM_FRESH, 2500, 0, 300, 1500,
	    1500 },
	{ "400 addresses at one user, mistyped at a new one",
	    MANY, 400, 1, 1, 2, VICTIM, VICTIM_FRESH_TYPO, 5000, 300000,
	    360, 3000, 1500 },
	{ "16 addresses, ten minutes",
	    MANY, 16, 4, 1, 2, VICTIM, VICTIM_FRESH, 2500, 0, 600, 1500,
	    360 },
};

struct conn {
	struct gate_try	 t;
	bool		 in, right, typo, victim;
	char		 name[32], from[48];
	uint32_t	 scope;
	int64_t		 began;
	int64_t		 done;		/* the worker's; 0 none */
	int64_t		 due;		/* the answer's; 0 none */
};

static struct known	*known;
static struct gate	*g;
static struct conn	 conns[CONNS_MAX], probes[PROBES_MAX];
static int		 nconns, nprobes, guesses, worst, serial;
static size_t		 idle;
static int64_t		 next_time;	/* the gate's word */

static void
send_one(struct conn *c, int64_t now)
{
	struct addr_key	from;
	uint8_t		mac[MAC_LEN];
	char		password[16];
	int64_t		pause;

	addr_key_parse(&from, c->from);
	snprintf(password, sizeof(password), "%d",
	    c->right && !c->typo ? -1 : ++serial);
	cache_mac(mac, c->name, str_from(password));
	(void)gate_enter(g, &c->t, c->scope, 0, c->name, &from, mac, now,
	    &pause);
	next_time = 0;
	c->in = true;
	c->began = now;
	c->done = c->due = 0;
}

static void
address_of(const struct row *r, int i, char *dst, size_t size)
{
	switch (r->where) {
	case ONE:
		strlcpy(dst, "203.0.113.1", size);
		return;
	case MANY:
		snprintf(dst, size, "10.%d.%d.1", NET(i));
		return;
	case ONE_64:
		snprintf(dst, size, "2001:db8:0:1::%x", i + 1);
		return;
	case ONE_48:
		snprintf(dst, size, "2001:db8:0:%x::1", i + 1);
		return;
	}
}

static void
attacker_next(const struct row *r, struct conn *c, int64_t now)
{
	if (r->guess == VICTIM)
		strlcpy(c->name, "victim", sizeof(c->name));
	else
		snprintf(c->name, sizeof(c->name), "name%d", ++serial);
	send_one(c, now);
}

static void
probe(const struct row *r, int64_t now)
{
	struct conn	*c = &probes[nprobes % PROBES_MAX];

	if (c->in)
		return;		/* counted by its wait already */
	memset(c, 0, sizeof(*c));
	c->right = true;
	c->scope = (uint32_t)(nprobes % r->scopes);
	c->typo = r->honest == VICTIM_TYPO || r->honest == VICTIM_FRESH_TYPO;
	strlcpy(c->name, "victim", sizeof(c->name));
	snprintf(c->from, sizeof(c->from), "172.%d.%d.9", NET(nprobes));
	switch (r->honest) {
	case FRESH:
		snprintf(c->name, sizeof(c->name), "honest%d", nprobes);
		break;
	case VICTIM_KNOWN:
	case VICTIM_TYPO:
		strlcpy(c->from, KNOWN_FROM, sizeof(c->from));
		break;
	case NEIGHBOUR:
		strlcpy(c->name, "neighbour", sizeof(c->name));
		address_of(r, 0, c->from, sizeof(c->from));
		break;
	case VICTIM_FRESH:
	case VICTIM_FRESH_TYPO:
		break;
	}
	nprobes++;
	send_one(c, now);
}

static void
ended(const struct row *r, struct conn *c, int64_t now)
{
	if (c->done != 0 && c->done <= now) {
		c->done = next_time = 0;
		idle++;
		if (c->right && !c->typo) {
			gate_passed(g, &c->t, c->name, now);
			gate_leave(g, &c->t);
			c->in = false;
			if (now - c->began > worst)
				worst = (int)(now - c->began);
			return;
		}
		c->due = gate_failed(g, &c->t, now);
	}
	if (c->due == 0 || c->due > now)
		return;
	gate_leave(g, &c->t);
	c->due = next_time = 0;
	if (c->right) {
		c->typo = false;
		send_one(c, now);
	} else
		attacker_next(r, c, now);
}

static void
step(const struct row *r, int64_t now)
{
	struct gate_try	*t;
	struct conn	*c;
	int64_t		 when;
	int		 i;

	for (i = 0; i < nconns; i++)
		ended(r, &conns[i], now);
	for (i = 0; i < PROBES_MAX && i < nprobes; i++) {
		c = &probes[i];
		if (c->in)
			ended(r, c, now);
		if (c->in && !c->typo && now - c->began > worst)
			worst = (int)(now - c->began);
	}
	if (now < next_time)
		return;
	while ((t = gate_next(g, 0, r->workers, idle, now, &when)) != NULL) {
		c = (struct conn *)(void *)((char *)t -
		    offsetof(struct conn, t));
		c->done = now + HASH_MS;
		idle--;
		guesses += !c->right && r->guess == VICTIM;
	}
	next_time = when;
}

static void
begin(const struct row *r)
{
	struct gate_conf	conf = { 1000, 30 };
	struct addr_key		from;
	char			text[48];
	int			i;

	known = known_new(1000);
	g = gate_new(known, &conf, 16384);
	memset(conns, 0, sizeof(conns));
	memset(probes, 0, sizeof(probes));
	nprobes = guesses = worst = 0;
	next_time = 0;
	idle = r->workers;
	addr_key_parse(&from, KNOWN_FROM);
	(void)known_passed(known, "victim", &from, 0);
	address_of(r, 0, text, sizeof(text));
	addr_key_parse(&from, text);
	(void)known_passed(known, "neighbour", &from, 0);
	nconns = r->addresses * r->each;
	for (i = 0; i < nconns; i++) {
		address_of(r, i / r->each, conns[i].from,
		    sizeof(conns[i].from));
		conns[i].scope = (uint32_t)(i % r->scopes);
		attacker_next(r, &conns[i], 1);
	}
}

int
main(void)
{
	const struct row	*r;
	size_t			 i;
	int64_t			 now;
	int			 j;

	for (i = 0; i < nitems(rows); i++) {
		r = &rows[i];
		begin(r);
		for (now = 1; now <= r->seconds * 1000; now++) {
			if (now > r->after && now % r->every == 250)
				probe(r, now);
			step(r, now);
		}
		if (getenv("VERBOSE") != NULL)
			printf("%-52s waits %5d ms, %5d guesses\n", r->name,
			    worst, guesses);
		CHECK_ROW(worst <= r->most_ms, "%s: waits %d ms", r->name,
		    worst);
		CHECK_ROW(guesses <= r->guesses, "%s: %d guesses", r->name,
		    guesses);
		for (j = 0; j < nconns; j++)
			gate_leave(g, &conns[j].t);
		for (j = 0; j < PROBES_MAX; j++)
			gate_leave(g, &probes[j].t);
		CHECK_ROW(gate_waiting(g) == 0, "%s", r->name);
		gate_free(g);
		known_free(known);
	}
	return TEST_END();
}
