/* Both ends of what admind says and is told: the tables of fields. */
#include "common/compat.h"
#include "common/msg_admin.h"
#include "common/proc_kind.h"

static const struct wire_field proc_fields[] = {
	{ WIRE_U8, offsetof(struct admin_proc, kind), PROC_KINDS - 1, NULL },
	{ WIRE_U32, offsetof(struct admin_proc, index), 0, NULL },
	{ WIRE_U8, offsetof(struct admin_proc, state), ADMIN_DRAINING, NULL },
	{ WIRE_U32, offsetof(struct admin_proc, pid), 0, NULL },
	{ WIRE_U64, offsetof(struct admin_proc, started), 0, NULL },
	{ WIRE_U32, offsetof(struct admin_proc, restarts), 0, NULL },
	{ WIRE_BOOL, offsetof(struct admin_proc, answered), 0, NULL },
	{ WIRE_BOOL, offsetof(struct admin_proc, known), 0, NULL },
	{ WIRE_U64, offsetof(struct admin_proc, cpu_us), 0, NULL },
	{ WIRE_U64, offsetof(struct admin_proc, rss), 0, NULL },
	{ WIRE_U64, offsetof(struct admin_proc, vsize), 0, NULL },
	{ WIRE_U64, offsetof(struct admin_proc, fds), 0, NULL },
	{ WIRE_U64, offsetof(struct admin_proc, threads), 0, NULL },
	{ WIRE_BYTES, offsetof(struct admin_proc, counts), ADMIN_COUNTS_MAX,
	    NULL }
};
const struct wire_struct admin_proc_wire = {
	"admin_proc", sizeof(struct admin_proc), proc_fields,
	nitems(proc_fields)
};

static const struct wire_field done_fields[] = {
	{ WIRE_BOOL, offsetof(struct admin_done, serving), 0, NULL },
	{ WIRE_BOOL, offsetof(struct admin_done, stopping), 0, NULL },
	{ WIRE_U32, offsetof(struct admin_done, missing), 0, NULL },
	{ WIRE_STR, offsetof(struct admin_done, version), 64, NULL }
};
const struct wire_struct admin_done_wire = {
	"admin_done", sizeof(struct admin_done), done_fields,
	nitems(done_fields)
};

static const struct wire_field arg_fields[] = {
	{ WIRE_STR, offsetof(struct admin_arg, text), ADMIN_ARG_MAX, NULL }
};
static const struct wire_struct admin_arg_wire = {
	"admin_arg", sizeof(struct admin_arg), arg_fields, nitems(arg_fields)
};

static const struct wire_field do_fields[] = {
	{ WIRE_STR, offsetof(struct admin_do, token), ADMIN_TOKEN, NULL },
	{ WIRE_LIST, offsetof(struct admin_do, args), ADMIN_ARGS_MAX,
	    &admin_arg_wire },
	{ WIRE_STR, offsetof(struct admin_do, secret), ADMIN_SECRET_MAX,
	    NULL },
	{ WIRE_STR, offsetof(struct admin_do, remote), 64, NULL }
};
const struct wire_struct admin_do_wire = {
	"admin_do", sizeof(struct admin_do), do_fields, nitems(do_fields)
};
