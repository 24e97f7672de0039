/*
 * Which certificates are in use.  Nothing that is broken may replace what
 * works, and no file is taken half written.
 */
#include "common/compat.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include <event2/event.h>

#include "common/log.h"
#include "common/mem.h"
#include "credd/refresh.h"
#include "credd/tls_store.h"

#define SETTLE		1	/* seconds without a change */
#define DAY		86400

struct entry {
	char		*path[3];	/* certificate, key, response */
	char		**names;	/* configured: lower case */
	size_t		 nnames;
	struct tls_key	*key;		/* NULL: none was usable yet */
};

struct old {
	TAILQ_ENTRY(old) entry;
	struct tls_key	*key;
	int64_t		 until;
};

struct tls_store {
	struct event_base *base;
	struct files	*files;
	int64_t		(*now)(void);
	void		(*changed)(void *);
	void		*arg;
	struct event	*timer;
	struct files_job *job;
	struct entry	*entries;
	size_t		 n;
	TAILQ_HEAD(, old) olds;
	size_t		 at;		/* the entry that is loaded */
	bool		 ready;
	bool		 quiet;		/* another tells of the files */
	bool		 force;		/* whether or not files changed */
	bool		 differs;	/* from what was told */
	char		*mark;		/* of the files as loaded */
	char		*seen;		/* of files that may still change */
	int64_t		 warned;	/* of what expires */
};

/* In the order of entry.path. */
static const char *const keys[] = {
	"certificate", "private-key", "ocsp-response"
};

static void	load_next(struct tls_store *);
static void	store_tick(evutil_socket_t, short, void *);

static void
wait_for(struct tls_store *st, int s)
{
	struct timeval	tv = { s, 0 };

	if (st->n != 0)
		event_add(st->timer, &tv);
}

static void
retire(struct tls_store *st, struct tls_key *k)
{
	struct old	*o;

	if (k == NULL)
		return;
	o = mem_new(1, sizeof(*o));
	o->key = k;
	o->until = st->now() + TLS_STORE_OLD;
	TAILQ_INSERT_TAIL(&st->olds, o, entry);
}

static void
olds_look(struct tls_store *st, bool all)
{
	struct old	*o, *next;
	int64_t		 now = st->now();

	TAILQ_FOREACH_SAFE(o, &st->olds, entry, next) {
		/* Not for ever, if the clock was set back. */
		if (!all && now < o->until && o->until - now <= TLS_STORE_OLD)
			continue;
		TAILQ_REMOVE(&st->olds, o, entry);
		tls_key_free(o->key);
		free(o);
	}
}

static void
entry_clear(struct entry *e)
{
	size_t	i;

	for (i = 0; i < nitems(e->path); i++)
		free(e->path[i]);
	for (i = 0; i < e->nnames; i++)
		free(e->names[i]);
	free(e->names);
}

static void
entries_free(struct tls_store *st)
{
	size_t	i;

	for (i = 0; i < st->n; i++) {
		retire(st, st->entries[i].key);
		entry_clear(&st->entries[i]);
	}
	free(st->entries);
	st->entries = NULL;
	st->n = 0;
}

/* Days or less until one expires: at each load, and once a day. */
static void
warn(struct tls_store *st)
{
	int64_t		 now = st->now(), left;
	char		 when[REFRESH_WHEN];
	size_t		 i;

	st->warned = now;
	for (i = 0; !st->quiet && i < st->n; i++) {
		if (st->entries[i].key == NULL)
			continue;
		left = st->entries[i].key->expires - now;
		if (left > TLS_STORE_WARN)
			continue;
		log_warnx("tls certificate=\"%s\" expires=%s%s",
		    st->entries[i].path[0], refresh_when(
		    st->entries[i].key->expires, when), left > 0 ? "" :
		    " why=\"it has expired\"");
	}
}

static void
tell(const struct entry *e)
{
	char	 names[200] = "", when[REFRESH_WHEN];
	size_t	 i, n = e->nnames != 0 ? e->nnames : e->key->nnames;

	for (i = 0; i < n; i++) {
		strlcat(names, i != 0 ? " " : "", sizeof(names));
		strlcat(names, e->nnames != 0 ? e->names[i] :
		    e->key->names[i], sizeof(names));
	}
	log_info("tls certificate=\"%s\" names=\"%s\" result=new expires=%s",
	    e->path[0], names, refresh_when(e->key->expires, when));
}

static const char *
state_why(enum tls_key_state state)
{
	return state == TLS_KEY_DATES ? "it has expired, or is not valid yet" :
	    "a certificate of its chain did not issue the one before it";
}

static bool
same(const struct tls_key *a, const struct tls_key *b)
{
	return str_eq(a->chain, b->chain) && str_eq(a->ocsp, b->ocsp);
}

/* k, which is read well, if it is as good as what is there. */
static void
entry_take(struct tls_store *st, struct entry *e, struct tls_key *k)
{
	enum tls_key_state	now = tls_key_state(k, st->now());

	if (e->key != NULL && (same(e->key, k) ||
	    now > tls_key_state(e->key, st->now()))) {
		if (!st->quiet && !same(e->key, k))
			log_warnx("tls certificate=\"%s\" result=kept why=\""
			    "%s\"", e->path[0], state_why(now));
		tls_key_free(k);
		return;
	}
	if (!st->quiet && now != TLS_KEY_FINE)
		log_warnx("tls certificate=\"%s\" why=\"%s\"", e->path[0],
		    state_why(now));
	retire(st, e->key);
	e->key = k;
	st->differs = true;
	if (!st->quiet)
		tell(e);
}

/* Why a file is not there: paild's words. */
static const char *
item_bad(const struct files_item *it)
{
	if (it->outcome == SETUP_GIVE_FOUND)
		return NULL;
	return it->outcome == SETUP_GIVE_ABSENT ? "it is not in the "
	    "configuration any more" : it->why;
}

static void
staple(const struct tls_store *st, struct entry *e, struct tls_key *k,
    const struct files_item *it)
{
	char		 why[256];
	const char	*bad = item_bad(it);

	if (bad == NULL && tls_key_ocsp(k, (struct str){ it->data, it->len },
	    why, sizeof(why)) == -1)
		bad = why;
	if (!st->quiet && bad != NULL)
		log_warnx("tls certificate=\"%s\" ocsp-response=\"%s\" "
		    "result=no why=\"%s\"", e->path[0], e->path[2], bad);
	/* The one before may still do. */
	if (bad != NULL && e->key != NULL && e->key->ocsp.len != 0 &&
	    str_eq(e->key->chain, k->chain))
		(void)tls_key_ocsp(k, e->key->ocsp, why, sizeof(why));
}

static void
loaded(const struct files_item *items, void *arg)
{
	struct tls_store	*st = arg;
	struct entry		*e = &st->entries[st->at];
	struct tls_key		*k = NULL;
	char			 why[600];
	const char		*bad = item_bad(&items[0]);

	st->job = NULL;
	if (bad == NULL)
		bad = item_bad(&items[1]);
	if (bad != NULL)
		snprintf(why, sizeof(why), "%s", bad);
	else
		k = tls_key_new((struct str){ items[0].data, items[0].len },
		    (struct str){ items[1].data, items[1].len }, why,
		    sizeof(why));
	if (k != NULL) {
		if (*e->path[2] != '\0')
			staple(st, e, k, &items[2]);
		entry_take(st, e, k);
	} else if (!st->quiet || e->key == NULL)
		log_warnx("tls certificate=\"%s\" result=%s why=\"%s\"",
		    e->path[0], e->key != NULL ? "kept" : "no", why);
	st->at++;
	load_next(st);
}

static void
finish(struct tls_store *st)
{
	warn(st);
	wait_for(st, TLS_STORE_POLL);
	if (st->ready && !st->differs)
		return;
	st->ready = true;
	st->differs = false;
	st->changed(st->arg);
}

static void
load_next(struct tls_store *st)
{
	char		 text[nitems(keys)][48];
	const char	*what[nitems(keys)];
	size_t		 i, n;

	if (st->at == st->n) {
		finish(st);
		return;
	}
	n = *st->entries[st->at].path[2] != '\0' ? 3 : 2;
	for (i = 0; i < n; i++) {
		snprintf(text[i], sizeof(text[i]), "key:tls.%zu.%s", st->at,
		    keys[i]);
		what[i] = text[i];
	}
	st->job = files_gather(st->files, what, n, loaded, st);
}

/* One that is out of date is worse than none. */
static void
staples_look(struct tls_store *st)
{
	struct tls_key	*k;
	size_t		 i;

	for (i = 0; i < st->n; i++) {
		k = st->entries[i].key;
		if (k == NULL || k->ocsp.len == 0 || k->ocsp_until == 0 ||
		    st->now() < k->ocsp_until)
			continue;
		if (!st->quiet)
			log_warnx("tls certificate=\"%s\" "
			    "ocsp-response=\"%s\" result=no why=\"it is out "
			    "of date\"", st->entries[i].path[0],
			    st->entries[i].path[2]);
		k->ocsp.len = 0;
		st->changed(st->arg);
	}
}

static void
marked(const struct files_item *items, void *arg)
{
	struct tls_store	*st = arg;
	const char		*mark = items[0].data;
	bool			 stable;

	st->job = NULL;
	stable = st->force || (st->seen != NULL &&
	    strcmp(st->seen, mark) == 0);
	if (!st->force && st->mark != NULL && strcmp(st->mark, mark) == 0) {
		wait_for(st, TLS_STORE_POLL);
		return;
	}
	free(st->seen);
	st->seen = stable ? NULL : mem_dup(mark);
	if (!stable) {
		wait_for(st, SETTLE);
		return;
	}
	free(st->mark);
	st->mark = mem_dup(mark);
	st->force = false;
	st->at = 0;
	load_next(st);
}

static void
look(struct tls_store *st)
{
	static const char *const	what[] = { "mark:tls" };

	event_del(st->timer);
	files_cancel(st->job);
	st->job = files_gather(st->files, what, 1, marked, st);
}

void
tls_store_look(struct tls_store *st)
{
	int64_t	now = st->now();

	olds_look(st, false);
	staples_look(st);
	if (now < st->warned || now - st->warned >= DAY)
		warn(st);
	look(st);
}

static void
store_tick(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	tls_store_look(arg);
}

struct tls_store *
tls_store_new(struct event_base *base, struct files *files,
    int64_t (*now)(void), void (*changed)(void *arg), void *arg)
{
	struct tls_store	*st = mem_new(1, sizeof(*st));

	st->base = base;
	st->files = files;
	st->now = now;
	st->changed = changed;
	st->arg = arg;
	TAILQ_INIT(&st->olds);
	if ((st->timer = evtimer_new(base, store_tick, st)) == NULL)
		fatalx("evtimer_new");
	return st;
}

void
tls_store_hush(struct tls_store *st)
{
	st->quiet = true;
}

void
tls_store_free(struct tls_store *st)
{
	if (st == NULL)
		return;
	files_cancel(st->job);
	event_free(st->timer);
	entries_free(st);
	olds_look(st, true);
	free(st->mark);
	free(st->seen);
	free(st);
}

static void
entry_read(struct entry *e, const struct slice *conf, unsigned i)
{
	const char	*v;
	char		*p;
	size_t		 k;

	for (k = 0; k < nitems(keys); k++) {
		v = slice_at(conf, "tls.%u.%s", i, keys[k]);
		e->path[k] = mem_dup(v != NULL ? v : "");
	}
	while (e->nnames < SIGN_NAMES_MAX && (v = slice_at(conf,
	    "tls.%u.names.%zu", i, e->nnames)) != NULL) {
		e->names = mem_grow(e->names, e->nnames + 1,
		    sizeof(*e->names));
		p = e->names[e->nnames++] = mem_dup(v);
		for (; *p != '\0'; p++)
			if (*p >= 'A' && *p <= 'Z')
				*p = (char)(*p - 'A' + 'a');
	}
}

/* The key that was in use with these files stays in use. */
static void
entry_inherit(struct tls_store *st, struct entry *e)
{
	struct entry	*o;
	size_t		 i;

	for (i = 0; i < st->n; i++) {
		o = &st->entries[i];
		if (o->key == NULL || strcmp(o->path[0], e->path[0]) != 0 ||
		    strcmp(o->path[1], e->path[1]) != 0)
			continue;
		e->key = o->key;
		o->key = NULL;
		return;
	}
}

void
tls_store_configure(struct tls_store *st, const struct slice *conf)
{
	const char	*path;
	struct entry	*v;
	unsigned	 i, n = 0;

	/* An empty one is another credd's. */
	while (n < SIGN_CERTS_MAX && (path = slice_at(conf,
	    "tls.%u.certificate", n)) != NULL && *path != '\0')
		n++;
	v = n != 0 ? mem_new(n, sizeof(*v)) : NULL;
	for (i = 0; i < n; i++) {
		entry_read(&v[i], conf, i);
		entry_inherit(st, &v[i]);
	}
	entries_free(st);
	st->entries = v;
	st->n = n;
	st->force = st->differs = true;
	files_cancel(st->job);
	st->job = NULL;
	if (n == 0)
		finish(st);
	else
		look(st);
}

bool
tls_store_ready(const struct tls_store *st)
{
	return st->ready;
}

size_t
tls_store_count(const struct tls_store *st)
{
	size_t	i, n = 0;

	for (i = 0; i < st->n; i++)
		n += st->entries[i].key != NULL;
	return n;
}

const struct tls_key *
tls_store_at(const struct tls_store *st, size_t i, char *const **names,
    size_t *nnames)
{
	const struct entry	*e = st->entries;

	for (;; e++)
		if (e->key != NULL && i-- == 0)
			break;
	*names = e->nnames != 0 ? e->names : e->key->names;
	*nnames = e->nnames != 0 ? e->nnames : e->key->nnames;
	return e->key;
}

const struct tls_key *
tls_store_find(const struct tls_store *st, const uint8_t id[SIGN_ID_LEN])
{
	const struct old	*o;
	size_t			 i;

	for (i = 0; i < st->n; i++)
		if (st->entries[i].key != NULL &&
		    memcmp(st->entries[i].key->id, id, SIGN_ID_LEN) == 0)
			return st->entries[i].key;
	TAILQ_FOREACH(o, &st->olds, entry)
		if (memcmp(o->key->id, id, SIGN_ID_LEN) == 0)
			return o->key;
	return NULL;
}

uint64_t
tls_store_expires(const struct tls_store *st)
{
	int64_t	now = st->now(), least = 0;
	size_t	i;

	for (i = 0; i < st->n; i++)
		if (st->entries[i].key != NULL && (least == 0 ||
		    st->entries[i].key->expires < least))
			least = st->entries[i].key->expires;
	return least > now ? (uint64_t)(least - now) : 0;
}
