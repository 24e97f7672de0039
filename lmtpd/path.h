/*
 * The arguments of MAIL and RCPT: a path (RFC 5321 section 4.1.2, with RFC
 * 6531's UTF-8) and parameters (NAME or NAME=value).
 */
#ifndef LMTPD_PATH_H
#define LMTPD_PATH_H

#include <stdbool.h>
#include <stddef.h>

#define PATH_ADDRESS_MAX	1000	/* bytes: RCPT_ADDRESS_MAX */

struct path {
	char		 address[PATH_ADDRESS_MAX + 1];	/* "": <> */
	bool		 utf8;		/* it is not ASCII */
};

/*
 * Reads "<...>" at *s, which goes on after it and the spaces that follow.  A
 * source route is left out, and quotes where nothing needs them; there may be
 * no domain.  0, or -1: it is no path (or none that fits).
 */
int	 path_read(const char **s, struct path *p);

/*
 * The next parameter at *s, of which *name (without "=") and *value (NULL:
 * none) are cut out with NULs.  1, 0: there is none left, -1: malformed.
 */
int	 path_param(char **s, char **name, char **value);
/* xtext (RFC 3461 section 4), decoded in place.  0, or -1: malformed, or it
 * has control characters. */
int	 path_xtext(char *s);

#endif
