/* Complete, blocking reads at an offset in a file.  (common/write_all.h) */
#ifndef STORAGED_FILE_AT_H
#define STORAGED_FILE_AT_H

#include <stddef.h>
#include <stdint.h>

/* Exactly len bytes; -1 with errno (EBADMSG: the file ends before). */
int	 file_read_at(int fd, void *p, size_t len, uint64_t at);

#endif
