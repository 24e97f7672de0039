/* For tests: a terminal, and what is shown on it. */
#ifndef PAILCTL_TEST_TERMINAL_H
#define PAILCTL_TEST_TERMINAL_H

#include <stddef.h>

/* The terminal and its other side, which does not block; -1: there is none
 * here. */
int	 terminal_open(int *master);
/* Appends what is shown to got (a string), until that ends in end; the kernel
 * hands it on when it likes.  Ten seconds at most. */
void	 terminal_hear(int master, const char *end, char *got, size_t size);

#endif
