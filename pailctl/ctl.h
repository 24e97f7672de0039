/* The client's side of paild's control socket (paild/control.h). */
#ifndef PAILCTL_CTL_H
#define PAILCTL_CTL_H

#include <stddef.h>

#include "common/buf.h"

#define CTL_DOCUMENT_MAX	(64 * 1024 * 1024)

/*
 * Sends "command[ arg]" and reads the first line of the response.  0: ok, and
 * the rest can be read from fd; -1: the reason is in why.
 */
int	 ctl_command(int fd, const char *command, const char *arg, char *why,
	    size_t size);
/* The rest of fd, which must be one JSON object: appended to doc.  -1: the
 * reason is in why. */
int	 ctl_document(int fd, struct buf *doc, char *why, size_t size);
/* Copies the rest of fd to standard output; the last line is kept in last
 * (without its newline). */
int	 ctl_print(int fd, char *last, size_t size);
/* read(2) until something arrives; write(2) until everything is written. */
long	 ctl_read(int fd, void *p, size_t len);
int	 ctl_write(int fd, const void *p, size_t len);

#endif
