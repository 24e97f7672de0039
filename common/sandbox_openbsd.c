/*
 * OpenBSD: no core files, unveil(2) and pledge(2).  "error": what is not
 * promised fails instead of killing, as it does under Landlock.
 */
#include <sys/types.h>
#include <sys/resource.h>

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "common/compat.h"
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
	return NULL;
}

static void
show_paths(const struct sandbox *s)
{
	size_t	i;

	for (i = 0; i < s->npaths; i++)
		if (unveil(s->paths[i].path, s->paths[i].write ? "rwc" :
		    "r") == -1 && errno != ENOENT && errno != EACCES)
			fatal("unveil %s", s->paths[i].path);
	if (s->executes && unveil("/", "rx") == -1)
		fatal("unveil /");
	if (unveil(NULL, NULL) == -1)
		fatal("unveil");
}

void
sandbox_enter(const struct sandbox *s)
{
	static const struct rlimit none = { 0, 0 };
	char			 promises[128] = "error stdio recvfd sendfd";

	if (setrlimit(RLIMIT_CORE, &none) == -1)
		fatal("setrlimit RLIMIT_CORE");
	show_paths(s);
	if (s->npaths > 0)
		strlcat(promises, " rpath", sizeof(promises));
	if (sandbox_writes(s))
		strlcat(promises, " wpath cpath flock", sizeof(promises));
	if (s->accepts || sandbox_connects(s))
		strlcat(promises, " inet", sizeof(promises));
	if (sandbox_connects(s))
		strlcat(promises, " dns", sizeof(promises));
	if (s->local)
		strlcat(promises, " unix", sizeof(promises));
	if (s->executes)
		strlcat(promises, " proc exec", sizeof(promises));
	if (pledge(promises, NULL) == -1)
		fatal("pledge %s", promises);
	sandbox_word("pledge,unveil");
}
