/* Commands. */
#ifndef LMTPD_COMMAND_H
#define LMTPD_COMMAND_H

#include <stdbool.h>

struct client;

/* The next line; false: there is none that may be looked at yet. */
bool	 command_run(struct client *c);
void	 command_greet(struct client *c);

#endif
