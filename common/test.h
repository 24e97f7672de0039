/*
 * Shared by all unit tests.  A test is a main() that calls CHECK in functions
 * of its own and ends with `return TEST_END();`.
 */
#ifndef COMMON_TEST_H
#define COMMON_TEST_H

#include <fcntl.h>
#include <stdio.h>

/* One of each per program, although every file with checks (a test and its rigs
 * in test/) includes this: weak, so that the linker merges them. */
__attribute__((weak)) int test_failed, test_count;

#define CHECK(cond) do {						\
	test_count++;							\
	if (!(cond)) {							\
		test_failed++;						\
		fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__,	\
		    #cond);						\
	}								\
} while (0)

/* With a message that says which row of a table failed. */
#define CHECK_ROW(cond, ...) do {					\
	test_count++;							\
	if (!(cond)) {							\
		test_failed++;						\
		fprintf(stderr, "%s:%d: %s: ", __FILE__, __LINE__,	\
		    #cond);						\
		fprintf(stderr, __VA_ARGS__);				\
		fputc('\n', stderr);					\
	}								\
} while (0)

/*
 * How long a test waits for something before it fails: much longer than it
 * takes on any machine.  Wait on the event loop, on poll(2) or on waitpid(2),
 * and use clock_ms() for the deadline.
 */
#define TEST_PATIENCE_MS	60000

/* How many descriptors are open, to detect leaks. */
static inline int
test_open_fds(void)
{
	int	 fd, n = 0;

	for (fd = 0; fd < 256; fd++)
		n += fcntl(fd, F_GETFD) != -1;
	return n;
}

#define TEST_END()							\
	(printf("%d checks, %d failed\n", test_count, test_failed),	\
	    test_failed != 0 || test_count == 0)

#endif
