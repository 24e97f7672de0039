/*
 * The way of a request: is it from here, is there such a page, who asks, is the
 * form ours; then what the page asks, what it shows, or where to go next.
 */
#include "common/compat.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "admind/web/cookie.h"
#include "admind/web/frame.h"
#include "admind/web/login.h"
#include "admind/web/origin.h"
#include "admind/web/pages.h"
#include "admind/web/serve.h"
#include "admind/web/style.h"
#include "admind/web/web_int.h"
#include "common/log.h"
#include "common/log_limit.h"

#define LOGIN_MAX	4096	/* octets of its form */

void
serve_init(const struct web_desk *desk, const struct web_page *const *pages,
    const char *host)
{
	web_desk = desk;
	pages_init(pages);
	frame_init(host);
}

bool
serve_is_path(struct str path)
{
	static const struct str	 root = STR(PAGES_ROOT);

	return path.len >= root.len && memcmp(path.p, root.p, root.len) == 0 &&
	    (path.len == root.len || path.p[root.len] == '/');
}

size_t
serve_content(const struct head *h)
{
	if (h->method != HEAD_POST)
		return 0;
	if (str_eq(h->path, STR(PAGES_LOGIN)))
		return LOGIN_MAX;
	return pages_find(h->path) != NULL || str_eq(h->path,
	    STR(PAGES_LOGOUT)) ? FORM_MAX : 0;
}

void
serve_too_large(const struct head *h, struct answer *a)
{
	static const struct web	 nobody;

	frame_error(a, &nobody, 413, "Too large", serve_content(h) > 0 ?
	    "This form is too large." : "This address takes no form.",
	    PAGES_ROOT);
}

static void
fail(struct web *w, int status, const char *title, const char *text)
{
	struct answer	 a;

	answer_init(&a);
	frame_error(&a, w, status, title, text, w->page != NULL ?
	    w->page->path : PAGES_ROOT);
	web_done(w, &a);
}

/* To the login, and then here again; gone: what was a session is none. */
static void
away(struct web *w, bool gone)
{
	struct buf	 back = BUF_INIT;
	struct answer	 a;

	answer_init(&a);
	pages_url(&back, w->page, web_value(w, "name"));
	back.len -= back.len > 0;
	login_redirect(&a, w, (struct str){ (const char *)back.data,
	    back.len }, gone);
	a.fields.failed = a.fields.failed || back.failed;
	buf_free(&back);
	web_done(w, &a);
}

/* What a redirect has said: what was done. */
static void
notice(struct answer *a, const struct web *w)
{
	const char	*text;
	struct str	 word;

	if (form_get(&w->query, "done", &word) &&
	    (text = pages_done(w->page, word)) != NULL)
		frame_notice(a, text);
}

static bool
session_ended(const struct web *w)
{
	unsigned int	 i;

	for (i = 0; i < w->nasks; i++)
		if (w->ask[i].code == DESK_SESSION)
			return true;
	return false;
}

/* Has paild said whose the token is?  Until then, whoever shows one may have
 * made it up, and gets nothing: not what the other processes count, either. */
static bool
session_proved(const struct web *w)
{
	return w->user[0] != '\0';
}

/* All has been answered: the page. */
static void
show(struct web *w)
{
	struct answer	 a;

	if (session_ended(w)) {
		away(w, true);
		return;
	}
	if (!session_proved(w)) {
		fail(w, 503, "No answer", "The server is not responding. "
		    "Try again in a moment.");
		return;
	}
	if (!w->again && w->page->then != NULL) {
		w->again = true;
		w->page->then(w);
		if (w->waiting > 0)
			return;
		show(w);
		return;
	}
	answer_init(&a);
	a.status = w->why[0] != '\0' ? 400 : 200;
	frame_begin(&a, w, w->page->title, true);
	if (w->form.n == 0)
		notice(&a, w);
	w->page->show(w, &a.body);
	frame_end(&a, w);
	web_done(w, &a);
}

static void
on_state(struct state_wait *s)
{
	struct web	*w = (struct web *)((uintptr_t)s - offsetof(struct web,
			    state));

	if (--w->waiting == 0)
		w->ready(w);
}

/* Asks what the page needs; at least something that tells whether there is a
 * session. */
static void
look(struct web *w)
{
	w->again = false;
	w->ready = show;
	w->waiting = 1;		/* it is not ready before all are asked */
	if (w->page->plan != NULL)
		w->page->plan(w);
	if (w->nasks == 0)
		web_ask(w, "throttle-list", NULL);
	if (w->page->state) {
		w->waiting++;
		w->state.ready = on_state;
		state_want(&w->state);
	}
	if (--w->waiting == 0)
		show(w);
}

/* 303 to the page, which says what was done: a reload does not do it again. */
static void
done(struct web *w)
{
	const struct web_action	*act = w->action;
	const struct web_page	*p = act->to == NULL ? w->page :
				    pages_find(str_from(act->to));
	struct buf		 to = BUF_INIT;
	struct answer		 a;

	answer_init(&a);
	pages_url(&to, p != NULL ? p : w->page, p == w->page ?
	    web_value(w, "name") : STR(""));
	buf_puts(&to, "done=");
	buf_puts(&to, act->word);
	frame_redirect(&a, (struct str){ (const char *)to.data, to.len });
	a.fields.failed = a.fields.failed || to.failed;
	buf_free(&to);
	web_done(w, &a);
}

static void
show_once(struct web *w)
{
	struct answer	 a;

	answer_init(&a);
	frame_begin(&a, w, w->page->title, true);
	w->action->show(w, &a.body);
	frame_end(&a, w);
	web_done(w, &a);
}

/* The command of an action has answered. */
static void
acted(struct web *w)
{
	const struct web_ask	*k = &w->ask[0];

	if (session_ended(w)) {
		away(w, true);
		return;
	}
	if (w->nasks > 0 && k->code == DESK_OK) {
		if (w->action->show != NULL)
			show_once(w);
		else
			done(w);
		return;
	}
	if (w->nasks > 0 && k->code == DESK_ERROR)
		str_copy(w->why, sizeof(w->why), (struct str){
		    (const char *)k->text.data, k->text.len });
	if (w->why[0] == '\0')
		(void)strlcpy(w->why, "The server did not answer: check "
		    "whether it was done before you try again.",
		    sizeof(w->why));
	web_ask_none(w);
	look(w);
}

static void
act(struct web *w)
{
	const struct web_action	*a;
	struct str		 word, v;
	size_t			 i;

	(void)form_get(&w->form, "action", &word);
	if ((a = w->action = pages_action(w->page, word)) == NULL) {
		fail(w, 400, "Bad request", "This page has no such action.");
		return;
	}
	for (i = 0; i < nitems(a->need) && a->need[i] != NULL; i++)
		if (!form_get(&w->form, a->need[i], &v)) {
			fail(w, 400, "Bad request",
			    "A field of the form is missing.");
			return;
		}
	w->ready = acted;
	w->waiting = 1;
	if (a->run(w, w->why, sizeof(w->why)) == -1) {
		if (w->why[0] == '\0')
			(void)strlcpy(w->why, "This cannot be done.",
			    sizeof(w->why));
		web_ask_none(w);
		look(w);
		return;
	}
	if (--w->waiting == 0)
		acted(w);
}

/* Whatever paild says, here the session is over. */
static void
logged_out(struct web *w)
{
	struct answer	 a;

	answer_init(&a);
	cookie_set(&a, COOKIE_SESSION, w->tls, NULL);
	frame_redirect(&a, STR(PAGES_LOGIN "?done=logout"));
	web_done(w, &a);
}

static void
log_out(struct web *w)
{
	w->ready = logged_out;
	w->waiting = 1;
	web_ask(w, "logout", NULL);
	if (--w->waiting == 0)
		logged_out(w);
}

static void
style(struct web *w)
{
	struct answer	 a;

	answer_init(&a);
	a.type = "text/css; charset=utf-8";
	a.extra = "Cross-Origin-Resource-Policy: same-origin\r\n";
	buf_puts(&a.body, style_sheet);
	web_done(w, &a);
}

static void
tell_foreign(const struct web *w)
{
	static struct log_limit	 limit = LOG_LIMIT("foreign form refused");

	if (log_limit(&limit))
		log_warnx("remote=%s form of another site refused",
		    w->remote);
}

/* The form of a POST.  True: it was refused. */
static bool
refused(struct web *w, const struct serve_request *r)
{
	struct str	 type = r->head->type, rest;

	if (!origin_ok(r->head, w->tls)) {
		tell_foreign(w);
		fail(w, 403, "Not allowed",
		    "This request came from another site.");
		return true;
	}
	if (str_split(&type, ';', &rest))
		type = str_trim(rest, OWS);
	if (!str_caseeq(type, STR(FORM_TYPE))) {
		fail(w, 415, "Bad request", "This is not a form.");
		return true;
	}
	if (!r->head->length) {
		fail(w, 411, "Bad request", "The form has no length.");
		return true;
	}
	if (form_parse(&w->form, r->body) == -1) {
		fail(w, 400, "Bad request", "This form cannot be "
		    "understood.");
		return true;
	}
	return false;
}

/* Who asks; false: it was answered. */
static bool
session(struct web *w, const struct head *h)
{
	struct answer	 a;
	struct str	 v;

	switch (cookie_get(h->cookie, COOKIE_SESSION, w->tls, &v)) {
	case COOKIE_FOUND:
		str_copy(w->token, sizeof(w->token), v);
		csrf_of(w->token, w->csrf);
		return true;
	case COOKIE_TWICE:
		answer_init(&a);
		cookie_set(&a, COOKIE_SESSION, w->tls, NULL);
		frame_error(&a, w, 400, "Bad request", "Your browser sent two "
		    "cookies with Pail's name, one of which is not Pail's. "
		    "Delete the cookies of this site, and log in again.",
		    PAGES_LOGIN);
		web_done(w, &a);
		return false;
	default:
		if (w->page != NULL)
			away(w, false);
		else {
			answer_init(&a);
			frame_redirect(&a, STR(PAGES_LOGIN));
			web_done(w, &a);
		}
		return false;
	}
}

/* A page, or the logout: for who is logged in. */
static void
inside(struct web *w, const struct head *h)
{
	struct str	 csrf;

	if (h->method != HEAD_POST && origin_embeds(h)) {
		fail(w, 403, "Not allowed",
		    "A page of another site asked for this.");
		return;
	}
	if (!session(w, h))
		return;
	if (h->method != HEAD_POST) {
		look(w);
		return;
	}
	(void)form_get(&w->form, "csrf", &csrf);
	if (!csrf_same(w->csrf, csrf)) {
		fail(w, 403, "Not allowed", "This form was out of date, or not "
		    "Pail's: nothing was done. Reload the page, and try "
		    "again.");
		return;
	}
	if (w->page == NULL)
		log_out(w);
	else
		act(w);
}

static void
method(struct web *w, const char *allowed)
{
	struct answer	 a;

	answer_init(&a);
	(void)answer_field(&a, "Allow", str_from(allowed));
	frame_error(&a, w, 405, "Not allowed",
	    "This address does not take such a request.", PAGES_ROOT);
	web_done(w, &a);
}

static void
dispatch(struct web *w, const struct serve_request *r)
{
	const struct head	*h = r->head;
	bool			 post = h->method == HEAD_POST;
	bool			 is_login = str_eq(h->path, STR(PAGES_LOGIN));
	bool			 is_logout = str_eq(h->path,
				    STR(PAGES_LOGOUT));
	bool			 is_style = str_eq(h->path, STR(PAGES_STYLE));

	w->page = pages_find(h->path);
	if (w->page == NULL && !is_login && !is_logout && !is_style)
		fail(w, 404, "Not found", "There is no such page.");
	else if (h->method == HEAD_OTHER || (post && is_style))
		method(w, is_style ? "GET, HEAD" : is_logout ? "POST" :
		    "GET, HEAD, POST");
	else if (!post && is_logout)
		method(w, "POST");
	else if (is_style)
		style(w);
	else if (form_parse(&w->query, h->query) == -1)
		fail(w, 400, "Bad request",
		    "This address cannot be understood.");
	else if (post && refused(w, r))
		return;
	else if (is_login && post)
		login_post(w, h);
	else if (is_login)
		login_show(w, h);
	else
		inside(w, h);
}

struct web *
serve_begin(const struct serve_request *r, bool *answered)
{
	struct web	*w;

	*answered = false;
	if ((w = calloc(1, sizeof(*w))) == NULL)
		return NULL;
	form_init(&w->query);
	form_init(&w->form);
	(void)strlcpy(w->remote, r->remote, sizeof(w->remote));
	(void)strlcpy(w->version, r->version, sizeof(w->version));
	w->tls = r->tls;
	w->answer = r->answer;
	w->arg = r->arg;
	w->gone = answered;
	dispatch(w, r);
	if (*answered)
		return NULL;
	w->gone = NULL;
	return w;
}

void
serve_late(struct web *w)
{
	web_ask_none(w);
	state_forget(&w->state);
	fail(w, 504, "No answer", "The server did not answer in time. If you "
	    "changed something, check whether it was done.");
}

void
serve_forget(struct web *w)
{
	web_free(w);
}
