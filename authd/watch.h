/*
 * Which users were removed from a password file, or have a new password:
 * reported to authd by a worker, so that a manual edit ends sessions just as
 * pailctl does.
 */
#ifndef AUTHD_WATCH_H
#define AUTHD_WATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct watch;

struct watch_user {
	const char	*name;		/* a user id */
	const char	*hash;
};

/* The watch of a path; shared if it exists already (a reload).  NULL on
 * ENOMEM. */
struct watch *watch_open(const char *path);
void	 watch_close(struct watch *w);		/* NULL is fine */
/*
 * The result of reading the file: users in strcmp() order, and when the file
 * was changed (milliseconds since 1970).  The first one is only remembered.  0,
 * or -1 on ENOMEM: nothing has changed, and the result must be passed again.
 */
int	 watch_saw(struct watch *w, const struct watch_user *users, size_t n,
	    int64_t changed);
/* Has it a reading at all? */
bool	 watch_has(const struct watch *w);
/* The next user who is gone, and since when; NULL: no more.  Short-lived. */
const char *watch_next(struct watch *w, int64_t *changed);

#endif
