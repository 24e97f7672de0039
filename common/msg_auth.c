/*
 * Logins, grants, keys and authd's work: one table of fields for each
 * message.  The maxima here are those of what may be said; what it means is
 * authd's, storaged's and credd's to check.
 */
#include "common/compat.h"
#include "common/client_cert.h"
#include "common/msg_admin.h"
#include "common/msg_auth.h"
#include "common/proc_kind.h"
#include "common/user.h"

#define AUTH_NAME_MAX	1024
#define AUTH_SECRET_MAX	8800	/* a name and a chain */

#define WIRE_STRUCT(type, fields)					\
	{ #type, sizeof(struct type), fields, nitems(fields) }

static const struct wire_field auth_start_fields[] = {
	{ WIRE_STR, offsetof(struct auth_start, mechanism), 32, NULL },
	{ WIRE_BOOL, offsetof(struct auth_start, has_initial), 0, NULL },
	{ WIRE_BYTES, offsetof(struct auth_start, initial),
	    AUTH_BYTES_MAX, NULL },
	{ WIRE_BOOL, offsetof(struct auth_start, tls), 0, NULL },
	{ WIRE_STR, offsetof(struct auth_start, remote), 256, NULL },
	{ WIRE_FIX64, offsetof(struct auth_start, session), 0, NULL },
	{ WIRE_BYTES, offsetof(struct auth_start, exporter),
	    AUTH_EXPORTER, NULL },
	{ WIRE_BYTES, offsetof(struct auth_start, endpoint),
	    AUTH_ENDPOINT_MAX, NULL },
	{ WIRE_STR, offsetof(struct auth_start, subject), 700, NULL },
	{ WIRE_BYTES, offsetof(struct auth_start, certificate),
	    CLIENT_CERT_CHAIN, NULL }
};
const struct wire_struct auth_start_wire =
    WIRE_STRUCT(auth_start, auth_start_fields);

static const struct wire_field auth_bytes_fields[] = {
	{ WIRE_BYTES, offsetof(struct auth_bytes, data), AUTH_BYTES_MAX, NULL }
};
const struct wire_struct auth_bytes_wire =
    WIRE_STRUCT(auth_bytes, auth_bytes_fields);

static const struct wire_field auth_ok_fields[] = {
	{ WIRE_STR, offsetof(struct auth_ok, user), USER_ID_MAX, NULL },
	{ WIRE_BOOL, offsetof(struct auth_ok, prompt), 0, NULL }
};
const struct wire_struct auth_ok_wire = WIRE_STRUCT(auth_ok, auth_ok_fields);

static const struct wire_field auth_admin_fields[] = {
	{ WIRE_STR, offsetof(struct auth_admin, user), USER_ID_MAX, NULL },
	{ WIRE_STR, offsetof(struct auth_admin, token), ADMIN_TOKEN, NULL }
};
const struct wire_struct auth_admin_wire = WIRE_STRUCT(auth_admin,
    auth_admin_fields);

static const struct wire_field auth_no_fields[] = {
	{ WIRE_U8, offsetof(struct auth_no, code), AUTH_CANCELLED, NULL },
	{ WIRE_STR, offsetof(struct auth_no, text), 900, NULL }
};
const struct wire_struct auth_no_wire = WIRE_STRUCT(auth_no, auth_no_fields);

static const struct wire_field grant_session_fields[] = {
	{ WIRE_STR, offsetof(struct grant_session, user), USER_ID_MAX, NULL },
	{ WIRE_STR, offsetof(struct grant_session, login), 700, NULL },
	{ WIRE_U8, offsetof(struct grant_session, rights), GRANT_ALL, NULL },
	{ WIRE_FIX64, offsetof(struct grant_session, session), 0, NULL },
	{ WIRE_U8, offsetof(struct grant_session, kind), PROC_KINDS - 1, NULL },
	{ WIRE_U32, offsetof(struct grant_session, index), 0, NULL },
	{ WIRE_BOOL, offsetof(struct grant_session, quota.known), 0, NULL },
	{ WIRE_U64, offsetof(struct grant_session, quota.bytes), 0, NULL },
	{ WIRE_U64, offsetof(struct grant_session, quota.messages), 0, NULL }
};
const struct wire_struct grant_session_wire =
    WIRE_STRUCT(grant_session, grant_session_fields);

static const struct wire_field grant_revoke_fields[] = {
	{ WIRE_STR, offsetof(struct grant_revoke, user), USER_ID_MAX, NULL }
};
const struct wire_struct grant_revoke_wire =
    WIRE_STRUCT(grant_revoke, grant_revoke_fields);

static const struct wire_field grant_usage_fields[] = {
	{ WIRE_STR, offsetof(struct grant_usage, user), USER_ID_MAX, NULL },
	{ WIRE_BOOL, offsetof(struct grant_usage, quota.known), 0, NULL },
	{ WIRE_U64, offsetof(struct grant_usage, quota.bytes), 0, NULL },
	{ WIRE_U64, offsetof(struct grant_usage, quota.messages), 0, NULL }
};
const struct wire_struct grant_usage_wire =
    WIRE_STRUCT(grant_usage, grant_usage_fields);

static const struct wire_field cred_key_fields[] = {
	{ WIRE_STR, offsetof(struct cred_key, use), CRED_USE_MAX, NULL },
	{ WIRE_STR, offsetof(struct cred_key, access_key), 256, NULL },
	{ WIRE_STR, offsetof(struct cred_key, token), 6144, NULL },
	{ WIRE_STR, offsetof(struct cred_key, region), 128, NULL },
	{ WIRE_STR, offsetof(struct cred_key, service), 32, NULL },
	{ WIRE_STR, offsetof(struct cred_key, date), 8, NULL },
	{ WIRE_BYTES, offsetof(struct cred_key, key), 32, NULL },
	{ WIRE_I64, offsetof(struct cred_key, expires), 0, NULL },
	{ WIRE_STR, offsetof(struct cred_key, source), 32, NULL },
	{ WIRE_STR, offsetof(struct cred_key, identity), 512, NULL }
};
const struct wire_struct cred_key_wire =
    WIRE_STRUCT(cred_key, cred_key_fields);

static const struct wire_field cred_refused_fields[] = {
	{ WIRE_STR, offsetof(struct cred_refused, use), CRED_USE_MAX, NULL },
	{ WIRE_STR, offsetof(struct cred_refused, access_key), 256, NULL },
	{ WIRE_STR, offsetof(struct cred_refused, why), CRED_WHY_MAX,
	    NULL }
};
const struct wire_struct cred_refused_wire =
    WIRE_STRUCT(cred_refused, cred_refused_fields);

static const struct wire_field work_check_fields[] = {
	{ WIRE_U8, offsetof(struct work_check, how), WORK_HOWS - 1, NULL },
	{ WIRE_U32, offsetof(struct work_check, backend), 0, NULL },
	{ WIRE_STR, offsetof(struct work_check, user), AUTH_NAME_MAX, NULL },
	{ WIRE_BYTES, offsetof(struct work_check, password),
	    AUTH_SECRET_MAX, NULL },
	{ WIRE_STR, offsetof(struct work_check, remote), 256, NULL },
	{ WIRE_FIX64, offsetof(struct work_check, session), 0, NULL }
};
const struct wire_struct work_check_wire =
    WIRE_STRUCT(work_check, work_check_fields);

static const struct wire_field work_result_fields[] = {
	{ WIRE_U8, offsetof(struct work_result, code), WORK_CODES - 1, NULL },
	{ WIRE_STR, offsetof(struct work_result, user), USER_ID_MAX, NULL },
	{ WIRE_STR, offsetof(struct work_result, why), 700, NULL },
	{ WIRE_BYTES, offsetof(struct work_result, data), WORK_DATA_MAX, NULL },
	{ WIRE_U8, offsetof(struct work_result, quota.told), QUOTA_OWN, NULL },
	{ WIRE_U64, offsetof(struct work_result, quota.bytes), 0, NULL },
	{ WIRE_U64, offsetof(struct work_result, quota.messages), 0, NULL }
};
const struct wire_struct work_result_wire =
    WIRE_STRUCT(work_result, work_result_fields);

static const struct wire_field work_revoke_fields[] = {
	{ WIRE_STR, offsetof(struct work_revoke, user), USER_ID_MAX, NULL },
	{ WIRE_I64, offsetof(struct work_revoke, changed), 0, NULL }
};
const struct wire_struct work_revoke_wire =
    WIRE_STRUCT(work_revoke, work_revoke_fields);
