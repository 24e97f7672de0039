/*
 * OpenBSD: no core files.  pledge(2) and unveil(2) will come here, by kind.
 */
#include <sys/types.h>
#include <sys/resource.h>

#include "common/log.h"
#include "common/sandbox.h"

void
sandbox_enter(enum proc_kind kind)
{
	static const struct rlimit none = { 0, 0 };

	(void)kind;
	if (setrlimit(RLIMIT_CORE, &none) == -1)
		fatal("setrlimit RLIMIT_CORE");
}
