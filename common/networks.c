/* See networks.h. */
#include "common/compat.h"

#include <stdio.h>

#include "common/networks.h"
#include "common/slice.h"

int
networks_read(struct networks *l, const struct slice *s, const char *key,
    char *why, size_t size)
{
	struct networks	 n = { .n = 0 };
	const char	*text, *bad;

	while ((text = slice_at(s, "%s.%zu", key, n.n)) != NULL) {
		bad = "too many";
		if (n.n == NETWORKS_MAX ||
		    network_parse(&n.v[n.n], text, &bad) == -1) {
			snprintf(why, size, "%s.%zu: %s", key, n.n, bad);
			return -1;
		}
		n.n++;
	}
	*l = n;
	return 0;
}

bool
networks_have(const struct networks *l, const struct sockaddr *sa,
    socklen_t len)
{
	size_t	 i;

	for (i = 0; i < l->n; i++)
		if (network_has(&l->v[i], sa, len))
			return true;
	return false;
}
