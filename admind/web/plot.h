/*
 * A plot of the last hour as inline SVG: what it shows in words (for who does
 * not see it), and all its figures as a table.  No scripts, no style
 * attributes; colours are those of the stylesheet.
 */
#ifndef ADMIND_WEB_PLOT_H
#define ADMIND_WEB_PLOT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/buf.h"

#define PLOT_POINTS	60	/* one for each minute, the last is now's */
#define PLOT_LINES	2

struct plot_line {
	const char	*name;		/* "errors" */
	bool		 has[PLOT_POINTS];
	uint64_t	 v[PLOT_POINTS];
};

struct plot {
	const char	*id;		/* of the page's elements */
	const char	*title;		/* with the unit: it is the caption */
	const char	*unit;		/* behind a value: "ms"; or "" */
	uint64_t	 scale;		/* v / scale is in this unit */
	int64_t		 end;		/* Unix time of the last minute */
	bool		 partial[PLOT_POINTS];	/* something is missing */
	size_t		 n;
	struct plot_line line[PLOT_LINES];
};

/* Which point t is; -1: it is not within the last hour. */
int	 plot_at(const struct plot *p, int64_t t);
void	 plot(struct buf *b, const struct plot *p);
/* v / scale with three digits. */
void	 plot_value(struct buf *b, uint64_t v, uint64_t scale);

#endif
