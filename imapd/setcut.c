/* Cutting pieces off a set of UIDs.  Pure. */
#include "imapd/setcut.h"

#include <string.h>

int
set_cut(struct uidset *from, uint64_t n, struct uidset *to)
{
	struct uidrange	*r;
	size_t		 i;
	int		 ret = 0;

	for (i = 0; i < from->n && n > 0 && ret == 0; i++) {
		r = &from->v[i];
		if ((uint64_t)r->last - r->first >= n) {
			ret = uidset_add(to, r->first,
			    (uint32_t)(r->first + n - 1));
			r->first += (uint32_t)n;
			break;
		}
		n -= (uint64_t)r->last - r->first + 1;
		ret = uidset_add(to, r->first, r->last);
	}
	from->n -= i;
	if (i > 0 && from->n > 0)
		memmove(from->v, from->v + i, from->n * sizeof(*from->v));
	return ret;
}
