/*
 * One request to the admin page: who asks, whether it comes from a form of
 * ours, the commands that its page needs, and the frame around what it shows.
 * A page is a struct web_page in a file of its own (page_x.c), and its row in
 * pages[] of admind/route.c; it never sees a socket or a header.
 *
 * No state is kept between two requests: the cookie is the token that paild
 * made at the login, and paild checks it with each command.
 */
#ifndef ADMIND_WEB_WEB_H
#define ADMIND_WEB_WEB_H

#include <stdbool.h>
#include <stddef.h>

#include "admind/http/answer.h"
#include "admind/known/state.h"
#include "admind/web/csrf.h"
#include "admind/web/desk.h"
#include "admind/web/form.h"
#include "admind/web/html.h"
#include "common/buf.h"

#define WEB_ASKS	6	/* commands of a page */
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
	const struct web_page	*page;		/* NULL: of the frame alone */
	const struct web_action	*action;	/* NULL: it only looks */
	struct form		 query;		/* of the URL */
	struct form		 form;		/* of a POST */
	char			 user[USER_ID_MAX + 1];	/* or "" */
	/* Who the page is about, for its title and heading: plan() may set it,
	 * to what lives as long as the request (a field of query). */
	struct str		 subject;
	/* Why the action failed; "": it did not.  The frame shows it. */
	char			 why[WEB_WHY];
	unsigned int		 nasks;
	struct web_ask		 ask[WEB_ASKS];

	/* What follows is not for pages. */
	char			 token[DESK_TOKEN + 1];	/* "": no session */
	char			 csrf[CSRF_LEN + 1];
	char			 remote[64];
	char			 version[65];	/* of Pail, or "" */
	bool			 tls;
	struct desk		*login;
	struct state_wait	 state;
	bool			 again;		/* then() was called */
	unsigned int		 waiting;	/* asks without an answer */
	/* When there is none. */
	void			(*ready)(struct web *w);
	void			(*answer)(const struct answer *a, void *arg);
	void			*arg;
	bool			*gone;		/* told when w is freed */
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
	bool		 state;		/* show() reads a fresh state_now() */
	/* web_ask()s; all run side by side.  NULL: nothing, but that the token
	 * is valid. */
	void		(*plan)(struct web *w);
	/* When these have answered: perhaps more, which w->ask[] then has
	 * behind them.  NULL: no more. */
	void		(*then)(struct web *w);
	/* What <main> has below its <h1>. */
	void		(*show)(struct web *w, struct buf *html);
	const struct web_action	*actions;	/* NULL: none */
};

/* How the desk is reached; tests play it. */
struct web_desk {
	struct desk	*(*login)(struct str user, struct str password,
			    const char *remote, bool tls, desk_cb *cb,
			    void *arg);
	struct desk	*(*act)(const char *token, const struct str *args,
			    size_t nargs, struct str secret,
			    const char *remote, desk_cb *cb, void *arg);
	void		 (*forget)(struct desk *d);
};
extern const struct web_desk *web_desk;

/* Adds a command, const char * up to a NULL, or as a list with a secret.  What
 * is too long or has a control character is answered at once; what is beyond
 * WEB_ASKS has no place. */
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

/* Forgets what was asked. */
void	 web_ask_none(struct web *w);
/* <form method="post" ...> to a page's action, with the hidden fields that it
 * needs; </form> is the caller's.  If this action has just failed, the form is
 * described by the reason. */
void	 web_form_begin(struct buf *b, const struct web *w, const char *path,
	    const char *action);

extern const struct web_page page_overview, page_users, page_user,
	    page_sessions, page_queues, page_store, page_throttle;

#endif
