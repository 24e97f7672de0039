/*
 * The cache of successful logins.  Must never hold a password, say yes to
 * one that was not checked, or outlive a revoke.
 */
#include "common/compat.h"

#include "authd/cache.h"

#define CACHE_SLOTS	1024	/* buckets, a power of two */
#define CACHE_PASSWORD	0x70617373
#define CACHE_NAME	0x6e616d65

struct cache_entry {
	LIST_ENTRY(cache_entry)	 hash;
	TAILQ_ENTRY(cache_entry) age;
	char			*name;
	char			*user;
	uint8_t			 mac[MAC_LEN];
	uint32_t		 backend;
	char			*generation;
	struct found_quota	 quota;
	int64_t			 until;
};
/* A place that any may take: whose mac has the same first bits. */
struct cache_no {
	uint8_t			 mac[MAC_LEN];
	uint32_t		 backend;
	int64_t			 until;
};
LIST_HEAD(cache_slot, cache_entry);
TAILQ_HEAD(cache_ages, cache_entry);

struct cache {
	struct cache_slot	 slot[CACHE_SLOTS];
	struct cache_ages	 ages;
	size_t			 n, max;
	int64_t			 ttl;
	struct {
		char	text[CACHE_GENERATION_MAX + 1];
		int64_t	seen;
	}			 now[CACHE_BACKENDS_MAX];
	struct cache_no		*no;		/* CACHE_DENIED, or NULL */
};

struct cache *
cache_new(size_t max, int64_t ttl)
{
	struct cache	*c;

	if ((c = calloc(1, sizeof(*c))) == NULL)
		return NULL;
	TAILQ_INIT(&c->ages);
	c->max = max;
	c->ttl = ttl;
	return c;
}

static void
cache_drop(struct cache *c, struct cache_entry *e)
{
	LIST_REMOVE(e, hash);
	TAILQ_REMOVE(&c->ages, e, age);
	c->n--;
	free(e->name);
	free(e->user);
	free(e->generation);
	freezero(e, sizeof(*e));
}

static void
cache_forgive(struct cache *c)
{
	free(c->no);
	c->no = NULL;
}

void
cache_reset(struct cache *c, int64_t ttl)
{
	struct cache_entry	*e;

	while ((e = TAILQ_FIRST(&c->ages)) != NULL)
		cache_drop(c, e);
	memset(c->now, 0, sizeof(c->now));
	cache_forgive(c);
	c->ttl = ttl;
}

void
cache_free(struct cache *c)
{
	if (c == NULL)
		return;
	cache_reset(c, 0);
	free(c);
}

void
cache_mac(uint8_t mac[MAC_LEN], const char *name, struct str password)
{
	struct str	parts[2] = { str_from(name), password };

	mac_make(mac, CACHE_PASSWORD, parts, 2);
}

static struct cache_slot *
cache_slot(struct cache *c, const char *name)
{
	uint8_t		mac[MAC_LEN];
	struct str	part = str_from(name);

	mac_make(mac, CACHE_NAME, &part, 1);
	return &c->slot[(mac[0] | mac[1] << 8) & (CACHE_SLOTS - 1)];
}

static struct cache_entry *
cache_entry(struct cache *c, const char *name)
{
	struct cache_entry	*e;

	LIST_FOREACH(e, cache_slot(c, name), hash)
		if (strcmp(e->name, name) == 0)
			return e;
	return NULL;
}

enum cache_answer
cache_find(struct cache *c, const char *name, const uint8_t mac[MAC_LEN],
    int64_t now, const char **user, uint32_t *backend)
{
	struct cache_entry	*e;

	if ((e = cache_entry(c, name)) == NULL)
		return CACHE_MISS;
	if (e->until <= now ||
	    strcmp(e->generation, c->now[e->backend].text) != 0) {
		cache_drop(c, e);
		return CACHE_MISS;
	}
	if (timingsafe_memcmp(e->mac, mac, MAC_LEN) != 0)
		return CACHE_MISS;	/* and the entry stays */
	*backend = e->backend;
	if (now - c->now[e->backend].seen > CACHE_FRESH_MS &&
	    strcmp(e->generation, CACHE_LASTING) != 0)
		return CACHE_STALE;
	*user = e->user;
	return CACHE_HIT;
}

void
cache_generation(struct cache *c, uint32_t backend, struct str generation,
    int64_t now)
{
	if (backend >= CACHE_BACKENDS_MAX)
		return;
	if (generation.len > CACHE_GENERATION_MAX)
		generation.len = 0;
	if (generation.len > 0)
		memcpy(c->now[backend].text, generation.p, generation.len);
	c->now[backend].text[generation.len] = '\0';
	c->now[backend].seen = now;
}

void
cache_put(struct cache *c, const char *name, const uint8_t mac[MAC_LEN],
    const char *user, uint32_t backend, struct str generation, int64_t now)
{
	struct cache_entry	*e;

	cache_generation(c, backend, generation, now);
	if ((e = cache_entry(c, name)) != NULL)
		cache_drop(c, e);
	if (c->ttl <= 0 || backend >= CACHE_BACKENDS_MAX ||
	    c->now[backend].text[0] == '\0' || c->max == 0)
		return;
	if (c->n >= c->max)
		cache_drop(c, TAILQ_FIRST(&c->ages));
	if ((e = calloc(1, sizeof(*e))) == NULL)
		return;
	e->name = strdup(name);
	e->user = strdup(user);
	e->generation = strdup(c->now[backend].text);
	if (e->name == NULL || e->user == NULL || e->generation == NULL) {
		free(e->name);
		free(e->user);
		free(e->generation);
		free(e);
		return;
	}
	memcpy(e->mac, mac, MAC_LEN);
	e->backend = backend;
	e->until = now + c->ttl;
	LIST_INSERT_HEAD(cache_slot(c, name), e, hash);
	TAILQ_INSERT_TAIL(&c->ages, e, age);
	c->n++;
}

void
cache_quota_put(struct cache *c, const char *name,
    const struct found_quota *quota)
{
	struct cache_entry	*e;

	if ((e = cache_entry(c, name)) != NULL)
		e->quota = *quota;
}

struct found_quota
cache_quota(struct cache *c, const char *name)
{
	static const struct found_quota	 none = { .told = QUOTA_UNASKED };
	struct cache_entry		*e = cache_entry(c, name);

	return e == NULL ? none : e->quota;
}

static size_t
cache_place(const uint8_t mac[MAC_LEN], uint32_t backend)
{
	return ((mac[0] | (size_t)mac[1] << 8) ^ backend * 0x9e5u) %
	    CACHE_DENIED;
}

void
cache_deny(struct cache *c, const uint8_t mac[MAC_LEN], uint32_t backend,
    struct str generation, int64_t now)
{
	struct cache_no	*no;

	if (c->ttl <= 0 || !str_eq(generation, STR(CACHE_LASTING)) ||
	    (c->no == NULL &&
	    (c->no = calloc(CACHE_DENIED, sizeof(*c->no))) == NULL))
		return;
	no = &c->no[cache_place(mac, backend)];
	memcpy(no->mac, mac, MAC_LEN);
	no->backend = backend;
	no->until = now + (c->ttl < CACHE_DENIED_MS ? c->ttl :
	    CACHE_DENIED_MS);
}

bool
cache_denied(const struct cache *c, const uint8_t mac[MAC_LEN],
    uint32_t backend, int64_t now)
{
	const struct cache_no	*no;

	if (c->no == NULL)
		return false;
	no = &c->no[cache_place(mac, backend)];
	return now < no->until && no->backend == backend &&
	    timingsafe_memcmp(no->mac, mac, MAC_LEN) == 0;
}

void
cache_revoke(struct cache *c, const char *user)
{
	struct cache_entry	*e, *next;

	cache_forgive(c);
	TAILQ_FOREACH_SAFE(e, &c->ages, age, next)
		if (strcmp(e->name, user) == 0 || strcmp(e->user, user) == 0)
			cache_drop(c, e);
}

size_t
cache_entries(const struct cache *c)
{
	return c->n;
}
