/* What can be said on the operator's socket. */
#ifndef PAILD_CONTROL_CMD_H
#define PAILD_CONTROL_CMD_H

#include "paild/control.h"

struct control_client {
	TAILQ_ENTRY(control_client)	 entry;
	struct paild			*paild;
	int				 fd;
	struct event			*ev;
	char				 line[CONTROL_LINE_MAX + 1];
	size_t				 len;
	struct buf			 out;
	struct proc			*target;	/* deliver: the imapd */
	char				*token;
	char				*user;
	size_t				 waiting;	/* answers to come */
	struct buf			*rows;		/* status: a process */
};
TAILQ_HEAD(control_clients, control_client);

/* Runs the command in c->line. */
void	 control_run(struct control_client *c);

/* In control.c: ends of a client, for the commands. */
void	 control_finish(struct control_client *c);	/* sends c->out */
void	 control_fail(struct control_client *c, const char *why);
void	 control_end(struct control_client *c);
/* Says ok and takes the descriptor away from c (end c afterwards); -1: the
 * client has gone. */
int	 control_pass(struct control_client *c);

#endif
