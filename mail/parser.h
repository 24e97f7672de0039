/*
 * The streaming MIME parser (RFC 5322, 2045, 2046): fed in pieces of any size,
 * it never holds the whole message, and never fails because of its content:
 * beyond its limits (part.h), content is opaque.  Time is linear in the length
 * of the message; memory is at most some 4 MiB, or a few KiB for ordinary mail.
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
/* 0, or -1 if memory ran out (sticky: there will be no digest). */
int	 mail_parser_feed(struct mail_parser *p, const void *data, size_t len);
/*
 * After the last byte, once: writes the digest (common/digest.h), at most
 * MBOX_DIGEST_MAX bytes.  0, or -1 if memory ran out.
 */
int	 mail_parser_finish(struct mail_parser *p, struct buf *digest);
/*
 * The same as if prefix had come before the first byte: what a delivery adds,
 * which is known only afterwards and differs between recipients.  May be
 * called any number of times.  prefix: whole fields that the digest does not
 * read (Received, Return-Path ...), each with its line end; empty is fine.
 * -1 also if it is anything else.
 */
int	 mail_parser_finish_prefixed(struct mail_parser *p, struct str prefix,
	    struct buf *digest);
/*
 * The root's header as far as it has come, at most MAIL_HEADER_MAX octets;
 * valid until the next call of mail_parser_feed().
 */
struct str mail_parser_header(const struct mail_parser *p);

/*
 * Receives texts while they are parsed: for each leaf that is text/ or
 * message/, in the order of parts, begin, text (any number of times) and end.
 * Text is valid UTF-8, in complete characters, with its transfer encoding
 * decoded and its charset converted as by convert_feed(); it is valid only
 * during the call. part is the leaf's number in the tree, p its description
 * from the header.
 */
struct mail_sink {
	void	(*begin)(void *arg, uint32_t part, const struct mail_part *p);
	void	(*text)(void *arg, const uint8_t *p, size_t len);
	void	(*end)(void *arg);
};
/* To be called once, before the first byte; sink is kept by reference.  0, or
 * -1. */
int	 mail_parser_sink(struct mail_parser *p, const struct mail_sink *sink,
	    void *arg);

/* A whole message at once: new, feed, finish, free. */
int	 mail_digest(const void *data, size_t len, struct buf *digest);

#endif
