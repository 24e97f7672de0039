/*
 * The admin page as route.c sees it: a request comes in, an answer goes out,
 * now or when the desk has answered.
 */
#ifndef ADMIND_WEB_SERVE_H
#define ADMIND_WEB_SERVE_H

#include <stdbool.h>
#include <stddef.h>

#include "admind/http/answer.h"
#include "admind/http/head.h"
#include "admind/web/web.h"

/* For an answer: longer than the desk waits for one, which may be a probe's. */
#define SERVE_PATIENCE_MS	(DESK_MS + 5000)

struct serve_request {
	const struct head	*head;		/* read during serve_begin() */
	struct str		 body;		/* only */
	const char		*remote;
	const char		*version;	/* of Pail, or "" */
	bool			 tls;
	/* Once; the answer is borrowed. */
	void			(*answer)(const struct answer *a, void *arg);
	void			*arg;
};

/* desk and pages (up to a NULL, in the menu's order) are kept; host, the node's
 * name, is copied. */
void	 serve_init(const struct web_desk *desk,
	    const struct web_page *const *pages, const char *host);
bool	 serve_is_path(struct str path);	/* /admin, and what is below */
/* How many octets of content such a request may have. */
size_t	 serve_content(const struct head *h);
/* The answer to more than that; its status is 413. */
void	 serve_too_large(const struct head *h, struct answer *a);
/* NULL: it was answered, or will not be since there is no memory (*answered
 * false). */
struct web *serve_begin(const struct serve_request *r, bool *answered);
/* It has taken too long: answers that. */
void	 serve_late(struct web *w);
/* Nobody waits for the answer any more. */
void	 serve_forget(struct web *w);

#endif
