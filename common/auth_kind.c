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
auth_pool_of_entry(const struct auth_pools *p, const struct slice *s,
    uint32_t entry)
{
	const char	*type = slice_at(s, "auth.%u.type", entry), *other;
	uint32_t	 i, nth = 0;

	if (type == NULL)
		return AUTH_POOLS_MAX;
	for (i = 0; i < entry; i++) {
		other = slice_at(s, "auth.%u.type", i);
		nth += other != NULL && strcmp(other, type) == 0;
	}
	return auth_pool_find(p, type, nth);
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
