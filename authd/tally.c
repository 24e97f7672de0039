/*
 * The tables of tallies.  Must never grow for what strangers do, and never
 * let them choose a bucket.
 */
#include "common/compat.h"

#include "authd/mac.h"
#include "authd/tally.h"
#include "common/addr_key.h"

#define TALLY_SLOTS	4096	/* buckets, a power of two */
#define TALLY_SEED	0x73656564

LIST_HEAD(tally_slot, tally);
TAILQ_HEAD(tally_ages, tally);

struct tally_table {
	struct tally_slot	 slot[TALLY_SLOTS];
	struct tally_ages	 ages;	/* not held; the longest unused first */
	size_t			 n, max;
	uint64_t		 seed;
};

_Static_assert(TALLY_KEY == ADDR_KEY_LEN, "an address is a key");

struct tally_table *
tally_table_new(size_t max)
{
	struct tally_table	*t;
	uint8_t			 mac[MAC_LEN];

	if ((t = calloc(1, sizeof(*t))) == NULL)
		return NULL;
	TAILQ_INIT(&t->ages);
	t->max = max;
	mac_make(mac, TALLY_SEED, NULL, 0);
	memcpy(&t->seed, mac, sizeof(t->seed));
	return t;
}

static void
tally_free(struct tally *e)
{
	LIST_REMOVE(e, hash);
	e->table->n--;
	free(e->label);
	free(e);
}

void
tally_table_free(struct tally_table *t)
{
	struct tally	*e;
	size_t		 i;

	if (t == NULL)
		return;
	for (i = 0; i < TALLY_SLOTS; i++)
		while ((e = LIST_FIRST(&t->slot[i])) != NULL)
			tally_free(e);
	free(t);
}

void
tally_key(uint8_t key[TALLY_KEY], uint32_t tag, const struct str *parts,
    size_t n)
{
	uint8_t	mac[MAC_LEN];

	mac_make(mac, tag, parts, n);
	memcpy(key, mac, TALLY_KEY);
}

static size_t
tally_slot(const struct tally_table *t, const uint8_t key[TALLY_KEY])
{
	struct addr_key	k;

	memcpy(k.b, key, TALLY_KEY);
	return addr_key_hash(&k, t->seed) & (TALLY_SLOTS - 1);
}

const struct tally *
tally_find(const struct tally_table *t, const uint8_t key[TALLY_KEY])
{
	const struct tally	*e;

	LIST_FOREACH(e, &t->slot[tally_slot(t, key)], hash)
		if (memcmp(e->key, key, TALLY_KEY) == 0)
			return e;
	return NULL;
}

struct tally *
tally_hold(struct tally_table *t, const uint8_t key[TALLY_KEY], int64_t now)
{
	struct tally_slot	*slot = &t->slot[tally_slot(t, key)];
	struct tally		*e;

	LIST_FOREACH(e, slot, hash)
		if (memcmp(e->key, key, TALLY_KEY) == 0)
			break;
	if (e != NULL) {
		if (e->holds++ == 0)
			TAILQ_REMOVE(&t->ages, e, age);
		tally_age(e, now);
		return e;
	}
	while (t->n >= t->max && (e = TAILQ_FIRST(&t->ages)) != NULL) {
		TAILQ_REMOVE(&t->ages, e, age);
		tally_free(e);
	}
	if ((e = calloc(1, sizeof(*e))) == NULL)
		return NULL;
	memcpy(e->key, key, TALLY_KEY);
	e->table = t;
	e->holds = 1;
	LIST_INSERT_HEAD(slot, e, hash);
	t->n++;
	return e;
}

void
tally_drop(struct tally *e)
{
	if (e != NULL && --e->holds == 0)
		TAILQ_INSERT_TAIL(&e->table->ages, e, age);
}

void
tally_age(struct tally *e, int64_t now)
{
	if (e->failures > 0 && now - e->last >= TALLY_FORGET_MS)
		tally_forget(e);
}

void
tally_forget(struct tally *e)
{
	e->failures = 0;
	e->next = e->next_early = 0;
	memset(e->wrong, 0, sizeof(e->wrong));
	free(e->label);
	e->label = NULL;
}

void
tally_label(struct tally *e, const char *name)
{
	char	*label;

	if (e->label == NULL &&
	    (label = strndup(name, TALLY_LABEL)) != NULL)
		e->label = label;
}

void
tally_each(struct tally_table *t, int64_t now,
    void (*each)(struct tally *, void *), void *arg)
{
	struct tally	*e;
	size_t		 i;

	for (i = 0; i < TALLY_SLOTS; i++)
		LIST_FOREACH(e, &t->slot[i], hash) {
			tally_age(e, now);
			each(e, arg);
		}
}

void
tally_fail(struct tally *e, int64_t now)
{
	tally_age(e, now);
	if (e->failures < TALLY_MOST)
		e->failures++;
	e->last = now;
}

size_t
tally_entries(const struct tally_table *t)
{
	return t->n;
}
