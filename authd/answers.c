/* Answers of lookups, by backend and name.  Must never grow without bound. */
#include "common/compat.h"

#include <stdlib.h>

#include "authd/answers.h"
#include "authd/mac.h"
#include "common/user.h"

#define SLOTS		1024		/* a power of two */
#define TAG_ANSWER	0x616e7377

struct entry {
	LIST_ENTRY(entry)	 hash;
	TAILQ_ENTRY(entry)	 age;
	uint8_t			 mac[MAC_LEN];	/* of backend and name */
	bool			 known;
	char			*user;		/* known */
	struct found_quota	 quota;
	int64_t			 until;
};
TAILQ_HEAD(entries, entry);

struct answers {
	LIST_HEAD(, entry)	 slot[SLOTS];
	struct entries		 ages[2];	/* unknown, known */
	size_t			 n[2];
	int64_t			 ttl;
};

struct answers *
answers_new(int64_t ttl)
{
	struct answers	*a;

	if ((a = calloc(1, sizeof(*a))) == NULL)
		return NULL;
	TAILQ_INIT(&a->ages[0]);
	TAILQ_INIT(&a->ages[1]);
	a->ttl = ttl;
	return a;
}

static void
drop(struct answers *a, struct entry *e)
{
	LIST_REMOVE(e, hash);
	TAILQ_REMOVE(&a->ages[e->known], e, age);
	a->n[e->known]--;
	free(e->user);
	free(e);
}

static void
drop_all(struct answers *a, bool known)
{
	struct entry	*e;

	while ((e = TAILQ_FIRST(&a->ages[known])) != NULL)
		drop(a, e);
}

void
answers_reset(struct answers *a, int64_t ttl)
{
	drop_all(a, false);
	drop_all(a, true);
	a->ttl = ttl;
}

void
answers_free(struct answers *a)
{
	if (a == NULL)
		return;
	answers_reset(a, 0);
	free(a);
}

static void
key_of(uint8_t mac[MAC_LEN], uint32_t backend, const char *name)
{
	struct str	parts[2] = { { (const char *)&backend,
			    sizeof(backend) }, str_from(name) };

	mac_make(mac, TAG_ANSWER, parts, 2);
}

static size_t
slot_of(const uint8_t mac[MAC_LEN])
{
	return (mac[0] | (size_t)mac[1] << 8) & (SLOTS - 1);
}

static struct entry *
find(struct answers *a, const uint8_t mac[MAC_LEN])
{
	struct entry	*e;

	LIST_FOREACH(e, &a->slot[slot_of(mac)], hash)
		if (memcmp(e->mac, mac, MAC_LEN) == 0)
			return e;
	return NULL;
}

bool
answers_find(struct answers *a, uint32_t backend, const char *name,
    int64_t now, struct answer *found)
{
	struct entry	*e;
	uint8_t		 mac[MAC_LEN];

	if (a->ttl <= 0)
		return false;
	key_of(mac, backend, name);
	if ((e = find(a, mac)) == NULL)
		return false;
	if (e->until <= now) {
		drop(a, e);
		return false;
	}
	found->user = e->user;
	found->quota = e->quota;
	return true;
}

void
answers_put(struct answers *a, uint32_t backend, const char *name,
    const struct answer *said, int64_t now)
{
	struct entry	*e;
	uint8_t		 mac[MAC_LEN];
	bool		 known = said->user != NULL;
	int64_t		 ms = known ? ANSWERS_YES_MS : ANSWERS_NO_MS;

	if (a->ttl <= 0)
		return;
	key_of(mac, backend, name);
	if ((e = find(a, mac)) != NULL)
		drop(a, e);
	if (a->n[known] >= (known ? ANSWERS_YES : ANSWERS_NO))
		drop(a, TAILQ_FIRST(&a->ages[known]));
	if ((e = calloc(1, sizeof(*e))) == NULL)
		return;
	if (known && (e->user = strdup(said->user)) == NULL) {
		free(e);
		return;
	}
	memcpy(e->mac, mac, MAC_LEN);
	e->known = known;
	e->quota = said->quota;
	e->until = now + (a->ttl < ms ? a->ttl : ms);
	LIST_INSERT_HEAD(&a->slot[slot_of(mac)], e, hash);
	TAILQ_INSERT_TAIL(&a->ages[known], e, age);
	a->n[known]++;
}

void
answers_revoke(struct answers *a, const char *user)
{
	struct entry	*e, *next;

	drop_all(a, false);
	TAILQ_FOREACH_SAFE(e, &a->ages[true], age, next)
		if (strcmp(e->user, user) == 0)
			drop(a, e);
}
