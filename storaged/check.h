/* "store check": the probe as a report, through a client of its own. */
#ifndef STORAGED_CHECK_H
#define STORAGED_CHECK_H

#include <stddef.h>

struct slice;
struct blob_store;

/* The payload of a CRED_KEY: the newest two are kept, so that a check can sign
 * (from the evening on credd pushes the next day's key as well). */
void	 check_key(const void *p, size_t len);
/* Tries the store that conf names and writes the report to fd (closed at
 * the end).  One at a time: a second one is told so. */
void	 check_start(struct slice *conf, int fd);

#endif
