/* SIGHUP: reloads the configuration without dropping a session. */
#ifndef PAILD_RELOAD_H
#define PAILD_RELOAD_H

#include "paild/paild.h"

/*
 * Called once all children have responded, or at once, with ok false, if the
 * new configuration was rejected. text: lines for the operator.
 */
typedef void (*reload_cb)(bool ok, const char *text, void *arg);

/* cb may be NULL. */
void	 reload_start(struct paild *pd, reload_cb cb, void *arg);
/* The same configuration again, whose files hold something else (what).
 * false: not now. */
bool	 reload_again(struct paild *pd, const char *what);
/* arg is about to be freed. */
void	 reload_forget(struct paild *pd, const void *arg);

#endif
