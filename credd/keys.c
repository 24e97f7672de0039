/*
 * Pushes signing keys to storaged, early, so that it never waits for one.
 * Must never let the secret out, nor log it.
 */
#include "common/compat.h"

#include <inttypes.h>
#include <stdbool.h>
#include <unistd.h>

#include <event2/event.h>

#include "common/daemon.h"
#include "common/keyid.h"
#include "common/log.h"
#include "common/lost.h"
#include "common/mem.h"
#include "common/msg_auth.h"
#include "common/peer.h"
#include "credd/keys.h"
#include "credd/sigkey.h"

#define DAY		86400
#define REFUSED_KEYS	16	/* access keys whose last line is known */

struct keys_peer {
	struct keys	*keys;
	uint32_t	 index;
	struct peer	*peer;
};

struct keys_set {
	const struct cred_secret *secret;	/* NULL: none */
	char			 source[33];
};

struct keys_use {
	char			 use[CRED_USE_MAX + 1];
	char			 service[17];
	char			 region[CRED_REGION_MAX + 1];
	unsigned		 set;
};

struct keys {
	struct event_base	*base;
	int64_t			(*now)(void);
	struct keys_set		 sets[KEYS_SETS_MAX];
	struct keys_use		 uses[KEYS_USES_MAX];
	size_t			 nuses;
	keys_refused_cb		 refused_cb;
	void			*refused_arg;
	struct event		*timer;
	int64_t			 until;	/* the last day pushed, since 1970 */
	uint64_t		 pushed;
	uint64_t		 refused;
	struct {
		char	key[257];
		int64_t	logged;
	}			 last[REFUSED_KEYS];
	struct keys_peer	 storaged[KEYS_STORAGED_MAX];
};

static int	 keys_message(struct peer *, struct msg *, void *);
static void	 keys_closed(struct peer *, const char *, void *);
static const struct peer_ops keys_ops = {
	keys_message, keys_closed, NULL
};

static void
keys_tick(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	keys_look(arg);
}

struct keys *
keys_new(struct event_base *base, int64_t (*now)(void),
    keys_refused_cb cb, void *arg)
{
	struct timeval	 tv = { KEYS_TICK, 0 };
	struct keys	*k = mem_new(1, sizeof(*k));
	uint32_t	 i;

	k->base = base;
	k->now = now;
	k->refused_cb = cb;
	k->refused_arg = arg;
	for (i = 0; i < KEYS_STORAGED_MAX; i++) {
		k->storaged[i].keys = k;
		k->storaged[i].index = i;
	}
	k->timer = event_new(base, -1, EV_PERSIST, keys_tick, k);
	if (k->timer == NULL || event_add(k->timer, &tv) == -1) {
		keys_free(k);
		return NULL;
	}
	return k;
}

void
keys_free(struct keys *k)
{
	uint32_t	i;

	if (k == NULL)
		return;
	for (i = 0; i < KEYS_STORAGED_MAX; i++)
		peer_close(k->storaged[i].peer);
	if (k->timer != NULL)
		event_free(k->timer);
	free(k);
}

/* The key of one day (since 1970) for one use, to one storaged. */
static void
keys_push_use(struct keys *k, struct peer *p, const struct keys_use *u,
    int64_t day)
{
	const struct keys_set	*set = &k->sets[u->set];
	const struct cred_secret *s = set->secret;
	const char		*region;
	struct cred_key		 ck = { 0 };
	uint8_t			 key[SIGKEY_LEN];
	char			 date[9];

	if (s == NULL)
		return;
	region = u->region[0] != '\0' ? u->region : s->region;
	sigkey_date(date, day * DAY);
	if (sigkey_derive(key, s->secret, date, region, u->service) == -1) {
		log_warnx("date=%s result=no why=\"HMAC failed\"", date);
		return;
	}
	ck.use = str_from(u->use);
	ck.access_key = str_from(s->access_key);
	ck.token = str_from(s->token);
	ck.region = str_from(region);
	ck.service = str_from(u->service);
	ck.date = str_from(date);
	ck.key = (struct str){ (const char *)key, sizeof(key) };
	ck.expires = s->expires;
	ck.source = str_from(set->source);
	ck.identity = str_from(s->identity);
	if (peer_send_struct(p, IMSG_CRED_KEY, 0, &ck, -1) == 0)
		k->pushed++;
	explicit_bzero(key, sizeof(key));
}

/* Those of one set, or of all (-1). */
static void
keys_push(struct keys *k, struct peer *p, int set, int64_t day)
{
	size_t	i;

	for (i = 0; i < k->nuses; i++)
		if (set == -1 || k->uses[i].set == (unsigned)set)
			keys_push_use(k, p, &k->uses[i], day);
}

static int64_t
keys_first_day(const struct keys *k)
{
	return (k->now() - KEYS_AHEAD) / DAY;
}

/* The last day whose key must be out by now. */
static int64_t
keys_last_day(const struct keys *k)
{
	int64_t	now = k->now();

	return (now + KEYS_AHEAD) / DAY;
}

static void
keys_all(struct keys *k, int set, int64_t from, int64_t to)
{
	int64_t		day;
	uint32_t	i;

	for (day = from; day <= to; day++)
		for (i = 0; i < KEYS_STORAGED_MAX; i++)
			if (k->storaged[i].peer != NULL)
				keys_push(k, k->storaged[i].peer, set, day);
}

void
keys_look(struct keys *k)
{
	int64_t	today = k->now() / DAY, last = keys_last_day(k);

	/* A clock that was set back far needs its day's key again. */
	if (last == k->until)
		return;
	keys_all(k, -1, k->until < last && k->until >= today ?
	    k->until + 1 : today, last);
	k->until = last;
}

void
keys_use(struct keys *k, const char *use, const char *service,
    const char *region, unsigned set)
{
	struct keys_use	*u;
	size_t		 i;

	for (i = 0; i < k->nuses; i++)
		if (strcmp(k->uses[i].use, use) == 0 &&
		    strcmp(k->uses[i].service, service) == 0)
			break;
	if (i == KEYS_USES_MAX || set >= KEYS_SETS_MAX)
		fatalx("keys: too many uses");
	u = &k->uses[i];
	strlcpy(u->use, use, sizeof(u->use));
	strlcpy(u->service, service, sizeof(u->service));
	strlcpy(u->region, region, sizeof(u->region));
	u->set = set;
	if (i == k->nuses)
		k->nuses++;
	else if (k->sets[set].secret != NULL)
		keys_all(k, (int)set, keys_first_day(k), k->until);
}

void
keys_source(struct keys *k, unsigned set, const char *source)
{
	strlcpy(k->sets[set].source, source, sizeof(k->sets[set].source));
}

void
keys_secret(struct keys *k, unsigned set, const struct cred_secret *secret)
{
	/* The others' keys of a day that has just become due. */
	k->sets[set].secret = NULL;
	keys_look(k);
	k->sets[set].secret = secret;
	if (secret != NULL)
		keys_all(k, (int)set, keys_first_day(k), k->until);
}

void
keys_storaged(struct keys *k, uint32_t index, int fd)
{
	struct peer	*p;
	int64_t		 day, last;

	if (index >= KEYS_STORAGED_MAX) {
		log_warnx("storaged=%" PRIu32 " result=no why=\"too many\"",
		    index);
		close(fd);
		return;
	}
	p = peer_new(k->base, fd, MSG_CHANNEL_CRED, MSG_SIDE_A, &keys_ops,
	    &k->storaged[index]);
	if (p == NULL) {
		log_warn("storaged=%" PRIu32 " result=no", index);
		close(fd);
		daemon_lost(PROC_STORAGED, index);
		return;
	}
	peer_close(k->storaged[index].peer);
	k->storaged[index].peer = p;
	last = keys_last_day(k);
	for (day = keys_first_day(k); day <= last; day++)
		keys_push(k, p, -1, day);
}

/* Within a minute, by a clock that may have been set back since. */
static bool
keys_recent(int64_t now, int64_t logged)
{
	return now >= logged && now - logged < 60;
}

/* Whether a line about that key is due: once a minute. */
static bool
keys_due(struct keys *k, const char *key)
{
	int64_t	now = k->now();
	size_t	i, pick = 0;

	for (i = 0; i < REFUSED_KEYS; i++) {
		if (k->last[i].key[0] != '\0' &&
		    strcmp(k->last[i].key, key) == 0) {
			if (keys_recent(now, k->last[i].logged))
				return false;
			k->last[i].logged = now;
			return true;
		}
		if (k->last[i].logged < k->last[pick].logged)
			pick = i;
	}
	/* All known ones are within their minute: this one is noise. */
	if (k->last[pick].key[0] != '\0' &&
	    keys_recent(now, k->last[pick].logged))
		return false;
	strlcpy(k->last[pick].key, key, sizeof(k->last[pick].key));
	k->last[pick].logged = now;
	return true;
}

static const struct keys_use *
use_find(const struct keys *k, struct str use)
{
	size_t	i;

	for (i = 0; i < k->nuses; i++)
		if (str_eq(use, str_from(k->uses[i].use)))
			return &k->uses[i];
	return NULL;
}

static int
keys_message(struct peer *p, struct msg *m, void *arg)
{
	struct keys_peer	*s = arg;
	struct keys		*k = s->keys;
	struct cred_refused	 ref;
	const struct keys_use	*u;
	char			 key[257], quoted[300], why[512];

	(void)p;
	if (m->type != IMSG_CRED_REFUSED || wire_decode(&cred_refused_wire,
	    &ref, m->data, m->len, NULL) == -1 ||
	    ref.access_key.len >= sizeof(key) ||
	    (u = use_find(k, ref.use)) == NULL)
		return -1;
	if (ref.access_key.len > 0)
		memcpy(key, ref.access_key.p, ref.access_key.len);
	key[ref.access_key.len] = '\0';
	k->refused++;
	if (keys_due(k, key))
		log_warnx("storaged=%" PRIu32 " for=%s access-key=\"%s\" "
		    "result=refused why=\"%s\"", s->index, u->use,
		    keyid_print(quoted, sizeof(quoted), key),
		    log_quote(why, sizeof(why), ref.why.p, ref.why.len));
	if (k->refused_cb != NULL)
		k->refused_cb(u->set, key, k->refused_arg);
	return 0;
}

static void
keys_closed(struct peer *p, const char *why, void *arg)
{
	struct keys_peer	*s = arg;

	if (s->peer != p)
		return;
	s->peer = NULL;
	lost(PROC_STORAGED, s->index, why);
}

uint64_t
keys_pushed(const struct keys *k)
{
	return k->pushed;
}

uint64_t
keys_refused(const struct keys *k)
{
	return k->refused;
}
