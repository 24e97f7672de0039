/*
 * Connections that are not logged in.  Addresses hang in levels by how many
 * of them each has, so that the one with most is found at once, however
 * many there are.  Must never cost more than a stranger's own connection.
 */
#include "common/strangers.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/rand.h>

#include "common/addr_key.h"
#include "common/compat.h"

#define BUCKETS		4096

struct address {
	TAILQ_ENTRY(address)	 bucket;	/* of its hash */
	TAILQ_ENTRY(address)	 level;		/* of its count */
	struct addr_key		 key;
	unsigned int		 n;
	TAILQ_HEAD(, stranger)	 strangers;	/* oldest first */
};
TAILQ_HEAD(addresses, address);

unsigned int		 nstrangers;

static struct addresses	 buckets[BUCKETS];
static struct addresses	*levels;	/* [n]: those with n of them */
static unsigned int	 nlevels;
static unsigned int	 most;		/* the highest that is not empty */
static uint64_t		 seed;

static struct addresses *
bucket_of(const struct addr_key *k)
{
	size_t	 i;

	if (seed == 0) {
		do
			(void)RAND_bytes((unsigned char *)&seed, sizeof(seed));
		while (seed == 0);
		for (i = 0; i < BUCKETS; i++)
			TAILQ_INIT(&buckets[i]);
	}
	return &buckets[addr_key_hash(k, seed) % BUCKETS];
}

static struct address *
address_find(const struct addr_key *k)
{
	struct address	*a;

	TAILQ_FOREACH(a, bucket_of(k), bucket)
		if (addr_key_same(&a->key, k))
			return a;
	return NULL;
}

/* Levels up to n are there.  0, or -1 on ENOMEM. */
static int
levels_grow(unsigned int n)
{
	struct addresses	*l;
	unsigned int		 i, want = nlevels == 0 ? 16 : nlevels;

	if (n < nlevels)
		return 0;
	while (want <= n)
		want *= 2;
	if ((l = calloc(want, sizeof(*l))) == NULL)
		return -1;
	for (i = 0; i < want; i++) {
		TAILQ_INIT(&l[i]);
		if (i < nlevels)
			TAILQ_CONCAT(&l[i], &levels[i], level);
	}
	free(levels);
	levels = l;
	nlevels = want;
	return 0;
}

static void
address_level(struct address *a, unsigned int n)
{
	if (a->n > 0)
		TAILQ_REMOVE(&levels[a->n], a, level);
	a->n = n;
	if (n > 0)
		TAILQ_INSERT_TAIL(&levels[n], a, level);
	if (n > most)
		most = n;
	while (most > 0 && TAILQ_EMPTY(&levels[most]))
		most--;
}

int
strangers_add(struct stranger *s, const char *remote)
{
	struct addr_key	 k;
	struct address	*a;

	addr_key_parse(&k, remote);
	if ((a = address_find(&k)) == NULL) {
		if ((a = calloc(1, sizeof(*a))) == NULL)
			return -1;
		a->key = k;
		TAILQ_INIT(&a->strangers);
		TAILQ_INSERT_TAIL(bucket_of(&k), a, bucket);
	}
	if (levels_grow(a->n + 1) == -1) {
		if (a->n == 0) {
			TAILQ_REMOVE(bucket_of(&k), a, bucket);
			free(a);
		}
		return -1;
	}
	address_level(a, a->n + 1);
	TAILQ_INSERT_TAIL(&a->strangers, s, entry);
	s->address = a;
	return 0;
}

void
strangers_remove(struct stranger *s)
{
	struct address	*a = s->address;

	if (a == NULL)
		return;
	s->address = NULL;
	TAILQ_REMOVE(&a->strangers, s, entry);
	address_level(a, a->n - 1);
	if (a->n > 0)
		return;
	TAILQ_REMOVE(bucket_of(&a->key), a, bucket);
	free(a);
}

static struct stranger *
oldest_silent(const struct address *a, const struct strangers_ops *ops)
{
	struct stranger	*s;

	TAILQ_FOREACH(s, &a->strangers, entry)
		if (ops->silent(s))
			break;
	return s;
}

/* Of all addresses that have most; when each is being checked, the oldest
 * of these. */
static struct stranger *
victim_of_all(const struct strangers_ops *ops)
{
	struct address	*a;
	struct stranger	*s;

	if (most == 0)
		return NULL;
	TAILQ_FOREACH(a, &levels[most], level)
		if ((s = oldest_silent(a, ops)) != NULL)
			return s;
	return TAILQ_FIRST(&TAILQ_FIRST(&levels[most])->strangers);
}

bool
strangers_room(const char *remote, unsigned int connections,
    const struct strangers_limits *limits, const struct strangers_ops *ops,
    const char **why)
{
	struct addr_key	 k;
	struct address	*a;
	struct stranger	*s;

	addr_key_parse(&k, remote);
	if ((a = address_find(&k)) != NULL && a->n >= limits->per_address) {
		if ((s = oldest_silent(a, ops)) == NULL)
			s = TAILQ_FIRST(&a->strangers);
		*why = "too many connections from its address";
	} else if (nstrangers >= limits->strangers) {
		s = victim_of_all(ops);
		*why = "too many connections not logged in";
	} else if (connections >= limits->connections) {
		s = victim_of_all(ops);
		*why = "too many connections";
	} else
		return true;
	if (s == NULL)
		return false;
	ops->push_out(s, *why);
	return true;
}

int64_t
strangers_timeout(const struct strangers_limits *limits)
{
	int64_t	 full = (int64_t)limits->timeout * 1000;
	int64_t	 least = STRANGERS_LEAST * 1000, half, over;

	if (least > full)
		least = full;
	half = limits->strangers / 2;
	over = (int64_t)nstrangers - half;
	if (over <= 0)
		return full;
	if (over > limits->strangers - half)
		over = limits->strangers - half;
	return full - (full - least) * over / (limits->strangers - half);
}
