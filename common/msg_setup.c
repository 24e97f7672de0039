/*
 * Both ends of the setup channel: one table of fields for each message, and
 * how long each part may be.
 */
#include "common/compat.h"
#include "common/counter.h"
#include "common/log.h"
#include "common/msg_setup.h"

#define SETUP_PAIRS_MAX	10000
#define SETUP_KEY_MAX	256
#define SETUP_USER_MAX	512

#define WIRE_STRUCT(type, fields)					\
	{ #type, sizeof(struct type), fields, nitems(fields) }

static const struct wire_field pair_fields[] = {
	{ WIRE_STR, offsetof(struct setup_pair, key), SETUP_KEY_MAX, NULL },
	{ WIRE_STR, offsetof(struct setup_pair, value), 0, NULL }
};
static const struct wire_struct setup_pair_wire =
    WIRE_STRUCT(setup_pair, pair_fields);

static const struct wire_field conf_fields[] = {
	{ WIRE_LIST, offsetof(struct setup_conf, pairs), SETUP_PAIRS_MAX,
	    &setup_pair_wire }
};
const struct wire_struct setup_conf_wire =
    WIRE_STRUCT(setup_conf, conf_fields);

static const struct wire_field peer_fields[] = {
	{ WIRE_U8, offsetof(struct setup_peer, kind), PROC_KINDS - 1, NULL },
	{ WIRE_U32, offsetof(struct setup_peer, index), 0, NULL },
	{ WIRE_U32, offsetof(struct setup_peer, serial), 0, NULL }
};
const struct wire_struct setup_peer_wire =
    WIRE_STRUCT(setup_peer, peer_fields);

static const struct wire_field listen_fields[] = {
	{ WIRE_STR, offsetof(struct setup_listen, protocol), 16, NULL },
	{ WIRE_STR, offsetof(struct setup_listen, address), 400, NULL }
};
const struct wire_struct setup_listen_wire =
    WIRE_STRUCT(setup_listen, listen_fields);

static const struct wire_field want_fields[] = {
	{ WIRE_STR, offsetof(struct setup_want, what), SETUP_WANT_MAX,
	    NULL }
};
const struct wire_struct setup_want_wire =
    WIRE_STRUCT(setup_want, want_fields);

static const struct wire_field give_fields[] = {
	{ WIRE_U8, offsetof(struct setup_give, outcome), SETUP_GIVE_FAILED,
	    NULL },
	{ WIRE_BYTES, offsetof(struct setup_give, data), SETUP_GIVE_MAX,
	    NULL },
	{ WIRE_STR, offsetof(struct setup_give, why), 500, NULL }
};
const struct wire_struct setup_give_wire =
    WIRE_STRUCT(setup_give, give_fields);

static const struct wire_field apps_fields[] = {
	{ WIRE_U64, offsetof(struct setup_apps, serial), 0, NULL }
};
const struct wire_struct setup_apps_wire =
    WIRE_STRUCT(setup_apps, apps_fields);

static const struct wire_field ready_fields[] = {
	{ WIRE_STR, offsetof(struct setup_ready, text), 500, NULL }
};
const struct wire_struct setup_ready_wire =
    WIRE_STRUCT(setup_ready, ready_fields);

static const struct wire_field verbose_fields[] = {
	{ WIRE_U8, offsetof(struct ctl_verbose, level), LOG_LEVEL_DEBUG,
	    NULL }
};
const struct wire_struct ctl_verbose_wire =
    WIRE_STRUCT(ctl_verbose, verbose_fields);

static const struct wire_field leave_fields[] = {
	{ WIRE_U32, offsetof(struct ctl_leave, within), 0, NULL }
};
const struct wire_struct ctl_leave_wire =
    WIRE_STRUCT(ctl_leave, leave_fields);

static const struct wire_field reloaded_fields[] = {
	{ WIRE_BOOL, offsetof(struct ctl_reloaded, ok), 0, NULL },
	{ WIRE_STR, offsetof(struct ctl_reloaded, text), 1000, NULL }
};
const struct wire_struct ctl_reloaded_wire =
    WIRE_STRUCT(ctl_reloaded, reloaded_fields);

static const struct wire_field count_fields[] = {
	{ WIRE_STR, offsetof(struct ctl_count, name), 64, NULL },
	{ WIRE_U8, offsetof(struct ctl_count, kind), COUNTER_SIGNED, NULL },
	{ WIRE_U32, offsetof(struct ctl_count, scale), 1000000, NULL },
	{ WIRE_STR, offsetof(struct ctl_count, metric), SETUP_METRIC_MAX,
	    NULL },
	{ WIRE_STR, offsetof(struct ctl_count, labels), SETUP_LABELS_MAX,
	    NULL },
	{ WIRE_STR, offsetof(struct ctl_count, help), 200, NULL },
	{ WIRE_U64, offsetof(struct ctl_count, value), 0, NULL }
};
static const struct wire_struct ctl_count_wire =
    WIRE_STRUCT(ctl_count, count_fields);

static const struct wire_field counts_fields[] = {
	{ WIRE_LIST, offsetof(struct ctl_counts, counts), SETUP_COUNTS_MAX,
	    &ctl_count_wire }
};
const struct wire_struct ctl_counts_wire =
    WIRE_STRUCT(ctl_counts, counts_fields);

static const struct wire_field report_fields[] = {
	{ WIRE_STR, offsetof(struct ctl_report, what), 64, NULL },
	{ WIRE_STR, offsetof(struct ctl_report, arg), SETUP_USER_MAX, NULL },
	{ WIRE_BOOL, offsetof(struct ctl_report, json), 0, NULL }
};
const struct wire_struct ctl_report_wire =
    WIRE_STRUCT(ctl_report, report_fields);

static const struct wire_field preauth_fields[] = {
	{ WIRE_STR, offsetof(struct ctl_preauth, user), SETUP_USER_MAX, NULL },
	{ WIRE_STR, offsetof(struct ctl_preauth, token), 256, NULL }
};
const struct wire_struct ctl_preauth_wire =
    WIRE_STRUCT(ctl_preauth, preauth_fields);

static const struct wire_field revoke_fields[] = {
	{ WIRE_STR, offsetof(struct ctl_revoke, user), SETUP_USER_MAX, NULL }
};
const struct wire_struct ctl_revoke_wire =
    WIRE_STRUCT(ctl_revoke, revoke_fields);

static const struct wire_field doing_fields[] = {
	{ WIRE_STR, offsetof(struct ctl_doing, text), 63, NULL }
};
const struct wire_struct ctl_doing_wire =
    WIRE_STRUCT(ctl_doing, doing_fields);
