/*
 * Delays for repeated failures.  Must never grow without bound, never wait
 * itself, and never tell an unknown user from a known one.
 */
#include "common/compat.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <stdbool.h>
#include <stdio.h>

#include "authd/mac.h"
#include "authd/throttle.h"

#define THROTTLE_KEY	16
#define THROTTLE_SLOTS	1024	/* buckets, a power of two */

enum throttle_kind { BY_USER, BY_REMOTE, TRUSTED, THROTTLE_KINDS };

struct throttle_entry {
	LIST_ENTRY(throttle_entry)	 hash;
	TAILQ_ENTRY(throttle_entry)	 age;
	uint8_t				 key[THROTTLE_KEY];
	unsigned int			 failures;
	int64_t				 last;	/* failure or login */
	int64_t				 next;	/* first free place */
};
LIST_HEAD(throttle_slot, throttle_entry);
TAILQ_HEAD(throttle_ages, throttle_entry);

struct throttle_table {
	struct throttle_slot	 slot[THROTTLE_SLOTS];
	struct throttle_ages	 ages;	/* the longest unused first */
	size_t			 n;
};

struct throttle {
	struct throttle_table	 table[THROTTLE_KINDS];
	size_t			 max;
};

struct throttle *
throttle_new(size_t max)
{
	struct throttle	*t;
	int		 k;

	if ((t = calloc(1, sizeof(*t))) == NULL)
		return NULL;
	t->max = max;
	for (k = 0; k < THROTTLE_KINDS; k++)
		TAILQ_INIT(&t->table[k].ages);
	return t;
}

static void
throttle_drop(struct throttle_table *tab, struct throttle_entry *e)
{
	LIST_REMOVE(e, hash);
	TAILQ_REMOVE(&tab->ages, e, age);
	tab->n--;
	free(e);
}

void
throttle_free(struct throttle *t)
{
	struct throttle_entry	*e;
	int			 k;

	if (t == NULL)
		return;
	for (k = 0; k < THROTTLE_KINDS; k++)
		while ((e = TAILQ_FIRST(&t->table[k].ages)) != NULL)
			throttle_drop(&t->table[k], e);
	free(t);
}

/* One client's addresses: an IPv6 one counts as its /64. */
static struct str
throttle_remote(const char *remote, uint8_t bytes[16])
{
	struct in6_addr	a6;

	if (inet_pton(AF_INET6, remote, &a6) != 1)
		return str_from(remote);
	memcpy(bytes, &a6, 16);
	if (!IN6_IS_ADDR_V4MAPPED(&a6))
		memset(bytes + 8, 0, 8);
	return (struct str){ (const char *)bytes, 16 };
}

static bool
throttle_loopback(const char *remote)
{
	struct in6_addr	a6;

	if (strncmp(remote, "::ffff:127.", 11) == 0 ||
	    strncmp(remote, "127.", 4) == 0)
		return true;
	return inet_pton(AF_INET6, remote, &a6) == 1 &&
	    IN6_IS_ADDR_LOOPBACK(&a6);
}

static void
throttle_key(uint8_t key[THROTTLE_KEY], enum throttle_kind kind,
    uint32_t scope, const char *user, const char *remote)
{
	uint8_t		mac[MAC_LEN], sc[4], bytes[16];
	struct str	parts[3];

	memcpy(sc, &scope, 4);
	parts[0] = (struct str){ (const char *)sc, 4 };
	parts[1] = str_from(kind == BY_REMOTE ? "" : user);
	parts[2] = kind == BY_USER ? STR("") : throttle_remote(remote, bytes);
	mac_make(mac, 0x74687200u + kind, parts, 3);
	memcpy(key, mac, THROTTLE_KEY);
}

static struct throttle_slot *
throttle_slot(struct throttle_table *tab, const uint8_t *key)
{
	return &tab->slot[(key[0] | key[1] << 8) & (THROTTLE_SLOTS - 1)];
}

static struct throttle_entry *
throttle_find(struct throttle *t, enum throttle_kind kind, uint32_t scope,
    const char *user, const char *remote, int64_t now, bool make)
{
	struct throttle_table	*tab = &t->table[kind];
	struct throttle_slot	*slot;
	struct throttle_entry	*e;
	uint8_t			 key[THROTTLE_KEY];
	int64_t			 life;

	if ((kind != BY_USER && remote[0] == '\0') ||
	    (kind == BY_REMOTE && throttle_loopback(remote)))
		return NULL;
	throttle_key(key, kind, scope, user, remote);
	slot = throttle_slot(tab, key);
	life = kind == TRUSTED ? THROTTLE_TRUST_MS : THROTTLE_FORGET_MS;
	LIST_FOREACH(e, slot, hash)
		if (memcmp(e->key, key, THROTTLE_KEY) == 0)
			break;
	if (e != NULL && now - e->last >= life) {
		throttle_drop(tab, e);
		e = NULL;
	}
	if (e != NULL) {
		TAILQ_REMOVE(&tab->ages, e, age);
		TAILQ_INSERT_TAIL(&tab->ages, e, age);
		return e;
	}
	if (!make)
		return NULL;
	if (tab->n >= t->max)
		throttle_drop(tab, TAILQ_FIRST(&tab->ages));
	if ((e = calloc(1, sizeof(*e))) == NULL)
		return NULL;
	memcpy(e->key, key, THROTTLE_KEY);
	e->last = now;
	LIST_INSERT_HEAD(slot, e, hash);
	TAILQ_INSERT_TAIL(&tab->ages, e, age);
	tab->n++;
	return e;
}

/* 1, 2, 4, 8 ... seconds after the free ones. */
static int64_t
throttle_pause(const struct throttle_entry *e, int64_t max)
{
	unsigned int	over;

	if (e == NULL || e->failures <= THROTTLE_FREE)
		return 0;
	over = e->failures - THROTTLE_FREE - 1;
	if (over > 10 || ((int64_t)1000 << over) > max)
		return max;
	return (int64_t)1000 << over;
}

static int64_t
throttle_start(const struct throttle_entry *e, int64_t pause, int64_t now)
{
	int64_t	start = now;

	if (pause == 0)
		return now;
	if (e->last + pause > start)
		start = e->last + pause;
	if (e->next > start)
		start = e->next;
	return start;
}

int
throttle_enter(struct throttle *t, uint32_t scope, const char *user,
    const char *remote, int64_t now, int64_t *wait)
{
	struct throttle_entry	*eu, *er;
	int64_t			 pu, pr, start, s;

	*wait = 0;
	if (throttle_find(t, TRUSTED, scope, user, remote, now, false) != NULL)
		return 0;
	eu = throttle_find(t, BY_USER, scope, user, remote, now, false);
	er = throttle_find(t, BY_REMOTE, scope, user, remote, now, false);
	pu = throttle_pause(eu, THROTTLE_USER_MAX_MS);
	pr = throttle_pause(er, THROTTLE_REMOTE_MAX_MS);
	start = throttle_start(eu, pu, now);
	if ((s = throttle_start(er, pr, now)) > start)
		start = s;
	if (start - now > THROTTLE_WAIT_MAX_MS)
		return -1;
	if (pu > 0)
		eu->next = start + pu;
	if (pr > 0)
		er->next = start + pr;
	*wait = start - now;
	return 0;
}

static void
throttle_count(struct throttle_entry *e, int64_t now)
{
	if (e == NULL)
		return;
	if (e->failures < 1000)
		e->failures++;
	e->last = now;
}

void
throttle_failed(struct throttle *t, uint32_t scope, const char *user,
    const char *remote, int64_t now)
{
	struct throttle_entry	*e;

	e = throttle_find(t, TRUSTED, scope, user, remote, now, false);
	if (e != NULL)
		throttle_drop(&t->table[TRUSTED], e);
	throttle_count(throttle_find(t, BY_USER, scope, user, remote, now,
	    true), now);
	throttle_count(throttle_find(t, BY_REMOTE, scope, user, remote, now,
	    true), now);
}

void
throttle_passed(struct throttle *t, uint32_t scope, const char *user,
    const char *remote, int64_t now)
{
	struct throttle_entry	*e;

	e = throttle_find(t, BY_USER, scope, user, remote, now, false);
	if (e != NULL)
		throttle_drop(&t->table[BY_USER], e);
	e = throttle_find(t, BY_REMOTE, scope, user, remote, now, false);
	if (e != NULL)
		e->failures /= 2;
	e = throttle_find(t, TRUSTED, scope, user, remote, now, true);
	if (e != NULL)
		e->last = now;
}

size_t
throttle_entries(const struct throttle *t)
{
	return t->table[BY_USER].n + t->table[BY_REMOTE].n +
	    t->table[TRUSTED].n;
}
