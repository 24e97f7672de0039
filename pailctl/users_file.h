/*
 * The users' file of "type: file" (pail.yaml(5)): lines of name:hash.  A
 * change is a new file renamed over the old one, under a lock, so that
 * authd always reads a whole one.
 */
#ifndef PAILCTL_USERS_FILE_H
#define PAILCTL_USERS_FILE_H

#include <stddef.h>

#include "common/buf.h"

enum users_change {
	USERS_ADD,	/* -1 when the name is there */
	USERS_PASSWD,	/* -1 when it is not */
	USERS_DEL	/* -1 when it is not */
};

/*
 * Makes the change; name is a user id, hash is not used by USERS_DEL.  A
 * file that is not there yet is made by USERS_ADD: by root with mode 0640 and
 * the group named (without such a group: nobody's), else with mode 0600.
 * -1: the reason is in why, and the file is as it was.
 */
int	 users_change(const char *path, enum users_change what,
	    const char *name, const char *hash, const char *group, char *why,
	    size_t size);
/* Appends the names, one a line, in the file's order. */
int	 users_list(const char *path, struct buf *out, char *why,
	    size_t size);

/* Of the text of a file: the same change into out, 0 or -1. */
int	 users_edit(const char *text, size_t len, enum users_change what,
	    const char *name, const char *hash, struct buf *out, char *why,
	    size_t size);

#endif
