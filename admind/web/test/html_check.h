/*
 * Is that HTML as we mean to write it?  A parser of the little that our pages
 * use: whatever a string brought into a page would be seen as a tag, an
 * attribute or an id that is not ours.
 */
#ifndef ADMIND_WEB_TEST_HTML_CHECK_H
#define ADMIND_WEB_TEST_HTML_CHECK_H

#include "common/buf.h"

/*
 * Each element is one of those that our pages have, is closed in its turn, and
 * has quoted attributes of known names, none twice; no id is there twice; what
 * "for", "aria-labelledby" and "aria-describedby" name is there; inputs have a
 * label; URLs lead to /admin.  NULL, or what is wrong and where.
 */
const char *html_check(const struct buf *b);
/* How often the text is in it. */
size_t	 html_count(const struct buf *b, const char *text);

#endif
