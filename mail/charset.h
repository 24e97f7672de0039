/*
 * Charsets: bytes of mail to UTF-8, fed in pieces.  Only those of a fixed
 * list are known: a name from a letter never chooses what the C library
 * loads.
 */
#ifndef MAIL_CHARSET_H
#define MAIL_CHARSET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/buf.h"

struct charset;

/*
 * Before the jail: has the C library load every converter of the list (in
 * an empty chroot it could not).  Without it iconv opens them when needed.
 */
void	 charset_prepare(void);
/* By any of its names in any case; NULL: not in the list. */
const struct charset *charset_find(struct str name);
/* The i-th name of the list, for BADCHARSET; NULL behind the last. */
const char *charset_name(size_t i);

struct convert {
	const struct charset	*cs;
	void			*cd;		/* iconv_t, or NULL */
	uint8_t			 held[32];	/* a cut character */
	size_t			 nheld;
};

/*
 * cs NULL (unknown, or not named): UTF-8, and what is not UTF-8 is taken
 * for ISO-8859-1.  Never fails: without a converter it does as for NULL.
 */
void	 convert_open(struct convert *c, const struct charset *cs);
/* Adds whole characters of valid UTF-8 to out; U+FFFD for what is none. */
void	 convert_feed(struct convert *c, const uint8_t *in, size_t len,
	    struct buf *out);
/* Flushes what is held; the converter begins anew. */
void	 convert_end(struct convert *c, struct buf *out);
void	 convert_close(struct convert *c);
/* All at once; 0, or -1 when a character is not valid in cs. */
int	 charset_to_utf8(const struct charset *cs, struct str in,
	    struct buf *out);

#endif
