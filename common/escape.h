/*
 * The only place where untrusted strings are made safe for a terminal or a log:
 * what comes from a child, a peer, a bucket, a user name or the configuration
 * must never control the terminal, start another line, or change the order in
 * which letters are displayed.
 */
#ifndef COMMON_ESCAPE_H
#define COMMON_ESCAPE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum {
	ESCAPE_QUOTE = 1,	/* " and \ get a \ too: for why="..." */
	ESCAPE_LINES = 2	/* newline and tab are kept: multi-line text */
};

/* The maximum length of n bytes once escaped, without the NUL. */
#define ESCAPE_MOST(n)	(4 * (n))

/*
 * Copies len bytes of src to dst.  Bytes that could do harm become \xNN: C0 and
 * C1 controls, DEL, invalid UTF-8, and invisible characters that change how
 * others are displayed: line and paragraph separators, direction marks (Unicode
 * TR 36), zero-width characters, tags.  Truncated between two characters to
 * size, which is at least 1; always NUL-terminated.  Returns the length of dst.
 */
size_t	 escape_text(char *dst, size_t size, const void *src, size_t len,
	    unsigned how);
/*
 * The same for multi-line text (ESCAPE_LINES) that comes in pieces: a character
 * that is split between two pieces is joined.  -1: a write to f failed.
 */
struct escape_out {
	FILE		*f;
	unsigned char	 tail[4];	/* of a character; not yet written */
	size_t		 n;
};
int	 escape_write(struct escape_out *o, const void *src, size_t len);
int	 escape_end(struct escape_out *o);	/* what is left; flushes */
/* Like fprintf(3), at most 4 KiB. */
int	 escape_printf(FILE *f, const char *fmt, ...)
	    __attribute__((format(printf, 2, 3)));
/* The two that this is made of: the length of the character that src (len > 0)
 * begins with, its number to *c, or 0 if that is not UTF-8; and whether a
 * terminal may have it as it is. */
size_t	 escape_utf8(const void *src, size_t len, uint32_t *c);
bool	 escape_is_fit(uint32_t c);

#endif
