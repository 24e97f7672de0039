/* The end of a channel, in the log. */
#include "common/compat.h"

#include <inttypes.h>

#include "common/lost.h"
#include "common/daemon.h"
#include "common/log.h"

void
lost(enum proc_kind kind, uint32_t index, const char *why)
{
	if (strcmp(why, "end of file") == 0)	/* paild warns of a crash */
		log_debug("%s=%" PRIu32 " result=closed why=\"%s\"",
		    proc_kind_name(kind), index, why);
	else
		log_warnx("%s=%" PRIu32 " result=cut why=\"%s\"",
		    proc_kind_name(kind), index, why);
	daemon_lost(kind, index);
}
