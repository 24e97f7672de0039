/* See msg_ingest.h. */
#include "common/compat.h"
#include "common/msg_ingest.h"

#define WIRE_STRUCT(type, fields)					\
	{ #type, sizeof(struct type), fields, nitems(fields) }

static const struct wire_field ingest_offer_fields[] = {
	{ WIRE_U32, offsetof(struct ingest_offer, place), 0, NULL },
	{ WIRE_STR, offsetof(struct ingest_offer, bucket), 255, NULL },
	{ WIRE_BYTES, offsetof(struct ingest_offer, seed), INGEST_SEED_MAX,
	    NULL },
	{ WIRE_U64, offsetof(struct ingest_offer, size), 0, NULL },
	{ WIRE_STR, offsetof(struct ingest_offer, sender),
	    INGEST_ADDRESS_MAX, NULL },
	{ WIRE_STR, offsetof(struct ingest_offer, recipients),
	    INGEST_LIST_MAX, NULL },
	{ WIRE_STR, offsetof(struct ingest_offer, envelope),
	    INGEST_ENVELOPE_MAX, NULL },
	{ WIRE_STR, offsetof(struct ingest_offer, only), INGEST_ONLY_MAX,
	    NULL },
	{ WIRE_FIX64, offsetof(struct ingest_offer, of.session), 0, NULL },
	{ WIRE_BOOL, offsetof(struct ingest_offer, of.traced), 0, NULL },
	{ WIRE_ID16, offsetof(struct ingest_offer, of.trace), 0, NULL },
	{ WIRE_FIX64, offsetof(struct ingest_offer, of.span), 0, NULL }
};
const struct wire_struct ingest_offer_wire =
    WIRE_STRUCT(ingest_offer, ingest_offer_fields);

static const struct wire_field ingest_end_fields[] = {
	{ WIRE_BOOL, offsetof(struct ingest_end, whole), 0, NULL }
};
const struct wire_struct ingest_end_wire =
    WIRE_STRUCT(ingest_end, ingest_end_fields);

static const struct wire_field ingest_answer_fields[] = {
	{ WIRE_STR, offsetof(struct ingest_answer, recipient),
	    INGEST_ADDRESS_MAX, NULL },
	{ WIRE_U32, offsetof(struct ingest_answer, code), 599, NULL },
	{ WIRE_STR, offsetof(struct ingest_answer, text), INGEST_TEXT_MAX,
	    NULL }
};
static const struct wire_struct ingest_answer_wire =
    WIRE_STRUCT(ingest_answer, ingest_answer_fields);

static const struct wire_field ingest_result_fields[] = {
	{ WIRE_U8, offsetof(struct ingest_result, outcome),
	    INGEST_OUTCOMES - 1, NULL },
	{ WIRE_STR, offsetof(struct ingest_result, why), INGEST_TEXT_MAX,
	    NULL },
	{ WIRE_LIST, offsetof(struct ingest_result, answers),
	    INGEST_RECIPIENTS, &ingest_answer_wire }
};
const struct wire_struct ingest_result_wire =
    WIRE_STRUCT(ingest_result, ingest_result_fields);
