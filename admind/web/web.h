/*
 * One request to the admin page: who asks, whether it comes from a form of
 * ours, the commands that its page needs, and the frame around what it shows.
 * A page is a struct web_page in a file of its own (page_x.c), and its row in
 * pages[] of web_pages.c; it never sees a socket or a header.
 *
 * No state is kept between two requests: the cookie is the token that paild
 * made at the login, and paild checks it with each command.
 */
#ifndef ADMIND_WEB_WEB_H
#define ADMIND_WEB_WEB_H

#include <stdbool.h>
#include <stddef.h>

#include "admind/web/desk.h"
#include "admind/web/form.h"
#include "admind/web/html.h"
#include "common/buf.h"

#define WEB_ASKS	6	/* commands of a page */
#define WEB_CSRF	64	/* hex digits */
#define WEB_WHY		256

/* A command, and what it has brought: w->ask[k], by the order of web_ask(). */
struct web_ask {
	struct web	*web;
	struct desk	*desk;		/* NULL: it has answered */
	enum desk_code	 code;
	struct buf	 text;		/* DESK_ERROR: why */
	struct buf	 json;		/* DESK_OK: an object */
};

struct web {
	const struct web_page	*page;
	const struct web_action	*action;	/* NULL: it only looks */
	struct form		 query;		/* of the URL */
	struct form		 form;		/* of a POST */
	char			 user[USER_ID_MAX + 1];	/* or "" */
	char			 csrf[WEB_CSRF + 1];
	/* Who the page is about, for its title and heading: plan() may set it,
	 * to what lives as long as the request (a field of query). */
	struct str		 subject;
	unsigned int		 nasks;
	struct web_ask		 ask[WEB_ASKS];
	struct web_in		*in;		/* of web.c */
};

/* POST to the page's path with action=word, from a form of ours. */
struct web_action {
	const char	*word;		/* NULL: the end of the table */
	const char	*need[6];	/* fields that must be there, once */
	/* web_ask()s for the one command; or -1, with why: 400 and the page. */
	int		(*run)(struct web *w, char *why, size_t size);
	/* A sentence for people, shown after 303 to the page again, or to that
	 * with the path "to"; the field "name" is kept, unless there is a
	 * "to". */
	const char	*done;
	const char	*to;
	/* Instead of done: what is shown once (a new app password). */
	void		(*show)(struct web *w, struct buf *html);
};

struct web_page {
	const char	*path;		/* "/admin/users" */
	const char	*title;
	const char	*nav;		/* NULL: not in the menu */
	/* web_ask()s; all run side by side.  NULL: nothing, but that the token
	 * is valid. */
	void		(*plan)(struct web *w);
	/* What <main> has below its <h1>. */
	void		(*show)(struct web *w, struct buf *html);
	const struct web_action	*actions;	/* NULL: none */
};

/* Adds a command, const char * up to a NULL, or as a list with a secret; what
 * is beyond WEB_ASKS is answered with DESK_AWAY and has no place. */
void	 web_ask(struct web *w, ...) __attribute__((sentinel));
void	 web_ask_str(struct web *w, const struct str *args, size_t n,
	    struct str secret);
/*
 * Of the k-th command: true, and its JSON; or false, and html says why, in a
 * paragraph that takes the place of what was to be shown.
 */
bool	 web_answer(struct web *w, unsigned int k, struct buf *html,
	    struct str *json);
/* A field of the form, or else of the query; empty: neither has it, or one has
 * it twice. */
struct str web_value(const struct web *w, const char *name);

/* <form method="post" ...> to a page's action, with the hidden fields that it
 * needs; </form> is the caller's. */
void	 web_form_begin(struct buf *b, const struct web *w, const char *path,
	    const char *action);

extern const struct web_page page_overview, page_users, page_user,
	    page_sessions, page_queues, page_store, page_throttle;

#endif
