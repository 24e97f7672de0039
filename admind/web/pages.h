/* The table of pages, which admind/route.c has. */
#ifndef ADMIND_WEB_PAGES_H
#define ADMIND_WEB_PAGES_H

#include <stdbool.h>

#include "admind/web/web.h"

#define PAGES_ROOT	"/admin"
#define PAGES_LOGIN	"/admin/login"
#define PAGES_LOGOUT	"/admin/logout"
#define PAGES_STYLE	"/admin/style.css"

/* Up to a NULL, in the order of the menu; kept. */
void	 pages_init(const struct web_page *const *list);
/* NULL: there is none. */
const struct web_page *pages_find(struct str path);
/* By its place; NULL: no more. */
const struct web_page *pages_at(size_t i);
/* Of a page.  NULL: no such word. */
const struct web_action *pages_action(const struct web_page *p,
	    struct str word);
/* What is said on page p when this was done, there or on a page that leads to
 * it; NULL: nothing. */
const char *pages_done(const struct web_page *p, struct str word);
/*
 * A path with its query, to go back to: only that of a page, with no more in
 * its query than name=, which is appended as in a Location.  Else PAGES_ROOT.
 */
void	 pages_back(struct buf *b, struct str said);
/* The same of a page that is known, with more of its query to come: writes
 * "PATH?name=...&", or "PATH?". */
void	 pages_url(struct buf *b, const struct web_page *p, struct str name);

#endif
