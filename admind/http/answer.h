/* An answer of HTTP, while a page makes it. */
#ifndef ADMIND_HTTP_ANSWER_H
#define ADMIND_HTTP_ANSWER_H

#include <stdbool.h>

#include "common/buf.h"

#define ANSWER_MAX	(64 * 1024 * 1024)	/* octets of a body */

struct answer {
	int		 status;
	const char	*type;		/* Content-Type; static */
	const char	*extra;		/* header lines with CRLF; static */
	struct buf	 body;
};

void	 answer_init(struct answer *a);
void	 answer_free(struct answer *a);
/* One line of text, without a newline; what was there before is dropped. */
void	 answer_text(struct answer *a, int status, const char *text);
/*
 * The octets to be sent, appended to out: without the body if head_only.  Only
 * static strings and numbers become header lines.  -1: out of memory.
 */
int	 answer_put(const struct answer *a, bool head_only, bool last,
	    struct buf *out);

#endif
