/* /admin/queues: mail that was dropped in a bucket and could not be delivered,
 * or not yet; trying again. */
#include "common/compat.h"

#include "admind/web/figures.h"
#include "admind/web/part.h"
#include "admind/web/web.h"
#include "common/json.h"

static const char	path[] = "/admin/queues";

static void
plan(struct web *w)
{
	web_ask(w, "ingest-list", NULL);
}

static void
show_counts(struct buf *b)
{
	struct figures	 f;

	figures_read(&f, state_now());
	if (f.has_ingest) {
		part_facts(b);
		part_fact(b, "Delivered since the start");
		html_number(b, f.ingested);
		part_fact_end(b);
		part_fact(b, "Failed");
		html_number(b, f.ingest_failed);
		part_fact_end(b);
		part_fact(b, "Deferred");
		html_number(b, f.ingest_later);
		part_fact_end(b);
		part_facts_end(b);
	}
}

/* "3 tries, next in 20 s", or when it failed. */
static void
show_when(struct buf *b, struct str v, bool waits)
{
	int64_t	 tries, next;

	if (!waits) {
		part_cell_time(b, v, "at");
		return;
	}
	html_raw(b, "<td>");
	(void)part_number(v, "tries", &tries);
	(void)part_number(v, "next_seconds", &next);
	html_number(b, tries > 0 ? (uint64_t)tries : 0);
	html_cstr(b, tries == 1 ? " try" : " tries");
	html_raw(b, ", next in ");
	part_duration(b, next);
	html_raw(b, "</td>");
}

static void
show_row(struct buf *b, struct str v)
{
	char	 state[24], id[80];
	bool	 waits;

	(void)part_text(v, "state", state, sizeof(state));
	waits = strcmp(state, "waiting") == 0;
	html_raw(b, "<tr><td>");
	part_status(b, waits ? "warn" : "bad", state);
	html_raw(b, "</td>");
	part_cell(b, v, "bucket");
	part_cell(b, v, "key");
	part_cell(b, v, "reason");
	show_when(b, v, waits);
	html_raw(b, "<td>");
	if (!waits && part_text(v, "id", id, sizeof(id)) && id[0] != '\0')
		part_choice(b, "Retry", "id", str_from(id), "mail",
		    str_from(id));
	html_raw(b, "</td></tr>\n");
}

/* What has failed comes first: it waits for people. */
static uint64_t
show_rows(struct buf *b, struct str list, bool waits, uint64_t n)
{
	struct str	 v, state;

	while (json_element(&list, &v))
		if ((json_member(v, "state", &state) && json_is_text(state,
		    "waiting")) == waits && n++ < PART_ROWS)
			show_row(b, v);
	return n;
}

static void
show(struct web *w, struct buf *b)
{
	static const char *const heads[] = { "State", "Bucket", "Key",
				    "Reason", "When", "Action", NULL };
	struct str		 json, list;
	uint64_t		 failed, n;

	show_counts(b);
	if (!web_answer(w, 0, b, &json))
		return;
	if (!part_list(json, "mails", &list)) {
		part_paragraph(b, "Nothing is waiting on this node, and "
		    "nothing has failed.");
		return;
	}
	web_form_begin(b, w, path, "retry");
	part_table(b, "Undelivered messages", heads);
	failed = show_rows(b, list, false, 0);
	n = show_rows(b, list, true, failed);
	part_table_end(b);
	html_raw(b, "</form>\n");
	part_more(b, n > PART_ROWS ? n - PART_ROWS : 0);
	if (failed == 0)
		return;
	web_form_begin(b, w, path, "retry");
	part_button(b, NULL, "Retry all that have failed");
	html_raw(b, "</form>\n");
}

static int
retry(struct web *w, char *why, size_t size)
{
	const struct str	 args[] = { STR("ingest-retry"),
				    web_value(w, "id") };

	(void)why;
	(void)size;
	web_ask_str(w, args, args[1].len != 0 ? 2 : 1, STR(""));
	return 0;
}

static const struct web_action	 actions[] = {
	{ .word = "retry", .run = retry, .done = "Delivered." },
	{ .word = NULL }
};

const struct web_page	 page_queues = {
	.path = path,
	.title = "Ingestion",
	.nav = "Ingestion",
	.state = true,
	.plan = plan,
	.show = show,
	.actions = actions
};
