/*
 * One line of AWS's shared files, credentials and config (AWS SDKs and Tools
 * Reference Guide, "Shared config and credentials files"): what it is.  What
 * lines mean together is for who reads the file.
 */
#ifndef COMMON_INI_LINE_H
#define COMMON_INI_LINE_H

#include <stdbool.h>
#include <stddef.h>

#include "common/buf.h"

#define INI_LINE_MAX	16384	/* bytes of a line; a longer one is INI_BAD */

enum ini_kind {
	INI_END,		/* no line is left */
	INI_NOTHING,		/* blank, or a comment */
	INI_SECTION,		/* [name] */
	INI_PROPERTY,		/* name = value */
	INI_MORE,		/* begins with a blank: more of the property */
	INI_BAD			/* why tells */
};

struct ini_line {
	enum ini_kind	 kind;
	unsigned	 number;	/* from 1 */
	struct str	 name;		/* without blanks around it */
	struct str	 value;		/* the same; INI_MORE: its text */
	const char	*why;		/* static */
};

struct ini_reader {
	const char	*p, *end;
	unsigned	 number;
};

/* The text is borrowed, and so are the parts of lines. */
void	 ini_begin(struct ini_reader *r, const void *text, size_t len);
/* The next line; false: there is none. */
bool	 ini_next(struct ini_reader *r, struct ini_line *l);
/* Without blanks (space, tab, CR) at both ends. */
struct str ini_trim(const char *p, const char *end);

#endif
