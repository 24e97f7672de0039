/*
 * What every fuzz target shares.  A target is one function that is given
 * any octets; main() hands its arguments to fuzz_main(), which
 *
 *  - under AFL++ (MODE=fuzz) takes input after input from the fuzzer,
 *  - else reads each file that an argument names, or standard input: so
 *    that a kept corpus replays on any build (mk/fuzz.sh replay),
 *
 * and checks that an input costs no more than FUZZ_SECONDS.
 */
#ifndef COMMON_FUZZ_H
#define COMMON_FUZZ_H

#include <err.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define FUZZ_MAX	(4 * 1024 * 1024)
#define FUZZ_SECONDS	5	/* of CPU time for one input: anything linear
				   takes far less, even with sanitizers */

typedef void (*fuzz_fn)(const uint8_t *, size_t);

/* The decoder has broken its contract. */
#define FUZZ_CHECK(cond) do {						\
	if (!(cond)) {							\
		fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__,	\
		    #cond);						\
		abort();						\
	}								\
} while (0)

/* The octets in an allocation of exactly their size, so that ASan detects a
 * read beyond them. */
static inline void
fuzz_give(fuzz_fn fn, const uint8_t *p, size_t len)
{
	uint8_t	*own = malloc(len == 0 ? 1 : len);
	clock_t	 begun = clock();

	if (own == NULL)
		err(2, NULL);
	if (len != 0)
		memcpy(own, p, len);
	fn(own, len);
	free(own);
	FUZZ_CHECK((clock() - begun) / CLOCKS_PER_SEC < FUZZ_SECONDS);
}

#ifdef __AFL_HAVE_MANUAL_CONTROL
#ifndef __clang__
#error "afl-clang-fast is what mk/fuzz.sh uses"
#endif
__AFL_FUZZ_INIT();
#endif

static inline void
fuzz_file(fuzz_fn fn, FILE *f, const char *name)
{
	uint8_t	*all = malloc(FUZZ_MAX);
	size_t	 len;

	if (f == NULL || all == NULL)
		err(2, "%s", name);
	len = fread(all, 1, FUZZ_MAX, f);
	fclose(f);
	fuzz_give(fn, all, len);
	free(all);
}

static inline int
fuzz_main(int argc, char **argv, fuzz_fn fn)
{
	int	 i;

#ifdef __AFL_HAVE_MANUAL_CONTROL
	if (argc < 2) {
		const uint8_t	*p;

		__AFL_INIT();
		p = __AFL_FUZZ_TESTCASE_BUF;
		while (__AFL_LOOP(20000))
			fuzz_give(fn, p, (size_t)__AFL_FUZZ_TESTCASE_LEN);
		return 0;
	}
#endif
	if (argc < 2)
		fuzz_file(fn, stdin, "standard input");
	for (i = 1; i < argc; i++)
		fuzz_file(fn, fopen(argv[i], "rb"), argv[i]);
	return 0;
}

#endif
