/* A text that changes when one of some files does. */
#ifndef AUTHD_STAMP_H
#define AUTHD_STAMP_H

#include <stddef.h>

#define STAMP_LEN	32	/* characters */
#define STAMP_FILES	8

/* Of n paths (at most STAMP_FILES); what is not there, or out of reach, counts
 * as that.  dst has STAMP_LEN + 1 bytes at least. */
void	 stamp_files(const char *const *paths, size_t n, char *dst,
	    size_t size);

#endif
