/* The words of an address list (address.h), and the addresses among them. */
#ifndef MAIL_ADDRESS_SCAN_H
#define MAIL_ADDRESS_SCAN_H

#include <stdbool.h>
#include <stddef.h>

#include "common/buf.h"
#include "mail/lex.h"

/* Words up to a separator, and the addresses among them. */
struct address_scan {
	struct lex	 lex;
	struct buf	 phrase;	/* all of it, if a '<' follows */
	struct buf	 words;		/* of it, without addresses */
	struct buf	 local;		/* the last word: "a", "a.b" */
	size_t		 mark;		/* of words, before local */
	bool		 dot;		/* local ends with a lone dot */
	bool		 quoted;	/* the phrase had a quoted string */
	/* the last address, whose name may follow */
	bool		 pending;
	struct buf	 name;
	struct buf	 mailbox;
	struct buf	 host;
	struct buf	 route;
	struct buf	 comment;
	/* addresses before it: output, unless they turn out to be a phrase */
	struct buf	 found;
	size_t		 nfound;
	/* of the whole value */
	bool		 behind;	/* a '<' address: words are garbage */
	bool		 group;
	bool		 stray;		/* a quote is never closed: each */
	bool		 noquotes;	/* ends before a '<'; it was met */
	size_t		 open;		/* brackets that are no comments */
	unsigned int	 tries;
	size_t		 n;
	bool		 full;
	struct buf	*out;
	size_t		 end;		/* out->len may reach this */
};

void	 address_scan_init(struct address_scan *s, struct str value);
void	 address_scan_free(struct address_scan *s);
/* For the next words up to a separator; keeps what concerns the whole value. */
void	 address_scan_reset(struct address_scan *s);
/* Is one of set next? */
bool	 address_at(const struct address_scan *s, const char *set);
/* Words up to '<', ',', ':', ';' or the end. */
void	 address_words(struct address_scan *s);
/* At '<': [route ":"] local "@" domain ">", pending; the words before are
 * its name. */
void	 address_angle(struct address_scan *s);
/* The pending address is complete: adds it to those found. */
void	 address_found(struct address_scan *s);
struct str buf_str(const struct buf *b);

#endif
