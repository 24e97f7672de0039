/* Memory for keys: zeroed, of any size, and gone when freed. */
#include "common/compat.h"

#include <string.h>

#include "common/locked.h"
#include "common/test.h"

int
main(void)
{
	static const size_t	 sizes[] = { 1, 32, 4096, 4097, 100000 };
	static const char	 none[100000];
	void			*p;
	size_t			 i;

	for (i = 0; i < nitems(sizes); i++) {
		p = locked_new(sizes[i]);
		CHECK_ROW(p != NULL && memcmp(p, none, sizes[i]) == 0, "%zu",
		    sizes[i]);
		memset(p, 'x', sizes[i]);
		locked_free(p, sizes[i]);
	}
	locked_free(NULL, 1);
	return TEST_END();
}
