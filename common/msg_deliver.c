/* Delivery (lmtpd): one table of fields for each message. */
#include "common/compat.h"
#include "common/msg_deliver.h"
#include "common/msg_mbox.h"
#include "common/user.h"

#define WIRE_STRUCT(type, fields)					\
	{ #type, sizeof(struct type), fields, nitems(fields) }

static const struct wire_field rcpt_open_fields[] = {
	{ WIRE_STR, offsetof(struct rcpt_open, address), RCPT_ADDRESS_MAX,
	    NULL },
	{ WIRE_STR, offsetof(struct rcpt_open, remote), RCPT_REMOTE_MAX,
	    NULL },
	{ WIRE_FIX64, offsetof(struct rcpt_open, session), 0, NULL }
};
const struct wire_struct rcpt_open_wire =
    WIRE_STRUCT(rcpt_open, rcpt_open_fields);

static const struct wire_field rcpt_ok_fields[] = {
	{ WIRE_STR, offsetof(struct rcpt_ok, user), USER_ID_MAX, NULL },
	{ WIRE_STR, offsetof(struct rcpt_ok, detail), RCPT_ADDRESS_MAX, NULL },
	{ WIRE_U32, offsetof(struct rcpt_ok, storaged), 0, NULL }
};
const struct wire_struct rcpt_ok_wire = WIRE_STRUCT(rcpt_ok, rcpt_ok_fields);

static const struct wire_field rcpt_no_fields[] = {
	{ WIRE_U8, offsetof(struct rcpt_no, code), RCPT_REFUSED, NULL },
	{ WIRE_STR, offsetof(struct rcpt_no, text), MBOX_TEXT_MAX, NULL }
};
const struct wire_struct rcpt_no_wire = WIRE_STRUCT(rcpt_no, rcpt_no_fields);

static const struct wire_field parcel_end_fields[] = {
	{ WIRE_U64, offsetof(struct parcel_end, size), 0, NULL },
	{ WIRE_BYTES, offsetof(struct parcel_end, sha256), 32, NULL }
};
const struct wire_struct parcel_end_wire =
    WIRE_STRUCT(parcel_end, parcel_end_fields);

static const struct wire_field parcel_no_fields[] = {
	{ WIRE_U8, offsetof(struct parcel_no, code), MBOX_CODE_MAX - 1,
	    NULL },
	{ WIRE_STR, offsetof(struct parcel_no, text), MBOX_TEXT_MAX, NULL }
};
const struct wire_struct parcel_no_wire =
    WIRE_STRUCT(parcel_no, parcel_no_fields);

static const struct wire_field append_parcel_fields[] = {
	{ WIRE_U32, offsetof(struct append_parcel, parcel), 0, NULL },
	{ WIRE_BYTES, offsetof(struct append_parcel, prefix),
	    DELIVER_PREFIX_MAX, NULL },
	{ WIRE_BYTES, offsetof(struct append_parcel, key), DELIVER_KEY_LEN,
	    NULL },
	{ WIRE_U8, offsetof(struct append_parcel, target), DELIVER_TARGET_ALL,
	    NULL },
	{ WIRE_U8, offsetof(struct append_parcel, flags), MBOX_FLAGS_ALL,
	    NULL },
	{ WIRE_LIST, offsetof(struct append_parcel, keywords),
	    MBOX_KEYWORDS_MAX, &mbox_word_wire },
	{ WIRE_BOOL, offsetof(struct append_parcel, dated), 0, NULL },
	{ WIRE_I64, offsetof(struct append_parcel, date), 0, NULL },
	{ WIRE_I64, offsetof(struct append_parcel, zone), MBOX_ZONE_MAX,
	    NULL },
	{ WIRE_U64, offsetof(struct append_parcel, size), 0, NULL },
	{ WIRE_BYTES, offsetof(struct append_parcel, digest),
	    MBOX_DIGEST_MAX, NULL }
};
const struct wire_struct append_parcel_wire =
    WIRE_STRUCT(append_parcel, append_parcel_fields);

static const struct wire_field mbox_room_fields[] = {
	{ WIRE_U64, offsetof(struct mbox_room, bytes), 0, NULL },
	{ WIRE_BYTES, offsetof(struct mbox_room, envelope),
	    DELIVER_ENVELOPE_LEN, NULL }
};
const struct wire_struct mbox_room_wire =
    WIRE_STRUCT(mbox_room, mbox_room_fields);
