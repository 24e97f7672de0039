/* The commands of the control socket. */
#ifndef PAILD_CONTROL_CMD_H
#define PAILD_CONTROL_CMD_H

#include "paild/control.h"

/* Runs the command in c->line (a control_run_cb). */
void	 control_run(struct control_client *c);

#endif
