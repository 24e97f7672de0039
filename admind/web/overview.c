/* See overview.h. */
#include "common/compat.h"

#include <stdlib.h>

#include "admind/web/html.h"
#include "admind/web/overview.h"
#include "admind/web/part.h"
#include "admind/web/plot.h"

#define LATE	90		/* seconds: a point should have come */

static const struct {
	const char	*id, *title;
	const char	*names[PLOT_LINES];
	bool		 times;		/* of time, or else of count */
	enum history_time time;
	enum history_count count[PLOT_LINES];
} rows[] = {
	{ .id = "plot-store", .title = "Requests to the store, per minute",
	  .names = { "Requests", "Errors" },
	  .count = { HISTORY_STORE, HISTORY_STORE_ERRORS } },
	{ .id = "plot-store-time", .title = "Latency of the store, ms",
	  .names = { "95th percentile", "Mean" }, .times = true,
	  .time = HISTORY_STORE_TIME },
	{ .id = "plot-imap", .title = "IMAP commands, per minute",
	  .names = { "Commands", NULL }, .count = { HISTORY_IMAP } },
	{ .id = "plot-imap-time", .title = "Latency of IMAP commands, ms",
	  .names = { "95th percentile", "Mean" }, .times = true,
	  .time = HISTORY_IMAP_TIME },
	{ .id = "plot-login", .title = "Logins, per minute",
	  .names = { "Successful", "Failed" },
	  .count = { HISTORY_LOGINS, HISTORY_LOGINS_FAILED } },
	{ .id = "plot-mail", .title = "Messages received, per minute",
	  .names = { "Messages", NULL }, .count = { HISTORY_MAIL } }
};

static void
set(struct plot *p, size_t line, int at, uint64_t v)
{
	p->line[line].has[at] = true;
	p->line[line].v[at] = v;
}

static void
add_point(struct plot *p, size_t k, const struct history_point *pt)
{
	const struct history_latency	*l = &pt->latency[rows[k].time];
	int				 at = plot_at(p, pt->at);
	size_t				 i;

	if (at == -1)
		return;
	p->partial[at] = pt->partial;
	if (!rows[k].times) {
		for (i = 0; i < p->n; i++)
			set(p, i, at, pt->rate[rows[k].count[i]]);
	} else if (l->n > 0) {
		set(p, 0, at, l->p95);
		set(p, 1, at, l->mean);
	}
}

/* Looks are a minute apart: counted from the last one, each is the only one of
 * its minute. */
static int64_t
end_of(const struct history *h, int64_t now)
{
	int64_t	 at = history_point(h, history_points(h) - 1)->at;

	return now - at >= 0 && now - at < LATE ? at : now;
}

void
overview_plots(struct buf *b, const struct history *h, int64_t now)
{
	struct plot	*p;
	size_t		 k, i;

	if (h == NULL || history_points(h) == 0) {
		part_paragraph(b, "There are no figures yet: the first come "
		    "after a minute.");
		return;
	}
	if ((p = malloc(sizeof(*p))) == NULL) {
		b->failed = true;
		return;
	}
	html_raw(b, "<div class=\"plots\">\n");
	for (k = 0; k < nitems(rows); k++) {
		memset(p, 0, sizeof(*p));
		p->id = rows[k].id;
		p->title = rows[k].title;
		p->unit = rows[k].times ? "ms" : "";
		p->scale = rows[k].times ? 1000 : 1;
		p->end = end_of(h, now);
		for (; p->n < PLOT_LINES && rows[k].names[p->n] != NULL;
		    p->n++)
			p->line[p->n].name = rows[k].names[p->n];
		for (i = 0; i < history_points(h); i++)
			add_point(p, k, history_point(h, i));
		plot(b, p);
	}
	html_raw(b, "</div>\n");
	free(p);
}
