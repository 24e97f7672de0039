/* The part of the page of a user that is about app passwords. */
#ifndef ADMIND_WEB_USER_APPS_H
#define ADMIND_WEB_USER_APPS_H

#include <stddef.h>

#include "admind/web/web.h"

#define PAGE_USER_PATH	"/admin/user"

/* ask: of w->ask[], "app-password list USER". */
void	 user_apps_show(struct web *w, struct buf *b, struct str name,
	    unsigned int ask);
/* Their actions, as of struct web_action. */
int	 user_apps_add(struct web *w, char *why, size_t size);
void	 user_apps_added(struct web *w, struct buf *b);
int	 user_apps_revoke(struct web *w, char *why, size_t size);

#endif
