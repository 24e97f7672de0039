/*
 * Changes of a text of app passwords (common/appline.h), wherever it is kept.
 * Lines that are none stay as they are.
 */
#ifndef COMMON_APP_EDIT_H
#define COMMON_APP_EDIT_H

#include <stdbool.h>
#include <stddef.h>

#include "common/appline.h"
#include "common/buf.h"

#define APP_PER_USER	100

/* 1: the line stays; 0: it goes; 2: it is *p now. */
typedef int (*app_edit_line)(struct app_password *p, void *arg);

/* Appends the text with the changes to out, whose failed says if there was
 * room; how many lines went or changed. */
size_t	 app_edit_lines(struct str text, app_edit_line line, void *arg,
	    struct buf *out);
/* The same with p as the last line.  1: it is there already, this very one.
 * -1: the user has one of that name, or APP_PER_USER; the reason in why. */
int	 app_edit_add(struct str text, const struct app_password *p,
	    struct buf *out, char *why, size_t size);
/* Without those of user that are called what, by name or id; NULL: all.  Their
 * number. */
size_t	 app_edit_revoke(struct str text, const char *user, const char *what,
	    struct buf *out);
/* Those of "added" keep what "old" says of their last use, if it is later. */
void	 app_edit_uses(struct str added, struct str old, struct buf *out);

#endif
