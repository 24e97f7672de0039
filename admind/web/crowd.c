/* See crowd.h. */
#include "common/compat.h"

#include "admind/web/crowd.h"
#include "common/addr_key.h"

int64_t	 crowd_sure_ms = 500;

static struct one {
	struct web	*web;		/* NULL: free */
	struct addr_key	 from;
	int64_t		 since;
	uint64_t	 turn;		/* of arrival */
} ones[CROWD_MAX];

static unsigned int
count(const struct addr_key *from)
{
	unsigned int	 n = 0;
	size_t		 i;

	for (i = 0; i < CROWD_MAX; i++)
		n += ones[i].web != NULL && addr_key_same(&ones[i].from,
		    from);
	return n;
}

/* The oldest of the address that would have most; own: of that of from. */
static const struct one *
pick(const struct addr_key *from, bool own)
{
	const struct one	*k, *out = NULL;
	unsigned int		 n, most = 0;

	for (k = ones; k < ones + CROWD_MAX; k++) {
		if (k->web == NULL || (own && !addr_key_same(&k->from, from)))
			continue;
		n = count(&k->from) + addr_key_same(&k->from, from);
		if (out == NULL || n > most || (n == most && k->turn <
		    out->turn)) {
			out = k;
			most = n;
		}
	}
	return out;
}

static struct one *
find(const struct web *w)
{
	size_t	 i;

	for (i = 0; i < CROWD_MAX; i++)
		if (ones[i].web == w)
			return &ones[i];
	return NULL;
}

bool
crowd_room(const char *remote, int64_t now, struct web **out)
{
	const struct one	*k;
	struct addr_key		 from;
	bool			 own;

	*out = NULL;
	addr_key_parse(&from, remote);
	own = !addr_key_loopback(&from) && count(&from) >= CROWD_FROM;
	if (!own && find(NULL) != NULL)
		return true;
	k = pick(&from, own);
	if (k == NULL || now - k->since < crowd_sure_ms)
		return false;
	*out = k->web;
	return true;
}

void
crowd_add(struct web *w, const char *remote, int64_t now)
{
	static uint64_t	 last;
	struct one	*k = find(NULL);

	if (k == NULL)
		return;
	k->web = w;
	addr_key_parse(&k->from, remote);
	k->since = now;
	k->turn = ++last;
}

void
crowd_remove(const struct web *w)
{
	struct one	*k = find(w);

	if (k != NULL)
		k->web = NULL;
}
