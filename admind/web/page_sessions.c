/* /admin/sessions: who is logged in on this node, and ending one. */
#include "common/compat.h"

#include <stdio.h>
#include <time.h>

#include "admind/web/part.h"
#include "admind/web/web.h"
#include "common/json.h"

static const char	path[] = "/admin/sessions";

static void
plan(struct web *w)
{
	const struct str	 args[] = { STR("sessions"), web_value(w,
				    "name") };

	web_ask_str(w, args, args[1].len != 0 ? 2 : 1, STR(""));
}

static void
show_filter(struct buf *b, struct str name)
{
	const struct part_field	 f = { .id = "name",
				    .label = "Sessions of user",
				    .type = "search", .value = name };

	html_raw(b, "<form class=\"line\" method=\"get\" role=\"search\" "
	    "action=\"/admin/sessions\">");
	part_field(b, &f);
	part_button(b, NULL, "Show");
	html_raw(b, "</form>\n");
}

static void
show_user(struct buf *b, struct str v)
{
	char	 user[USER_ID_MAX + 1];

	html_raw(b, "<tr><th scope=\"row\">");
	if (part_text(v, "user", user, sizeof(user))) {
		html_raw(b, "<a");
		html_query(b, "/admin/user", "name", str_from(user));
		html_raw(b, ">");
		html_cstr(b, user);
		html_raw(b, "</a>");
	} else
		html_json(b, v, "user");
	html_raw(b, "</th>");
}

/* How it was verified: by an app password, or what and where. */
static void
show_how(struct buf *b, struct str v)
{
	char	 app[80];

	html_raw(b, "<td>");
	html_json(b, v, "mechanism");
	html_raw(b, ", ");
	html_json(b, v, "backend");
	if (part_text(v, "app", app, sizeof(app)) && app[0] != '\0') {
		html_raw(b, ", app password ");
		html_cstr(b, app);
	}
	html_raw(b, "</td>");
}

static void
show_row(struct buf *b, struct str v)
{
	char	 user[USER_ID_MAX + 1], id[80];
	int64_t	 n;

	show_user(b, v);
	html_raw(b, "<td>");
	html_json(b, v, "service");
	if (part_true(v, "tls"))
		html_raw(b, ", TLS");
	html_raw(b, "</td>");
	part_cell(b, v, "remote");
	show_how(b, v);
	part_cell_time(b, v, "since");
	html_raw(b, "<td>");
	if (!part_text(v, "id", id, sizeof(id)) && part_number(v, "id", &n))
		snprintf(id, sizeof(id), "%lld", (long long)n);
	(void)part_text(v, "user", user, sizeof(user));
	if (id[0] != '\0')
		part_choice(b, "End", "id", str_from(id), "the session of",
		    str_from(user));
	html_raw(b, "</td></tr>\n");
}

static uint64_t
show_list(struct web *w, struct buf *b, struct str name, struct str list)
{
	static const char *const heads[] = { "User", "Service", "Address",
				    "Login", "Since", "Action", NULL };
	struct str		 v;
	uint64_t		 n = 0;

	web_form_begin(b, w, path, "end");
	html_hidden(b, "name", name);
	part_table(b, "Sessions on this node", heads);
	for (; n < PART_ROWS && json_element(&list, &v); n++)
		show_row(b, v);
	part_table_end(b);
	html_raw(b, "</form>\n");
	return n;
}

static void
show(struct web *w, struct buf *b)
{
	struct str	 name = web_value(w, "name"), json, list;
	uint64_t	 n = 0;
	int64_t		 total;

	if (!web_answer(w, 0, b, &json))
		return;
	show_filter(b, name);
	if (part_list(json, "sessions", &list))
		n = show_list(w, b, name, list);
	else
		part_paragraph(b, name.len != 0 ? "This user has no sessions "
		    "on this node." : "There are no sessions.");
	if (part_number(json, "total", &total) && total > (int64_t)n)
		part_more(b, (uint64_t)total - n);
}

static int
end(struct web *w, char *why, size_t size)
{
	const struct str	 args[] = { STR("session-end"), web_value(w,
				    "id") };

	(void)why;
	(void)size;
	web_ask_str(w, args, nitems(args), STR(""));
	return 0;
}

static const struct web_action	 actions[] = {
	{ .word = "end", .need = { "id" }, .run = end,
	  .done = "The session is being ended." },
	{ .word = NULL }
};

const struct web_page	 page_sessions = {
	.path = path,
	.title = "Sessions",
	.nav = "Sessions",
	.plan = plan,
	.show = show,
	.actions = actions
};
