/* The clocks agree with one another and only go on. */
#include <time.h>

#include "common/clock.h"
#include "common/test.h"

int
main(void)
{
	struct timespec	 pause = { .tv_nsec = 2000000 };
	uint64_t	 us = clock_us(), ms = clock_ms();
	uint64_t	 boot = clock_boot_ms();

	CHECK(ms >= us / 1000 && ms - us / 1000 < 60000);
	CHECK(boot + 1000 >= ms);	/* the sleep is in it */
	while (nanosleep(&pause, &pause) == -1)
		continue;
	CHECK(clock_us() - us >= 2000 && clock_us() - us < 60000000);
	CHECK(clock_ms() > ms && clock_boot_ms() > boot);
	return TEST_END();
}
