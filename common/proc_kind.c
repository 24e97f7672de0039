/* The table of processes, as it is looked up. */
#include "common/compat.h"

#include "common/proc_kind.h"

#define X(kind, name, program, user, traits, stop)			\
	[PROC_##kind] = { #name, #program, #user, traits, PROC_STOP_##stop },
static const struct proc_row rows[PROC_KINDS] = {
	[PROC_PAILD] = { "paild", "paild", NULL, 0, PROC_STOP_REST },
	PROC_TABLE(X)
};
#undef X

const struct proc_row *
proc_row(enum proc_kind kind)
{
	return &rows[kind];
}

const char *
proc_kind_name(enum proc_kind kind)
{
	return (size_t)kind < nitems(rows) ? rows[kind].name : "?";
}

enum proc_kind
proc_kind_find(const char *name)
{
	int	kind;

	for (kind = 0; kind < PROC_KINDS; kind++)
		if (strcmp(rows[kind].name, name) == 0)
			break;
	return (enum proc_kind)kind;
}
