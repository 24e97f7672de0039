/*
 * What every fuzz target shares: the input is the file named by the first
 * argument, or standard input (AFL++ and a corpus by hand both fit).
 */
#ifndef COMMON_FUZZ_H
#define COMMON_FUZZ_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#define FUZZ_MAX	(4 * 1024 * 1024)

/* All bytes, in an allocation of just their size; exits on an error. */
static inline uint8_t *
fuzz_input(int argc, char **argv, size_t *len)
{
	FILE	*f = argc > 1 ? fopen(argv[1], "rb") : stdin;
	uint8_t	*all = malloc(FUZZ_MAX), *p;

	if (f == NULL || all == NULL)
		exit(2);
	*len = fread(all, 1, FUZZ_MAX, f);
	if (f != stdin)
		fclose(f);
	p = realloc(all, *len == 0 ? 1 : *len);
	return p == NULL ? all : p;
}

/* A broken promise of the decoder. */
#define FUZZ_CHECK(cond) do {						\
	if (!(cond))							\
		abort();						\
} while (0)

#endif
