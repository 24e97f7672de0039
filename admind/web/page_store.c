/* /admin/store: the bucket, its credentials, the cache, the clock, and what
 * pailctl store check says; certificates. */
#include "common/compat.h"

#include <stdlib.h>
#include <time.h>

#include "admind/web/figures.h"
#include "admind/web/part.h"
#include "admind/web/web.h"
#include "common/json.h"

static const char	path[] = "/admin/store";

static void
plan(struct web *w)
{
	web_ask(w, "credentials", NULL);
}

static void
fact_when(struct buf *b, struct str v, const char *name, const char *member,
    const char *none, int64_t now)
{
	int64_t	 t = part_time(v, member);

	part_fact(b, name);
	if (t > 0)
		part_when(b, t, now);
	else
		html_cstr(b, none);
	part_fact_end(b);
}

static void
fact(struct buf *b, struct str v, const char *name, const char *member)
{
	part_fact(b, name);
	html_json(b, v, member);
	part_fact_end(b);
}

static void
show_set(struct buf *b, struct str v, int64_t now)
{
	struct str	 of;

	html_raw(b, "<h3>Of ");
	if (json_member(v, "of", &of) && json_is_text(of, "store"))
		html_raw(b, "the ");
	html_json(b, v, "of");
	html_raw(b, "</h3>\n");
	part_facts(b);
	fact(b, v, "Source", "source");
	fact(b, v, "Access key", "access_key");
	fact(b, v, "Identity", "identity");
	fact_when(b, v, "Expires", "expires", "never, or unknown", now);
	fact_when(b, v, "Next renewal", "next_renewal", part_true(v,
	    "renewing") ? "under way" : "none", now);
	if (part_time(v, "failed") > 0) {
		fact_when(b, v, "Last failure", "failed", "", now);
		part_fact(b, "Reason");
		html_raw(b, "<span class=\"bad\">");
		html_json(b, v, "reason");
		html_raw(b, "</span>");
		part_fact_end(b);
	}
	part_facts_end(b);
}

static void
show_credentials(struct web *w, struct buf *b, int64_t now)
{
	struct str	 json, list, v;
	uint64_t	 n = 0;

	html_raw(b, "<section aria-labelledby=\"cred\">\n"
	    "<h2 id=\"cred\">Credentials</h2>\n");
	if (web_answer(w, 0, b, &json)) {
		if (json_member(json, "credentials", &list))
			for (; json_element(&list, &v); n++)
				if (n < PART_ROWS)
					show_set(b, v, now);
		if (n == 0)
			part_paragraph(b, "The store needs none.");
		part_more(b, n > PART_ROWS ? n - PART_ROWS : 0);
	}
	html_raw(b, "</section>\n");
}

static void
show_cache(struct buf *b, const struct figures *f)
{
	uint64_t	 all = f->cache_hits + f->cache_misses;

	part_fact(b, "Cache on disk");
	if (f->has_cache) {
		html_bytes(b, f->cache_bytes);
		if (all > 0) {
			html_raw(b, "; of ");
			html_number(b, all);
			html_raw(b, " reads, ");
			html_number(b, f->cache_hits);
			buf_printf(b, " were in it (%.0f %%)", 100.0 *
			    (double)f->cache_hits / (double)all);
		}
	} else
		html_raw(b, "unknown, or none");
	part_fact_end(b);
}

static void
show_clock(struct buf *b, const struct figures *f)
{
	part_fact(b, "This host\xe2\x80\x99s clock");
	if (!f->has_clock)
		html_raw(b, "unknown");
	else if (f->clock == 0)
		html_raw(b, "agrees with the store\xe2\x80\x99s");
	else
		buf_printf(b, "%lld s %s the store\xe2\x80\x99s",
		    llabs(f->clock), f->clock > 0 ? "ahead of" : "behind");
	part_fact_end(b);
}

static void
show_store(struct web *w, struct buf *b, const struct figures *f,
    int64_t now)
{
	html_raw(b, "<section aria-labelledby=\"store\">\n"
	    "<h2 id=\"store\">Store</h2>\n");
	part_facts(b);
	part_fact(b, "Last written and read");
	if (f->proved > 0)
		part_when(b, f->proved, now);
	else
		html_raw(b, "not yet");
	part_fact_end(b);
	show_cache(b, f);
	show_clock(b, f);
	part_facts_end(b);
	web_form_begin(b, w, path, "probe");
	html_raw(b, "<p>");
	part_button(b, NULL, "Check the store");
	html_raw(b, " <span class=\"hint\">Tests what Pail needs from it, "
	    "as <code>pailctl store check</code> does; this can take a "
	    "minute.</span></p>\n</form>\n</section>\n");
}

static void
show_certificates(struct buf *b, const struct figures *f, int64_t now)
{
	static const char *const heads[] = { "Name", "State", "Expires", NULL };
	const struct figures_certificate	*c;
	int64_t			 left;

	html_raw(b, "<section aria-labelledby=\"tls\">\n"
	    "<h2 id=\"tls\">Certificates</h2>\n");
	if (f->ncertificates == 0)
		part_paragraph(b, "There are no certificates.");
	else {
		part_table(b, "TLS certificates", heads);
		for (c = f->certificates; c < f->certificates +
		    f->ncertificates; c++) {
			left = c->expires - now;
			html_raw(b, "<tr><th scope=\"row\">");
			html_cstr(b, c->name);
			html_raw(b, "</th><td>");
			part_status(b, left <= 0 ? "bad" : left <=
			    FIGURES_SOON ? "warn" : "ok", left <= 0 ?
			    "expired" : left <= FIGURES_SOON ?
			    "expires soon" : "valid");
			html_raw(b, "</td><td>");
			part_when(b, c->expires, now);
			html_raw(b, "</td></tr>\n");
		}
		part_table_end(b);
		part_more(b, f->more);
	}
	html_raw(b, "</section>\n");
}

static void
show(struct web *w, struct buf *b)
{
	struct figures	 f;
	int64_t		 now = (int64_t)time(NULL);

	figures_read(&f, state_now());
	show_store(w, b, &f, now);
	show_credentials(w, b, now);
	show_certificates(b, &f, now);
}

/* ---- the check ---- */

static int
probe(struct web *w, char *why, size_t size)
{
	(void)why;
	(void)size;
	web_ask(w, "store-check", NULL);
	return 0;
}

static void
show_step(struct buf *b, struct str v)
{
	char	 result[16];

	(void)part_text(v, "result", result, sizeof(result));
	html_raw(b, "<tr><td>");
	part_status(b, strcmp(result, "FAIL") == 0 ? "bad" : strcmp(result,
	    "warn") == 0 ? "warn" : strcmp(result, "ok") == 0 ? "ok" :
	    "muted", result);
	html_raw(b, "</td>");
	part_cell(b, v, "text");
	html_raw(b, "</tr>\n");
}

static void
show_verdict(struct buf *b, struct str json)
{
	struct str	 v;
	bool		 good = json_member(json, "verdict", &v) &&
			    json_is_text(v, "good");
	bool		 refused = json_member(json, "verdict", &v) &&
			    json_is_text(v, "refused");

	html_raw(b, "<p>");
	part_status(b, good ? "ok" : "bad", good ? "The store can be used." :
	    refused ? "Pail must not use this store." :
	    "The store cannot be used at the moment.");
	html_raw(b, "</p>\n<p class=\"muted\">");
	html_json(b, json, "summary");
	html_raw(b, "</p>\n");
}

static void
show_probe(struct web *w, struct buf *b)
{
	static const char *const heads[] = { "Result", "What", NULL };
	struct str		 json, list, v;
	uint64_t		 n = 0;

	html_raw(b, "<h2>Check of the store</h2>\n");
	if (web_answer(w, 0, b, &json)) {
		show_verdict(b, json);
		if (!json_member(json, "steps", &list))
			list = STR("");
		part_table(b, "Steps of the check", heads);
		for (; json_element(&list, &v); n++)
			if (n < PART_ROWS)
				show_step(b, v);
		part_table_end(b);
		part_more(b, n > PART_ROWS ? n - PART_ROWS : 0);
	}
	html_raw(b, "<p><a href=\"/admin/store\">Back to the store</a></p>\n");
}

static const struct web_action	 actions[] = {
	{ .word = "probe", .run = probe, .show = show_probe },
	{ .word = NULL }
};

const struct web_page	 page_store = {
	.path = path,
	.title = "Store",
	.nav = "Store",
	.state = true,
	.plan = plan,
	.show = show,
	.actions = actions
};
