/* Keywords of a command, as sent in requests. */
#ifndef IMAPD_WORDS_H
#define IMAPD_WORDS_H

#include "common/arena.h"
#include "common/wire.h"
#include "imapd/parse.h"

/* struct mbox_word elements on the arena; 0, or -1 on ENOMEM. */
int	 words_list(struct arena *a, const struct flag_list *flags,
	    struct wire_list *list);

#endif
