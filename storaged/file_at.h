/* Whole reads and writes at a place in a file; they block. */
#ifndef STORAGED_FILE_AT_H
#define STORAGED_FILE_AT_H

#include <stddef.h>
#include <stdint.h>

/* Exactly len bytes; -1 with errno (EBADMSG: the file ends before). */
int	 file_read_at(int fd, void *p, size_t len, uint64_t at);
/* All of it; -1 with errno (ENOSPC ...). */
int	 file_write_at(int fd, const void *p, size_t len, uint64_t at);

#endif
