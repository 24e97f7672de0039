/*
 * Charsets: converts mail to UTF-8, in pieces.  Only those in a fixed list are
 * supported: a name in a message never decides what the C library loads, and no
 * octet of a message reaches its converters (charset_table.h says why).
 */
#ifndef MAIL_CHARSET_H
#define MAIL_CHARSET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/buf.h"

struct charset;

/*
 * To be called before the sandbox: makes the C library load every converter
 * needed for the tables (which it could not do in an empty chroot).  Otherwise
 * they are opened when needed.
 */
void	 charset_prepare(void);
/* Finds it by any of its names, ignoring case and punctuation; NULL: not in the
 * list, or not in the C library. */
const struct charset *charset_find(struct str name);
/* The i-th name in the list, for BADCHARSET; NULL after the last. */
const char *charset_name(size_t i);

#define CONVERT_SAMPLE	512	/* octets examined for a guess */

struct convert {
	const struct charset	*cs;
	const uint16_t		*octets;	/* of its upper half */
	bool			 strict;	/* the name is the truth */
	bool			 utf8;		/* (else) as the name says */
	bool			 guessing;	/* which of them is open */
	/* the state of charsets that have one */
	uint8_t			 mode;
	uint8_t			 nbits;
	uint32_t		 bits;
	uint32_t		 high;
	uint8_t			 held[8];	/* a cut character */
	size_t			 nheld;
	uint8_t			 sample[CONVERT_SAMPLE];
	size_t			 nsample;
};

/*
 * cs NULL (unknown, or not named): UTF-8, and what is not UTF-8 is taken
 * for ISO-8859-1.  Never fails: without a table it does as for NULL.
 *
 * Names are not believed where text shows otherwise: UTF-8 under the name
 * of a charset of single octets (the first CONVERT_SAMPLE octets from the
 * first that is not ASCII decide), and ISO-2022-JP's escapes where only
 * ASCII could be.
 */
void	 convert_open(struct convert *c, const struct charset *cs);
/* Appends complete characters of valid UTF-8 to out; U+FFFD for invalid
 * ones. */
void	 convert_feed(struct convert *c, const uint8_t *in, size_t len,
	    struct buf *out);
/* Flushes what is held back, and resets the converter. */
void	 convert_end(struct convert *c, struct buf *out);
void	 convert_close(struct convert *c);
/* All at once, trusting the name; 0, or -1 if a character is invalid in cs. */
int	 charset_to_utf8(const struct charset *cs, struct str in,
	    struct buf *out);

#endif
