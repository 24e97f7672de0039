/* The end of a request: what pages do not call. */
#ifndef ADMIND_WEB_WEB_INT_H
#define ADMIND_WEB_WEB_INT_H

#include "admind/http/answer.h"
#include "admind/web/web.h"

#define WEB_LOGINS	32	/* under way at once */
#define WEB_LOGINS_FROM	4	/* of these, from one address */

/* Begins w->login.  false: there are too many, from here or in all: who tries
 * passwords must not keep those out who are logged in. */
bool	 web_login(struct web *w, struct str user, struct str password,
	    desk_cb *cb);
/* All that it asked is forgotten.  NULL is fine. */
void	 web_free(struct web *w);
/* Answers, and frees both. */
void	 web_done(struct web *w, struct answer *a);

#endif
