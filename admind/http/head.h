/*
 * The head of an HTTP/1.1 request (RFC 9112), parsed strictly: whatever two
 * programs could read in two ways is refused, and there is nothing to smuggle.
 * Knows no pages and does no I/O.
 */
#ifndef ADMIND_HTTP_HEAD_H
#define ADMIND_HTTP_HEAD_H

#include <stdbool.h>
#include <stddef.h>

#include "common/buf.h"

#define OWS	" \t"		/* RFC 9110, section 5.6.3 */

#define HEAD_MAX	8192	/* octets, with the empty line */
#define HEAD_FIELDS	64
#define HEAD_CONTENT	9	/* digits of Content-Length */

enum head_method { HEAD_GET, HEAD_HEAD, HEAD_POST, HEAD_OTHER };

/* All strings are borrowed from the octets parsed; absent: length 0.  But for
 * Accept, a field that is there twice is an error. */
struct head {
	enum head_method method;
	struct str	 path;		/* "/metrics"; not decoded */
	struct str	 query;		/* without the "?" */
	struct str	 host;		/* of the target, else of Host */
	struct str	 accept;	/* of several, the first */
	struct str	 authorization;
	struct str	 cookie;
	struct str	 origin;
	struct str	 fetch_site;	/* Sec-Fetch-Site */
	struct str	 fetch_dest;	/* Sec-Fetch-Dest */
	struct str	 type;		/* Content-Type */
	bool		 length;	/* there is a Content-Length */
	size_t		 content;	/* octets that follow; only of POST */
	bool		 old;		/* HTTP/1.0 */
	bool		 last;		/* the connection ends after it */
};

/*
 * How many of the len octets at p are the head: 0 if its end has not come yet
 * (and may not, once len is HEAD_MAX); from is where to look on, at first 0.
 */
size_t	 head_end(const void *p, size_t len, size_t *from);
/*
 * Parses one whole head.  0, or the status of the answer, after which the
 * connection ends: 400, 413 (a request with content), 417, 501 (a transfer
 * coding) or 505.
 */
int	 head_parse(const void *p, size_t len, struct head *h);

#endif
