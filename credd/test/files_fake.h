/* For tests: paild's answers to credd, from memory. */
#ifndef CREDD_FILES_FAKE_H
#define CREDD_FILES_FAKE_H

#include "credd/files.h"

struct event_base;

/* Answers come from the loop.  One for all the tests of a program. */
struct files *files_fake_new(struct event_base *base);
/* The content of what is asked for ("key:tls.0.certificate"), borrowed; NULL:
 * it failed. */
void	 files_fake_set(const char *what, const void *p, size_t len);

#endif
