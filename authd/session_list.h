/* The operator's list of sessions. */
#ifndef AUTHD_SESSION_LIST_H
#define AUTHD_SESSION_LIST_H

#include <stdbool.h>

#include "authd/sessions.h"
#include "common/buf.h"

#define SESSION_LIST_MAX	500	/* the newest */
#define SESSION_LIST_ROOM	(160 * 1024) /* bytes: what a socket takes */

/* Those of user (an id; NULL: of all), the newest first, as far as there is
 * room, as lines or as {"sessions": [...], "total": N}. */
void	 session_list(const struct sessions *s, const char *user, bool json,
	    struct buf *out);
/* "IMAPD.LOGIN"; -1: it is no ID. */
int	 session_id(const char *text, uint32_t *scope, uint32_t *id);

#endif
