/*
 * A line of the password file, pail.yaml(5): one parser for authd, which uses
 * it, and for paild and pailctl, which check and change it.
 */
#ifndef COMMON_USERLINE_H
#define COMMON_USERLINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/buf.h"

enum userline {
	USERLINE_USER,		/* name and hash are set */
	USERLINE_NOTHING,	/* empty, white space, or a comment */
	USERLINE_BAD		/* why is set: the line is ignored */
};

/* The length of the byte order mark at the beginning of a file: 3 or 0. */
size_t	 userline_bom(const void *text, size_t len);
/*
 * The line of len bytes, without its newline. id: the user's id, NUL at its end
 * (USER_ID_MAX + 1 bytes do). hash points into the line and is not validated.
 * why: which octet is wrong, and where.
 */
enum userline userline_parse(const char *line, size_t len, char *id,
	    size_t size, struct str *hash, char *why, size_t whysize);

/* What may follow the hash, each after a space: "aliases=A,B quota=10G". */
struct userline_more {
	struct str	 aliases;	/* in the line, a comma between them */
	bool		 has_quota;
	uint64_t	 bytes;		/* 0: no limit */
	uint64_t	 messages;
	char		 why[160];	/* "", or which of these is wrong, and
					 * counts for nothing */
};
/* The same with those: of a users' file. */
enum userline userline_read(const char *line, size_t len, char *id,
	    size_t size, struct str *hash, struct userline_more *more,
	    char *why, size_t whysize);
/* Is that hash one of a locked user, "!" and then what it was?  (A "!" alone
 * says that another kind of database verifies him.) */
bool	 userline_locked(struct str hash);
/* The next alias of the list that rest is (and then is what follows); false:
 * there is none. */
bool	 userline_alias(struct str *rest, struct str *alias);

#endif
