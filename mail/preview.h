/* Previews (RFC 8970): the first words of a message. */
#ifndef MAIL_PREVIEW_H
#define MAIL_PREVIEW_H

#include <stdbool.h>
#include <stdint.h>

#include "common/buf.h"

#define PREVIEW_CHARS	200

/*
 * p: transfer-decoded octets in charset (may be empty).  Appends at most
 * PREVIEW_CHARS characters of UTF-8 to out: white space collapsed, control
 * characters removed; html: without tags, entities replaced.
 */
void	 preview_make(const uint8_t *p, size_t len, struct str charset,
	    bool html, struct buf *out);

#endif
