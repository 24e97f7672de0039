/* Certificates and signatures: one table of fields for each message. */
#include "common/compat.h"
#include "common/msg_sign.h"
#include "common/tls_ticket.h"

#define WIRE_STRUCT(type, fields)					\
	{ #type, sizeof(struct type), fields, nitems(fields) }

static const struct wire_field name_fields[] = {
	{ WIRE_STR, offsetof(struct sign_name, name), SIGN_NAME_MAX, NULL }
};
static const struct wire_struct sign_name_wire =
    WIRE_STRUCT(sign_name, name_fields);

static const struct wire_field cert_fields[] = {
	{ WIRE_U32, offsetof(struct sign_cert, index), SIGN_CERTS_MAX, NULL },
	{ WIRE_U32, offsetof(struct sign_cert, count), SIGN_CERTS_MAX, NULL },
	{ WIRE_LIST, offsetof(struct sign_cert, names), SIGN_NAMES_MAX,
	    &sign_name_wire },
	{ WIRE_BYTES, offsetof(struct sign_cert, chain), SIGN_CHAIN_MAX,
	    NULL },
	{ WIRE_BYTES, offsetof(struct sign_cert, ocsp), SIGN_OCSP_MAX, NULL }
};
const struct wire_struct sign_cert_wire =
    WIRE_STRUCT(sign_cert, cert_fields);

static const struct wire_field transcript_fields[] = {
	{ WIRE_BYTES, offsetof(struct sign_transcript, key), SIGN_ID_LEN,
	    NULL },
	{ WIRE_U32, offsetof(struct sign_transcript, scheme), UINT16_MAX,
	    NULL },
	{ WIRE_BYTES, offsetof(struct sign_transcript, bytes),
	    SIGN_BYTES_MAX, NULL }
};
const struct wire_struct sign_transcript_wire =
    WIRE_STRUCT(sign_transcript, transcript_fields);

static const struct wire_field done_fields[] = {
	{ WIRE_U8, offsetof(struct sign_done, code), SIGN_BUSY, NULL },
	{ WIRE_BYTES, offsetof(struct sign_done, signature), SIGN_MAX, NULL },
	{ WIRE_STR, offsetof(struct sign_done, why), 200, NULL }
};
const struct wire_struct sign_done_wire =
    WIRE_STRUCT(sign_done, done_fields);

static const struct wire_field tickets_fields[] = {
	{ WIRE_BYTES, offsetof(struct sign_tickets, now), TLS_TICKET_LEN,
	    NULL },
	{ WIRE_BYTES, offsetof(struct sign_tickets, before), TLS_TICKET_LEN,
	    NULL }
};
const struct wire_struct sign_tickets_wire =
    WIRE_STRUCT(sign_tickets, tickets_fields);
