/*
 * The admin page's end in the parent.  admind, which strangers talk to, has no
 * rights: each thing that an administrator wants done comes with the token of
 * his login (desk_token.h) and must be in the table (desk_cmd.h).  Tokens live
 * here, so that they outlive admind, and end with paild.
 */
#ifndef PAILD_DESK_H
#define PAILD_DESK_H

#include "paild/paild.h"

#define DESK_AT_ONCE	4	/* commands that run */
#define DESK_WAITING	32	/* and that wait; then: try again */
#define DESK_TOOL_MS	30000	/* then pailctl is killed */
/* What another process answers ends here when that has it: for so long it
 * counts as one that runs, lest an admind keep the process from its work. */
#define DESK_PASSED_MS	100

/* ADMIN_DO: takes its descriptor.  -1: it makes no sense, or is not this
 * process's to say. */
int	 desk_take(struct proc *p, const struct msg *m);
/* authd's "admin:" and "admin-end:" of SETUP_WANT, without these words.  -1: as
 * above. */
int	 desk_login(struct proc *p, uint32_t id, struct str what);
int	 desk_logout(struct proc *p, struct str user);
/* What the user has proved is void: a new password, or he is gone. */
void	 desk_revoke(const char *user);
/* At the end of paild: nothing runs any more. */
void	 desk_end(void);

#endif
