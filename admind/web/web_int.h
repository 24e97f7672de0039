/* The end of a request: what pages do not call. */
#ifndef ADMIND_WEB_WEB_INT_H
#define ADMIND_WEB_WEB_INT_H

#include "admind/http/answer.h"
#include "admind/web/web.h"

/* All that it asked is forgotten.  NULL is fine. */
void	 web_free(struct web *w);
/* Answers, and frees both. */
void	 web_done(struct web *w, struct answer *a);

#endif
