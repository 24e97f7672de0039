/*
 * Does a POST come from a page of ours?  What browsers say of that (Fetch
 * Metadata; RFC 6454) is not needed, for a form has its token; but what says
 * that it does not is believed.
 */
#ifndef ADMIND_WEB_ORIGIN_H
#define ADMIND_WEB_ORIGIN_H

#include <stdbool.h>

#include "admind/http/head.h"

bool	 origin_ok(const struct head *h, bool tls);
/*
 * Has a page of somebody else's asked for it, other than by a link?  One on
 * another port of this host is of the same site, so that cookies are sent: it
 * could have our work done over and over, and a session never end.
 */
bool	 origin_embeds(const struct head *h);

#endif
