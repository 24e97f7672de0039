/* See login.h. */
#include "common/compat.h"

#include <stdio.h>
#include <string.h>

#include "admind/web/cookie.h"
#include "admind/web/frame.h"
#include "admind/web/login.h"
#include "admind/web/pages.h"
#include "admind/web/web_int.h"

static void
why(struct web *w, const char *text)
{
	(void)strlcpy(w->why, text, sizeof(w->why));
}

static void
put_fields(struct buf *b, const struct web *w)
{
	struct str	 user = web_value(w, "user");

	html_raw(b, "<p><label for=\"user\">User name</label>\n<input"
	    " id=\"user\" name=\"user\" autocomplete=\"username\""
	    " autocapitalize=\"none\" spellcheck=\"false\" required");
	html_attr(b, "value", user);
	if (user.len == 0)
		html_raw(b, " autofocus");
	if (w->why[0] != '\0')
		html_raw(b, " aria-describedby=\"why\"");
	html_raw(b, "></p>\n<p><label for=\"password\">Password</label>\n"
	    "<input id=\"password\" name=\"password\" type=\"password\""
	    " autocomplete=\"current-password\" required");
	if (user.len != 0)
		html_raw(b, " autofocus");
	if (w->why[0] != '\0')
		html_raw(b, " aria-describedby=\"why\"");
	html_raw(b, "></p>\n<p><button>Log in</button></p>\n</form>\n");
}

static void
draw(struct web *w, struct answer *a, int status)
{
	struct buf	*b = &a->body;
	struct str	 v;

	a->status = status;
	frame_begin(a, w, "Log in", false);
	if (form_get(&w->query, "done", &v) && str_eq(v, STR("logout")))
		frame_notice(a, "You are logged out.");
	else if (form_get(&w->query, "gone", &v))
		frame_notice(a, "Your session has ended. Log in to go on.");
	html_raw(b, "<form class=\"login\" method=\"post\" action=\""
	    PAGES_LOGIN "\">");
	html_hidden(b, "csrf", str_from(w->csrf));
	html_hidden(b, "back", web_value(w, "back"));
	put_fields(b, w);
	frame_end(a, w);
}

/* The cookie that the form has to repeat; a new one if there is none. */
static enum cookie_found
guard(struct web *w, const struct head *h, struct answer *a)
{
	struct str		 v;
	enum cookie_found	 found = cookie_get(h->cookie, COOKIE_LOGIN,
				    w->tls, &v);

	if (found == COOKIE_FOUND) {
		str_copy(w->csrf, sizeof(w->csrf), v);
		return found;
	}
	csrf_random(w->csrf);
	cookie_set(a, COOKIE_LOGIN, w->tls, w->csrf);
	return found;
}

void
login_show(struct web *w, const struct head *h)
{
	struct answer	 a;

	answer_init(&a);
	(void)guard(w, h, &a);
	draw(w, &a, 200);
	web_done(w, &a);
}

static void
on_login(const struct desk_answer *d, void *arg)
{
	struct web	*w = arg;
	struct buf	 to = BUF_INIT;
	struct answer	 a;

	w->login = NULL;
	answer_init(&a);
	switch (d->code) {
	case DESK_OK:
		cookie_set(&a, COOKIE_SESSION, w->tls, d->token);
		cookie_set(&a, COOKIE_LOGIN, w->tls, NULL);
		pages_back(&to, web_value(w, "back"));
		frame_redirect(&a, (struct str){ (const char *)to.data,
		    to.len });
		a.fields.failed = a.fields.failed || to.failed;
		buf_free(&to);
		break;
	case DESK_AWAY:
		why(w, "The server cannot check passwords at the moment. Try "
		    "again soon.");
		draw(w, &a, 503);
		break;
	default:
		why(w, "The user name or the password is wrong, or this "
		    "account may not administer Pail.");
		draw(w, &a, 403);
	}
	web_done(w, &a);
}

void
login_post(struct web *w, const struct head *h)
{
	struct str	 csrf, user, password;
	struct answer	 a;
	int		 status = 0;

	answer_init(&a);
	(void)form_get(&w->form, "csrf", &csrf);
	if (guard(w, h, &a) != COOKIE_FOUND || !csrf_same(w->csrf, csrf)) {
		why(w, "This form was out of date, or your browser does not "
		    "keep cookies. Please try again.");
		status = 403;
	} else if (!form_get(&w->form, "user", &user) || user.len == 0 ||
	    !form_get(&w->form, "password", &password) ||
	    password.len == 0) {
		why(w, "Enter your user name and your password.");
		status = 400;
	} else if (!web_login(w, user, password, on_login)) {
		why(w, "Too many people are logging in. Try again in a "
		    "moment.");
		status = 503;
	} else {
		answer_free(&a);
		return;
	}
	draw(w, &a, status);
	web_done(w, &a);
}

void
login_redirect(struct answer *a, struct web *w, struct str where, bool gone)
{
	struct buf	 to = BUF_INIT;

	buf_puts(&to, PAGES_LOGIN);
	if (!str_eq(where, STR(PAGES_ROOT))) {
		buf_puts(&to, "?back=");
		html_percent(&to, where);
	}
	if (gone) {
		buf_puts(&to, memchr(to.data, '?', to.len) == NULL ? "?" :
		    "&");
		buf_puts(&to, "gone=1");
		cookie_set(a, COOKIE_SESSION, w->tls, NULL);
	}
	frame_redirect(a, (struct str){ (const char *)to.data, to.len });
	a->fields.failed = a->fields.failed || to.failed;
	buf_free(&to);
}
