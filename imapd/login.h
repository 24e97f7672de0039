/*
 * From a password to a session: what LOGIN, AUTHENTICATE and PREAUTH
 * share.
 */
#ifndef IMAPD_LOGIN_H
#define IMAPD_LOGIN_H

#include "common/buf.h"
#include "imapd/command.h"

struct client;

/* Ends cmd, the client's first command, by itself. */
enum cmd_result login_begin(struct command *cmd, struct str mechanism,
	    const struct str *initial);
/* Greets with PREAUTH, or says BYE. */
void	 login_preauth(struct client *c, struct str token);
/* cmd_authenticate.c: a challenge for the command that runs. */
void	 authenticate_challenge(struct command *cmd, struct str data);

#endif
