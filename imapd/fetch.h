/*
 * FETCH (RFC 3501 section 6.4.5), the pure parts: the items requested, the
 * columns that they need, and the response for a message from its META row.
 * What needs octets of the message becomes a job (fetch_body.h).
 */
#ifndef IMAPD_FETCH_H
#define IMAPD_FETCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/msg_mbox.h"
#include "imapd/parse.h"
#include "mail/section.h"

struct view;
struct fetch_item;
struct fetch_row;

#define FETCH_ITEMS_MAX	1000
#define FETCH_PATH_MAX	200	/* numbers in a section */
#define FETCH_HEADERS_MAX 32	/* header items that the digest answers */
#define FETCH_FILTER_MAX (1024 * 1024) /* of a header that is filtered */

/* What an item name requests. render appends " NAME value" to out; -1: the row
 * is damaged. */
struct fetch_name {
	const char	*name;
	uint32_t	 what;		/* META columns */
	uint64_t	 fields;	/* digest fields, as bits */
	int		(*render)(struct fetch_row *r,
			    const struct fetch_item *item, struct buf *out);
	enum section_kind kind;		/* RFC822.x */
	bool		 body;		/* is a section of the message */
	bool		 peek;		/* does not set \Seen */
};

struct fetch_item {
	const struct fetch_name	*name;
	struct section		 section;
	struct str		 label;		/* "BODY[1.MIME]<0>" */
	bool			 partial;
	uint64_t		 first;		/* octet */
	uint64_t		 count;
};

struct fetch_plan {
	struct fetch_item	*v;
	size_t			 n;
	uint32_t		 what;
	uint64_t		 fields;
	size_t			 nbodies;	/* items: octets may
						   be needed, */
	size_t			 noctets;	/* always are */
	bool			 uid;		/* UID FETCH */
	bool			 seen;		/* sets \Seen */
	bool			 octets_only;	/* too many headers: these are
						   read while they are sent */
	bool			 whole;		/* one such item: the same
						   octets of every one */
};

/*
 * Parses what follows the sequence set: a macro, an item or a list. readonly:
 * \Seen is never set.  The plan is on the parser's arena.  0 or -1.
 */
int	 fetch_parse(struct parse *p, bool uid, bool readonly,
	    struct fetch_plan *plan);

/* Octets of a message that an item needs. */
struct fetch_job {
	const struct fetch_item	*item;
	uint64_t		 off;
	uint64_t		 len;
	bool			 filter;	/* of these: HEADER.FIELDS, or
						   an ENVELOPE */
};

struct fetch_row {
	const struct view	*view;
	const struct fetch_plan	*plan;
	const struct mbox_meta_row *meta;
	struct arena		*arena;		/* for this row alone */
	struct mail_tree	 tree;		/* once it was needed */
	bool			 has_tree;
	struct fetch_job	*jobs;		/* room for plan->nbodies */
	size_t			 njobs;
};

/*
 * Appends "* seq FETCH (...", without its end, to out; items that need octets
 * of the message are in r->jobs.  -1: the digest is damaged; out is unchanged.
 */
int	 fetch_render(struct fetch_row *r, uint32_t seq, struct buf *out);
/* The content of an unsolicited line: flags have changed; uid: at the end of a
 * UID command (RFC 3501 section 6.4.8). */
const struct fetch_plan *fetch_untold(bool uid);
/* " LABEL " in front of an item's value. */
void	 fetch_label(const struct fetch_item *item, struct buf *out);
/* The part of len octets that the item's <first.count> leaves. */
void	 fetch_partial(const struct fetch_item *item, uint64_t *off,
	    uint64_t *len);
/* The result of a filter on a header, as a literal; or that of ENVELOPE. */
void	 fetch_filter(const struct fetch_item *item, struct str header,
	    struct buf *out);

#endif
