/* When a user's sessions were ended, against a change of the file. */
#include "common/compat.h"

#include <stdio.h>

#include "authd/revoked.h"
#include "common/test.h"

int
main(void)
{
	struct revoked	*r = revoked_new();
	char		 name[16];
	unsigned int	 i, kept = 0;

	CHECK(r != NULL && !revoked_since(r, "ann", 0, 100));
	revoked_put(r, "ann", 50);
	CHECK(revoked_since(r, "ann", 49, 100));
	CHECK(revoked_since(r, "ann", 50, 100));
	CHECK(!revoked_since(r, "ann", 51, 100));	/* changed again */
	CHECK(!revoked_since(r, "bob", 49, 100));
	CHECK(!revoked_since(r, "ann", 49, 40));	/* set back */
	for (i = 0; i < REVOKED_SLOTS; i++) {
		snprintf(name, sizeof(name), "u%u", i);
		revoked_put(r, name, 60);
	}
	CHECK(revoked_since(r, name, 60, 60));
	for (i = 0; i < REVOKED_SLOTS; i++) {
		snprintf(name, sizeof(name), "u%u", i);
		kept += revoked_since(r, name, 60, 60);
	}
	CHECK(kept > REVOKED_SLOTS / 2);
	revoked_free(r);
	revoked_free(NULL);
	return TEST_END();
}
