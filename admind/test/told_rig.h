/* What processes have sent, as admind knows it: their figures. */
#ifndef ADMIND_TEST_TOLD_RIG_H
#define ADMIND_TEST_TOLD_RIG_H

#include <stddef.h>
#include <stdint.h>

#include "admind/known/state.h"
#include "common/counter.h"
#include "common/msg_setup.h"
#include "common/proc_kind.h"

extern struct ctl_count	 told_rows[32];	/* since the last told_sent() */
extern size_t		 told_nrows;
extern struct admin_proc told_procs[4];
extern struct state	 told;		/* of these */

/* Its scale is 1, of a histogram a million. */
void	 told_row(enum counter_kind kind, const char *metric,
	    const char *labels, uint64_t value);
/* The rows so far are what the next process has sent: down, without an answer,
 * but for what the caller says. */
struct admin_proc *told_sent(enum proc_kind kind, uint32_t index);
void	 told_forget(void);

#endif
