/*
 * The few lines that every unit test shares.  A test is a main() that calls
 * CHECK in functions of its own and ends with `return TEST_END();`.
 */
#ifndef COMMON_TEST_H
#define COMMON_TEST_H

#include <fcntl.h>
#include <stdio.h>

static int test_failed, test_count;

#define CHECK(cond) do {						\
	test_count++;							\
	if (!(cond)) {							\
		test_failed++;						\
		fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__,	\
		    #cond);						\
	}								\
} while (0)

/* With a few words on which row of a table it was. */
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

/* How many descriptors are open: none may leak. */
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
