/* An answer of HTTP, while a page makes it. */
#ifndef ADMIND_HTTP_ANSWER_H
#define ADMIND_HTTP_ANSWER_H

#include <stdbool.h>

#include "common/buf.h"

#define ANSWER_MAX	(64 * 1024 * 1024)	/* octets of a body */
#define ANSWER_FIELDS	8192			/* of answer_field() */

struct answer {
	int		 status;
	const char	*type;		/* Content-Type; static */
	const char	*extra;		/* header lines with CRLF; static */
	struct buf	 fields;	/* more of them: answer_field() */
	struct buf	 body;		/* wiped in the end, as fields is */
};

void	 answer_init(struct answer *a);
void	 answer_free(struct answer *a);
/* One line of text, without a newline; what was there before is dropped. */
void	 answer_text(struct answer *a, int status, const char *text);
/*
 * One more header line.  name is static; a value that has anything but printing
 * ASCII characters is never sent: -1, and the answer is not, either.
 */
int	 answer_field(struct answer *a, const char *name, struct str value);
/*
 * The octets to be sent, appended to out: without the body if head_only.  -1:
 * out of memory, or see answer_field().
 */
int	 answer_put(const struct answer *a, bool head_only, bool last,
	    struct buf *out);

#endif
