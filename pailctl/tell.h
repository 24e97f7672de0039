/* A command to paild, and what becomes of its answer. */
#ifndef PAILCTL_TELL_H
#define PAILCTL_TELL_H

#include <stddef.h>

struct conf;

/* A connection; -1: errno, of which tell_no_paild() complains (it is 1). */
int	 tell_socket(const struct conf *conf);
int	 tell_no_paild(const struct conf *conf);
/* The answer goes to standard output, and its last line to last; or with --json
 * it becomes a part of our document, and last is "".  0 or 1. */
int	 tell(const struct conf *conf, const char *command, const char *arg,
	    char *last, size_t size);
int	 tell_json(const struct conf *conf, const char *command,
	    const char *arg);

#endif
