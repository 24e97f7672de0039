/*
 * What a queue tells of mails that have come, hostile: an S3 event, the same by
 * EventBridge, or SES's notification of a mail that it has stored; each also
 * within the envelope of SNS.
 *
 * It only names objects: that they are in the place is for the caller to see.
 */
#ifndef STORAGED_INGEST_NOTICE_H
#define STORAGED_INGEST_NOTICE_H

#include <stdbool.h>
#include <stddef.h>

#include "common/buf.h"
#include "common/msg_ingest.h"

#define INGEST_NOTICE_MAX	(1024 * 1024)	/* bytes: SQS's limit */
#define INGEST_NOTICE_OBJECTS	100
#define INGEST_NOTICE_WHY	200

struct ingest_notice {
	size_t		 n;		/* 0: it is about no new object */
	struct ingest_notice_object {
		char	*bucket, *key;	/* key: decoded */
	}		*v;
	/* SES knows to whom they were sent (else NULL): addresses with commas,
	 * at most INGEST_ENVELOPE_MAX bytes, and the sender. */
	char		*recipients;
	char		 sender[INGEST_ADDRESS_MAX + 1];
};

/* NULL: it is none, or out of memory; why (INGEST_NOTICE_WHY) tells. */
struct ingest_notice *ingest_notice_read(struct str text, char *why);
void	 ingest_notice_free(struct ingest_notice *n);	/* NULL is fine */

#endif
