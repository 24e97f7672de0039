/*
 * The limit of descriptors, and what of a process's own limits fits into
 * it: one that is higher would be noticed only when a descriptor is lost.
 */
#include <sys/types.h>
#include <sys/resource.h>

#include <fcntl.h>

#include "common/log.h"
#include "common/nofile.h"

#define LOOK	4096		/* descriptors; they are taken from 0 up */

void
nofile_raise(void)
{
	struct rlimit rl;

	if (getrlimit(RLIMIT_NOFILE, &rl) == -1)
		fatal("getrlimit");
	rl.rlim_cur = rl.rlim_max;
	if (setrlimit(RLIMIT_NOFILE, &rl) == -1)
		log_warn("setrlimit RLIMIT_NOFILE");
}

uint64_t
nofile_limit(void)
{
	struct rlimit rl;

	if (getrlimit(RLIMIT_NOFILE, &rl) == -1)
		return 0;
	return rl.rlim_cur == RLIM_INFINITY ? UINT64_MAX : rl.rlim_cur;
}

uint64_t
nofile_free(void)
{
	uint64_t	limit = nofile_limit(), n = 0;
	int		fd;

	for (fd = 0; fd < LOOK && (uint64_t)fd < limit; fd++)
		n += fcntl(fd, F_GETFD) != -1;
	return limit - n;
}

uint64_t
nofile_room(uint64_t spare)
{
	uint64_t	 n = nofile_free();

	return n > 2 * spare ? n - spare : n / 2;
}

uint64_t
nofile_fit(const char *what, uint64_t want, uint64_t each, uint64_t room)
{
	uint64_t fits = room / each;

	if (fits == 0)
		fits = 1;
	if (want <= fits)
		return want;
	log_warnx("%s: reduced from %llu to %llu, because this process is "
	    "limited to %llu file descriptors (RLIMIT_NOFILE)", what,
	    (unsigned long long)want, (unsigned long long)fits,
	    (unsigned long long)nofile_limit());
	return fits;
}
