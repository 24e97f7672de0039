/*
 * What paild reads for credd, which has no files: several names asked for at
 * once, and one callback when all have been answered.
 */
#ifndef CREDD_FILES_H
#define CREDD_FILES_H

#include <stddef.h>
#include <stdint.h>

#include "common/msg_setup.h"

#define FILES_MAX	8	/* names in one question */

struct files;
struct files_job;

struct files_item {
	enum setup_give_outcome outcome;
	char	*data;		/* NUL-terminated; "" unless it was found */
	size_t	 len;
	char	 why[512];	/* it failed; or what msg_setup.h says */
};
/* items, in the order of the names, are wiped after the call. */
typedef void (*files_cb)(const struct files_item *items, void *arg);

/* ask: sends one question (daemon_want()). */
struct files *files_new(void (*ask)(uint32_t id, const char *what));
void	 files_free(struct files *f);		/* NULL is fine */
/* The names are needed only during the call.  Exactly one callback, later,
 * unless it is cancelled. */
struct files_job *files_gather(struct files *f, const char *const *what,
	    size_t n, files_cb cb, void *arg);
void	 files_cancel(struct files_job *job);	/* NULL is fine */
/* An answer; one that nobody waits for is dropped. */
void	 files_given(struct files *f, uint32_t id,
	    const struct setup_give *g);

#endif
