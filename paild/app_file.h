/*
 * The file of app passwords (common/appline.h): pailctl adds and revokes,
 * paild notes when they were used; or it is this node's copy of the bucket's
 * (paild/apps.h).  Each change replaces the file (swap.h);
 * lines that are none stay as they are.
 */
#ifndef PAILD_APP_FILE_H
#define PAILD_APP_FILE_H

#include <stddef.h>
#include <stdint.h>

#include "common/app_edit.h"
#include "common/appline.h"
#include "common/buf.h"

#define APP_FILE_MAX	(64 * 1024 * 1024)	/* bytes: authd's limit */

/*
 * Adds p.  The file is created if it does not exist, with group (swap.h).
 * -1: the user has one of that name, or APP_PER_USER, or the reason in why.
 */
int	 app_file_add(const char *path, const struct app_password *p,
	    const char *group, char *why, size_t size);
/* Removes those of user that are called what, by name or id; NULL: all.  The
 * number of them, or -1 (also if there is none of that name). */
int	 app_file_revoke(const char *path, const char *user, const char *what,
	    char *why, size_t size);
/* Calls row for each of user, or of all (NULL), in the file's order. */
int	 app_file_list(const char *path, const char *user,
	    void (*row)(const struct app_password *p, void *arg), void *arg,
	    char *why, size_t size);

struct app_use {
	char	id[APP_ID + 1];
	char	user[USER_ID_MAX + 1];
	int64_t	when;			/* seconds since 1970 */
};
/* 0; 1: somebody else changes the file now, try again; -1: the reason in why.
 * Never waits.  One that is not in the file any more is passed over.  uses are
 * put into another order. */
int	 app_file_used(const char *path, struct app_use *uses, size_t n,
	    char *why, size_t size);

/*
 * Makes the file a copy of the bucket's text of that serial number; last uses
 * stay.  0; 1 and -1 as app_file_used(): also if the file has others than the
 * bucket's.  The file is created if it does not exist, with group.
 */
int	 app_file_copy(const char *path, uint64_t serial, struct str text,
	    const char *group, char *why, size_t size);
/* Of such a copy; 0: there is none. */
uint64_t app_file_serial(const char *path);

#endif
