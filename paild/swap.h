/*
 * Replacing a file that other processes read: they see the old one or the new
 * one, whatever happens in between.  One writer at a time, by a lock on the
 * directory.
 */
#ifndef PAILD_SWAP_H
#define PAILD_SWAP_H

#include <sys/stat.h>

#include <stdbool.h>
#include <stddef.h>

#include "common/buf.h"

/*
 * The directory of path, locked until it is closed.  wait: until others have
 * finished; otherwise -1 with errno EWOULDBLOCK.  -1: the reason is in why.
 */
int	 swap_lock(const char *path, bool wait, char *why, size_t size);
/*
 * Puts b in the place of path, whose directory is locked (dirfd).  Mode and
 * owner are those of old; NULL: there is none, and as root it gets mode 0640
 * and the given group if that exists, otherwise 0600.
 */
int	 swap_replace(const char *path, int dirfd, const struct stat *old,
	    const char *group, const struct buf *b, char *why, size_t size);

#endif
