/* Writes everything to a blocking file or pipe. */
#ifndef COMMON_WRITE_ALL_H
#define COMMON_WRITE_ALL_H

#include <stddef.h>
#include <stdint.h>

/* Continues after signals and short writes.  -1 with errno (ENOSPC ...): some
 * of it may have been written. */
int	 write_all(int fd, const void *p, size_t len);
/* The same at an offset in a file, whose own offset does not change. */
int	 write_all_at(int fd, const void *p, size_t len, uint64_t at);

#endif
