/*
 * From a password to a session: shared by LOGIN, AUTHENTICATE and PREAUTH.
 */
#ifndef IMAPD_LOGIN_H
#define IMAPD_LOGIN_H

#include "common/buf.h"
#include "imapd/command.h"

struct client;

/* Ends cmd, the client's first command, on its own. */
enum cmd_result login_begin(struct command *cmd, struct str mechanism,
	    const struct str *initial);
/* Greets with PREAUTH, or sends BYE. */
void	 login_preauth(struct client *c, struct str token);

#endif
