/*
 * The names of ingestion's objects, without the place's prefix:
 *
 *	claims/<id>			a node is at work on it
 *	done/<id>/<name>		delivered ("after: done")
 *	failed/<id>/mail		not delivered
 *	failed/<id>/reason.json		why (ingest_reason.h)
 *
 * <id>: 32 hex digits of SHA-256(bucket NUL key NUL ETag): what else comes
 * under the same name is another mail.  All other names are mails.
 */
#ifndef STORAGED_INGEST_NAME_H
#define STORAGED_INGEST_NAME_H

#include <stdbool.h>
#include <stddef.h>

#include "storaged/format/key.h"

#define INGEST_DIR_CLAIMS	"claims/"
#define INGEST_DIR_DONE	"done/"
#define INGEST_DIR_FAILED	"failed/"

/* Of mails that stay where they are ("after: tag"). */
#define INGEST_TAG_NAME		"pail"
#define INGEST_TAG_VALUE	"delivered"

struct ingest_id { char hex[33]; };

/* prefix: the place's, canonical; etag: as a server says it. */
void	 ingest_id(struct ingest_id *id, const char *bucket,
	    const char *prefix, const char *name, const char *etag);
bool	 ingest_id_valid(const char *hex);	/* hostile */
void	 ingest_claim_name(const struct ingest_id *id, char dst[KEY_MAX]);
/* The last part of name follows, or nothing if that would be too long. */
void	 ingest_done_name(const struct ingest_id *id, const char *prefix,
	    const char *name, char dst[KEY_MAX]);
void	 ingest_failed_name(const struct ingest_id *id, bool reason,
	    char dst[KEY_MAX]);
/* Of "failed/<id>/reason.json" (hostile): false: another name. */
bool	 ingest_failed_id(const char *name, struct ingest_id *id);

enum ingest_kind {
	INGEST_MAIL,
	INGEST_OURS,		/* below claims/, done/ or failed/ */
	INGEST_OTHER,		/* no mail: SES's notice of its setup; a
				   "folder" */
	INGEST_ODD		/* a name that cannot be asked for, or told */
};
/* skip (KEY_MAX; of INGEST_OURS): what a listing goes on after to leave out
 * the rest of them. */
enum ingest_kind ingest_kind(const char *name, char skip[KEY_MAX]);

#endif
