/*
 * /admin/user?name=: what one user has, and all that can be done to them.  Who
 * is not in the password file (but in a directory, for example) has a quota and
 * app passwords here, but no password of ours.
 */
#include "common/compat.h"

#include <stdio.h>

#include "admind/web/part.h"
#include "admind/web/user_apps.h"
#include "admind/web/user_password.h"
#include "common/json.h"

enum { ASK_USERS, ASK_QUOTA, ASK_APPS, ASK_SESSIONS };

static struct str
name_of(const struct web *w)
{
	return web_value(w, "name");
}

static bool
is_name(struct str name)
{
	return name.len > 0 && name.len <= USER_ID_MAX;
}

/* Deleting asks again, on a page of its own. */
static bool
asks_again(const struct web *w)
{
	return str_eq(web_value(w, "ask"), STR("del"));
}

static void
plan(struct web *w)
{
	const struct str	 name = name_of(w);
	const struct str	 quota[] = { STR("quota"), name };
	const struct str	 sessions[] = { STR("sessions"), name };
	const struct str	 apps[] = { STR("app-password"), STR("list"),
				    name };

	w->subject = name;
	if (!is_name(name))
		return;
	web_ask(w, "user", "list", NULL);
	web_ask_str(w, quota, nitems(quota), STR(""));
	web_ask_str(w, apps, nitems(apps), STR(""));
	web_ask_str(w, sessions, nitems(sessions), STR(""));
}

/* The row of the password file. */
static bool
find_row(struct str json, struct str name, struct str *row)
{
	char		 text[USER_ID_MAX + 1];
	struct str	 list;

	if (json_member(json, "users", &list))
		while (json_element(&list, row))
			if (part_text(*row, "name", text, sizeof(text)) &&
			    str_eq(str_from(text), name))
				return true;
	*row = STR("{}");
	return false;
}

static void
form(struct web *w, struct buf *b, const char *action, struct str name)
{
	web_form_begin(b, w, PAGE_USER_PATH, action);
	html_hidden(b, "name", name);
}

static void
section(struct buf *b, const char *id, const char *title)
{
	html_raw(b, "<section");
	html_attr(b, "aria-labelledby", str_from(id));
	html_raw(b, ">\n<h2");
	html_attr(b, "id", str_from(id));
	html_raw(b, ">");
	html_cstr(b, title);
	html_raw(b, "</h2>\n");
}

/* ---- what there is ---- */

static void
show_quota(struct web *w, struct buf *b)
{
	struct buf	 why = BUF_INIT;
	struct str	 json, list, v = STR("{}"), text;
	int64_t		 n;

	if (!web_answer(w, ASK_QUOTA, &why, &json)) {
		part_fact(b, "Mail");
		buf_put(b, why.data, why.len);
		part_fact_end(b);
		buf_free(&why);
		return;
	}
	if (json_member(json, "users", &list))
		(void)json_element(&list, &v);
	part_fact(b, "Mail");
	if (json_member(v, "error", &text))
		html_json(b, v, "error");
	else {
		part_used(b, v, "bytes", "bytes_quota", html_bytes,
		    ", no quota", "unknown");
		if (part_number(v, "used_percent", &n))
			buf_printf(b, " (%lld %%)", (long long)n);
		part_fact_end(b);
		part_fact(b, "Messages");
		part_used(b, v, "messages", "messages_quota", html_number,
		    ", no quota", "unknown");
	}
	part_fact_end(b);
}

static void
show_sessions(struct web *w, struct buf *b, struct str name)
{
	struct buf	 why = BUF_INIT;
	struct str	 json;
	int64_t		 n;

	part_fact(b, "Sessions on this node");
	if (web_answer(w, ASK_SESSIONS, &why, &json) && part_number(json,
	    "total", &n) && n >= 0) {
		html_raw(b, "<a");
		html_query(b, "/admin/sessions", "name", name);
		html_raw(b, ">");
		html_number(b, (uint64_t)n);
		html_raw(b, "</a>");
	} else
		html_raw(b, "unknown");
	part_fact_end(b);
	buf_free(&why);
}

static void
show_own_quota(struct buf *b, struct str row)
{
	struct str	 quota;
	int64_t		 n;

	part_fact(b, "Own quota");
	if (!json_member(row, "quota", &quota) || str_eq(quota, STR("null")))
		html_raw(b, "none; the default applies");
	else {
		if (part_number(quota, "bytes", &n) && n > 0)
			html_bytes(b, (uint64_t)n);
		else
			html_raw(b, "any size");
		html_raw(b, ", ");
		if (part_number(quota, "messages", &n) && n > 0) {
			html_number(b, (uint64_t)n);
			html_raw(b, " messages");
		} else
			html_raw(b, "any number of messages");
	}
	part_fact_end(b);
}

static void
show_facts(struct web *w, struct buf *b, struct str name, bool listed,
    struct str row)
{
	bool	 locked = part_true(row, "locked");

	part_facts(b);
	part_fact(b, "State");
	if (listed)
		part_status(b, locked ? "warn" : "ok", locked ? "locked" :
		    "active");
	else
		html_raw(b, "not in the password file");
	part_fact_end(b);
	show_quota(w, b);
	if (listed)
		show_own_quota(b, row);
	show_sessions(w, b, name);
	part_facts_end(b);
}

/* ---- what can be done ---- */

static void
show_password(struct web *w, struct buf *b, struct str name)
{
	static const struct part_field	 f[] = {
		{ .id = "password", .label = "New password",
		  .type = "password", .complete = "new-password",
		  .required = true },
		{ .id = "again", .label = "New password again",
		  .type = "password", .complete = "new-password",
		  .required = true }
	};

	section(b, "pass", "Password");
	form(w, b, "passwd", name);
	part_field(b, &f[0]);
	part_field(b, &f[1]);
	html_raw(b, "<p>");
	part_button(b, NULL, "Change the password");
	html_raw(b, " <span class=\"hint\">This ends all of the user\xe2"
	    "\x80\x99s sessions.</span></p>\n</form>\n</section>\n");
}

static void
show_aliases(struct web *w, struct buf *b, struct str name, struct str row)
{
	static const char *const heads[] = { "Alias", "Action", NULL };
	char			 alias[USER_ID_MAX + 1];
	struct str		 list, v;
	size_t			 n = 0;

	if (!part_list(row, "aliases", &list))
		return;
	form(w, b, "set", name);
	part_table(b, "Aliases of this user", heads);
	while (n < PART_ROWS && json_element(&list, &v)) {
		if (json_text(v, alias, sizeof(alias)) == -1)
			continue;
		n++;
		html_raw(b, "<tr><th scope=\"row\">");
		html_cstr(b, alias);
		html_raw(b, "</th><td>");
		part_choice(b, "Remove", "no-alias", str_from(alias),
		    "the alias", str_from(alias));
		html_raw(b, "</td></tr>\n");
	}
	part_table_end(b);
	html_raw(b, "</form>\n");
}

static void
show_set(struct web *w, struct buf *b, struct str name, struct str row)
{
	static const struct part_field	 quota = { .id = "quota",
					    .label = "New quota",
					    .type = "text", .complete = "off",
					    .required = true, .hint = "For "
					    "example 10G, or 10G:100000 to "
					    "limit the number of messages, "
					    "too; \xe2\x80\x9c" "default"
					    "\xe2\x80\x9d: as for all users" };
	static const struct part_field	 alias = { .id = "alias",
					    .label = "New alias",
					    .type = "text", .complete = "off",
					    .required = true };

	section(b, "limits", "Quota and aliases");
	form(w, b, "set", name);
	part_field(b, &quota);
	html_raw(b, "<p>");
	part_button(b, NULL, "Set the quota");
	html_raw(b, "</p>\n</form>\n");
	show_aliases(w, b, name, row);
	form(w, b, "set", name);
	part_field(b, &alias);
	html_raw(b, "<p>");
	part_button(b, NULL, "Add the alias");
	html_raw(b, "</p>\n</form>\n</section>\n");
}

static void
show_access(struct web *w, struct buf *b, struct str name, bool locked)
{
	section(b, "access", "Access");
	form(w, b, locked ? "unlock" : "lock", name);
	html_raw(b, "<p>");
	part_button(b, NULL, locked ? "Unlock the user" : "Lock the user");
	if (locked)
		html_raw(b, " <span class=\"hint\">The user may log in again, "
		    "with the same passwords.</span>");
	else
		html_raw(b, " <span class=\"hint\">This ends all sessions; no "
		    "password is valid until the user is unlocked. Mail still "
		    "comes in.</span>");
	html_raw(b, "</p>\n</form>\n<p><a href=\"" PAGE_USER_PATH "?name=");
	html_percent(b, name);
	html_raw(b, "&amp;ask=del\">Delete the user\xe2\x80\xa6</a></p>\n"
	    "</section>\n");
}

static void
show_delete(struct web *w, struct buf *b, struct str name)
{
	html_raw(b, "<p>Delete <strong>");
	html_text(b, name);
	html_raw(b, "</strong> from the password file, revoke all of the "
	    "user\xe2\x80\x99s app passwords, and end all of the user\xe2\x80"
	    "\x99s sessions? The mail remains in the bucket.</p>\n");
	form(w, b, "del", name);
	html_raw(b, "<p>");
	part_button(b, "danger", "Delete the user");
	html_raw(b, "</p>\n</form>\n<p><a");
	html_query(b, PAGE_USER_PATH, "name", name);
	html_raw(b, ">Keep the user</a></p>\n");
}

static void
show(struct web *w, struct buf *b)
{
	struct str	 name = name_of(w), json, row = STR("{}");
	bool		 listed;

	if (!is_name(name)) {
		html_raw(b, "<p>There is no such user. <a "
		    "href=\"/admin/users\">All users</a></p>\n");
		return;
	}
	if (asks_again(w)) {
		show_delete(w, b, name);
		return;
	}
	html_raw(b, "<p><a href=\"/admin/users\">All users</a></p>\n");
	listed = web_answer(w, ASK_USERS, b, &json) && find_row(json, name,
	    &row);
	show_facts(w, b, name, listed, row);
	if (listed) {
		show_password(w, b, name);
		show_set(w, b, name, row);
	}
	user_apps_show(w, b, name, ASK_APPS);
	if (listed)
		show_access(w, b, name, part_true(row, "locked"));
}

/* ---- actions ---- */

/* user WORD NAME */
static int
simple(struct web *w, struct str word)
{
	const struct str	 args[] = { STR("user"), word, name_of(w) };

	web_ask_str(w, args, nitems(args), STR(""));
	return 0;
}

static int
lock(struct web *w, char *why, size_t size)
{
	(void)why;
	(void)size;
	return simple(w, STR("lock"));
}

static int
unlock(struct web *w, char *why, size_t size)
{
	(void)why;
	(void)size;
	return simple(w, STR("unlock"));
}

static int
del(struct web *w, char *why, size_t size)
{
	(void)why;
	(void)size;
	return simple(w, STR("del"));
}

static int
passwd(struct web *w, char *why, size_t size)
{
	const struct str	 args[] = { STR("user"), STR("passwd"),
				    name_of(w) };
	struct str		 password;

	if (user_password(w, &password, why, size) == -1)
		return -1;
	web_ask_str(w, args, nitems(args), password);
	return 0;
}

static int
set(struct web *w, char *why, size_t size)
{
	static const char *const fields[] = { "quota", "alias", "no-alias" };
	static const struct str	 options[] = { STR("--quota"), STR("--alias"),
				    STR("--no-alias") };
	struct str		 args[2 * nitems(fields) + 3], v;
	size_t			 i, n = 0;

	args[n++] = STR("user");
	args[n++] = STR("set");
	for (i = 0; i < nitems(fields); i++)
		if ((v = web_value(w, fields[i])).len != 0) {
			args[n++] = options[i];
			args[n++] = v;
		}
	if (n == 2) {
		snprintf(why, size, "There is nothing to change.");
		return -1;
	}
	args[n++] = name_of(w);
	web_ask_str(w, args, n, STR(""));
	return 0;
}

static const struct web_action	 actions[] = {
	{ .word = "passwd", .need = { "name", "password", "again" },
	  .run = passwd, .done = "The password has been changed." },
	{ .word = "lock", .need = { "name" }, .run = lock,
	  .done = "The user has been locked." },
	{ .word = "unlock", .need = { "name" }, .run = unlock,
	  .done = "The user has been unlocked." },
	{ .word = "set", .need = { "name" }, .run = set,
	  .done = "The change has been made." },
	{ .word = "app-add", .need = { "name" }, .run = user_apps_add,
	  .show = user_apps_added },
	{ .word = "app-revoke", .need = { "name", "id" },
	  .run = user_apps_revoke,
	  .done = "The app password has been revoked." },
	{ .word = "del", .need = { "name" }, .run = del,
	  .done = "The user has been deleted.", .to = "/admin/users" },
	{ .word = NULL }
};

const struct web_page	 page_user = {
	.path = PAGE_USER_PATH,
	.title = "User",
	.plan = plan,
	.show = show,
	.actions = actions
};
