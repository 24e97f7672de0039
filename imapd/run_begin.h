/* Internal to run.c: which command it is, and its start. */
#ifndef IMAPD_RUN_BEGIN_H
#define IMAPD_RUN_BEGIN_H

#include <stdbool.h>

struct command;

/* Sets tag, spec and args from the text read so far. */
void	 run_identify(struct command *cmd);
/* A command whose text is complete: checks and starts it, or keeps it waiting.
 * True if it was started or refused. */
bool	 run_begin(struct command *cmd);

#endif
