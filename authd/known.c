/*
 * Users and the addresses that they come from.  Must never trust an address
 * that no right password came from, nor grow without bound.
 */
#include "common/compat.h"

#include "authd/known.h"
#include "authd/tally.h"

#define KNOWN_SLOTS	4096	/* buckets, a power of two */
#define KNOWN_TAG	0x6b6e6f77

struct known_address {
	struct addr_key	 from;
	unsigned int	 trust;		/* 0: a free place */
	int64_t		 last;		/* login */
	int64_t		 credit;	/* was given */
};

struct known_user {
	LIST_ENTRY(known_user)	 hash;
	TAILQ_ENTRY(known_user)	 age;
	uint8_t			 key[TALLY_KEY];
	struct known_address	 address[KNOWN_ADDRESSES];
};
LIST_HEAD(known_slot, known_user);
TAILQ_HEAD(known_ages, known_user);

struct known {
	struct known_slot	 slot[KNOWN_SLOTS];
	struct known_ages	 ages;
	size_t			 n, max;
};

struct known *
known_new(size_t max)
{
	struct known	*k;

	if ((k = calloc(1, sizeof(*k))) == NULL)
		return NULL;
	TAILQ_INIT(&k->ages);
	k->max = max;
	return k;
}

static void
known_drop(struct known *k, struct known_user *u)
{
	LIST_REMOVE(u, hash);
	TAILQ_REMOVE(&k->ages, u, age);
	k->n--;
	free(u);
}

void
known_free(struct known *k)
{
	struct known_user	*u;

	if (k == NULL)
		return;
	while ((u = TAILQ_FIRST(&k->ages)) != NULL)
		known_drop(k, u);
	free(k);
}

/* The user's entry, or NULL; the key and its bucket are set. */
static struct known_user *
known_find(struct known *k, const char *user, uint8_t key[TALLY_KEY],
    struct known_slot **slot)
{
	struct str		 part = str_from(user);
	struct known_user	*u;

	tally_key(key, KNOWN_TAG, &part, 1);
	*slot = &k->slot[(key[0] | key[1] << 8) & (KNOWN_SLOTS - 1)];
	LIST_FOREACH(u, *slot, hash)
		if (memcmp(u->key, key, TALLY_KEY) == 0)
			return u;
	return NULL;
}

static struct known_address *
known_address(struct known_user *u, const struct addr_key *from, int64_t now)
{
	struct known_address	*a;
	size_t			 i;

	for (i = 0; i < KNOWN_ADDRESSES; i++) {
		a = &u->address[i];
		if (a->trust > 0 && now - a->last < KNOWN_LIFE_MS &&
		    addr_key_same(&a->from, from))
			return a;
	}
	return NULL;
}

unsigned int
known_trust(struct known *k, const char *user, const struct addr_key *from,
    int64_t now)
{
	struct known_user	*u;
	struct known_address	*a;
	struct known_slot	*slot;
	uint8_t			 key[TALLY_KEY];

	if ((u = known_find(k, user, key, &slot)) == NULL ||
	    (a = known_address(u, from, now)) == NULL)
		return 0;
	return a->trust;
}

static struct known_user *
known_make(struct known *k, const uint8_t key[TALLY_KEY],
    struct known_slot *slot)
{
	struct known_user	*u;

	if (k->max == 0 || (u = calloc(1, sizeof(*u))) == NULL)
		return NULL;
	if (k->n >= k->max)
		known_drop(k, TAILQ_FIRST(&k->ages));
	memcpy(u->key, key, TALLY_KEY);
	LIST_INSERT_HEAD(slot, u, hash);
	TAILQ_INSERT_TAIL(&k->ages, u, age);
	k->n++;
	return u;
}

bool
known_passed(struct known *k, const char *user, const struct addr_key *from,
    int64_t now)
{
	struct known_user	*u;
	struct known_address	*a;
	struct known_slot	*slot;
	uint8_t			 key[TALLY_KEY];
	size_t			 i;

	if ((u = known_find(k, user, key, &slot)) == NULL &&
	    (u = known_make(k, key, slot)) == NULL)
		return false;
	TAILQ_REMOVE(&k->ages, u, age);
	TAILQ_INSERT_TAIL(&k->ages, u, age);
	if ((a = known_address(u, from, now)) != NULL) {
		a->last = now;
		if (a->trust < KNOWN_MOST)
			a->trust++;
		if (now - a->credit < KNOWN_CREDIT_MS)
			return false;
		a->credit = now;
		return true;
	}
	for (a = &u->address[0], i = 1; i < KNOWN_ADDRESSES; i++)
		if (a->trust > 0 && (u->address[i].trust == 0 ||
		    u->address[i].last < a->last))
			a = &u->address[i];
	a->from = *from;
	a->trust = KNOWN_FIRST;
	a->last = a->credit = now;
	return true;
}

void
known_revoke(struct known *k, const char *user)
{
	struct known_user	*u;
	struct known_slot	*slot;
	uint8_t			 key[TALLY_KEY];

	if ((u = known_find(k, user, key, &slot)) != NULL)
		known_drop(k, u);
}

size_t
known_users(const struct known *k)
{
	return k->n;
}
