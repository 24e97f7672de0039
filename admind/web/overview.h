/* The plots of the overview, from the history. */
#ifndef ADMIND_WEB_OVERVIEW_H
#define ADMIND_WEB_OVERVIEW_H

#include <stdint.h>

#include "admind/web/history.h"
#include "common/buf.h"

/* h NULL, or without points: says so instead. */
void	 overview_plots(struct buf *b, const struct history *h, int64_t now);

#endif
