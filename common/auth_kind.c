/* The table of authentication backends, and their pools of workers. */
#include "common/compat.h"

#include <stdio.h>

#include "common/auth_kind.h"
#include "common/slice.h"

#define X(name, workers, timeout, traits, lookup, arg)			\
	{ #name, workers, timeout, traits, #lookup },
static const struct auth_kind kinds[] = { AUTH_KINDS(X, ) };
#undef X

const struct auth_kind *
auth_kind_find(const char *name)
{
	size_t	i;

	for (i = 0; i < nitems(kinds); i++)
		if (strcmp(kinds[i].name, name) == 0)
			return &kinds[i];
	return NULL;
}

unsigned
auth_kind_takes(const char *type)
{
	const struct auth_kind	*kind = auth_kind_find(type);

	if (kind == NULL)
		return AUTH_TAKES_ALL;
	if (kind->traits & AUTH_CERTIFICATE)
		return AUTH_TAKES_CERTIFICATE;
	return (kind->traits & AUTH_BEARER ? AUTH_TAKES_BEARER :
	    AUTH_TAKES_PASSWORD) |
	    (kind->traits & AUTH_SCRAM ? AUTH_TAKES_PROOF : 0);
}

bool
auth_has_app(const char *where)
{
	return where != NULL && *where != '\0' && strcmp(where, "none") != 0;
}

unsigned
auth_takes(const struct slice *s)
{
	const char	*type;
	unsigned	 takes = auth_has_app(slice_at(s, "app-passwords")) ?
			    AUTH_TAKES_PASSWORD : 0;
	uint32_t	 i;

	for (i = 0; (type = slice_at(s, "auth.%u.type", i)) != NULL; i++)
		takes |= auth_kind_takes(type);
	return takes;
}

bool
auth_mechanism_works(struct str mechanism, unsigned takes)
{
	static const struct {
		const char	*name;
		unsigned	 needs;
	} rows[] = {
		{ "PLAIN", AUTH_TAKES_PASSWORD },
		{ "LOGIN", AUTH_TAKES_PASSWORD },
		{ "SCRAM-SHA-256", AUTH_TAKES_PROOF },
		{ "OAUTHBEARER", AUTH_TAKES_BEARER },
		{ "XOAUTH2", AUTH_TAKES_BEARER }
	};
	size_t	i;

	for (i = 0; i < nitems(rows); i++)
		if (str_eq(mechanism, str_from(rows[i].name)))
			return (rows[i].needs & takes) != 0;
	return false;
}

int
auth_entries_add(struct auth_entries *e, const char *type, const char *lookup)
{
	const struct auth_kind	*kind = auth_kind_find(type);

	if (e->n == AUTH_ENTRIES_MAX)
		return -1;
	strlcpy(e->entry[e->n].type, type, sizeof(e->entry[e->n].type));
	e->entry[e->n].lookup[0] = '\0';
	if (lookup != NULL && (kind == NULL ||
	    strcmp(kind->lookup, lookup) != 0))
		strlcpy(e->entry[e->n].lookup, lookup,
		    sizeof(e->entry[e->n].lookup));
	e->n++;
	return 0;
}

int
auth_entries_read(struct auth_entries *e, const struct slice *s)
{
	const char	*type;
	uint32_t	 i;

	memset(e, 0, sizeof(*e));
	for (i = 0; (type = slice_at(s, "auth.%u.type", i)) != NULL; i++)
		if (auth_entries_add(e, type,
		    slice_at(s, "auth.%u.lookup", i)) == -1)
			return -1;
	return 0;
}

uint32_t
auth_entries_before(const struct auth_entries *e, uint32_t entry,
    const char *kind)
{
	uint32_t	i, n = 0;

	for (i = 0; i < entry && i < e->n; i++)
		n += strcmp(e->entry[i].type, kind) == 0 ||
		    strcmp(e->entry[i].lookup, kind) == 0;
	return n;
}

static uint32_t
pool_num(const struct slice *s, size_t i, const char *name)
{
	char	key[48];

	snprintf(key, sizeof(key), "pools.%zu.%s", i, name);
	return (uint32_t)slice_num(s, key);
}

void
auth_pools_read(struct auth_pools *p, const struct slice *s)
{
	struct auth_pool	*q;
	const char		*type;

	memset(p, 0, sizeof(*p));
	for (; p->n < AUTH_POOLS_MAX; p->n++) {
		type = slice_at(s, "pools.%zu.type", p->n);
		if (type == NULL)
			return;
		q = &p->pool[p->n];
		strlcpy(q->type, type, sizeof(q->type));
		q->entry = pool_num(s, p->n, "entry");
		q->workers = pool_num(s, p->n, "workers");
		q->timeout_ms = pool_num(s, p->n, "timeout");
	}
}

size_t
auth_pool_find(const struct auth_pools *p, const char *type, uint32_t nth)
{
	size_t	k;

	for (k = 0; k < p->n; k++)
		if (strcmp(p->pool[k].type, type) == 0 &&
		    (p->pool[k].entry == AUTH_ALL || p->pool[k].entry == nth))
			return k;
	return AUTH_POOLS_MAX;
}

size_t
auth_pool_of_entry(const struct auth_pools *p, const struct auth_entries *e,
    uint32_t entry)
{
	if (entry >= e->n)
		return AUTH_POOLS_MAX;
	return auth_pool_find(p, e->entry[entry].type,
	    auth_entries_before(e, entry, e->entry[entry].type));
}

size_t
auth_pool_of_lookup(const struct auth_pools *p, const struct auth_entries *e,
    uint32_t entry)
{
	if (entry >= e->n || e->entry[entry].lookup[0] == '\0')
		return AUTH_POOLS_MAX;
	return auth_pool_find(p, e->entry[entry].lookup,
	    auth_entries_before(e, entry, e->entry[entry].lookup));
}

size_t
auth_pool_of_worker(const struct auth_pools *p, uint32_t worker)
{
	size_t	k;

	for (k = 0; k < p->n; k++) {
		if (worker < p->pool[k].workers)
			return k;
		worker -= p->pool[k].workers;
	}
	return AUTH_POOLS_MAX;
}
