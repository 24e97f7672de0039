/*
 * /admin/users: the users of the password file, a page at a time, with how much
 * mail they have; and a new one.  What is used is asked only of those that are
 * shown: storaged opens each.
 */
#include "common/compat.h"

#include <stdio.h>

#include "admind/web/part.h"
#include "admind/web/user_password.h"
#include "admind/web/web.h"
#include "common/json.h"

#define SHOWN	45		/* on a page */
#define ASKED	15		/* in one command */

static const char	path[] = "/admin/users";

/* Those that are shown; borrowed from the answer. */
struct pick {
	struct str	 row[SHOWN];
	size_t		 n;
	uint64_t	 all;		/* that match */
	uint64_t	 page;		/* from 1 */
};

static void
plan(struct web *w)
{
	web_ask(w, "user", "list", NULL);
}

static uint64_t
page_wanted(const struct web *w)
{
	struct str	 s = web_value(w, "page");
	uint64_t	 n = 0;
	size_t		 i;

	if (s.len > 9)
		return 1;
	for (i = 0; i < s.len; i++) {
		if (s.p[i] < '0' || s.p[i] > '9')
			return 1;
		n = n * 10 + (uint64_t)(s.p[i] - '0');
	}
	return n == 0 ? 1 : n;
}

static unsigned char
lower(char c)
{
	return (unsigned char)(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
}

/* Is it part of s?  ASCII case is ignored. */
static bool
has(struct str s, struct str part)
{
	unsigned char	 first = lower(part.p[0]);
	size_t		 i;

	for (i = 0; i + part.len <= s.len; i++)
		if (lower(s.p[i]) == first && str_caseeq((struct str){
		    s.p + i, part.len }, part))
			return true;
	return false;
}

/* Written in JSON, is it the same? */
static bool
is_plain(struct str part)
{
	size_t	 i;

	for (i = 0; i < part.len; i++)
		if (part.p[i] < ' ' || part.p[i] > '~' || part.p[i] == '"' ||
		    part.p[i] == '\\')
			return false;
	return true;
}

/* Of tens of thousands, most are passed by without being read. */
static bool
matches(struct str row, struct str part)
{
	char		 name[USER_ID_MAX + 1];
	struct str	 list, v;

	if (part.len == 0)
		return true;
	if (is_plain(part) && !has(row, part))
		return false;
	if (part_text(row, "name", name, sizeof(name)) &&
	    has(str_from(name), part))
		return true;
	if (json_member(row, "aliases", &list))
		while (json_element(&list, &v))
			if (json_text(v, name, sizeof(name)) != -1 &&
			    has(str_from(name), part))
				return true;
	return false;
}

/* A page behind the last one is the last one: those before it are taken, too,
 * each in the place of one of the page before. */
static void
choose(const struct web *w, struct str json, struct pick *p)
{
	struct str	 part = web_value(w, "q"), list, v;
	uint64_t	 wanted = page_wanted(w);

	memset(p, 0, sizeof(*p));
	p->page = 1;
	if (!json_member(json, "users", &list))
		return;
	while (json_element(&list, &v)) {
		if (!matches(v, part))
			continue;
		if (p->all / SHOWN < wanted) {
			p->page = p->all / SHOWN + 1;
			p->n = p->all % SHOWN;
			p->row[p->n++] = v;
		}
		p->all++;
	}
}

static void
then(struct web *w)
{
	static const char	 quota[] = "quota";
	struct str		 args[ASKED + 1], json;
	char			 names[ASKED][USER_ID_MAX + 1];
	struct buf		 why = BUF_INIT;
	struct pick		 p;
	size_t			 i, n = 0;

	if (!web_answer(w, 0, &why, &json)) {
		buf_free(&why);
		return;
	}
	choose(w, json, &p);
	args[0] = str_from(quota);
	for (i = 0; i < p.n; i++) {
		if (part_text(p.row[i], "name", names[n], sizeof(names[n]))) {
			args[n + 1] = str_from(names[n]);
			n++;
		}
		if (n == ASKED || (n > 0 && i + 1 == p.n)) {
			web_ask_str(w, args, n + 1, STR(""));
			n = 0;
		}
	}
}

/* What storaged says of that user; false: nothing. */
static bool
find_used(struct web *w, const char *name, struct str *found)
{
	char		 user[USER_ID_MAX + 1];
	struct buf	 why = BUF_INIT;
	struct str	 json, list;
	unsigned int	 k;

	for (k = 1; k < w->nasks; k++) {
		if (!web_answer(w, k, &why, &json) || !json_member(json,
		    "users", &list))
			continue;
		while (json_element(&list, found))
			if (part_text(*found, "user", user, sizeof(user)) &&
			    strcmp(user, name) == 0) {
				buf_free(&why);
				return true;
			}
	}
	buf_free(&why);
	*found = STR("{}");
	return false;
}

static void
cell_used(struct buf *b, struct str v, const char *used, const char *quota,
    void (*put)(struct buf *, uint64_t))
{
	html_raw(b, "<td class=\"num\">");
	part_used(b, v, used, quota, put, "", HTML_DASH);
	html_raw(b, "</td>");
}

static void
cell_percent(struct buf *b, struct str v)
{
	char	 text[24];
	int64_t	 n;

	html_raw(b, "<td class=\"num\">");
	if (part_number(v, "used_percent", &n)) {
		snprintf(text, sizeof(text), "%lld %%", (long long)n);
		part_status(b, n >= 100 ? "bad" : n >= 90 ? "warn" : "ok",
		    text);
	} else
		html_raw(b, HTML_DASH);
	html_raw(b, "</td>");
}

static void
show_aliases(struct buf *b, struct str row)
{
	struct str	 list, v;
	char		 name[USER_ID_MAX + 1];
	size_t		 n = 0;

	html_raw(b, "<td>");
	if (json_member(row, "aliases", &list))
		while (n < 20 && json_element(&list, &v))
			if (json_text(v, name, sizeof(name)) != -1) {
				if (n++ > 0)
					html_raw(b, ", ");
				html_cstr(b, name);
			}
	html_raw(b, "</td>");
}

static void
show_row(struct buf *b, struct web *w, struct str row)
{
	char		 name[USER_ID_MAX + 1];
	struct str	 used = STR("{}");
	bool		 locked = part_true(row, "locked");

	html_raw(b, "<tr><th scope=\"row\">");
	if (part_text(row, "name", name, sizeof(name))) {
		html_raw(b, "<a");
		html_query(b, "/admin/user", "name", str_from(name));
		html_raw(b, ">");
		html_cstr(b, name);
		html_raw(b, "</a>");
		(void)find_used(w, name, &used);
	} else
		html_json(b, row, "name");
	html_raw(b, "</th>");
	show_aliases(b, row);
	cell_used(b, used, "bytes", "bytes_quota", html_bytes);
	cell_used(b, used, "messages", "messages_quota", html_number);
	cell_percent(b, used);
	html_raw(b, "<td>");
	part_status(b, locked ? "warn" : "ok", locked ? "locked" : "active");
	html_raw(b, "</td></tr>\n");
}

static void
link_page(struct buf *b, struct str part, uint64_t page, const char *rel,
    const char *word)
{
	html_raw(b, "<a href=\"/admin/users?q=");
	html_percent(b, part);
	html_raw(b, "&amp;page=");
	buf_put_decimal(b, page);
	html_raw(b, "\"");
	html_attr(b, "rel", str_from(rel));
	html_raw(b, ">");
	html_cstr(b, word);
	html_raw(b, "</a> ");
}

static void
show_pages(struct buf *b, struct str part, const struct pick *p)
{
	uint64_t	 pages = (p->all + SHOWN - 1) / SHOWN;

	html_raw(b, "<nav class=\"pages\" aria-label=\"Pages\">");
	if (p->page > 1)
		link_page(b, part, p->page - 1, "prev", "Previous");
	html_raw(b, "<span>");
	html_number(b, p->all);
	html_cstr(b, p->all == 1 ? " user" : " users");
	if (pages > 1) {
		html_raw(b, ", page ");
		html_number(b, p->page);
		html_raw(b, " of ");
		html_number(b, pages);
	}
	html_raw(b, "</span> ");
	if (p->page < pages)
		link_page(b, part, p->page + 1, "next", "Next");
	html_raw(b, "</nav>\n");
}

static void
show_list(struct buf *b, struct web *w, struct str json)
{
	static const char *const heads[] = { "Name", "Aliases", "#Mail",
				    "#Messages", "#Used", "State", NULL };
	struct part_field	 f = { .id = "q", .label = "Name or alias",
				    .type = "search" };
	struct pick		 p;
	size_t			 i;

	choose(w, json, &p);
	f.value = web_value(w, "q");
	html_raw(b, "<form class=\"line\" method=\"get\" role=\"search\" "
	    "action=\"/admin/users\">");
	part_field(b, &f);
	part_button(b, NULL, "Search");
	html_raw(b, "</form>\n");
	part_table(b, "Users of the password file", heads);
	for (i = 0; i < p.n; i++)
		show_row(b, w, p.row[i]);
	part_table_end(b);
	show_pages(b, f.value, &p);
}

static void
show_add(struct buf *b, const struct web *w)
{
	struct part_field	 f[] = {
		{ .id = "name", .label = "Name", .type = "text",
		  .complete = "off", .required = true },
		{ .id = "password", .label = "Password", .type = "password",
		  .complete = "new-password", .required = true },
		{ .id = "again", .label = "Password again",
		  .type = "password", .complete = "new-password",
		  .required = true },
		{ .id = "quota", .label = "Quota", .type = "text",
		  .complete = "off", .hint = "For example 10G, or 10G:100000 "
		  "to limit the number of messages, too; empty: the default" },
		{ .id = "alias", .label = "Alias", .type = "text",
		  .complete = "off", .hint = "Another name that receives the "
		  "user\xe2\x80\x99s mail" }
	};
	struct str		 v;
	size_t			 i;

	html_raw(b, "<section aria-labelledby=\"add\">\n"
	    "<h2 id=\"add\">Add a user</h2>\n");
	web_form_begin(b, w, path, "add");
	for (i = 0; i < nitems(f); i++) {
		/* If it was refused; passwords are typed again. */
		if (strcmp(f[i].type, "text") == 0 && form_get(&w->form,
		    f[i].id, &v))
			f[i].value = v;
		part_field(b, &f[i]);
	}
	html_raw(b, "<p>");
	part_button(b, NULL, "Add user");
	html_raw(b, "</p>\n</form>\n</section>\n");
}

static void
show(struct web *w, struct buf *b)
{
	struct str	 json;

	if (!web_answer(w, 0, b, &json))
		return;
	show_list(b, w, json);
	show_add(b, w);
}

static int
add(struct web *w, char *why, size_t size)
{
	struct str	 args[8], password;
	struct str	 quota = web_value(w, "quota");
	struct str	 alias = web_value(w, "alias");
	size_t		 n = 0;

	if (user_password(w, &password, why, size) == -1)
		return -1;
	args[n++] = STR("user");
	args[n++] = STR("add");
	if (quota.len != 0) {
		args[n++] = STR("--quota");
		args[n++] = quota;
	}
	if (alias.len != 0) {
		args[n++] = STR("--alias");
		args[n++] = alias;
	}
	args[n++] = web_value(w, "name");
	web_ask_str(w, args, n, password);
	return 0;
}

static const struct web_action	 actions[] = {
	{ .word = "add", .need = { "name", "password", "again" }, .run = add,
	  .done = "The user has been added." },
	{ .word = NULL }
};

const struct web_page	 page_users = {
	.path = path,
	.title = "Users",
	.nav = "Users",
	.plan = plan,
	.then = then,
	.show = show,
	.actions = actions
};
