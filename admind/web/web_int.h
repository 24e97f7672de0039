/* The end of a request: what pages do not call. */
#ifndef ADMIND_WEB_WEB_INT_H
#define ADMIND_WEB_WEB_INT_H

#include "admind/http/answer.h"
#include "admind/web/web.h"

/* Begins w->login.  false: there are too many (crowd.h); another's may end for
 * it, and is told that it cannot be checked now. */
bool	 web_login(struct web *w, struct str user, struct str password,
	    desk_cb *cb);
/* All that it asked is forgotten.  NULL is fine. */
void	 web_free(struct web *w);
/* Answers, and frees both. */
void	 web_done(struct web *w, struct answer *a);

#endif
