/*
 * The parts of a message as the parser found them: a flat array in the
 * order of their beginnings (a part, then its descendants), with offsets
 * into the message's octets.  The root is part 0.  A message/rfc822 part
 * has exactly one child: the root of the message inside it.
 *
 * Strings with p == NULL are absent (NIL in IMAP).  Lists inside a part are
 * kept encoded, to be read with a cursor: parameters as varint count and (name,
 * value) pairs, languages as varint count and strings; each string varint
 * length and bytes.
 */
#ifndef MAIL_PART_H
#define MAIL_PART_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/buf.h"

#define MAIL_DEPTH_MAX	100		/* levels of parts */
#define MAIL_PARTS_MAX	10000
#define MAIL_HEADER_MAX	(256 * 1024)	/* octets kept in the digest */

enum mail_kind {
	MAIL_LEAF,
	MAIL_MULTIPART,		/* with at least one child */
	MAIL_MESSAGE		/* message/rfc822, parsed: one child */
};

enum mail_encoding {
	MAIL_ENC_7BIT,
	MAIL_ENC_8BIT,
	MAIL_ENC_BINARY,
	MAIL_ENC_QP,
	MAIL_ENC_BASE64,
	MAIL_ENC_OTHER,		/* encname says which; not decoded */
	MAIL_ENC_MAX
};

struct mail_part {
	uint32_t	 level;		/* 0: the root */
	uint32_t	 parent;	/* index; the root's is 0 */
	uint32_t	 end;		/* index after the last descendant */
	uint8_t		 kind;		/* enum mail_kind */
	uint8_t		 encoding;	/* enum mail_encoding */
	uint64_t	 header_off;
	uint64_t	 header_len;	/* with the empty line */
	uint64_t	 body_off;
	uint64_t	 body_len;
	uint64_t	 lines;		/* line feeds in the body */
	uint64_t	 decoded;	/* octets of the body once decoded */
	struct str	 type;		/* lower case; never absent */
	struct str	 subtype;
	struct str	 encname;	/* MAIL_ENC_OTHER */
	struct str	 params;	/* of Content-Type, encoded */
	struct str	 id;
	struct str	 description;
	struct str	 md5;
	struct str	 disposition;
	struct str	 dparams;	/* of Content-Disposition, encoded */
	struct str	 languages;	/* encoded */
	struct str	 location;
	struct str	 envelope;	/* encoded (envelope.h): the root of a
					   message inside another */
};

struct mail_tree {
	struct mail_part *v;
	size_t		  n;
};

/* "7bit", ...; for MAIL_ENC_OTHER use encname. */
const char *mail_encoding_name(enum mail_encoding e);
enum mail_encoding mail_encoding_parse(struct str name);

bool	 mail_type_is(const struct mail_part *p, const char *type,
	    const char *subtype);	/* subtype NULL: any */
/* Finds name (ignoring ASCII case) in an encoded list; false if absent. */
bool	 mail_param_find(struct str params, const char *name,
	    struct str *value);
/*
 * The value of name, or of "name*" (RFC 2231 section 4) without charset and
 * language, and decoded, appended to out; false if there is neither.
 */
bool	 mail_param_text(struct str params, const char *name,
	    struct buf *out);
/* The index of the n-th child (1 is the first) of part i; -1: none. */
int	 mail_child(const struct mail_tree *t, size_t i, uint32_t n,
	    size_t *child);

#endif
