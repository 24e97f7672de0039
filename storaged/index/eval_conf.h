/* What the evaluation of intents is told by the configuration. */
#ifndef STORAGED_EVAL_CONF_H
#define STORAGED_EVAL_CONF_H

#include <stddef.h>
#include <stdint.h>

#include "common/msg_mbox.h"

#define EVAL_DEFAULTS	32

/* A mailbox of a first login ("mailboxes.N.name", "mailboxes.N.use"). */
struct eval_default { char name[MBOX_NAME_MAX + 1]; uint32_t use; };

struct eval_conf {
	struct eval_default	 defaults[EVAL_DEFAULTS];
	size_t			 ndefaults;
	/* Messages of a mailbox ("messages-per-mailbox"): more are refused,
	 * not applied otherwise. */
	uint32_t		 messages_max;
};

#endif
