/* What fits into the limit of descriptors. */
#include <sys/types.h>
#include <sys/resource.h>

#include <fcntl.h>
#include <unistd.h>

#include "common/compat.h"
#include "common/log.h"
#include "common/nofile.h"
#include "common/test.h"

static void
test_free(void)
{
	struct rlimit	was, rl;
	uint64_t	n;
	int		fd;

	CHECK(getrlimit(RLIMIT_NOFILE, &was) == 0);
	rl = was;
	rl.rlim_cur = 64;
	CHECK(setrlimit(RLIMIT_NOFILE, &rl) == 0);
	CHECK(nofile_limit() == 64);
	n = nofile_free();
	CHECK(n > 0 && n <= 61);
	CHECK((fd = open("/dev/null", O_RDONLY)) != -1);
	CHECK(nofile_free() == n - 1);
	close(fd);
	/* It is what open(2) finds to be so. */
	for (n = nofile_free(); n > 0; n--)
		CHECK(open("/dev/null", O_RDONLY) != -1);
	CHECK(nofile_free() == 0);
	CHECK(open("/dev/null", O_RDONLY) == -1);
	closefrom(3);
	CHECK(setrlimit(RLIMIT_NOFILE, &was) == 0);
}

static void
test_fit(void)
{
	static const struct { uint64_t want, each, room, fits; } t[] = {
		{ 20000, 2, 960, 480 }, { 480, 2, 960, 480 },
		{ 481, 2, 960, 480 }, { 1, 2, 960, 1 }, { 20000, 2, 0, 1 },
		{ 20000, 2, 1, 1 }, { 1000000, 1, UINT64_MAX, 1000000 },
	};
	size_t	i;

	for (i = 0; i < nitems(t); i++)
		CHECK_ROW(nofile_fit("x", t[i].want, t[i].each, t[i].room) ==
		    t[i].fits, "%zu", i);
}

int
main(void)
{
	log_init("test");
	log_set_level(LOG_LEVEL_ERROR);
	test_free();
	test_fit();
	return TEST_END();
}
