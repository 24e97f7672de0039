/* The end of a channel, in the log. */
#include "common/compat.h"

#include <inttypes.h>

#include "authd/lost.h"
#include "common/log.h"

void
lost(const char *kind, uint32_t index, const char *why)
{
	if (strcmp(why, "end of file") == 0)	/* paild warns of a crash */
		log_debug("%s=%" PRIu32 " result=closed why=\"%s\"", kind,
		    index, why);
	else
		log_warnx("%s=%" PRIu32 " result=cut why=\"%s\"", kind,
		    index, why);
}
