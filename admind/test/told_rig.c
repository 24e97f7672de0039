/* See told_rig.h. */
#include "common/compat.h"

#include <stdlib.h>

#include "admind/test/told_rig.h"
#include "common/test.h"

struct ctl_count	 told_rows[32];
size_t			 told_nrows;
struct admin_proc	 told_procs[4];
struct state		 told = { .procs = told_procs,
			    .done = { .serving = true } };

void
told_row(enum counter_kind kind, const char *metric, const char *labels,
    uint64_t value)
{
	told_rows[told_nrows++] = (struct ctl_count){ .name = STR(""),
	    .kind = (uint8_t)kind, .scale = kind == COUNTER_HISTOGRAM ?
	    1000000 : 1, .metric = str_from(metric),
	    .labels = str_from(labels), .help = STR("A \\ \"help\""),
	    .value = value };
}

struct admin_proc *
told_sent(enum proc_kind kind, uint32_t index)
{
	struct ctl_counts	 counts = { { told_rows, told_nrows } };
	struct buf		 b = BUF_INIT;
	struct admin_proc	*p = &told_procs[told.nprocs++];

	CHECK(wire_encode(&ctl_counts_wire, &counts, &b) == 0);
	*p = (struct admin_proc){ .kind = (uint8_t)kind, .index = index,
	    .counts = { (const char *)b.data, b.len } };
	told_nrows = 0;
	return p;
}

void
told_forget(void)
{
	while (told.nprocs > 0)
		free((void *)(uintptr_t)told_procs[--told.nprocs].counts.p);
}
