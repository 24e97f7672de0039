/* What a command waits for, shown to who waits at a terminal. */
#ifndef PAILCTL_PROGRESS_H
#define PAILCTL_PROGRESS_H

/*
 * What is waited for from now on ("testing the store"; kept), to be shown at
 * out with the seconds that it has taken, if that is a terminal.  NULL:
 * nothing.
 */
void	 progress_of(const char *what, int out);
/* Before a read: until something arrives at fd.  What was shown by then is
 * gone again. */
void	 progress_await(int fd);

#endif
