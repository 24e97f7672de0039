/*
 * What no process told is a gap in the line, never 0.  The second line is
 * dashed, and both are named in the key: a colour alone says nothing.
 */
#include "common/compat.h"

#include <stdio.h>
#include <time.h>

#include "admind/web/html.h"
#include "admind/web/part.h"
#include "admind/web/plot.h"

/* Of the viewBox: at 360 pixels, a unit is a pixel, and text is legible. */
#define WIDTH		360
#define HEIGHT		150
#define LEFT		46
#define RIGHT		350
#define TOP		12
#define BOTTOM		124

int
plot_at(const struct plot *p, int64_t t)
{
	int64_t	 ago = p->end - t;

	if (ago < -30 || ago >= PLOT_POINTS * 60 - 30)
		return -1;
	return PLOT_POINTS - 1 - (int)((ago + 30) / 60);
}

void
plot_value(struct buf *b, uint64_t v, uint64_t scale)
{
	double	 x;

	if (scale <= 1) {
		html_number(b, v);
		return;
	}
	x = (double)v / (double)scale;
	if (v == 0)
		html_raw(b, "0");
	else if (x >= 99.95)
		html_number(b, (uint64_t)(x + 0.5));
	else
		buf_printf(b, x >= 9.995 ? "%.1f" : "%.2f", x);
}

static void
value(struct buf *b, const struct plot *p, uint64_t v)
{
	plot_value(b, v, p->scale);
	if (*p->unit != '\0') {
		html_raw(b, " ");
		html_cstr(b, p->unit);
	}
}

/* "12:30", of a point. */
static void
put_clock(struct buf *b, const struct plot *p, int i)
{
	time_t		 t = (time_t)(p->end - (PLOT_POINTS - 1 - i) * 60);
	struct tm	 tm;

	if (gmtime_r(&t, &tm) != NULL)
		buf_printf(b, "%02d:%02d", tm.tm_hour, tm.tm_min);
}

/* The point with the highest value; -1: there is none. */
static int
highest(const struct plot_line *l)
{
	int	 i, most = -1;

	for (i = 0; i < PLOT_POINTS; i++)
		if (l->has[i] && (most == -1 || l->v[i] > l->v[most]))
			most = i;
	return most;
}

static int
last(const struct plot_line *l)
{
	int	 i;

	for (i = PLOT_POINTS - 1; i >= 0 && !l->has[i]; i--)
		;
	return i;
}

/* The end of the axis: 1, 2 or 4 times a power of ten, not below any value.
 * Its half is marked, too, and is to be a round number. */
static double
axis(const struct plot *p)
{
	double	 most = 0, step = p->scale > 1 ? 0.1 : 10;
	size_t	 i;
	int	 k;

	for (i = 0; i < p->n; i++)
		if ((k = highest(&p->line[i])) != -1 &&
		    (double)p->line[i].v[k] > most)
			most = (double)p->line[i].v[k];
	most /= (double)(p->scale > 1 ? p->scale : 1);
	for (;; step *= 10) {
		if (most <= step)
			return step;
		if (most <= 2 * step)
			return 2 * step;
		if (most <= 4 * step)
			return 4 * step;
	}
}

/* What the eye sees, in words. */
static void
put_words(struct buf *b, const struct plot *p)
{
	const struct plot_line	*l;
	int			 k;

	html_raw(b, "From ");
	put_clock(b, p, 0);
	html_raw(b, " to ");
	put_clock(b, p, PLOT_POINTS - 1);
	html_raw(b, " UTC.");
	for (l = p->line; l < p->line + p->n; l++) {
		html_raw(b, " ");
		html_cstr(b, l->name);
		if ((k = highest(l)) == -1) {
			html_raw(b, ": none.");
			continue;
		}
		html_raw(b, ": at most ");
		value(b, p, l->v[k]);
		html_raw(b, ", at ");
		put_clock(b, p, k);
		html_raw(b, "; last ");
		value(b, p, l->v[last(l)]);
		html_raw(b, ".");
	}
}

static void
put_mark(struct buf *b, double v, int y)
{
	buf_printf(b, "<path class=\"p-grid\" d=\"M%d %dH%d\"/><text "
	    "class=\"p-text\" x=\"%d\" y=\"%d\" text-anchor=\"end\">", LEFT, y,
	    RIGHT, LEFT - 6, y + 4);
	/* Of 18 quintillion, the digits would be as long as the plot. */
	if (v >= 1e9)
		buf_printf(b, "%.0e", v);
	else if (v >= 1e6)
		buf_printf(b, "%.0f M", v / 1e6);
	else if (v >= 1)
		html_number(b, (uint64_t)v);
	else
		buf_printf(b, v == 0 ? "%.0f" : "%.2f", v);
	html_raw(b, "</text>\n");
}

static int
x_of(int i)
{
	return LEFT + i * (RIGHT - LEFT) / (PLOT_POINTS - 1);
}

static void
put_axes(struct buf *b, const struct plot *p, double most)
{
	static const int	 at[] = { 0, 29, PLOT_POINTS - 1 };
	static const char *const anchor[] = { "start", "middle", "end" };
	size_t			 i;

	put_mark(b, 0, BOTTOM);
	put_mark(b, most / 2, (TOP + BOTTOM) / 2);
	put_mark(b, most, TOP);
	for (i = 0; i < nitems(at); i++) {
		buf_printf(b, "<text class=\"p-text\" x=\"%d\" y=\"%d\" "
		    "text-anchor=\"%s\">", x_of(at[i]), BOTTOM + 18,
		    anchor[i]);
		put_clock(b, p, at[i]);
		html_raw(b, "</text>\n");
	}
}

/* A point without neighbours is a dot: a line of no length has round ends. */
static void
put_line(struct buf *b, const struct plot *p, size_t n, double most)
{
	const struct plot_line	*l = &p->line[n];
	double			 v;
	int			 i;
	bool			 open = false;

	if (last(l) == -1)
		return;
	buf_printf(b, "<path class=\"p-line-%zu\" fill=\"none\" "
	    "stroke-width=\"2\" stroke-linecap=\"round\" "
	    "stroke-linejoin=\"round\"%s d=\"", n + 1, n == 1 ?
	    " stroke-dasharray=\"1 4\"" : "");
	for (i = 0; i < PLOT_POINTS; i++) {
		if (l->has[i]) {
			v = (double)l->v[i] / (double)(p->scale > 1 ?
			    p->scale : 1) / most;
			buf_printf(b, "%c%d %.1f", open ? 'L' : 'M', x_of(i),
			    BOTTOM - v * (BOTTOM - TOP));
			if (!open)
				html_raw(b, "h0");
		}
		open = l->has[i];
	}
	html_raw(b, "\"/>\n");
}

static void
put_svg(struct buf *b, const struct plot *p)
{
	double	 most = axis(p);
	size_t	 i;

	buf_printf(b, "<svg viewBox=\"0 0 %d %d\" role=\"img\" "
	    "aria-labelledby=\"%s-title %s-desc\">\n", WIDTH, HEIGHT, p->id,
	    p->id);
	buf_printf(b, "<title id=\"%s-title\">", p->id);
	html_cstr(b, p->title);
	buf_printf(b, "</title>\n<desc id=\"%s-desc\">", p->id);
	put_words(b, p);
	html_raw(b, "</desc>\n");
	put_axes(b, p, most);
	for (i = p->n; i > 0; i--)
		put_line(b, p, i - 1, most);
	html_raw(b, "</svg>\n");
}

static void
put_key(struct buf *b, const struct plot *p)
{
	size_t	 i;

	html_raw(b, "<p class=\"key\">");
	for (i = 0; i < p->n; i++) {
		buf_printf(b, "%s<svg class=\"swatch\" width=\"24\" "
		    "height=\"8\" viewBox=\"0 0 24 8\" aria-hidden=\"true\">"
		    "<path class=\"p-line-%zu\" fill=\"none\" "
		    "stroke-width=\"2\" stroke-linecap=\"round\"%s "
		    "d=\"M2 4H22\"/></svg> ", i > 0 ? " " : "", i + 1,
		    i == 1 ? " stroke-dasharray=\"1 4\"" : "");
		html_cstr(b, p->line[i].name);
	}
	html_raw(b, "</p>\n");
}

static void
put_table(struct buf *b, const struct plot *p)
{
	const char	*heads[PLOT_LINES + 2] = { "Time (UTC)" };
	char		 names[PLOT_LINES][40];
	size_t		 k;
	int		 i;

	for (k = 0; k < p->n; k++) {
		snprintf(names[k], sizeof(names[k]), "#%s", p->line[k].name);
		heads[k + 1] = names[k];
	}
	html_raw(b, "<details><summary>Figures</summary>\n");
	part_table(b, p->title, heads);
	for (i = PLOT_POINTS - 1; i >= 0; i--) {
		html_raw(b, "<tr><th scope=\"row\">");
		put_clock(b, p, i);
		if (p->partial[i])
			html_raw(b, " (incomplete)");
		html_raw(b, "</th>");
		for (k = 0; k < p->n; k++) {
			html_raw(b, "<td class=\"num\">");
			if (p->line[k].has[i])
				value(b, p, p->line[k].v[i]);
			else
				html_raw(b, HTML_DASH);
			html_raw(b, "</td>");
		}
		html_raw(b, "</tr>\n");
	}
	part_table_end(b);
	html_raw(b, "</details>\n");
}

void
plot(struct buf *b, const struct plot *p)
{
	html_raw(b, "<figure class=\"plot\">\n<figcaption>");
	html_cstr(b, p->title);
	html_raw(b, "</figcaption>\n");
	put_svg(b, p);
	put_key(b, p);
	put_table(b, p);
	html_raw(b, "</figure>\n");
}
