/*
 * What a process is doing, as far as the system knows: for the log line about
 * one that hangs.
 */
#ifndef COMMON_WHERE_H
#define COMMON_WHERE_H

#include <sys/types.h>

#include <stddef.h>

/*
 * Words and keys, such as state="stopped" wchan=do_signal_stop; "" if nothing
 * is known.  Never blocks on the process.  Returns dst.
 */
char	*where_is(pid_t pid, char *dst, size_t size);

#endif
