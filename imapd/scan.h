/*
 * Finds the end of a command: collects its text octet by octet, in any
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
	SCAN_COMMAND	/* the command is complete, or was discarded */
};

struct scan {
	bool		 quoted;	/* inside "..." */
	bool		 escaped;
	bool		 cr;		/* the last octet was CR */
	bool		 drop;		/* discard the rest of this command */
	bool		 toolong;	/* that is why */
	uint8_t		 brace;		/* how much of "{n+}" ends the line */
	uint64_t	 literal;	/* octets of it still to come */
	uint64_t	 size;		/* the header's number, or UINT64_MAX */
	bool		 nonsync;	/* {n+} */
	size_t		 header;	/* where in text its "{" is */
};

void	 scan_init(struct scan *s);
/*
 * Moves octets from p into text until something happens; *used says how many.
 * SCAN_COMMAND: text holds the command without its last CRLF (a bare LF counts
 * as one), and the scan is ready for the next one but for drop and toolong,
 * which scan_init() clears.  SCAN_LITERAL: text ends behind the header's CRLF;
 * the caller calls scan_literal() to have the literal collected as text,
 * scan_drop() to be rid of the command, or handles its octets itself, and then
 * continues.  Text beyond SCAN_LINE_MAX is discarded and toolong set.  On
 * ENOMEM, text->failed is set.
 */
enum scan_event scan_feed(struct scan *s, struct buf *text, const uint8_t *p,
	    size_t len, size_t *used);
/* Collects the literal's s->size octets; false: the text would become too
 * long. */
bool	 scan_literal(struct scan *s, const struct buf *text);
/* Discards the rest of the command: after SCAN_LITERAL, a non-synchronizing
 * literal is discarded with all that follows; a synchronizing one is never
 * sent. */
void	 scan_drop(struct scan *s);

#endif
