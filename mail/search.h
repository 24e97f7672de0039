/*
 * Matching for SEARCH: substrings in decoded header values, and in messages
 * while they are streamed.  Needles are folded (match.h).
 */
#ifndef MAIL_SEARCH_H
#define MAIL_SEARCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/buf.h"
#include "mail/match.h"
#include "mail/part.h"

/* Buffers that are reused by the functions; to be freed with buf_free() at the
 * end. */
struct search_scratch {
	struct buf	 a;
	struct buf	 b;
};
void	 search_scratch_free(struct search_scratch *s);

/* In an unfolded value, its encoded words decoded. */
bool	 search_value(struct search_scratch *s, const struct needle *n,
	    struct str value);
/* In addresses as envelope_decode() gives them: "name <mailbox@host>". */
bool	 search_addresses(struct search_scratch *s, const struct needle *n,
	    struct str list, uint64_t count);
/* In any field of this name (ASCII case ignored) of a header; an empty needle
 * tests whether there is one. */
bool	 search_header(struct search_scratch *s, const struct needle *n,
	    struct str header, struct str name);

/*
 * BODY and TEXT: several needles at once in one message, fed in order from
 * its first octet.  Text parts are transfer-decoded and converted from
 * their charset; headers of parts and of messages inside count as body.
 * Memory is bounded by the header limit.
 */
struct body_key {
	const struct needle	*needle;
	bool			 header;	/* TEXT: all headers */
	bool			 found;		/* the answer */
};
struct body_search;

/* t and keys are borrowed until body_search_free().  NULL: ENOMEM. */
struct body_search *body_search_new(const struct mail_tree *t,
	    struct body_key *keys, size_t nkeys);
void	 body_search_free(struct body_search *s);	/* NULL is fine */
/* True if every key has been found: the rest need not be fed. */
bool	 body_search_feed(struct body_search *s, const void *p, size_t len);
void	 body_search_end(struct body_search *s);

#endif
