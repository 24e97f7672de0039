/*
 * One octet at a time, so that it does not matter how the network has cut them.
 * A CR is passed on when it comes; what it was is known with the next octet.
 */
#include "common/compat.h"

#include "lmtpd/unstuff.h"

enum {
	BEGIN,		/* of a line */
	DOT,		/* that it began with: not passed on */
	DOT_CR,
	TEXT,
	CR
};

/* The next octet of text. */
static void
step(struct unstuff *u, char ch)
{
	switch (ch) {
	case '\r':
		if (u->state == CR)
			u->bare = true;
		u->state = CR;
		break;
	case '\n':
		if (u->state == CR)
			u->state = BEGIN;
		else {
			u->bare = true;
			u->state = TEXT;
		}
		break;
	default:
		if (u->state == CR)
			u->bare = true;
		u->state = TEXT;
	}
}

size_t
unstuff(struct unstuff *u, const char *in, size_t len, char *out, size_t *n)
{
	size_t	 i, o = 0;

	for (i = 0; i < len && !u->ended; i++) {
		if (u->state == BEGIN && in[i] == '.') {
			u->state = DOT;
			continue;
		}
		if (u->state == DOT && in[i] == '\r') {
			u->state = DOT_CR;
			continue;
		}
		if (u->state == DOT_CR && in[i] == '\n') {
			u->ended = true;
			continue;
		}
		if (u->state == DOT_CR) {
			/* the CR was text, after all */
			out[o++] = '\r';
			u->state = CR;
		} else if (u->state == DOT)
			u->state = TEXT;
		step(u, in[i]);
		out[o++] = in[i];
	}
	*n = o;
	return i;
}

void
unstuff_look(struct unstuff *u, const char *in, size_t len)
{
	size_t	 i;

	for (i = 0; i < len; i++)
		step(u, in[i]);
}
