/* See serve_rig.h. */
#include "common/compat.h"

#include <stdio.h>
#include <string.h>

#include "admind/test/serve_rig.h"
#include "admind/web/serve.h"
#include "common/log.h"
#include "common/test.h"

/* -- pages -- */

static void
root_plan(struct web *w)
{
	web_ask(w, "status", NULL);
	web_ask(w, "user", "list", NULL);
}

static void
root_then(struct web *w)
{
	if (w->ask[0].code == DESK_OK)
		web_ask(w, "quota", "bob", NULL);
}

static void
root_show(struct web *w, struct buf *html)
{
	struct str	 json;
	unsigned int	 i;

	for (i = 0; i < w->nasks; i++)
		if (web_answer(w, i, html, &json))
			html_json(html, json, "a");
}

static void
user_plan(struct web *w)
{
	w->subject = web_value(w, "name");
}

static void
user_show(struct web *w, struct buf *html)
{
	web_form_begin(html, w, "/admin/user", "lock");
	html_raw(html, "</form>");
	html_text(html, web_value(w, "name"));
}

static int
user_run(struct web *w, char *why, size_t size)
{
	struct str	 args[] = { STR("user"), STR("x"),
			    web_value(w, "name") };

	if (str_eq(args[2], STR("<bad>"))) {
		(void)strlcpy(why, "<bad> is no name", size);
		return -1;
	}
	args[1] = str_from(w->action->word);
	web_ask_str(w, args, 3, web_value(w, "password"));
	return 0;
}

static void
user_once(struct web *w, struct buf *html)
{
	struct str	 json;

	if (web_answer(w, 0, html, &json))
		html_json(html, json, "secret");
}

static const struct web_action	 user_actions[] = {
	{ "lock", { "name" }, user_run, "The user is locked.", NULL, NULL },
	{ "del", { "name", "sure" }, user_run, "The user is deleted.",
	  "/admin", NULL },
	{ "app-add", { "name" }, user_run, NULL, NULL, user_once },
	{ NULL, { NULL }, NULL, NULL, NULL, NULL }
};
static const struct web_page	 root = {
	.path = "/admin", .title = "Overview", .nav = "Overview",
	.plan = root_plan, .then = root_then, .show = root_show
};
static const struct web_page	 user = {
	.path = "/admin/user", .title = "User", .plan = user_plan,
	.show = user_show, .actions = user_actions
};
static const struct web_page *const	 pages[] = { &root, &user, NULL };

/* -- requests -- */

int		 status;
char		 fields[8192], body[65536];
char		 csrf[CSRF_LEN + 1];
struct web	*waiting;
bool		 refuses;

static void
on_answer(const struct answer *a, void *arg)
{
	CHECK(arg == &status && status == 0);
	CHECK(!a->body.failed && !a->fields.failed);
	status = a->status;
	waiting = NULL;
	str_copy(body, sizeof(body), (struct str){
	    (const char *)a->body.data, a->body.len });
	str_copy(fields, sizeof(fields), (struct str){
	    (const char *)a->fields.data, a->fields.len });
	(void)strlcat(fields, a->extra, sizeof(fields));
}

struct head
serve_rig_head(enum head_method method, const char *url, const char *cookie,
    const char *form)
{
	struct head	 h = { .method = method, .host = STR("h:1"),
			    .path = str_from(url), .query = STR(""),
			    .cookie = str_from(cookie) };

	if (str_split(&h.path, '?', &h.query)) {
		struct str	 path = h.query;

		h.query = h.path;
		h.path = path;
	}
	if (form != NULL) {
		h.type = STR(FORM_TYPE);
		h.length = true;
		h.content = strlen(form);
	}
	return h;
}

void
serve_rig_send(const struct head *h, const char *form, bool tls)
{
	struct serve_request	 r = { .head = h, .body = str_from(form),
				    .remote = "192.0.2.1", .version = "9.9",
				    .tls = tls, .answer = on_answer,
				    .arg = &status };
	bool			 answered;

	fake_reset();
	fake_full = refuses;
	status = 0;
	body[0] = fields[0] = '\0';
	waiting = serve_begin(&r, &answered);
	CHECK(answered == (waiting == NULL) && answered == (status != 0));
}

void
ask(enum head_method method, const char *url, const char *cookie,
    const char *form)
{
	struct head	 h = serve_rig_head(method, url, cookie, form);

	serve_rig_send(&h, form, true);
}

void
post(const char *url, const char *form)
{
	char	 text[4096];

	snprintf(text, sizeof(text), "csrf=%s&%s", csrf, form);
	ask(HEAD_POST, url, SESSION, text);
}

void
is(int want, const char *location)
{
	char	 line[512] = "";

	if (location != NULL)
		snprintf(line, sizeof(line), "Location: %s\r\n", location);
	CHECK_ROW(status == want, "%d: %s", status, body);
	CHECK_ROW((strstr(fields, "Location: ") != NULL) == (location !=
	    NULL), "%s", fields);
	CHECK_ROW(strstr(fields, line) != NULL, "%s: %s", line, fields);
}

void
serve_rig_begin(void)
{
	log_init("test");
	log_set_level(LOG_LEVEL_ERROR);
	serve_init(&fake_desk, pages, "node&1");
	csrf_of(FAKE_TOKEN, csrf);
}
