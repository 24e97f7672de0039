/*
 * How many workers authd has, and for which backend each is: a matter of
 * paild's, which starts them.  A type that takes the processor's time has one
 * pool for all of its entries, another has one for each.
 */
#include "common/compat.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "paild/pools.h"

/* The entries of a configuration that is in order. */
static void
entries_of(const struct conf *c, struct auth_entries *e)
{
	const char	*type;
	uint32_t	 i;

	memset(e, 0, sizeof(*e));
	for (i = 0; (type = conf_at(c, "auth.%u.type", i)) != NULL; i++)
		(void)auth_entries_add(e, type,
		    conf_at(c, "auth.%u.lookup", i));
}

static bool
has_pool(const struct auth_pools *p, const char *type, uint32_t nth)
{
	return auth_pool_find(p, type, nth) != AUTH_POOLS_MAX;
}

/* The workers of that kind for entry i; "": none. */
static void
make_pool(struct auth_pools *p, const struct conf *c,
    const struct auth_entries *e, uint32_t i, const char *type)
{
	const struct auth_kind	*kind = auth_kind_find(type);
	uint32_t		 nth = auth_entries_before(e, i, type);
	struct auth_pool	*q = &p->pool[p->n];
	const char		*user;

	if (kind == NULL || has_pool(p, type, nth) || p->n == AUTH_POOLS_MAX)
		return;
	strlcpy(q->type, type, sizeof(q->type));
	q->entry = kind->workers == 0 ? AUTH_ALL : nth;
	q->workers = kind->workers != 0 ? kind->workers :
	    conf_processes(c, PROC_AUTHWORKER);
	q->timeout_ms = kind->timeout * 1000;
	user = conf_at(c, "auth.%u.user", i);
	if (user != NULL && strcmp(e->entry[i].type, type) == 0)
		strlcpy(q->user, user, sizeof(q->user));
	p->n++;
}

/* App passwords have workers of their own, which are no entry's. */
static bool
has_app(const struct conf *c)
{
	return auth_has_app(conf_str(c, "app-passwords"));
}

static void
make_app_pool(struct auth_pools *p)
{
	const struct auth_kind	*kind = auth_kind_find("app");
	struct auth_pool	*q = &p->pool[p->n];

	if (p->n == AUTH_POOLS_MAX)
		return;
	strlcpy(q->type, kind->name, sizeof(q->type));
	q->entry = AUTH_ALL;
	q->workers = kind->workers;
	q->timeout_ms = kind->timeout * 1000;
	p->n++;
}

void
pools_make(struct auth_pools *p, const struct conf *c)
{
	struct auth_entries	 e;
	uint32_t		 i;

	memset(p, 0, sizeof(*p));
	entries_of(c, &e);
	for (i = 0; i < e.n; i++) {
		make_pool(p, c, &e, i, e.entry[i].type);
		make_pool(p, c, &e, i, e.entry[i].lookup);
	}
	if (has_app(c))
		make_app_pool(p);
}

uint32_t
pools_workers(const struct auth_pools *p)
{
	uint32_t	n = 0;
	size_t		i;

	for (i = 0; i < p->n; i++)
		n += p->pool[i].workers;
	return n;
}

const char *
pools_user(const struct auth_pools *p, uint32_t worker)
{
	size_t	pool = auth_pool_of_worker(p, worker);

	return pool == AUTH_POOLS_MAX || p->pool[pool].user[0] == '\0' ?
	    NULL : p->pool[pool].user;
}

bool
pools_tell(const struct auth_pools *p, const struct conf *c, uint32_t worker,
    const char *path)
{
	const struct conf_item	*it = conf_item(c, path);
	struct auth_entries	 e;
	size_t			 mine = auth_pool_of_worker(p, worker);
	uint32_t		 entry;

	if (it == NULL || it->key->type != CONF_SECRET ||
	    strncmp(it->key->path, "auth.*.", 7) != 0)
		return true;
	entry = (uint32_t)strtoul(path + 5, NULL, 10);
	entries_of(c, &e);
	return entry < e.n && mine != AUTH_POOLS_MAX &&
	    (auth_pool_of_entry(p, &e, entry) == mine ||
	    auth_pool_of_lookup(p, &e, entry) == mine);
}

void
pools_missing(const struct auth_pools *p, const struct conf *c,
    void (*missing)(uint32_t entry, const char *type, void *arg), void *arg)
{
	struct auth_entries	 e;
	const char		*user;
	size_t			 pool;
	uint32_t		 i;

	entries_of(c, &e);
	for (i = 0; i < e.n; i++) {
		pool = auth_pool_of_entry(p, &e, i);
		user = conf_at(c, "auth.%u.user", i);
		if (pool == AUTH_POOLS_MAX || strcmp(p->pool[pool].user,
		    user != NULL ? user : "") != 0)
			missing(i, e.entry[i].type, arg);
		if (e.entry[i].lookup[0] != '\0' &&
		    auth_pool_of_lookup(p, &e, i) == AUTH_POOLS_MAX)
			missing(i, e.entry[i].lookup, arg);
	}
}

size_t
pools_extra(const struct auth_pools *p, struct pools_text *t,
    struct conf_extra extra[POOLS_EXTRA])
{
	static const char *const names[] = { "type", "entry", "workers",
	    "timeout" };
	uint32_t	num[nitems(names)];
	size_t		i, k, n = 0;

	for (i = 0; i < p->n; i++) {
		num[1] = p->pool[i].entry;
		num[2] = p->pool[i].workers;
		num[3] = p->pool[i].timeout_ms;
		for (k = 0; k < nitems(names); k++, n++) {
			snprintf(t->key[n], sizeof(t->key[n]), "pools.%zu.%s",
			    i, names[k]);
			if (k > 0)
				snprintf(t->num[n], sizeof(t->num[n]),
				    "%" PRIu32, num[k]);
			extra[n] = (struct conf_extra){ t->key[n], k == 0 ?
			    p->pool[i].type : t->num[n] };
		}
	}
	return n;
}
