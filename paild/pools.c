/*
 * How many workers authd has, and for which backend each is: a matter of
 * paild's, which starts them.  A type that takes the processor's time has one
 * pool for all of its entries, another has one for each.
 */
#include "common/compat.h"

#include <inttypes.h>
#include <stdio.h>

#include "paild/pools.h"

/* How many entries before this one are of its type. */
static uint32_t
nth_of_type(const struct conf *c, uint32_t entry, const char *type)
{
	const char	*other;
	uint32_t	 i, n = 0;

	for (i = 0; i < entry; i++) {
		other = conf_at(c, "auth.%u.type", i);
		n += other != NULL && strcmp(other, type) == 0;
	}
	return n;
}

static bool
has_pool(const struct auth_pools *p, const char *type, uint32_t nth)
{
	return auth_pool_find(p, type, nth) != AUTH_POOLS_MAX;
}

void
pools_make(struct auth_pools *p, const struct conf *c)
{
	const struct auth_kind	*kind;
	const char		*type;
	uint32_t		 i, nth;

	memset(p, 0, sizeof(*p));
	for (i = 0; (type = conf_at(c, "auth.%u.type", i)) != NULL; i++) {
		nth = nth_of_type(c, i, type);
		if ((kind = auth_kind_find(type)) == NULL ||
		    has_pool(p, type, nth) || p->n == AUTH_POOLS_MAX)
			continue;
		strlcpy(p->pool[p->n].type, type, sizeof(p->pool[p->n].type));
		p->pool[p->n].entry = kind->workers == 0 ? AUTH_ALL : nth;
		p->pool[p->n].workers = kind->workers != 0 ? kind->workers :
		    conf_processes(c, PROC_AUTHWORKER);
		p->pool[p->n++].timeout_ms = kind->timeout * 1000;
	}
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

void
pools_missing(const struct auth_pools *p, const struct conf *c,
    void (*missing)(uint32_t entry, const char *type, void *arg), void *arg)
{
	const char	*type;
	uint32_t	 i;

	for (i = 0; (type = conf_at(c, "auth.%u.type", i)) != NULL; i++)
		if (!has_pool(p, type, nth_of_type(c, i, type)))
			missing(i, type, arg);
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
