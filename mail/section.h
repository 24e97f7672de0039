/* Sections (RFC 3501 section 6.4.5): from a name to octets. */
#ifndef MAIL_SECTION_H
#define MAIL_SECTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/buf.h"
#include "mail/part.h"

enum section_kind {
	SECTION_ALL,		/* BODY[], BODY[1.2] */
	SECTION_HEADER,
	SECTION_FIELDS,		/* HEADER.FIELDS (...) */
	SECTION_FIELDS_NOT,
	SECTION_TEXT,
	SECTION_MIME		/* only behind a path */
};

struct section {
	const uint32_t	*path;	/* part numbers, from 1 */
	size_t		 npath;
	enum section_kind kind;
	const struct str *fields;
	size_t		 nfields;
};

/*
 * The octets of a section; for SECTION_FIELDS those of the header to be
 * filtered.  0, or -1: the message has no such part.
 */
int	 section_resolve(const struct mail_tree *t, const struct section *s,
	    uint64_t *off, uint64_t *len);
/* Needs no tree: the section is the same in every message (BODY[]). */
bool	 section_is_whole(const struct section *s);
/* The root's header or a filter of it: the digest's header serves,
 * unless it was cut (shorter than the root's header_len). */
bool	 section_is_top_header(const struct section *s);

#endif
