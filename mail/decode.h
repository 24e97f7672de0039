/*
 * Content transfer decoding (RFC 2045 section 6), fed in pieces.  Never fails:
 * what is not base64 is skipped, a malformed =XX is kept.
 */
#ifndef MAIL_DECODE_H
#define MAIL_DECODE_H

#include <stddef.h>
#include <stdint.h>

#include "mail/part.h"

#define DECODE_HELD	128	/* white space that may be held back */

struct decoder {
	uint8_t		 encoding;	/* enum mail_encoding */
	uint8_t		 state;
	uint8_t		 nbits;		/* base64: characters held */
	uint8_t		 hex;		/* qp: the first of =XX */
	uint32_t	 bits;
	uint8_t		 held[DECODE_HELD];
	size_t		 nheld;
};

void	 decoder_init(struct decoder *d, enum mail_encoding e);
/*
 * Decodes len bytes of in to out, which must have room for len + DECODE_HELD +
 * 4; returns how many were written.
 */
size_t	 decoder_feed(struct decoder *d, const uint8_t *in, size_t len,
	    uint8_t *out);
/* Writes what is left at the end of the input; room as above with len 0. */
size_t	 decoder_end(struct decoder *d, uint8_t *out);

#endif
