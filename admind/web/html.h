/*
 * Writing HTML.  Text is always escaped; what is not are literals of ours,
 * which the compiler checks: html_raw() takes nothing else.  Whether all
 * fitted is b->failed, as with buf_put().
 */
#ifndef ADMIND_WEB_HTML_H
#define ADMIND_WEB_HTML_H

#include <stdbool.h>
#include <stdint.h>

#include "common/buf.h"

/* For what there is not, or nobody knows: an en dash. */
#define HTML_DASH	"\xe2\x80\x93"

/* A string literal, as it is. */
#define html_raw(b, literal)						\
	((void)buf_put((b), "" literal "", sizeof(literal) - 1))

/*
 * Text between tags.  What would not be seen, or would change how the rest is
 * displayed (common/escape.h), is written as \u{202e}; but newlines and tabs
 * are kept.  What is no UTF-8 becomes U+FFFD.
 */
void	 html_text(struct buf *b, struct str s);
void	 html_cstr(struct buf *b, const char *s);	/* NULL: nothing */
/* ` name="value"`.  A browser gives the value back as it is here, but for
 * control characters, which become U+FFFD.  name: a literal. */
void	 html_attr(struct buf *b, const char *name, struct str value);
/* ` href="path?name=value"`, percent-encoded. */
void	 html_query(struct buf *b, const char *path, const char *name,
	    struct str value);
/* The part after "?name=" alone, for a Location: unreserved characters and
 * %XX, nothing else. */
void	 html_percent(struct buf *b, struct str s);
/* <input type="hidden" name="..." value="..."> */
void	 html_hidden(struct buf *b, const char *name, struct str value);

void	 html_number(struct buf *b, uint64_t n);	/* 1,234,567 */
void	 html_bytes(struct buf *b, uint64_t n);		/* 1.5 MiB */
/* Seconds since 1970, as <time>; 0 or less: "never". */
void	 html_time(struct buf *b, int64_t t);
/* The member of a JSON object as text: a string, a number, true or false; if
 * it is missing or null, an en dash. */
void	 html_json(struct buf *b, struct str object, const char *name);

#endif
