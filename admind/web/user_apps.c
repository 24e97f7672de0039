/*
 * App passwords of a user.  A new one is shown in the answer to the request
 * that made it, and never again: it is in no URL, and nothing keeps it.
 */
#include "common/compat.h"

#include <stdio.h>
#include <time.h>

#include "admind/web/part.h"
#include "admind/web/user_apps.h"
#include "common/json.h"

static void
show_expires(struct buf *b, struct str v)
{
	int64_t	 t = part_time(v, "expires");

	html_raw(b, "<td>");
	if (part_true(v, "expired"))
		part_status(b, "bad", "expired");
	if (part_true(v, "expired"))
		html_raw(b, " ");
	html_time(b, t);
	html_raw(b, "</td>");
}

static void
show_row(struct buf *b, struct str v)
{
	char	 id[80], name[200];

	html_raw(b, "<tr><th scope=\"row\">");
	html_json(b, v, "name");
	html_raw(b, "</th>");
	part_cell(b, v, "id");
	part_cell(b, v, "scope");
	part_cell_time(b, v, "created");
	show_expires(b, v);
	part_cell(b, v, "last_use");
	html_raw(b, "<td>");
	(void)part_text(v, "name", name, sizeof(name));
	if (part_text(v, "id", id, sizeof(id)) && id[0] != '\0')
		part_choice(b, "Revoke", "id", str_from(id),
		    "the app password", str_from(name));
	html_raw(b, "</td></tr>\n");
}

static void
show_list(struct web *w, struct buf *b, struct str name, struct str json)
{
	static const char *const heads[] = { "Program", "ID", "Scope",
				    "Created", "Expires", "Last use", "Action",
				    NULL };
	struct str		 list, v;
	uint64_t		 n = 0;

	if (!part_list(json, "app_passwords", &list)) {
		part_paragraph(b, "This user has no app passwords.");
		return;
	}
	web_form_begin(b, w, PAGE_USER_PATH, "app-revoke");
	html_hidden(b, "name", name);
	part_table(b, "App passwords of this user", heads);
	for (; json_element(&list, &v); n++)
		if (n < PART_ROWS)
			show_row(b, v);
	part_table_end(b);
	html_raw(b, "</form>\n");
	part_paragraph(b, "Revoking one ends all sessions of the user; "
	    "programs with another password log in again.");
	part_more(b, n > PART_ROWS ? n - PART_ROWS : 0);
}

static void
show_add(struct web *w, struct buf *b, struct str name)
{
	struct part_field	 program = { .id = "app", .label = "Program",
				    .type = "text", .complete = "off",
				    .hint = "To tell them apart, for "
				    "example phone" };
	struct part_field	 expires = { .id = "expires",
				    .label = "Expires", .type = "text",
				    .complete = "off", .hint = "For example "
				    "90d, or 2027-01-31; empty: never" };

	(void)form_get(&w->form, "app", &program.value);
	(void)form_get(&w->form, "expires", &expires.value);
	html_raw(b, "<h3>Create an app password</h3>\n");
	web_form_begin(b, w, PAGE_USER_PATH, "app-add");
	html_hidden(b, "name", name);
	part_field(b, &program);
	html_raw(b, "<p><label for=\"scope\">Scope</label> <select "
	    "id=\"scope\" name=\"scope\"><option value=\"imap\">imap: mail"
	    "</option><option value=\"admin\">admin: this page</option>"
	    "</select></p>\n");
	part_field(b, &expires);
	html_raw(b, "<p>");
	part_button(b, NULL, "Create");
	html_raw(b, "</p>\n</form>\n");
}

void
user_apps_show(struct web *w, struct buf *b, struct str name,
    unsigned int ask)
{
	struct str	 json;

	html_raw(b, "<section aria-labelledby=\"apps\">\n"
	    "<h2 id=\"apps\">App passwords</h2>\n");
	if (web_answer(w, ask, b, &json)) {
		show_list(w, b, name, json);
		show_add(w, b, name);
	}
	html_raw(b, "</section>\n");
}

int
user_apps_add(struct web *w, char *why, size_t size)
{
	struct str	 args[8], scope = web_value(w, "scope");
	struct str	 expires = web_value(w, "expires");
	struct str	 app = web_value(w, "app");
	size_t		 n = 0;

	(void)why;
	(void)size;
	args[n++] = STR("app-password");
	args[n++] = STR("add");
	if (scope.len != 0) {
		args[n++] = STR("--scope");
		args[n++] = scope;
	}
	if (expires.len != 0) {
		args[n++] = STR("--expires");
		args[n++] = expires;
	}
	args[n++] = web_value(w, "name");
	args[n++] = app.len != 0 ? app : STR("app");
	web_ask_str(w, args, n, STR(""));
	return 0;
}

void
user_apps_added(struct web *w, struct buf *b)
{
	struct str	 json, name = web_value(w, "name");

	html_raw(b, "<h2>New app password</h2>\n");
	if (web_answer(w, 0, b, &json)) {
		html_raw(b, "<p><code class=\"secret\">");
		html_json(b, json, "password");
		html_raw(b, "</code></p>\n<p>Type it into the program, or copy "
		    "it: it is not shown again. Dashes, spaces and upper case "
		    "make no difference.</p>\n");
		part_facts(b);
		part_fact(b, "Program");
		html_json(b, json, "name");
		part_fact_end(b);
		part_fact(b, "Scope");
		html_json(b, json, "scope");
		part_fact_end(b);
		part_fact(b, "Expires");
		html_time(b, part_time(json, "expires"));
		part_fact_end(b);
		part_facts_end(b);
	}
	html_raw(b, "<p><a");
	html_query(b, PAGE_USER_PATH, "name", name);
	html_raw(b, ">Back to the user</a></p>\n");
}

int
user_apps_revoke(struct web *w, char *why, size_t size)
{
	const struct str	 args[] = { STR("app-password"), STR("revoke"),
				    web_value(w, "name"), web_value(w, "id") };

	if (args[3].len == 0) {
		snprintf(why, size, "Which one?");
		return -1;
	}
	web_ask_str(w, args, nitems(args), STR(""));
	return 0;
}
