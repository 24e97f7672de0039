/* What a page asks, and how it hears of it; see web.h. */
#include "common/compat.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "admind/web/crowd.h"
#include "admind/web/web.h"
#include "admind/web/web_int.h"
#include "common/clock.h"
#include "common/msg_admin.h"

#define AWAY	"The server is not responding. Try again in a moment."

const struct web_desk	*web_desk;

static void
on_answer(const struct desk_answer *a, void *arg)
{
	struct web_ask	*k = arg;
	struct web	*w = k->web;

	k->desk = NULL;
	k->code = a->code;
	buf_put(&k->text, a->text.p, a->text.len);
	buf_put(&k->json, a->json.p, a->json.len);
	if (k->text.failed || k->json.failed)
		k->code = DESK_AWAY;
	if (a->user[0] != '\0')
		(void)strlcpy(w->user, a->user, sizeof(w->user));
	if (--w->waiting == 0)
		w->ready(w);
}

/* What a command cannot have: it would be cut, or end there. */
static const char *
unfit(struct str s, size_t most)
{
	size_t	 i;

	if (s.len > most)
		return "This is too long.";
	for (i = 0; i < s.len; i++)
		if ((unsigned char)s.p[i] < ' ' || s.p[i] == 0x7f)
			return "Control characters are not allowed.";
	return NULL;
}

void
web_ask_str(struct web *w, const struct str *args, size_t n,
    struct str secret)
{
	struct web_ask	*k;
	const char	*why = unfit(secret, ADMIN_SECRET_MAX);
	size_t		 i;

	if (w->nasks == WEB_ASKS)
		return;
	for (i = 0; i < n && why == NULL; i++)
		why = unfit(args[i], ADMIN_ARG_MAX);
	k = &w->ask[w->nasks++];
	k->web = w;
	k->code = DESK_AWAY;
	buf_init_secret(&k->text, 0);
	buf_init_secret(&k->json, 0);
	if (why != NULL) {
		k->code = DESK_ERROR;
		buf_puts(&k->text, why);
		return;
	}
	k->desk = web_desk->act(w->token, args, n, secret, w->remote,
	    on_answer, k);
	w->waiting += k->desk != NULL;
}

void
web_ask(struct web *w, ...)
{
	struct str	 args[16];
	const char	*s;
	va_list		 ap;
	size_t		 n = 0;

	va_start(ap, w);
	while ((s = va_arg(ap, const char *)) != NULL && n < nitems(args))
		args[n++] = str_from(s);
	va_end(ap);
	web_ask_str(w, args, n, STR(""));
}

void
web_ask_none(struct web *w)
{
	struct web_ask	*k;

	while (w->nasks > 0) {
		k = &w->ask[--w->nasks];
		web_desk->forget(k->desk);
		k->desk = NULL;
		buf_freezero(&k->text);
		buf_freezero(&k->json);
	}
	w->waiting = 0;
}

bool
web_answer(struct web *w, unsigned int k, struct buf *html, struct str *json)
{
	const struct web_ask	*a = k < w->nasks ? &w->ask[k] : NULL;

	*json = STR("{}");
	if (a != NULL && a->code == DESK_OK) {
		if (a->json.len != 0)
			*json = (struct str){ (const char *)a->json.data,
			    a->json.len };
		return true;
	}
	html_raw(html, "<p class=\"missing\">");
	if (a != NULL && a->code == DESK_ERROR)
		html_text(html, (struct str){ (const char *)a->text.data,
		    a->text.len });
	else
		html_raw(html, AWAY);
	html_raw(html, "</p>\n");
	return false;
}

struct str
web_value(const struct web *w, const char *name)
{
	struct str	 v;

	if (!form_get(&w->form, name, &v))
		(void)form_get(&w->query, name, &v);
	return v;
}

void
web_form_begin(struct buf *b, const struct web *w, const char *path,
    const char *action)
{
	struct str	 said;
	bool		 failed = w->why[0] != '\0' && w->page != NULL &&
			    strcmp(w->page->path, path) == 0 &&
			    form_get(&w->form, "action", &said) &&
			    str_eq(said, str_from(action));

	html_raw(b, "<form method=\"post\"");
	html_attr(b, "action", str_from(path));
	if (failed)
		html_raw(b, " aria-describedby=\"why\"");
	html_raw(b, ">");
	html_hidden(b, "csrf", str_from(w->csrf));
	html_hidden(b, "action", str_from(action));
}

/* Another's login has taken its place. */
static void
crowded_out(struct web *w, desk_cb *cb)
{
	const struct desk_answer	 a = { .code = DESK_AWAY };

	crowd_remove(w);
	web_desk->forget(w->login);
	w->login = NULL;
	cb(&a, w);
}

bool
web_login(struct web *w, struct str user, struct str password, desk_cb *cb)
{
	int64_t		 now = (int64_t)clock_ms();
	struct web	*out;

	if (!crowd_room(w->remote, now, &out))
		return false;
	if (out != NULL)	/* all logins have the same callback */
		crowded_out(out, cb);
	if ((w->login = web_desk->login(user, password, w->remote, w->tls, cb,
	    w)) == NULL)
		return false;
	crowd_add(w, w->remote, now);
	return true;
}

void
web_free(struct web *w)
{
	if (w == NULL)
		return;
	crowd_remove(w);
	web_ask_none(w);
	web_desk->forget(w->login);
	state_forget(&w->state);
	form_free(&w->query);
	form_free(&w->form);
	if (w->gone != NULL)
		*w->gone = true;
	explicit_bzero(w, sizeof(*w));
	free(w);
}

void
web_done(struct web *w, struct answer *a)
{
	if (a->body.failed || a->fields.failed) {
		answer_free(a);
		answer_init(a);
		answer_text(a, 500, "out of memory");
	}
	w->answer(a, w->arg);
	answer_free(a);
	web_free(w);
}
