/*
 * Lookups in the message table of msg.h.  Nothing is decided here: the
 * table says it all.
 */
#include "common/compat.h"
#include "common/msg.h"
#include "common/msg_admin.h"
#include "common/msg_auth.h"
#include "common/msg_deliver.h"
#include "common/msg_ingest.h"
#include "common/msg_mbox.h"
#include "common/msg_setup.h"
#include "common/msg_sign.h"

static const struct wire_struct none_wire = { .name = "none" };

static const struct msg_rule rules[] = {
#define X(msg, num, chan, side, most, nfds, wire)			\
	[num] = { .name = #msg, .type = IMSG_##msg,			\
	    .channel = MSG_CHANNEL_##chan, .sender = MSG_SIDE_##side,	\
	    .max = most, .fds = nfds,					\
	    .ws = &wire##_wire },
	MSG_TABLE(X)
#undef X
};

const struct msg_rule *
msg_rule(uint32_t type)
{
	if (type >= nitems(rules) || rules[type].name == NULL)
		return NULL;
	return &rules[type];
}

const char *
msg_name(uint32_t type)
{
	const struct msg_rule *rule = msg_rule(type);

	return rule == NULL ? "?" : rule->name;
}
