/*
 * When an app password was used last, to the day: paild writes it into the
 * file, since authd and its workers write nothing.
 */
#ifndef AUTHD_APP_USED_H
#define AUTHD_APP_USED_H

#include <stdint.h>

#include "common/buf.h"

#define APP_USED_SLOTS	8192	/* one that is forgotten is told twice */

struct app_used;

/* NULL on ENOMEM. */
struct app_used *app_used_new(void);
void	 app_used_free(struct app_used *u);	/* NULL is fine */
/*
 * user has logged in with the app password of that id, now (seconds since
 * 1970): calls told, if it was not called for it today.
 */
void	 app_used_note(struct app_used *u, const char *user, struct str id,
	    int64_t now, void (*told)(const char *user, const char *id));

#endif
