/* Other systems: no core files, which is all that POSIX has to offer. */
#include <sys/resource.h>

#include "common/log.h"
#include "common/sandbox.h"

void
sandbox_enter(const struct sandbox *s)
{
	static const struct rlimit none = { 0, 0 };

	(void)s;
	if (setrlimit(RLIMIT_CORE, &none) == -1)
		fatal("setrlimit RLIMIT_CORE");
}
