/*
 * The content of the fields of a message digest (common/digest.h has the outer
 * form, and the fields 5 to 9).  Integers are varints, strings varint length
 * and bytes.
 *
 * ENVELOPE: envelope.h.
 *
 * STRUCTURE: number of parts; then each part, in the order of part.h:
 *   level
 *   u8: kind (bits 0-1), encoding (bits 2-4), 0x20: has strings
 *   header_off, less the end of the part before it if that is a leaf,
 *	else less where its body begins (0 for the root)
 *   header_len, body_len, lines
 *   decoded: only of leaves in base64 or quoted-printable; else body_len
 *   u8: type, by its number in digest_types[]; 0: two strings follow,
 *	type and subtype
 *   if it has strings: mask; for each bit, from the lowest, a string:
 *	encname, params, id, description, md5, disposition, dparams,
 *	languages, location, envelope (part.h)
 * body_off is header_off + header_len; parent and end follow from level.
 *
 * CUT: varint mask, by ENV_*, of the envelope's fields that are not all there;
 * varint mask of those of which the header has more than the one that counts;
 * length of the root's header.  Omitted if there is nothing to report; digests
 * from older versions lack it, too, see digest_cut().
 *
 * HEADER: the octets of the root's header with its empty line; fewer
 * than the root's header_len when it was cut.
 */
#ifndef MAIL_DIGEST_FIELDS_H
#define MAIL_DIGEST_FIELDS_H

#include "common/arena.h"
#include "common/buf.h"
#include "mail/envelope.h"
#include "mail/part.h"

struct digest_type { const char *type; const char *subtype; };
/* Numbers are permanent: only add at the end. */
extern const struct digest_type digest_types[];
extern const size_t digest_ntypes;

#define DIGEST_REFERENCES_MAX	100	/* ids */

/*
 * Decodes a STRUCTURE field: hostile bytes.  The tree is on the arena and
 * borrows strings from enc.  0, or -1: malformed, or the arena is full.
 */
int	 structure_decode(struct str enc, struct arena *a,
	    struct mail_tree *t);
/* What an envelope lacks although the header of its message has it. */
struct digest_cut {
	uint32_t	 cut;		/* by ENV_* */
	uint32_t	 more;
	uint64_t	 header_len;	/* 0: not known */
};
/*
 * digest: a checked one with the fields ENVELOPE and CUT, of which v is the
 * envelope.  Without CUT, the lengths indicate what may have been cut.
 */
void	 digest_cut(struct str digest, const struct envelope_view *v,
	    struct digest_cut *c);
/* A SENT_DATE field; -1: malformed. */
int	 sent_date_decode(struct str enc, int64_t *when, int64_t *zone);

#endif
