/* Connections to admind's own code, over a socket pair; paild is played. */
#ifndef ADMIND_TEST_ADMIN_RIG_H
#define ADMIND_TEST_ADMIN_RIG_H

#include <stdbool.h>
#include <stdint.h>

#include "common/msg_admin.h"

extern struct event_base *rig_base;
extern unsigned int rig_asked;		/* so often paild was asked */
extern uint32_t rig_id;			/* and last with this id */
extern bool rig_loopback;		/* TCP comes from this host */
extern void (*rig_answers)(void);	/* if not NULL: called by the loop for
					   each question */

void	 rig_begin(void);
void	 rig_end(void);
/* The client's end, non-blocking; a Unix socket (local), or TCP. */
int	 rig_connect(bool local);
/* Sends, and turns the loop until this much has been said ("": until the
 * connection is closed).  What was said, valid until the next call. */
const char *rig_hear(int fd, const char *say, const char *until);
/* paild says something of a process, and that this was all. */
void	 rig_proc(const struct admin_proc *p);
void	 rig_done(bool serving);

#endif
