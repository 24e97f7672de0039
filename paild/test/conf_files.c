/*
 * The files that configurations of tests name.
 */
#include "common/compat.h"

#include <sys/stat.h>

#include <stdio.h>
#include <unistd.h>

#include "common/test.h"
#include "paild/test/conf_files.h"

static char	 remove_files[64];

void
conf_files_copy(void)
{
	static char	 dir[] = "/tmp/pail-conf-XXXXXX";
	char		 command[256];
	static const char *const names[] = { "key.pem", "other-key.pem",
	    "locked-key.pem", "secret", "empty", "two-lines" };
	char	path[64];
	size_t	i;

	CHECK(mkdtemp(dir) != NULL);
	snprintf(command, sizeof(command), "umask 022 && mkdir %s/paild "
	    "%s/man %s/etc && cp -R paild/test %s/paild && cp man/*.5 %s/man "
	    "&& cp etc/pail.yaml %s/etc", dir, dir, dir, dir, dir, dir);
	CHECK(system(command) == 0 && chdir(dir) == 0);
	for (i = 0; i < nitems(names); i++) {
		snprintf(path, sizeof(path), "paild/test/%s", names[i]);
		CHECK(chmod(path, 0600) == 0);
	}
	CHECK(chmod("paild/test/open-secret", 0644) == 0);
	snprintf(remove_files, sizeof(remove_files), "rm -rf %s", dir);
}

void
conf_files_remove(void)
{
	CHECK(system(remove_files) == 0);
}
