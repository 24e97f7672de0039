/*
 * The few questions for which systems have no common call: the answers of
 * Linux come from /proc, elsewhere there is a fallback that errs on the safe
 * side.  What a process gives up is in sandbox_*.c, not here.
 */
#include "common/compat.h"

#include <fcntl.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "common/host.h"

#ifdef __linux__
#define PROGRAM_LINK	"/proc/self/exe"
#define BOOT_FILE	"/proc/sys/kernel/random/boot_id"
#endif

char *
host_program(const char *argv0)
{
	char	*path = NULL;

#ifdef PROGRAM_LINK
	path = realpath(PROGRAM_LINK, NULL);
#endif
	if (path == NULL && strchr(argv0, '/') != NULL)
		path = realpath(argv0, NULL);
	return path;
}

const char *
host_boot(void)
{
	static char	 id[64];

	if (id[0] != '\0')
		return id;
#ifdef BOOT_FILE
	ssize_t	 n;
	int	 fd;

	if ((fd = open(BOOT_FILE, O_RDONLY | O_CLOEXEC)) != -1) {
		if ((n = read(fd, id, sizeof(id) - 1)) < 0)
			n = 0;
		id[n] = '\0';
		id[strcspn(id, "\n")] = '\0';
		close(fd);
	}
#endif
	if (id[0] == '\0')
		snprintf(id, sizeof(id), "pid%ld-%lld", (long)getpid(),
		    (long long)time(NULL));
	return id;
}

void
host_name(char *dst, size_t size)
{
	char	*p;

	if (gethostname(dst, size) == -1)
		dst[0] = '\0';
	dst[size - 1] = '\0';
	for (p = dst; *p != '\0'; p++)
		if (!((*p >= 'a' && *p <= 'z') || (*p >= 'A' && *p <= 'Z') ||
		    (*p >= '0' && *p <= '9') || *p == '-' || *p == '.'))
			*p = '-';
	if (dst[0] == '\0')
		strlcpy(dst, "localhost", size);
}
