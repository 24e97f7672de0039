/*
 * What an administrator may do on the admin page, and how: a fixed table.
 * Nothing of it shows mail, and nothing ends paild.  Pure.
 */
#ifndef PAILD_DESK_CMD_H
#define PAILD_DESK_CMD_H

#include <stdbool.h>
#include <stddef.h>

#include "common/buf.h"
#include "common/msg_admin.h"
#include "paild/control.h"

enum desk_by {
	DESK_CONTROL,		/* a command of the control socket */
	DESK_TOOL,		/* pailctl, with these arguments */
	DESK_LOGOUT
};

struct desk_cmd {
	enum desk_by	 by;
	bool		 secret;	/* it reads one */
	char		 line[CONTROL_LINE_MAX + 1];	/* DESK_CONTROL */
	/* DESK_TOOL: what follows "pailctl -f FILE --json", NULL behind the
	 * last; in text. */
	char		*argv[ADMIN_ARGS_MAX + 1];
	char		*text;
};

/* 0, with *c the caller's to free by desk_cmd_free(); -1: why (for people). */
int	 desk_cmd_read(struct desk_cmd *c, const struct str *args, size_t n,
	    bool secret, char *why, size_t size);
void	 desk_cmd_free(struct desk_cmd *c);

#endif
