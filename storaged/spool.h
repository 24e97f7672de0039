/* Unlinked files in the cache directory, for messages on their way. */
#ifndef STORAGED_SPOOL_H
#define STORAGED_SPOOL_H

#include <stddef.h>
#include <stdint.h>

/* A new one; -1 with errno. */
int	 spool_open(const char *dir);
/* All of it, at the end; -1 with errno (ENOSPC ...). */
int	 spool_append(int fd, const void *p, size_t len);

#endif
