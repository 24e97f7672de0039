/*
 * The logins that are under way: few at once, and fewer from one address, so
 * that those who guess leave room for the commands of who is logged in.  They
 * must not keep an administrator from logging in, either: a wrong password is
 * answered late and a right one at once, so that of the address with the most
 * logins the oldest makes room.  Pure, but for the table.
 */
#ifndef ADMIND_WEB_CROWD_H
#define ADMIND_WEB_CROWD_H

#include <stdbool.h>
#include <stdint.h>

#define CROWD_MAX	32
#define CROWD_FROM	4	/* from one address (of IPv6: one /64), unless
				   it is the loopback, which may be many */

/* How long a login has its place for sure, in ms: however many come, the right
 * password has a chance to be checked.  Tests shorten it. */
extern int64_t crowd_sure_ms;

struct web;

/* Is there room for one more from remote?  *out: who has to make it, and to be
 * told so; NULL: nobody.  now: ms of a monotonic clock. */
bool	 crowd_room(const char *remote, int64_t now, struct web **out);
/* After that, with who was to make room removed. */
void	 crowd_add(struct web *w, const char *remote, int64_t now);
void	 crowd_remove(const struct web *w);	/* if it is there */

#endif
