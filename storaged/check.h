/* "store check": the probe as a report, through a client of its own. */
#ifndef STORAGED_CHECK_H
#define STORAGED_CHECK_H

#include <stdbool.h>
#include <stddef.h>

struct event_base;
struct slice;
struct blob_store;

/* The payload of a CRED_KEY: the newest two are kept, so that a check can sign
 * (in the evening, credd also pushes the next day's key). */
void	 check_key(const void *p, size_t len);
/* Tests the store that conf names, which own is a client of, too, and writes
 * the report, as lines or as JSON, to fd (closed at the end).  Only one at a
 * time: a second one is refused. */
void	 check_start(struct event_base *base, struct slice *conf,
	    struct blob_store *own, bool json, int fd);

#endif
