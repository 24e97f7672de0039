/* Lists of networks: all of them, not one more than there is room for. */
#include "common/compat.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>

#include "common/networks.h"
#include "common/slice.h"
#include "common/test.h"
#include "common/test/slice_make.h"

static bool
has(const struct networks *l, const char *address)
{
	struct sockaddr_in	 sin = { .sin_family = AF_INET };

	CHECK(inet_pton(AF_INET, address, &sin.sin_addr) == 1);
	return networks_have(l, (struct sockaddr *)&sin, sizeof(sin));
}

int
main(void)
{
	static char		 keys[NETWORKS_MAX + 1][16];
	const char		*rows[NETWORKS_MAX + 2][2] = { { NULL } };
	struct networks		 l = { .n = 0 };
	struct slice		*s;
	char			 why[200];
	size_t			 i;

	s = slice_make(NULL, "n.0", "192.0.2.0/24", "n.1", "10.1.2.3", "m.0",
	    "nonsense", NULL);
	CHECK(networks_read(&l, s, "none", why, sizeof(why)) == 0 && l.n == 0);
	CHECK(networks_read(&l, s, "n", why, sizeof(why)) == 0 && l.n == 2);
	CHECK(has(&l, "192.0.2.77") && has(&l, "10.1.2.3") &&
	    !has(&l, "10.1.2.4"));
	CHECK(networks_read(&l, s, "m", why, sizeof(why)) == -1 &&
	    strncmp(why, "m.0: ", 5) == 0 && l.n == 2);
	slice_free(s);
	for (i = 0; i <= NETWORKS_MAX; i++) {
		snprintf(keys[i], sizeof(keys[i]), "n.%zu", i);
		rows[i][0] = keys[i];
		rows[i][1] = "192.0.2.1";
	}
	s = slice_make(rows, NULL);
	CHECK(networks_read(&l, s, "n", why, sizeof(why)) == -1 &&
	    strcmp(why, "n.64: too many") == 0 && l.n == 2);
	slice_free(s);
	rows[NETWORKS_MAX][0] = NULL;
	s = slice_make(rows, NULL);
	CHECK(networks_read(&l, s, "n", why, sizeof(why)) == 0 &&
	    l.n == NETWORKS_MAX);
	slice_free(s);
	return TEST_END();
}
