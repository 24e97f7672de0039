/* Messages from files and pipes, with the line ends that mail has. */
#ifndef COMMON_CRLF_H
#define COMMON_CRLF_H

#include <stdio.h>

/*
 * Copies in to out with line ends converted to CRLF, and without a leading mbox
 * "From " line; a CR that no LF follows stays one.  Flushes out.  Returns the
 * number of bytes written, or -1 (errno).
 */
long long crlf_copy(FILE *in, FILE *out);

#endif
