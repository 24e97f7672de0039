/*
 * The checking of passwords.  Must never say yes to what no backend has
 * confirmed since the last revoke, and never tell more than yes, no or
 * unavailable to who has not shown the right password.
 */
#include "common/compat.h"

#include <stdio.h>

#include "authd/admin.h"
#include "authd/backend.h"
#include "authd/check.h"
#include "common/clock.h"
#include "common/fnv.h"
#include "common/hex.h"
#include "common/user.h"

#define CHECK_SLOTS	256
#define CHECK_REMOTE	64	/* bytes of a client's address */
#define CHECK_GENERATION 0x67656e65
#define CHECK_ROUNDS	5	/* revokes survived before giving up */

TAILQ_HEAD(check_waits, check_wait);

struct check {
	LIST_ENTRY(check)	 hash;
	struct checks		*checks;
	uint32_t		 lane;
	enum work_how		 how;
	char			 name[USER_ID_MAX + 1];
	char			 remote[CHECK_REMOTE];
	uint8_t			 mac[MAC_LEN];
	char			*password;
	size_t			 password_len;
	struct check_waits	 waits;
	struct check_wait	*leader;	/* has the room; NULL: gone */
	size_t			 pool;		/* where it has it */
	struct work_job		*job;
	uint32_t		 backend;
	uint32_t		 generation_of;	/* the backend that is probed */
	bool			 naming;	/* verified, or half probed:
						 * its lookup is next */
	struct half {				/* what the first half said */
		char	 user[USER_ID_MAX + 1];
		char	 generation[CACHE_GENERATION_MAX + 1];
		char	 data[WORK_DATA_MAX];
		size_t	 len;
	}			 half;
	bool			 probing;
	bool			 probed;
	bool			 revoked;
	uint64_t		 revokes;	/* checks->revokes at start */
	bool			 away;		/* a backend could not tell */
	bool			 denied;	/* one has said no */
	struct found_quota	 quota;
	char			 why[128];
	int			 rounds;
};
LIST_HEAD(check_slot, check);

struct checks {
	struct work		*work;
	struct cache		*cache;
	const struct authd_conf	*conf;
	uint64_t		 revokes;
	struct check_slot	 slot[CHECK_SLOTS];
};

static void	 check_run(struct check *);
static void	 check_ask(struct check *);
static bool	 check_probe(struct check *);

struct checks *
checks_new(struct work *work, struct cache *cache,
    const struct authd_conf *conf)
{
	struct checks	*c;

	if ((c = calloc(1, sizeof(*c))) == NULL)
		return NULL;
	c->work = work;
	c->cache = cache;
	c->conf = conf;
	return c;
}

static struct check_slot *
check_slot(struct checks *c, uint32_t lane, const char *name)
{
	uint32_t	h = fnv32_str(name) ^ lane * 0x9e3779b1u;

	return &c->slot[(h ^ h >> 16) % CHECK_SLOTS];
}

static void
check_free(struct check *k)
{
	freezero(k->password, k->password_len);
	freezero(k, sizeof(*k));
}

void
checks_free(struct checks *c)
{
	struct check	*k;
	size_t		 i;

	if (c == NULL)
		return;
	for (i = 0; i < CHECK_SLOTS; i++)
		while ((k = LIST_FIRST(&c->slot[i])) != NULL) {
			if (k->job != NULL)
				work_cancel(k->job);
			LIST_REMOVE(k, hash);
			check_free(k);
		}
	free(c);
}

static void
check_finish(struct check *k, enum check_code code, const char *user,
    struct str why, struct str data, bool cached)
{
	struct check_answer	 a = { code, user, data, k->quota, why,
				    k->denied, cached, cached ?
				    k->generation_of : k->backend, "" };
	struct check_wait	*w;

	if (code == CHECK_YES)
		a.backend = cached ? "cache" :
		    k->checks->conf->backend[k->backend].name;
	LIST_REMOVE(k, hash);
	while ((w = TAILQ_FIRST(&k->waits)) != NULL) {
		TAILQ_REMOVE(&k->waits, w, entry);
		w->check = NULL;
		w->done(w, &a);
	}
	check_free(k);
}

static void
check_away(struct check *k, struct str why)
{
	k->away = true;
	str_copy(k->why, sizeof(k->why), why);
}

static bool
is_apart(const struct check *k, uint32_t backend)
{
	return backend < AUTH_ENTRIES_MAX &&
	    (k->checks->conf->apart >> backend & 1) != 0;
}

static bool
check_ended(const struct check *k)
{
	return k->backend != BACKEND_APP &&
	    k->backend >= k->checks->conf->backends;
}

static void
check_next(struct check *k)
{
	k->backend = k->backend == BACKEND_APP ? 0 : k->backend + 1;
	k->naming = false;
}

/* The first of two has answered: the lookup that is apart is asked next. */
static void
check_half(struct check *k, const char *user, struct str why, struct str data)
{
	struct half	*h = &k->half;

	strlcpy(h->user, user, sizeof(h->user));
	/* One that is too long is none: nothing is cached. */
	if (why.len > CACHE_GENERATION_MAX)
		why.len = 0;
	if (why.len > 0)
		memcpy(h->generation, why.p, why.len);
	h->generation[why.len] = '\0';
	h->len = data.len <= sizeof(h->data) ? data.len : 0;
	if (h->len > 0)
		memcpy(h->data, data.p, h->len);
	k->naming = true;
	if (!k->probing)
		check_ask(k);
	else if (!check_probe(k))
		check_run(k);
}

/* One text of both generations, in hex; "" if either has none. */
static struct str
check_generation(const struct check *k, struct str why,
    char dst[2 * MAC_LEN + 1])
{
	struct str	parts[2] = { str_from(k->half.generation), why };
	uint8_t		mac[MAC_LEN];

	if (!k->naming)
		return why;
	if (parts[0].len == 0 || why.len == 0)
		return STR("");
	if (str_eq(parts[0], STR(CACHE_LASTING)) && str_eq(why, parts[0]))
		return why;
	mac_make(mac, CHECK_GENERATION, parts, 2);
	hex_print(mac, MAC_LEN, dst);
	return str_from(dst);
}

static void
check_yes(struct check *k, const char *user, struct str generation,
    struct str data)
{
	/* A proof is of one exchange only. */
	if (k->how == WORK_PASSWORD) {
		cache_put(k->checks->cache, k->name, k->mac, user, k->backend,
		    generation, clock_ms());
		cache_quota_put(k->checks->cache, k->name, &k->quota);
	}
	if (k->naming)
		data = (struct str){ k->half.data, k->half.len };
	check_finish(k, CHECK_YES, user, STR(""), data, false);
}

/* Is another to be asked before what this one says counts? */
static bool
check_went_on(struct check *k, enum work_result_code code, const char *user,
    struct str why, struct str data)
{
	if (k->revoked) {
		/* What the worker read may be older than the revoke. */
		k->revoked = k->probing = k->naming = false;
		if (++k->rounds > CHECK_ROUNDS)
			check_finish(k, CHECK_UNAVAILABLE, "",
			    STR("revoked too many times"), STR(""), false);
		else
			check_run(k);
		return true;
	}
	if (k->naming || !is_apart(k, k->probing ? k->generation_of :
	    k->backend))
		return false;
	if (k->probing ? code == WORK_UNAVAILABLE : code != WORK_YES)
		return false;
	check_half(k, user, why, data);
	return true;
}

static const char *
check_what(const struct check *k)
{
	return k->how == WORK_CERTIFICATE ? "certificate" : "password";
}

/* Why not: of a token its worker says so, and of a password there is no more to
 * be said. */
static void
check_no(struct check *k, enum work_result_code code, struct str why)
{
	if (k->how == WORK_BEARER)
		snprintf(k->why, sizeof(k->why), "%.*s", (int)why.len, why.p);
	else
		snprintf(k->why, sizeof(k->why), "%s%s", code == WORK_NO ?
		    "wrong " : "unknown ", code == WORK_NO ? check_what(k) :
		    "user");
}

static void
check_work_done(void *arg, enum work_result_code code, const char *user,
    struct str why, struct str data, const struct found_quota *quota)
{
	struct check	*k = arg;
	char		 hex[2 * MAC_LEN + 1];
	struct str	 generation;
	uint32_t	 of;

	k->job = NULL;
	/* A user by another name than the login: any revoke may mean it. */
	if (code == WORK_YES && strcmp(user, k->name) != 0 &&
	    k->revokes != k->checks->revokes)
		k->revoked = true;
	if (check_went_on(k, code, user, why, data))
		return;
	generation = check_generation(k, why, hex);
	of = k->probing ? k->generation_of : k->backend;
	/* Half of one tells nothing. */
	if ((code == WORK_YES || code == WORK_NO || code == WORK_UNKNOWN) &&
	    k->how != WORK_BEARER && is_apart(k, of) == k->naming)
		cache_generation(k->checks->cache, of, generation,
		    clock_ms());
	if (k->probing) {
		k->probing = false;
		check_run(k);
		return;
	}
	if (k->how == WORK_ADMIN && k->backend != BACKEND_APP)
		code = admin_verdict(&k->checks->conf->names, code, user);
	switch (code) {
	case WORK_YES:
		k->quota = *quota;
		check_yes(k, user, generation, data);
		return;
	/* It is him: no other backend is asked whether he may. */
	case WORK_EXPIRED:
		check_finish(k, CHECK_EXPIRED, "", why, STR(""), false);
		return;
	case WORK_LOCKED:
		check_finish(k, CHECK_LOCKED, "", why, STR(""), false);
		return;
	case WORK_UNAVAILABLE:
	case WORK_CODES:
		check_away(k, why);
		break;
	case WORK_NO:
	case WORK_UNKNOWN:
		k->denied = true;
		if (k->how == WORK_PASSWORD && !k->naming)
			cache_deny(k->checks->cache, k->mac, k->backend, why,
			    clock_ms());
		if (k->naming)
			snprintf(k->why, sizeof(k->why), "the %s is right, but "
			    "the lookup does not know the user", check_what(k));
		else if (!k->away && (k->why[0] == '\0' || code == WORK_NO))
			check_no(k, code, why);
		break;
	}
	check_next(k);
	check_ask(k);
}

/* Does the backend take no passwords but app passwords, which are not its? */
static bool
check_refuses(struct check *k)
{
	if (k->backend == BACKEND_APP ||
	    (k->checks->conf->app_only >> k->backend & 1) == 0 ||
	    (!admin_password(k->how) && k->how != WORK_PROOF))
		return false;
	k->denied = true;
	if (!k->away)
		strlcpy(k->why, "only app passwords are accepted",
		    sizeof(k->why));
	return true;
}

/* Has the next backend said no to that password a moment ago? */
static bool
is_denied(struct check *k)
{
	if (k->how != WORK_PASSWORD || k->naming || !cache_denied(
	    k->checks->cache, k->mac, k->backend, clock_ms()))
		return false;
	k->denied = true;
	if (k->why[0] == '\0')
		strlcpy(k->why, "refused as a moment ago", sizeof(k->why));
	return true;
}

/* The next backend, or the end. */
static void
check_ask(struct check *k)
{
	struct work_ask	 ask = { k->how, k->name[0] == CHECK_NAMELESS ? "" :
			    k->name, { k->password, k->password_len },
			    k->remote };
	struct checks	*c = k->checks;
	const char	*why;
	size_t		 pool;
	uint32_t	 to = 0;

	for (; !check_ended(k); check_next(k)) {
		if (!authd_can_ask(c->conf, k->backend, k->how) ||
		    check_refuses(k) || is_denied(k))
			continue;
		to = k->backend + (k->naming ? AUTH_ENTRIES_MAX : 0);
		if ((why = work_away(c->work, to)) == NULL)
			break;
		check_away(k, str_from(why));
	}
	if (check_ended(k)) {
		check_finish(k, k->away ? CHECK_UNAVAILABLE : CHECK_NO, "",
		    str_from(k->why), STR(""), false);
		return;
	}
	if (k->naming)
		ask = (struct work_ask){ WORK_MAY, k->half.user, STR(""),
		    k->remote };
	pool = work_pool(c->work, to);
	if (pool != k->pool && k->leader != NULL) {
		k->pool = pool;
		k->leader->move(k->leader, pool);
		return;
	}
	k->job = work_submit(c->work, k->lane, to, &ask, false,
	    check_work_done, k);
	if (k->job == NULL)
		check_finish(k, CHECK_UNAVAILABLE, "",
		    STR("too many passwords are waiting to be verified"),
		    STR(""), false);
}

/* Is what the cache has of it still so?  Of a lookup that is apart, too, once
 * its verifier has answered.  false: nobody can be asked. */
static bool
check_probe(struct check *k)
{
	struct work_ask	 probe = { k->naming ? WORK_NAME : WORK_PASSWORD, "",
			    STR(""), "" };
	struct work	*w = k->checks->work;
	uint32_t	 to = k->generation_of;

	if (k->naming)
		to += AUTH_ENTRIES_MAX;
	if (work_away(w, to) == NULL)
		k->job = work_submit(w, k->lane, to, &probe, true,
		    check_work_done, k);
	k->probing = k->job != NULL;
	return k->probing;
}

static void
check_run(struct check *k)
{
	struct checks	*c = k->checks;
	const char	*user;

	k->revokes = c->revokes;
	k->naming = false;
	switch (k->how != WORK_PASSWORD ? CACHE_MISS :
	    cache_find(c->cache, k->name, k->mac, clock_ms(), &user,
	    &k->generation_of)) {
	case CACHE_HIT:
		k->quota = cache_quota(c->cache, k->name);
		check_finish(k, CHECK_YES, user, STR(""), STR(""), true);
		return;
	case CACHE_STALE:
		if (!k->probed) {
			k->probed = true;
			if (check_probe(k))
				return;
		}
		break;
	case CACHE_MISS:
		break;
	}
	/* No app password has keys of SCRAM: its hash is of another kind. */
	k->backend = c->conf->app && admin_password(k->how) ?
	    BACKEND_APP : 0;
	k->away = k->denied = false;
	k->why[0] = '\0';
	check_ask(k);
}

static struct check *
check_new(struct checks *c, uint32_t lane, const struct work_ask *ask,
    const uint8_t mac[MAC_LEN])
{
	struct str	 password = ask->password;
	struct check	*k;

	if ((k = calloc(1, sizeof(*k))) == NULL)
		return NULL;
	TAILQ_INIT(&k->waits);
	k->checks = c;
	k->lane = lane;
	k->how = ask->how;
	memcpy(k->mac, mac, MAC_LEN);
	strlcpy(k->remote, ask->remote, sizeof(k->remote));
	if (strlcpy(k->name, ask->user, sizeof(k->name)) >= sizeof(k->name) ||
	    (k->password = malloc(password.len + 1)) == NULL) {
		free(k);
		return NULL;
	}
	memcpy(k->password, password.p, password.len);
	k->password_len = password.len;
	LIST_INSERT_HEAD(check_slot(c, lane, k->name), k, hash);
	return k;
}

size_t
checks_first_pool(const struct checks *c, enum work_how how)
{
	uint32_t	i;

	if (c->conf->app && admin_password(how) &&
	    work_away(c->work, BACKEND_APP) == NULL)
		return work_pool(c->work, BACKEND_APP);
	for (i = 0; i < c->conf->backends; i++)
		if (authd_can_ask(c->conf, i, how) &&
		    work_away(c->work, i) == NULL)
			return work_pool(c->work, i);
	/* It is told at once that all are away. */
	return work_pool(c->work, 0) == AUTH_POOLS_MAX ? 0 :
	    work_pool(c->work, 0);
}

void
check_begin(struct checks *c, struct check_wait *w, uint32_t lane,
    size_t pool, const struct work_ask *ask, const uint8_t mac[MAC_LEN])
{
	struct check_answer	 a = { .code = CHECK_UNAVAILABLE, .user = "",
				    .why = STR("out of memory"),
				    .backend = "" };
	struct check		*k;

	LIST_FOREACH(k, check_slot(c, lane, ask->user), hash)
		if (k->lane == lane && k->how == ask->how &&
		    strcmp(k->name, ask->user) == 0 &&
		    timingsafe_memcmp(k->mac, mac, MAC_LEN) == 0)
			break;
	if (k != NULL) {
		w->check = k;
		TAILQ_INSERT_TAIL(&k->waits, w, entry);
		return;
	}
	if ((k = check_new(c, lane, ask, mac)) == NULL) {
		w->done(w, &a);
		return;
	}
	w->check = k;
	k->leader = pool == AUTH_POOLS_MAX ? NULL : w;
	k->pool = pool;
	TAILQ_INSERT_TAIL(&k->waits, w, entry);
	check_run(k);
}

void
check_resume(struct check_wait *w)
{
	check_ask(w->check);
}

void
check_skip(struct check_wait *w)
{
	struct check	*k = w->check;

	check_away(k, STR("timed out waiting for a worker"));
	check_next(k);
	check_ask(k);
}

struct check_wait *
check_leader(const struct check_wait *w)
{
	return w->check == NULL ? NULL : w->check->leader;
}

bool
check_alone(const struct check_wait *w)
{
	return w->check == NULL ||
	    (TAILQ_FIRST(&w->check->waits) == w && TAILQ_NEXT(w, entry) ==
	    NULL);
}

bool
check_denied(const struct check_wait *w)
{
	return w->check != NULL && w->check->denied;
}

void
check_cancel(struct check_wait *w)
{
	struct check	*k = w->check;

	if (k == NULL)
		return;
	w->check = NULL;
	if (k->leader == w)
		k->leader = NULL;
	TAILQ_REMOVE(&k->waits, w, entry);
	/* Nobody asks any more: one that no worker has begun goes. */
	if (TAILQ_EMPTY(&k->waits) &&
	    (k->job == NULL || !work_begun(k->job))) {
		if (k->job != NULL)
			work_cancel(k->job);
		LIST_REMOVE(k, hash);
		check_free(k);
	}
}

void
checks_revoke(struct checks *c, const char *user)
{
	struct check	*k;
	size_t		 i;

	c->revokes++;
	for (i = 0; i < CHECK_SLOTS; i++)
		LIST_FOREACH(k, &c->slot[i], hash)
			if (strcmp(k->name, user) == 0)
				k->revoked = true;
}
