/* The program's own path, and an id of the boot that stays. */
#include "common/compat.h"

#include "common/host.h"
#include "common/test.h"

int
main(int argc, char *argv[])
{
	const char	*boot = host_boot();
	char		 first[64], name[256], *path;

	(void)argc;
	CHECK(boot[0] != '\0' && strchr(boot, '\n') == NULL);
	CHECK(strlcpy(first, boot, sizeof(first)) < sizeof(first));
	CHECK(strcmp(first, host_boot()) == 0);
	host_name(name, sizeof(name));
	CHECK(name[0] != '\0' && name[strspn(name, "abcdefghijklmnopqrstuvwxyz"
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-.")] == '\0');
	path = host_program(argv[0]);
	CHECK(path != NULL && path[0] == '/');
	CHECK(path != NULL && strstr(path, "host_test") != NULL);
	free(path);
#ifndef __linux__
	CHECK(host_program("host_test") == NULL);
#endif
	return TEST_END();
}
