/*
 * failed/<id>/reason.json: what the mail was called, and why it could not be
 * delivered to whom.  Written for people, too; read again for "pailctl ingest",
 * and then hostile.
 *
 *	{"key": "in/x", "etag": "9a03...", "at": "2026-11-29T08:00:00Z",
 *	 "why": "", "answers": [{"recipient": "ann@example.org", "code": 550,
 *	 "text": "5.1.1 No such user"}]}
 *
 * and "envelope" and "sender", if a queue has told them.
 */
#ifndef STORAGED_INGEST_REASON_H
#define STORAGED_INGEST_REASON_H

#include "common/buf.h"
#include "common/msg_ingest.h"
#include "storaged/bucket/blob.h"
#include "storaged/format/key.h"

#define INGEST_REASON_MAX	(512 * 1024)	/* bytes */

struct ingest_reason {
	char	 key[KEY_MAX];		/* with the place's prefix */
	char	 etag[BLOB_ETAG_MAX];
	char	 at[32];
	char	 why[INGEST_TEXT_MAX + 1];
	char	*envelope;		/* as a queue told it; NULL: none did */
	char	 sender[INGEST_ADDRESS_MAX + 1];	/* the same */
	size_t	 n;
	struct ingest_reason_answer {
		char		 recipient[INGEST_ADDRESS_MAX + 1];
		int64_t		 code;
		char		 text[INGEST_TEXT_MAX + 1];
	}	*v;
};

/* Of a result (borrowed).  NULL: out of memory. */
struct ingest_reason *ingest_reason_new(const struct ingest_result *r);
void	 ingest_reason_free(struct ingest_reason *r);	/* NULL is fine */
int	 ingest_reason_write(const struct ingest_reason *r, struct buf *b);
/* NULL: it is none. */
struct ingest_reason *ingest_reason_read(const void *p, size_t len);
/* "ann@example.org: 550 5.1.1 No such user; ..." of those that failed. */
const char *ingest_reason_line(const struct ingest_reason *r, char *dst,
	    size_t size);

#endif
