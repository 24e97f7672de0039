/*
 * The octets of DATA (RFC 5321 section 4.5.2): dots that were added are taken
 * away, and the end is found, which is CRLF, a dot and CRLF, and nothing else:
 * with a LF or CR alone, what one side takes for the end is text to the other.
 */
#ifndef LMTPD_UNSTUFF_H
#define LMTPD_UNSTUFF_H

#include <stdbool.h>
#include <stddef.h>

struct unstuff {
	unsigned char	 state;		/* zero at first: a line begins */
	bool		 ended;
	bool		 bare;		/* there was a CR or LF alone */
};

/* At most one octet more than came in. */
#define UNSTUFF_ROOM(len)	((len) + 1)

/*
 * Takes octets up to the end of the message, and writes what belongs to it to
 * out, *n octets.  Returns how many were taken: all, unless it has ended.
 */
size_t	 unstuff(struct unstuff *u, const char *in, size_t len, char *out,
	    size_t *n);
/* Of octets without dots (BDAT): only looks for what is bare. */
void	 unstuff_look(struct unstuff *u, const char *in, size_t len);

#endif
