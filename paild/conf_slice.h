/* A daemon's part of the configuration, as the payload of SETUP_CONF. */
#ifndef PAILD_CONF_SLICE_H
#define PAILD_CONF_SLICE_H

#include "paild/conf.h"

/* A key and value that paild adds: "role", "index", "user", ... */
struct conf_extra { const char *key; const char *value; };

/*
 * Appends kind's slice to b, which the caller wipes.  -1: it does not fit
 * into a message, or memory ran out.
 */
int	 conf_slice(const struct conf *c, enum proc_kind kind,
	    const struct conf_extra *extra, size_t n, struct buf *b);
/* The same; a key for which tell() is false is there as if it were not set. */
int	 conf_slice_told(const struct conf *c, enum proc_kind kind,
	    const struct conf_extra *extra, size_t n,
	    bool (*tell)(const char *path, const void *arg), const void *arg,
	    struct buf *b);
/*
 * Calls changed() with the path of each key that differs between old and new
 * and takes effect only after a restart.
 */
void	 conf_restart_keys(const struct conf *old, const struct conf *new,
	    void (*changed)(const char *path, void *arg), void *arg);
/* Gives new the old values of those keys. */
void	 conf_keep_restart(struct conf *old, struct conf *new);

#endif
