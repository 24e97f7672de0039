/*
 * Sessions, by imapd and its number of the login.  What holds a tally is what
 * counts.  Must never grow for an imapd that does not say what has ended.
 */
#include "common/compat.h"

#include <stdlib.h>

#include "authd/gate.h"
#include "authd/live.h"
#include "authd/sessions.h"
#include "authd/tally.h"

#define TAG_SESSIONS	0x73657373
#define SLOTS		16384		/* a power of two */

struct one {
	LIST_ENTRY(one)		 hash;
	TAILQ_ENTRY(one)	 age;		/* in its scope */
	uint32_t		 scope;
	uint32_t		 id;
	struct tally		*user, *address;
	struct live_user	*live;
	struct session_what	*what;		/* with its texts, or NULL */
};
TAILQ_HEAD(ones, one);

struct sessions {
	LIST_HEAD(, one)	 slot[SLOTS];
	struct ones		 scope[SESSIONS_SCOPES];
	size_t			 n[SESSIONS_SCOPES];
	struct tally_table	*users, *addresses;
};

struct sessions *
sessions_new(void)
{
	struct sessions	*s;
	size_t		 i;

	if ((s = calloc(1, sizeof(*s))) == NULL)
		return NULL;
	for (i = 0; i < SESSIONS_SCOPES; i++)
		TAILQ_INIT(&s->scope[i]);
	/* Only what is held is of use. */
	s->users = tally_table_new(1);
	s->addresses = tally_table_new(1);
	if (s->users == NULL || s->addresses == NULL) {
		sessions_free(s);
		return NULL;
	}
	return s;
}

static void
one_free(struct sessions *s, struct one *o)
{
	LIST_REMOVE(o, hash);
	TAILQ_REMOVE(&s->scope[o->scope], o, age);
	s->n[o->scope]--;
	tally_drop(o->user);
	tally_drop(o->address);
	live_drop(o->live);
	free(o->what);
	free(o);
}

void
sessions_forget(struct sessions *s, uint32_t scope)
{
	struct one	*o;

	while ((o = TAILQ_FIRST(&s->scope[scope % SESSIONS_SCOPES])) != NULL)
		one_free(s, o);
}

void
sessions_free(struct sessions *s)
{
	uint32_t	i;

	if (s == NULL)
		return;
	for (i = 0; i < SESSIONS_SCOPES; i++)
		sessions_forget(s, i);
	tally_table_free(s->users);
	tally_table_free(s->addresses);
	free(s);
}

static size_t
slot_of(uint32_t scope, uint32_t id)
{
	return (id * 0x9e3779b1u ^ scope * 0x85ebca6bu) >> 8 & (SLOTS - 1);
}

static struct one *
find(struct sessions *s, uint32_t scope, uint32_t id)
{
	struct one	*o;

	LIST_FOREACH(o, &s->slot[slot_of(scope, id)], hash)
		if (o->scope == scope && o->id == id)
			return o;
	return NULL;
}

static void
key_of(const char *user, uint8_t key[TALLY_KEY])
{
	struct str	part = str_from(user);

	tally_key(key, TAG_SESSIONS, &part, 1);
}

static unsigned int
held(const struct tally_table *t, const uint8_t key[TALLY_KEY])
{
	const struct tally	*e = tally_find(t, key);

	return e == NULL ? 0 : e->holds;
}

const char *
sessions_full(const struct sessions *s, const struct sessions_limits *limits,
    const char *user, const struct addr_key *from)
{
	uint8_t	key[TALLY_KEY];

	key_of(user, key);
	if (limits->user > 0 && held(s->users, key) >= limits->user)
		return "login-limits.sessions-per-user";
	if (limits->address > 0 && !gate_shared(from) &&
	    held(s->addresses, from->b) >= limits->address)
		return "login-limits.sessions-per-address";
	return NULL;
}

int
sessions_add(struct sessions *s, uint32_t scope, uint32_t id,
    const char *user, const struct addr_key *from, struct live_user *live)
{
	struct one	*o;
	uint8_t		 key[TALLY_KEY];

	scope %= SESSIONS_SCOPES;
	sessions_end(s, scope, id);
	if (s->n[scope] >= SESSIONS_MAX)
		one_free(s, TAILQ_FIRST(&s->scope[scope]));
	if ((o = calloc(1, sizeof(*o))) == NULL) {
		live_drop(live);
		return -1;
	}
	key_of(user, key);
	o->scope = scope;
	o->id = id;
	o->user = tally_hold(s->users, key, 0);
	o->address = tally_hold(s->addresses, from->b, 0);
	if (o->user == NULL || o->address == NULL) {
		tally_drop(o->user);
		tally_drop(o->address);
		live_drop(live);
		free(o);
		return -1;
	}
	o->live = live;
	LIST_INSERT_HEAD(&s->slot[slot_of(scope, id)], o, hash);
	TAILQ_INSERT_TAIL(&s->scope[scope], o, age);
	s->n[scope]++;
	return 0;
}

bool
sessions_has(struct sessions *s, uint32_t scope, uint32_t id)
{
	return scope < SESSIONS_SCOPES && find(s, scope, id) != NULL;
}

void
sessions_describe(struct sessions *s, uint32_t scope, uint32_t id,
    const struct session_what *what)
{
	struct one		*o = find(s, scope % SESSIONS_SCOPES, id);
	struct session_what	*w;
	const char	       **texts[5];
	size_t			 i, n[nitems(texts)], room = sizeof(*w);
	char			*p;

	if (o == NULL)
		return;
	n[0] = strlen(what->user) + 1;
	n[1] = strlen(what->login) + 1;
	n[2] = strlen(what->remote) + 1;
	n[3] = strlen(what->backend) + 1;
	n[4] = strlen(what->app) + 1;
	for (i = 0; i < nitems(texts); i++)
		room += n[i];
	if ((w = malloc(room)) == NULL)
		return;
	*w = *what;
	texts[0] = &w->user;
	texts[1] = &w->login;
	texts[2] = &w->remote;
	texts[3] = &w->backend;
	texts[4] = &w->app;
	for (i = 0, p = (char *)(w + 1); i < nitems(texts); p += n[i++])
		*texts[i] = memcpy(p, *texts[i], n[i]);
	free(o->what);
	o->what = w;
}

void
sessions_each(const struct sessions *s, bool (*each)(uint32_t, uint32_t,
    const struct session_what *, void *), void *arg)
{
	struct one	*o;
	uint32_t	 i;

	for (i = 0; i < SESSIONS_SCOPES; i++)
		TAILQ_FOREACH_REVERSE(o, &s->scope[i], ones, age)
			if (o->what != NULL && !each(i, o->id, o->what, arg))
				break;
}

void
sessions_end(struct sessions *s, uint32_t scope, uint32_t id)
{
	struct one	*o = find(s, scope % SESSIONS_SCOPES, id);

	if (o != NULL)
		one_free(s, o);
}

size_t
sessions_count(const struct sessions *s)
{
	size_t	i, n = 0;

	for (i = 0; i < SESSIONS_SCOPES; i++)
		n += s->n[i];
	return n;
}
