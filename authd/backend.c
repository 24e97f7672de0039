/* The table of backends. */
#include "common/compat.h"

#include "authd/backend.h"

static const struct backend_kind *const backends[] = {
	&backend_file
};

const struct backend_kind *
backend_find(const char *type)
{
	size_t	i;

	for (i = 0; i < nitems(backends); i++)
		if (strcmp(backends[i]->type, type) == 0)
			return backends[i];
	return NULL;
}
