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

#endif
