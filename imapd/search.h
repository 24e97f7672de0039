/*
 * SEARCH (RFC 3501 section 6.4.4, with RFC 5032 WITHIN), the pure parts: the
 * program, and its value for a message.  A key that needs the message's octets
 * (BODY, TEXT) is undecided until they have been streamed; a row is decided
 * without them whenever the other keys suffice.
 */
#ifndef IMAPD_SEARCH_H
#define IMAPD_SEARCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/msg_mbox.h"
#include "imapd/parse.h"
#include "mail/digest_fields.h"
#include "mail/search.h"

struct view;
struct charset;

#define SEARCH_KEYS_MAX		1000
#define SEARCH_DEPTH_MAX	100	/* parentheses, OR and NOT */

enum search_op {
	SEARCH_ALL, SEARCH_FLAGS, SEARCH_KEYWORD, SEARCH_RECENT, SEARCH_SET,
	SEARCH_DATE, SEARCH_SENT, SEARCH_AGE, SEARCH_SIZE, SEARCH_ENVELOPE,
	SEARCH_HEADER, SEARCH_BODY, SEARCH_AND, SEARCH_OR
};

/* Below every key: which comparison. */
enum search_how { HOW_BEFORE, HOW_ON, HOW_SINCE };

struct search_key {
	enum search_op		 op;
	bool			 not;
	uint8_t			 how;		/* search_how; flags; TEXT */
	uint8_t			 want;		/* FLAGS: how & flags == want */
	int			 field;		/* ENVELOPE */
	int64_t			 number;	/* day, age, octets, keyword */
	struct str		 name;		/* HEADER */
	struct needle		 needle;
	const struct uidset	*set;		/* SET: of UIDs, or (seq) */
	bool			 seq;		/* of message numbers */
	uint64_t		 serial;	/* of the row that verdict */
	uint8_t			 verdict;	/* is for */
	size_t			 body;		/* BODY: number among them */
	struct search_key	*first;		/* AND, OR */
	struct search_key	*next;
};

struct search_program {
	struct search_key	 root;		/* AND */
	uint32_t		 what;
	uint64_t		 fields;
	size_t			 nkeys;
	struct search_key	**bodies;	/* BODY and TEXT keys */
	size_t			 nbodies;
	bool			 headers;	/* keys that a header answers */
	bool			 local;		/* the view alone decides */
	bool			 seqs;		/* has SETs of numbers */
};

enum search_error {
	SEARCH_BAD,		/* syntax */
	SEARCH_BADCHARSET,
	SEARCH_TOOBIG,		/* too many keys, or too deep */
	SEARCH_NOMEM
};

/* Gives sets for SET keys; NULL on ENOMEM (command_set). */
typedef struct uidset *search_set_fn(void *arg);

/*
 * "CHARSET x key key ..." up to the end; "*" and "$" are v's of now, and v's
 * numbers must not shift while the program is used.  Trivial keys (ALL, NOT
 * NOT, nested lists) are folded.  0, or -1 with the reason.
 */
int	 search_parse(struct parse *p, struct view *v, search_set_fn *set,
	    void *arg, struct search_program *prog, enum search_error *why);

enum search_verdict { SEARCH_NO, SEARCH_YES, SEARCH_OPEN, SEARCH_LATER };

struct search_eval {
	struct search_program	*prog;
	struct view		*view;
	int64_t			 now;
	struct search_scratch	 scratch;
	bool			 damaged;	/* a digest made no sense */
	unsigned int		 steps;		/* since turn_spent() */
	/* Per message: */
	uint64_t		 serial;
	bool			 unfinished;	/* LATER was said */
	uint32_t		 seq;
	const struct mbox_meta_row *row;
	bool			 decoded;
	struct envelope_view	 envelope;
	struct digest_cut	 cut;		/* what that lacks */
	struct buf		 from_header;	/* its envelope */
	const bool		*found;		/* by body number, or NULL */
	const struct str	*header;	/* as it was read */
};

/*
 * The result for a row: OPEN if it depends on a body key (found NULL), or on a
 * header or field that the digest contains only partly (header NULL; with a
 * header the digest needs neither HEADER nor ENVELOPE). row->digest is
 * validated here.  LATER: out of time; call again with the same arguments.
 */
enum search_verdict search_eval(struct search_eval *e,
	    const struct mbox_meta_row *row, const bool *found,
	    const struct str *header);
/*
 * The messages of v that can match at all, according to the first few required
 * SETs.  *all: each of these does match, and nothing is left to evaluate.
 */
int	 search_narrow(const struct search_program *prog, struct view *v,
	    struct uidset *set, bool *all);

#endif
