/* The pages: one file each; their table is in route.c. */
#ifndef ADMIND_PAGE_H
#define ADMIND_PAGE_H

#include <stdbool.h>

#include "admind/http/answer.h"
#include "admind/http/head.h"
#include "admind/known/state.h"

/*
 * Makes the answer (a->status 200 until then) of what s says.  known false: the
 * client has shown no token, so it may learn the status, but no reason.
 */
typedef void page_fn(struct state *s, const struct head *h, bool known,
	    struct answer *a);

page_fn	 page_healthz, page_metrics, page_readyz;

#endif
