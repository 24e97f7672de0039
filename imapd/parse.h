/*
 * The grammar of RFC 3501 section 9, applied to the text of a complete command
 * (collected by scan.h, so that no production has to wait for octets).  Pure:
 * no I/O, no state but the cursor.  Every parse_x() consumes what it has read
 * and returns 0, or returns -1 and leaves the cursor where it was.
 *
 * Deviations from the grammar in existing clients are accepted if they are
 * unambiguous: several spaces between arguments and in lists, none before a
 * parenthesis, spaces at the end of a line, a backslash that escapes nothing, a
 * one-digit day or hour.  Strings are borrowed from the text, or on the arena
 * if they had to be changed (quoted with a backslash).
 */
#ifndef IMAPD_PARSE_H
#define IMAPD_PARSE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/arena.h"
#include "common/buf.h"

struct parse {
	const char	*p;
	const char	*end;	/* without the command's CRLF */
	struct arena	*arena;
	const char	*what;		/* parse_arg(): what comes here */
	const char	*noname;	/* parse_mailbox(): why not */
};

void	 parse_init(struct parse *p, const void *text, size_t len,
	    struct arena *a);
bool	 parse_end(const struct parse *p);	/* only spaces are left */
int	 parse_peek(const struct parse *p);	/* next octet, -1 at the end */
int	 parse_char(struct parse *p, char ch);	/* exactly this octet */
/* Spaces; there may be none before "(". */
int	 parse_sp(struct parse *p);
/* The same before an argument; what ("a date", a constant) is used in the BAD
 * response if it is missing or invalid (reply_bad_arg()). */
int	 parse_arg(struct parse *p, const char *what);
/* The end of the last argument: -1 if there is more. */
int	 parse_done(struct parse *p);
/* "(", the separator between two elements of a list, and ")". parse_more()
 * returns -1 at the end of the list. */
int	 parse_open(struct parse *p);
int	 parse_more(struct parse *p);
int	 parse_close(struct parse *p);
/* Exactly this word, in upper or lower case, not followed by another ATOM-CHAR
 * ("[", "<" and "." end a word here). */
int	 parse_word(struct parse *p, const char *word);
/* 1*ATOM-CHAR up to a non-atom octet or one in stop (may be ""). */
int	 parse_token(struct parse *p, const char *stop, struct str *s);
int	 parse_atom(struct parse *p, struct str *s);
int	 parse_string(struct parse *p, struct str *s);	/* quoted or literal */
int	 parse_astring(struct parse *p, struct str *s);
/* For LOGIN: an astring, or anything without a space that does not begin with
 * "(". */
int	 parse_credential(struct parse *p, struct str *s);
int	 parse_nstring(struct parse *p, struct str *s, bool *nil);
int	 parse_number(struct parse *p, uint32_t *n);
int	 parse_number64(struct parse *p, uint64_t *n);	/* up to 2^63-1 */
int	 parse_nz_number(struct parse *p, uint32_t *n);

/*
 * Mailbox names and LIST's patterns: astring ("%" and "*" may be bare) in
 * modified UTF-7, strictly decoded to UTF-8 on the arena; INBOX in any case
 * (also as first of several components) is "INBOX".  A string that cannot be a
 * mailbox name (invalid modified UTF-7, control characters, over MBOX_NAME_MAX)
 * refers to one that does not exist: 0, name->p is NULL, and p->noname says
 * why.
 */
int	 parse_mailbox(struct parse *p, struct str *name);

/* sequence-set and "$" (RFC 5182), not resolved: view_resolve() does. */
struct seqrange {
	uint32_t	first;		/* 0: "*" */
	uint32_t	last;		/* 0: "*"; may be below first */
};
struct seqset {
	struct seqrange	*v;		/* on the arena */
	size_t		 n;
	bool		 saved;		/* "$": v is empty */
};
int	 parse_seqset(struct parse *p, struct seqset *set);

/* Flags: "(" ... ")" of system flags and keywords; \Recent is -1. */
struct flag_list {
	uint8_t		 flags;		/* enum mbox_flag */
	struct str	*keywords;	/* on the arena, no doubles */
	size_t		 nkeywords;
	size_t		 named;		/* with the doubles */
};
int	 parse_flag(struct parse *p, struct flag_list *l);
int	 parse_flag_list(struct parse *p, struct flag_list *l);
/* The same without parentheses too (STORE). */
int	 parse_store_flags(struct parse *p, struct flag_list *l);

/* date-time, quoted: seconds since 1970 UTC, minutes east. */
int	 parse_date_time(struct parse *p, int64_t *seconds, int *zone);
/* date (SEARCH), with or without quotes: days since 1970-01-01. */
int	 parse_date(struct parse *p, int64_t *days);
/* "17-Jul-1996 02:44:25 -0700" as INTERNALDATE wants it; dst >= 32. */
char	*date_print(char *dst, size_t size, int64_t seconds, int zone);

#endif
