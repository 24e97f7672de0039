/*
 * The password file of "type: file" (pail.yaml(5)): lines of name:hash.  For a
 * change, a new file is renamed to the old one's name, under a lock, so that
 * authd always reads a complete file.
 */
#ifndef PAILCTL_USERS_FILE_H
#define PAILCTL_USERS_FILE_H

#include <stdbool.h>
#include <stddef.h>

#include "common/buf.h"

struct user_fields;
struct userline_more;

enum users_change {
	USERS_ADD,	/* -1 if the name exists */
	USERS_PASSWD,	/* -1 if it does not */
	USERS_SET,	/* what follows the hash; -1 if it does not */
	USERS_LOCK,	/* a ! before the hash, as in shadow(5) */
	USERS_UNLOCK,	/* without it; -1 if nothing would be left */
	USERS_DEL	/* -1 if it does not */
};

/*
 * Makes the change.  name is a user id; hash is used by USERS_ADD and
 * USERS_PASSWD (who is locked stays locked), fields (NULL: none) by USERS_ADD
 * and USERS_SET; an alias that is another user's name or alias is refused.
 * USERS_ADD creates the file if it does not exist: as root with mode 0640 and
 * the given group if that exists, otherwise with mode 0600.  -1: the reason is
 * in why, and the file is unchanged.
 */
int	 users_change(const char *path, enum users_change what,
	    const char *name, const char *hash, struct user_fields *fields,
	    const char *group, char *why, size_t size);
/* Each user with what follows the hash, in the file's order.  locked: by
 * USERS_LOCK. */
typedef void (*users_cb)(const char *name, bool locked,
	    const struct userline_more *more, void *arg);
int	 users_each(const char *path, users_cb cb, void *arg, char *why,
	    size_t size);
/* Appends the names, one a line, in the file's order. */
int	 users_list(const char *path, struct buf *out, char *why,
	    size_t size);

/* Prints to standard error which lines of a file are invalid, and why (the
 * offending octet); the first ten only. */
void	 users_complain(const char *path, const char *text, size_t len);
/* The same change to the text of a file, into out: 0 or -1. */
int	 users_edit(const char *text, size_t len, enum users_change what,
	    const char *name, const char *hash, struct user_fields *fields,
	    struct buf *out, char *why, size_t size);

#endif
