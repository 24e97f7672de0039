/* /admin/throttle: whose logins are delayed, and forgetting it. */
#include "common/compat.h"

#include "admind/web/part.h"
#include "admind/web/web.h"
#include "common/json.h"

static const char	path[] = "/admin/throttle";

static void
plan(struct web *w)
{
	web_ask(w, "throttle-list", NULL);
}

/* A network is forgotten with an address in it; there is no command for it. */
static void
show_clear(struct buf *b, struct str v)
{
	char	 kind[40], user[USER_ID_MAX + 1], address[80];

	html_raw(b, "<td>");
	(void)part_text(v, "kind", kind, sizeof(kind));
	if (part_text(v, "user", user, sizeof(user)) && user[0] != '\0')
		part_choice(b, "Forget", "what", str_from(user),
		    "the failures of", str_from(user));
	else if (strcmp(kind, "address") == 0 && part_text(v, "address",
	    address, sizeof(address)))
		part_choice(b, "Forget", "what", str_from(address),
		    "the failures of", str_from(address));
	html_raw(b, "</td>");
}

static void
show_row(struct buf *b, struct str v)
{
	html_raw(b, "<tr>");
	part_cell(b, v, "kind");
	part_cell(b, v, "user");
	part_cell(b, v, "address");
	part_cell_number(b, v, "failures");
	part_cell_time(b, v, "paused_until");
	part_cell_time(b, v, "forgotten");
	show_clear(b, v);
	html_raw(b, "</tr>\n");
}

static void
show(struct web *w, struct buf *b)
{
	static const char *const heads[] = { "Kind", "User", "Address",
				    "#Failures", "Delayed until",
				    "Forgotten at", "Action", NULL };
	struct str		 json, list, v;
	uint64_t		 n = 0;
	int64_t			 more;

	if (!web_answer(w, 0, b, &json))
		return;
	part_paragraph(b, "After failed logins, further logins from the same "
	    "address or by the same user are delayed on this node.");
	if (!part_list(json, "throttled", &list)) {
		part_paragraph(b, "No logins have failed recently.");
		return;
	}
	web_form_begin(b, w, path, "clear");
	part_table(b, "Failed logins", heads);
	for (; json_element(&list, &v); n++)
		if (n < PART_ROWS)
			show_row(b, v);
	part_table_end(b);
	html_raw(b, "</form>\n");
	if (!part_number(json, "more", &more) || more < 0)
		more = 0;
	part_more(b, (uint64_t)more + (n > PART_ROWS ? n - PART_ROWS : 0));
	web_form_begin(b, w, path, "clear");
	part_button(b, NULL, "Forget all failures");
	html_raw(b, "</form>\n");
}

static int
clear(struct web *w, char *why, size_t size)
{
	const struct str	 args[] = { STR("throttle-clear"),
				    web_value(w, "what") };

	(void)why;
	(void)size;
	web_ask_str(w, args, args[1].len != 0 ? 2 : 1, STR(""));
	return 0;
}

static const struct web_action	 actions[] = {
	{ .word = "clear", .run = clear,
	  .done = "The failures have been forgotten." },
	{ .word = NULL }
};

const struct web_page	 page_throttle = {
	.path = path,
	.title = "Failed logins",
	.nav = "Failed logins",
	.plan = plan,
	.show = show,
	.actions = actions
};
