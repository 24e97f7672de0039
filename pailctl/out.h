/*
 * What a command says: text as it goes along, or with --json one document at
 * the end, an object whose members the command adds (common/json_write.h), and
 * "error" if something went wrong.
 */
#ifndef PAILCTL_OUT_H
#define PAILCTL_OUT_H

#include <stdbool.h>

#include "common/buf.h"

/* Once, before anything else. */
void	 out_begin(bool json);
bool	 out_is_json(void);
/* The object that is open; with --json only. */
struct buf *out_members(void);
/* All members of a document (json_check() has seen it).  -1: "error" is one of
 * them. */
int	 out_document(struct str object);
/* "pailctl: TEXT" on standard error, or the document's "error": the first one
 * counts, for what follows is due to it.  1, the exit status. */
int	 out_fail(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/* Writes the document, if it is to be one: the exit status, which is 1 instead
 * of 0 if that failed. */
int	 out_end(int status);

#endif
