/*
 * A page without a server: the test says what the commands answer, and looks at
 * what is shown.  All that is shown is checked by html_check().
 */
#ifndef ADMIND_WEB_TEST_PAGE_RIG_H
#define ADMIND_WEB_TEST_PAGE_RIG_H

#include <stdbool.h>

#include "admind/known/state.h"
#include "admind/web/web.h"
#include "common/counter.h"
#include "common/proc_kind.h"

/* In JSON: a string that is dangerous wherever it is shown. */
#define PAGE_EVIL							\
	"<script>alert(1)</script>\\\"' onx=\\\"&amp;\\u202e\\u0007"
#define PAGE_EVIL_PLAIN	"<b>\\\"'&\\u202e"	/* no control characters */

extern struct web	 page_web;
extern struct buf	 page_html;	/* what was shown last */

/* A new request; query and form (NULL: a GET) as they are sent.  plan() has
 * run, or the action's run(): what it said if it refused, or NULL. */
void	 page_get(const struct web_page *p, const char *query);
const char *page_post(const struct web_page *p, const char *form);
/* The k-th command was this: "user list", with the secret behind a '|'. */
bool	 page_asked(unsigned int k, const char *command);
unsigned int page_asks(void);
void	 page_ok(unsigned int k, const char *json);
void	 page_no(unsigned int k, enum desk_code code, const char *text);
/* then(), if all have answered. */
void	 page_then(void);
/* show(), or that of the action; what it wrote is HTML, or the test fails. */
void	 page_show(void);
void	 page_show_done(void);
/* How often it has this text; page_has(): once, or more often. */
size_t	 page_count(const char *text);
bool	 page_has(const char *text);

/* What state_now() is: first the rows of a process, then the process. */
void	 page_row(enum counter_kind kind, const char *metric,
	    const char *labels, uint64_t value, uint32_t scale);
void	 page_proc(enum proc_kind kind, uint32_t index);
/* When the last one was started, in Unix time. */
void	 page_procs_start(uint64_t started);
/* They are told, and forgotten here. */
void	 page_state(bool serving);
void	 page_end(void);

#endif
