/* Reports that need no running suite: paild -C (paild(8)). */
#ifndef PAILCTL_RUN_PAILD_H
#define PAILCTL_RUN_PAILD_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>

#include "common/buf.h"

/*
 * Becomes "paild -C report -f file", of the paild that lies next to us (program
 * is our argv[0]); returns only on failure, with errno.
 */
void	 run_paild(const char *program, const char *report,
	    const char *file);
/*
 * The same as a child, with this signal mask; what it prints (and with logs,
 * what it logs) is appended to out.  good: its exit status is 0.  -1: it could
 * not be run; the reason is in why.
 */
int	 run_paild_read(const char *program, const char *report,
	    const char *file, const sigset_t *mask, bool logs, struct buf *out,
	    bool *good, char *why, size_t size);

#endif
