/* Slices for tests, as paild would send them. */
#ifndef COMMON_TEST_SLICE_MAKE_H
#define COMMON_TEST_SLICE_MAKE_H

#include <stdarg.h>

#include "common/slice.h"

/*
 * Keys and values up to a NULL key, over those of base (up to a row of NULLs;
 * NULL: none): a key in both has the value of the call.  What is wrong with
 * them ends the test.
 */
struct slice *slice_make(const char *const base[][2], const char *key, ...);
struct slice *slice_vmake(const char *const base[][2], const char *key,
	    va_list ap);

#endif
