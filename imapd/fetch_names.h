/* The table of FETCH items. */
#ifndef IMAPD_FETCH_NAMES_H
#define IMAPD_FETCH_NAMES_H

#include "imapd/fetch.h"

extern const struct fetch_name fetch_body, fetch_body_peek;

/* NULL if there is no such item. */
const struct fetch_name *fetch_name_find(struct str name);

#endif
