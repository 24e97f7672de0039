/* System-specific information about the host and this process. */
#ifndef COMMON_HOST_H
#define COMMON_HOST_H

#include <stddef.h>

/*
 * The absolute path of the running program, with links resolved: from the
 * system if it knows, else from argv0 if that contains a slash.  NULL: unknown.
 * The caller frees the result.
 */
char	*host_program(const char *argv0);
/*
 * Identifies this boot of the machine; never empty.  If the system has no boot
 * id, it is unique to this process, so that no two processes appear to be from
 * the same boot.  Read once and kept: ask before the sandbox.
 */
const char *host_boot(void);

/*
 * This host's name, "localhost" if it has none: letters, digits, dots and
 * dashes alone, since it stands in lines that others read.  Before the sandbox.
 */
void	 host_name(char *dst, size_t size);

#endif
