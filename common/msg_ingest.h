/*
 * Serverless ingestion: storaged offers lmtpd the mails that it finds in a
 * bucket, over the channel PARCEL; lmtpd finds their recipients and delivers.
 *
 * INGEST_OFFER (id: the job, chosen by storaged, not 0) is answered by
 * INGEST_CREDIT (data_credit of msg_mbox.h: octets more), which INGEST_DATA
 * uses up, then INGEST_END, and in the end, or at any time, by INGEST_RESULT.
 * After INGEST_END with whole = false there is no result: the job is over, and
 * what lmtpd has delivered of it will be offered again.
 */
#ifndef COMMON_MSG_INGEST_H
#define COMMON_MSG_INGEST_H

#include <stdbool.h>
#include <stdint.h>

#include "common/buf.h"
#include "common/msg_mbox.h"
#include "common/wire.h"

#define INGEST_ADDRESS_MAX	1000	/* bytes */
#define INGEST_RECIPIENTS	100	/* of a mail */
#define INGEST_LIST_MAX		8000	/* bytes: addresses with commas */
#define INGEST_ENVELOPE_MAX	65536	/* bytes: the same */
#define INGEST_ONLY_MAX		(INGEST_RECIPIENTS * (INGEST_ADDRESS_MAX + 1))
#define INGEST_SEED_MAX		1400	/* bytes */
#define INGEST_TEXT_MAX		400	/* bytes of a reason */

/*
 * seed: what tells this mail from all others (bucket, key and ETag): the
 * idempotency key of each recipient is made from it.
 */
struct ingest_offer {
	uint32_t	 place;		/* index in "ingest" */
	struct str	 bucket;	/* its name: for the trace lines */
	struct str	 seed;
	uint64_t	 size;		/* octets */
	struct str	 sender;	/* of the envelope, else by metadata;
					   "": not known */
	struct str	 recipients;	/* by metadata; "": none */
	struct str	 envelope;	/* as a queue told it; "": it did not */
	struct str	 only;		/* those that are left of a mail that
					   is tried again; "": all */
	struct mbox_trace of;		/* for the lines about it */
};

struct ingest_end { bool whole; };

enum ingest_outcome {
	INGEST_DELIVERED,	/* to all; each answer is 250 */
	INGEST_LATER,		/* some may succeed when tried again */
	INGEST_FAILED,		/* some never will, nothing is to be tried
				   again */
	INGEST_OUTCOMES
};
struct ingest_answer {
	struct str	 recipient;
	uint32_t	 code;		/* 250, 451, 550 ... */
	struct str	 text;
};
struct ingest_result {
	uint8_t		 outcome;
	struct str	 why;		/* "" if the answers tell */
	struct wire_list answers;	/* struct ingest_answer */
};

extern const struct wire_struct ingest_offer_wire, ingest_end_wire,
    ingest_result_wire;

#endif
