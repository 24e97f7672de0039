/*
 * pailctl init: a first configuration, question by question.  Each answer is
 * tried at once, and one that cannot work gets the reason and is asked again.
 */
#ifndef PAILCTL_INIT_H
#define PAILCTL_INIT_H

#define INIT_USAGE	"init [--KEY VALUE ...] (--help lists the keys)\n"

/*
 * argv[0] is "init", the rest are answers given in advance; program is our
 * argv[0].  Without a terminal, what has no answer has its default.  Writes
 * file, and what it refers to below a directory next to it.  Returns the exit
 * status; -1: wrong usage.
 */
int	 init(const char *file, const char *program, int argc, char *argv[]);

#endif
