/*
 * The response to SEARCH: which messages matched, in the requested form; sent
 * piece by piece.
 */
#ifndef IMAPD_SEARCH_REPLY_H
#define IMAPD_SEARCH_REPLY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/uidset.h"

struct command;

enum search_return {		/* RFC 4731, RFC 5182 */
	RETURN_MIN	= 1 << 0,
	RETURN_MAX	= 1 << 1,
	RETURN_ALL	= 1 << 2,
	RETURN_COUNT	= 1 << 3,
	RETURN_SAVE	= 1 << 4
};

struct search_reply {
	bool			 extended;	/* RETURN was given */
	uint8_t			 returns;	/* enum search_return */
	struct uidset		*result;
	bool			 failed;	/* out of memory */
	/* under way: */
	bool			 sending;
	struct uidset		 told;		/* in the client's numbers */
	size_t			 send_range;
	uint32_t		 send_next;	/* 0: the range's first */
};

/* "$", and the untagged line; true if it is complete, or has failed. */
bool	 search_reply_send(struct search_reply *s, struct command *cmd);

#endif
