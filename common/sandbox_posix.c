/* Other systems: no core files, which is all that POSIX has to offer. */
#include <sys/resource.h>

#include "common/log.h"
#include "common/sandbox_impl.h"

bool
sandbox_drop_before(const char *dir)
{
	(void)dir;
	return false;
}

void
sandbox_drop_after(void)
{
}

const char *
sandbox_lacks(void)
{
	return "this system is not one whose sandbox Pail knows";
}

void
sandbox_enter(const struct sandbox *s)
{
	static const struct rlimit none = { 0, 0 };

	if (!s->best_effort)
		fatalx("sandbox: %s", sandbox_lacks());
	if (setrlimit(RLIMIT_CORE, &none) == -1)
		fatal("setrlimit RLIMIT_CORE");
}
