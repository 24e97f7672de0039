/*
 * Case folding and substring search as in i;unicode-casemap (RFC 5051): full
 * case folding and compatibility decomposition, with a cheap path for ASCII.
 */
#ifndef MAIL_MATCH_H
#define MAIL_MATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/arena.h"
#include "common/buf.h"

/* Appends the folded form of valid UTF-8 (complete characters) to out. */
void	 fold_utf8(const uint8_t *p, size_t len, struct buf *out);

struct needle {
	struct str	 text;		/* folded */
	uint32_t	*fail;		/* KMP's table, text.len + 1 */
};

/* From UTF-8, on the arena.  0, or -1: not UTF-8 or no memory. */
int	 needle_make(struct needle *n, struct str utf8, struct arena *a);
/* In folded text that is complete. */
bool	 needle_in(const struct needle *n, const void *p, size_t len);

/* In folded text that comes in pieces. */
struct match {
	const struct needle	*needle;
	uint32_t		 state;
	bool			 found;
};
void	 match_init(struct match *m, const struct needle *n);
void	 match_reset(struct match *m);	/* a new text; found stays */
bool	 match_feed(struct match *m, const uint8_t *p, size_t len);

#endif
