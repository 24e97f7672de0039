/*
 * The mails that were delivered and stay where they are ("after: tag"), as far
 * as this node knows: their claims say so, but asking each time is a request.
 * 16 bytes each; what is not known is asked again.
 */
#ifndef STORAGED_INGEST_DONE_H
#define STORAGED_INGEST_DONE_H

#include <stdbool.h>

#include "storaged/bucket/ingest/ingest_name.h"

#define INGEST_DONE_MAX	(1024 * 1024)	/* mails of a place */

struct ingest_done;

struct ingest_done *ingest_done_new(void);	/* fatal() on ENOMEM */
void	 ingest_done_free(struct ingest_done *d);	/* NULL is fine */
void	 ingest_done_add(struct ingest_done *d, const struct ingest_id *id);
/* A listing shows it: is it one? */
bool	 ingest_done_has(struct ingest_done *d, const struct ingest_id *id);
/* All is listed: forgets what was not asked for since the last call. */
void	 ingest_done_pass(struct ingest_done *d);

#endif
