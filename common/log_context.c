/* See log_context.h; https://www.w3.org/TR/trace-context/, "traceparent". */
#include "common/hex.h"
#include "common/log_context.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/compat.h"

static _Thread_local struct log_context	now;

uint64_t
log_context_session(void)
{
	uint64_t	 id;

	do
		arc4random_buf(&id, sizeof(id));
	while (id == 0);
	return id;
}

void
log_context_get(struct log_context *c)
{
	*c = now;
}

void
log_context_swap(const struct log_context *c, struct log_context *old)
{
	static const struct log_context	none;
	struct log_context		new = c != NULL ? *c : none;

	if (old != NULL)
		*old = now;
	now = new;
}

void
log_context_trace(struct log_context *c)
{
	c->traced = true;
	arc4random_buf(c->trace, sizeof(c->trace));
	arc4random_buf(&c->span, sizeof(c->span));
	c->trace[0] |= c->trace[0] == 0;	/* all zeros are no id */
	c->span |= c->span == 0;
}

void
log_context_text(char dst[LOG_CONTEXT_TEXT], bool session, bool trace)
{
	char	id[2 * sizeof(now.trace) + 1];
	size_t	n = 0;

	dst[0] = '\0';
	if (session && now.session != 0)
		n += (size_t)snprintf(dst, LOG_CONTEXT_TEXT,
		    " session=%016" PRIx64, now.session);
	if (!trace || !now.traced)
		return;
	hex_print(now.trace, sizeof(now.trace), id);
	n += (size_t)snprintf(dst + n, LOG_CONTEXT_TEXT - n,
	    " trace=%s-%s-%016" PRIx64 "-01", "00", id, now.span);
	if (now.others > 0)
		snprintf(dst + n, LOG_CONTEXT_TEXT - n, " others=%" PRIu32,
		    now.others);
}
