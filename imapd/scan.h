/*
 * Where a command ends: collects a command's text octet by octet, in any
 * portions, up to its CRLF, through its literals.  Knows lines, quotes and
 * literals (RFC 3501 section 4.3, RFC 7888) and nothing else.
 */
#ifndef IMAPD_SCAN_H
#define IMAPD_SCAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/buf.h"

#define SCAN_LINE_MAX	(64 * 1024)	/* a command's text, literals too */

enum scan_event {
	SCAN_MORE,	/* wants further octets */
	SCAN_LITERAL,	/* a literal's header has been read */
	SCAN_COMMAND	/* the command is complete, or dropped to its end */
};

struct scan {
	bool		 quoted;	/* inside "..." */
	bool		 escaped;
	bool		 cr;		/* the last octet was CR */
	bool		 drop;		/* keep nothing more of this command */
	bool		 toolong;	/* that is why */
	uint8_t		 brace;		/* how much of "{n+}" ends the line */
	uint64_t	 literal;	/* octets of it still to come */
	uint64_t	 size;		/* the header's number, or UINT64_MAX */
	bool		 nonsync;	/* {n+} */
	size_t		 header;	/* where in text its "{" is */
};

void	 scan_init(struct scan *s);
/*
 * Takes octets from p into text until something happened; *used says how
 * many.  SCAN_COMMAND: text holds the command without its last CRLF (a bare
 * LF counts as one), and the scan is ready for the next one but for drop
 * and toolong, which scan_init() clears.
 * SCAN_LITERAL: text ends behind the header's CRLF; the caller calls
 * scan_literal() to have the literal collected as text, scan_drop() to be
 * rid of the command, or deals with its octets itself, and then goes on.
 * A text over SCAN_LINE_MAX is dropped with toolong set.  ENOMEM shows as
 * text->failed.
 */
enum scan_event scan_feed(struct scan *s, struct buf *text, const uint8_t *p,
	    size_t len, size_t *used);
/* Collect the literal's s->size octets; false: it would burst the text. */
bool	 scan_literal(struct scan *s, const struct buf *text);
/* Drop the command's rest: after SCAN_LITERAL a non-synchronizing literal
 * is swallowed with all that follows, a synchronizing one never comes. */
void	 scan_drop(struct scan *s);

#endif
