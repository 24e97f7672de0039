/* What is around all pages: the head, the menu, what has been done, who and
 * where; and the headers of the answer. */
#ifndef ADMIND_WEB_FRAME_H
#define ADMIND_WEB_FRAME_H

#include "admind/http/answer.h"
#include "admind/web/web.h"

/* The node's name, for people; copied. */
void	 frame_init(const char *host);
/* Begins a page of HTML, up to its <h1> (title, and w->subject), with w->why
 * below that.  nav: with the menu, for who is logged in. */
void	 frame_begin(struct answer *a, const struct web *w, const char *title,
	    bool nav);
/* A sentence that something was done. */
void	 frame_notice(struct answer *a, const char *text);
void	 frame_end(struct answer *a, const struct web *w);
/* A whole page without the menu, for what has gone wrong: a sentence, and where
 * to go on (a path of ours). */
void	 frame_error(struct answer *a, const struct web *w, int status,
	    const char *title, const char *text, const char *path);
/* 303. */
void	 frame_redirect(struct answer *a, struct str location);

#endif
