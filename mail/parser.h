/*
 * The streaming MIME parser (RFC 5322, 2045, 2046): fed in any pieces, it
 * never holds the message, and never fails on what a message says: beyond
 * its limits (part.h) content is opaque.  Time is linear in the message's
 * length; memory at most some 4 MiB, for ordinary mail a few KiB.
 */
#ifndef MAIL_PARSER_H
#define MAIL_PARSER_H

#include <stddef.h>
#include <stdint.h>

#include "common/buf.h"
#include "mail/part.h"

struct mail_parser;

struct mail_parser *mail_parser_new(void);	/* NULL: ENOMEM */
void	 mail_parser_free(struct mail_parser *p);	/* NULL is fine */
/* 0, or -1 when memory ran out (sticky: then the digest cannot be had). */
int	 mail_parser_feed(struct mail_parser *p, const void *data, size_t len);
/*
 * After the last byte, once: writes the digest (common/digest.h), at most
 * MBOX_DIGEST_MAX bytes.  0, or -1 when memory ran out.
 */
int	 mail_parser_finish(struct mail_parser *p, struct buf *digest);

/* A whole message at once: new, feed, finish, free. */
int	 mail_digest(const void *data, size_t len, struct buf *digest);

#endif
