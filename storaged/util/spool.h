/* Unlinked files in the cache directory, for messages being uploaded. */
#ifndef STORAGED_SPOOL_H
#define STORAGED_SPOOL_H

#include <stddef.h>
#include <stdint.h>

/* A new one; -1 with errno. */
int	 spool_open(const char *dir);

#endif
