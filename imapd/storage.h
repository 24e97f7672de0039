/*
 * A client's session with storaged (common/mbox_client.h): the requests of its
 * commands, and unsolicited messages from storaged.  When the session ends, the
 * client gets BYE.
 */
#ifndef IMAPD_STORAGE_H
#define IMAPD_STORAGE_H

#include <stdbool.h>

#include "common/mbox_client.h"
#include "imapd/command.h"

struct client;

/*
 * Sends a request for cmd, which is the owner that reply and data are called
 * with.  Always CMD_WAIT, so that a command may end with "return
 * storage_ask(...)".
 */
enum cmd_result storage_ask(struct command *cmd, enum msg_type type,
	    const void *req, mbox_reply_fn *reply);
/* The same for a stream; *a (may be NULL) is for mbox_ask_cancel(). */
enum cmd_result storage_stream(struct command *cmd, enum msg_type type,
	    const void *req, mbox_data_fn *data, mbox_reply_fn *reply,
	    struct mbox_ask **a);
/* mbox_client_append() for cmd; NULL: the session is gone. */
struct mbox_ask *storage_append(struct command *cmd, struct str name,
	    bool early, mbox_credit_fn *credit, mbox_reply_fn *reply);

/* The session's mbox_client_ops, whose arg is the client; end only once the
 * client is logged in. */
int	 storage_event(void *arg, enum msg_type type, const void *ev,
	    void *cause);
bool	 storage_full(void *arg);
void	 storage_end(struct client *c, const char *why,
	    const struct session_end *end);
/* BYE with its code and text. */
void	 storage_bye(struct client *c, const struct session_end *end);

#endif
