/* What each system says in its own way about itself and this process. */
#ifndef COMMON_HOST_H
#define COMMON_HOST_H

/*
 * The absolute path of the program that runs, links resolved: from the
 * system where it tells, else from argv0 if that has a slash.  NULL: not
 * known.  The answer is the caller's to free.
 */
char	*host_program(const char *argv0);
/*
 * What tells this boot of the machine from any other; never empty.  Where
 * the system has no such id it is this process's own, so that no two
 * processes seem to be of one boot.  Read once and kept: ask before a jail.
 */
const char *host_boot(void);

#endif
