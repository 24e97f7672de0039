/*
 * /admin: does it run, may clients come, what has to be done, and the last
 * hour.
 */
#include "common/compat.h"

#include <inttypes.h>
#include <stdlib.h>
#include <time.h>

#include "admind/known/ready.h"
#include "admind/web/figures.h"
#include "admind/web/overview.h"
#include "admind/web/part.h"
#include "admind/web/watch.h"
#include "admind/web/web.h"
#include "common/json.h"

#define CREDENTIAL_SECONDS	300	/* they should have been renewed */
#define CLOCK_SECONDS		10
#define PROCS_SHOWN		PART_ROWS

enum { ASK_STATUS, ASK_CREDENTIALS };

static void
plan(struct web *w)
{
	web_ask(w, "status", NULL);
	web_ask(w, "credentials", NULL);
}

/* The JSON of an answer, if there is one; why not is said elsewhere. */
static bool
quiet(struct web *w, unsigned int k, struct str *json)
{
	struct buf	 b = BUF_INIT;
	bool		 r = web_answer(w, k, &b, json);

	buf_free(&b);
	return r;
}

/* ---- what has to be done: each is an item of a list ---- */

static void
item(struct buf *b, const char *class, const char *word)
{
	html_raw(b, "<li>");
	part_status(b, class, word);
	html_raw(b, " ");
}

static void
item_end(struct buf *b)
{
	html_raw(b, "</li>\n");
}

/* Lines, as /readyz has them. */
static void
warn_ready(struct buf *b, const struct state *s)
{
	struct buf	 why = BUF_INIT;
	struct str	 rest, line;

	if (s == NULL) {
		item(b, "bad", "Unknown:");
		html_raw(b, "the processes have not reported yet");
		item_end(b);
		return;
	}
	ready_say(s, watch_ready_within(), &why);
	rest = (struct str){ (const char *)why.data, why.len };
	while (str_split(&rest, '\n', &line)) {
		item(b, "bad", "Not ready:");
		html_text(b, line);
		item_end(b);
	}
	buf_free(&why);
}

static void
warn_process(struct buf *b, struct str p)
{
	char	 state[24], doing[200];
	int64_t	 n;

	(void)part_text(p, "state", state, sizeof(state));
	if (strcmp(state, "ready") != 0) {
		item(b, "bad", "Process:");
		html_json(b, p, "name");
		html_raw(b, " is ");
		html_json(b, p, "state");
		item_end(b);
	} else if (part_number(p, "doing_seconds", &n)) {
		item(b, "bad", "Process:");
		html_json(b, p, "name");
		html_raw(b, " does not respond");
		if (part_text(p, "doing", doing, sizeof(doing))) {
			html_raw(b, "; for ");
			part_duration(b, n);
			html_raw(b, " it has been busy with ");
			html_cstr(b, doing);
		}
		item_end(b);
	}
}

static void
warn_status(struct buf *b, struct str status)
{
	struct str	 list, v;
	size_t		 n = 0;
	int64_t		 s;

	if (json_member(status, "processes", &list))
		while (n++ < PROCS_SHOWN && json_element(&list, &v))
			warn_process(b, v);
	if (!json_member(status, "channels_down", &list))
		return;
	for (n = 0; n < PROCS_SHOWN && json_element(&list, &v); n++) {
		item(b, "bad", "Channel:");
		html_json(b, v, "between");
		html_raw(b, " has been down for ");
		(void)part_number(v, "seconds", &s);
		part_duration(b, s);
		item_end(b);
	}
}

static void
warn_certificates(struct buf *b, const struct figures *f, int64_t now)
{
	const struct figures_certificate	*c;

	for (c = f->certificates; c < f->certificates + f->ncertificates;
	    c++) {
		if (c->expires > now + FIGURES_SOON)
			continue;
		item(b, c->expires <= now ? "bad" : "warn", "Certificate:");
		html_cstr(b, c->name);
		html_cstr(b, c->expires <= now ? " expired " : " expires ");
		part_when(b, c->expires, now);
		item_end(b);
	}
}

/* Of the store, or of an entry of ingestion. */
static void
warn_set(struct buf *b, struct str v, int64_t now)
{
	char		 reason[600];
	int64_t		 t = part_time(v, "expires");
	struct str	 of;
	bool		 store = json_member(v, "of", &of) &&
			    json_is_text(of, "store");

	if (!store && t > 0 && t <= now) {
		item(b, "warn", "Credentials:");
		html_json(b, v, "of");
		html_raw(b, ": expired ");
		part_when(b, t, now);
		item_end(b);
	}
	if (!part_text(v, "reason", reason, sizeof(reason)))
		return;
	item(b, "warn", "Credentials:");
	html_json(b, v, "of");
	html_raw(b, ": the last renewal failed: ");
	html_cstr(b, reason);
	item_end(b);
}

static void
warn_credentials(struct buf *b, const struct figures *f, struct str json,
    int64_t now)
{
	struct str	 list, v;
	size_t		 n;

	/* If they have expired, this node is not ready, and that says so. */
	if (f->expires > now && f->expires <= now + CREDENTIAL_SECONDS) {
		item(b, "warn", "Credentials:");
		html_raw(b, "of the store: expire ");
		part_when(b, f->expires, now);
		item_end(b);
	}
	if (!json_member(json, "credentials", &list))
		return;
	for (n = 0; n < PART_ROWS && json_element(&list, &v); n++)
		warn_set(b, v, now);
}

static void
warn_clock(struct buf *b, const struct figures *f)
{
	if (llabs(f->clock) < CLOCK_SECONDS)
		return;
	item(b, "warn", "Clock:");
	buf_printf(b, "this host\xe2\x80\x99s clock is %lld s %s the "
	    "store\xe2\x80\x99s", llabs(f->clock), f->clock > 0 ? "ahead of" :
	    "behind");
	item_end(b);
}

static void
show_warnings(struct buf *b, struct web *w, const struct figures *f,
    int64_t now)
{
	struct buf	 items = BUF_INIT;
	struct str	 json;

	warn_ready(&items, state_now());
	if (quiet(w, ASK_STATUS, &json))
		warn_status(&items, json);
	warn_certificates(&items, f, now);
	(void)quiet(w, ASK_CREDENTIALS, &json);
	warn_credentials(&items, f, json, now);
	warn_clock(&items, f);
	html_raw(b, "<section aria-labelledby=\"todo\">\n"
	    "<h2 id=\"todo\">Health</h2>\n");
	if (items.len == 0) {
		html_raw(b, "<p>");
		part_status(b, "ok", "Ready");
		html_raw(b, " Clients can be served; nothing needs "
		    "attention.</p>\n");
	} else {
		html_raw(b, "<ul class=\"warnings\">\n");
		buf_put(b, items.data, items.len);
		b->failed |= items.failed;
		html_raw(b, "</ul>\n");
	}
	html_raw(b, "</section>\n");
	buf_free(&items);
}

/* ---- now ---- */

static void
fact_text(struct buf *b, const char *name, struct str json,
    const char *member)
{
	part_fact(b, name);
	html_json(b, json, member);
	part_fact_end(b);
}

static void
show_sessions(struct buf *b, const struct figures *f)
{
	part_fact(b, "Sessions");
	if (f->has_sessions) {
		html_raw(b, "<a href=\"/admin/sessions\">");
		html_number(b, f->sessions);
		html_raw(b, "</a>, of which ");
		html_number(b, f->idle);
		html_raw(b, " in IDLE; ");
		html_number(b, f->connections);
		html_cstr(b, f->connections == 1 ? " connection" :
		    " connections");
	} else
		html_raw(b, "unknown");
	part_fact_end(b);
}

static void
show_cost(struct buf *b, const struct history *h)
{
	const struct history_cost	*c = history_cost(h);

	part_fact(b, "Cost this month");
	if (c->known) {
		if (c->micro < 1000000)
			buf_printf(b, "$0.%04" PRIu64, c->micro / 100);
		else
			buf_printf(b, "$%" PRIu64 ".%02" PRIu64,
			    c->micro / 1000000, c->micro / 10000 % 100);
		html_raw(b, " for requests and traffic of this node, since ");
		html_time(b, c->since);
	} else
		html_raw(b, "not known yet, or no prices are known");
	part_fact_end(b);
}

static void
show_hour(struct buf *b, const struct history *h, int64_t now)
{
	part_fact(b, "Logins in the last hour");
	html_number(b, history_sum(h, HISTORY_LOGINS, now));
	html_raw(b, ", ");
	html_number(b, history_sum(h, HISTORY_LOGINS_FAILED, now));
	html_raw(b, " failed");
	part_fact_end(b);
	part_fact(b, "Messages in the last hour");
	html_number(b, history_sum(h, HISTORY_MAIL, now));
	part_fact_end(b);
	show_cost(b, h);
}

static void
show_now(struct buf *b, struct web *w, const struct figures *f, int64_t now)
{
	const struct history	*h = watch_history();
	struct str		 json;
	int64_t			 up;
	bool			 known;

	html_raw(b, "<section aria-labelledby=\"node\">\n"
	    "<h2 id=\"node\">This node</h2>\n");
	known = web_answer(w, ASK_STATUS, b, &json);
	part_facts(b);
	if (known) {
		fact_text(b, "State", json, "state");
		fact_text(b, "Version", json, "version");
		part_fact(b, "Running for");
		(void)part_number(json, "up_seconds", &up);
		part_duration(b, up);
		part_fact_end(b);
		fact_text(b, "Configuration", json, "configuration");
	}
	show_sessions(b, f);
	if (h != NULL)
		show_hour(b, h, now);
	part_facts_end(b);
	html_raw(b, "</section>\n");
}

/* ---- the processes ---- */

static void
show_process(struct buf *b, struct str p)
{
	char	 state[24];
	int64_t	 n;
	bool	 ready;

	(void)part_text(p, "state", state, sizeof(state));
	ready = strcmp(state, "ready") == 0;
	html_raw(b, "<tr><th scope=\"row\">");
	html_json(b, p, "name");
	html_raw(b, "</th><td>");
	if (ready && part_number(p, "doing_seconds", &n))
		part_status(b, "bad", "does not respond");
	else
		part_status(b, ready ? "ok" : "bad", state);
	html_raw(b, "</td><td class=\"num\">");
	html_json(b, p, "pid");
	html_raw(b, "</td><td class=\"num\">");
	(void)part_number(p, "up_seconds", &n);
	part_duration(b, n);
	html_raw(b, "</td>");
	part_cell_number(b, p, "restarts");
	html_raw(b, "</tr>\n");
}

static void
show_processes(struct buf *b, struct web *w)
{
	static const char *const heads[] = { "Process", "State", "#PID",
				    "#Running for", "#Restarts", NULL };
	struct str		 json, list, v;
	uint64_t		 n = 0;

	if (!quiet(w, ASK_STATUS, &json) || !json_member(json, "processes",
	    &list))
		return;
	html_raw(b, "<section aria-labelledby=\"procs\">\n"
	    "<h2 id=\"procs\">Processes</h2>\n");
	part_table(b, "Processes of this node", heads);
	for (; json_element(&list, &v); n++)
		if (n < PROCS_SHOWN)
			show_process(b, v);
	part_table_end(b);
	part_more(b, n > PROCS_SHOWN ? n - PROCS_SHOWN : 0);
	html_raw(b, "</section>\n");
}

static void
show(struct web *w, struct buf *b)
{
	struct figures	 f;
	int64_t		 now = (int64_t)time(NULL);

	figures_read(&f, state_now());
	show_warnings(b, w, &f, now);
	show_now(b, w, &f, now);
	html_raw(b, "<section aria-labelledby=\"hour\">\n"
	    "<h2 id=\"hour\">The last hour</h2>\n");
	overview_plots(b, watch_history(), now);
	html_raw(b, "</section>\n");
	show_processes(b, w);
}

const struct web_page	 page_overview = {
	.path = "/admin",
	.title = "Overview",
	.nav = "Overview",
	.state = true,
	.plan = plan,
	.show = show
};
