/* SIGHUP: the configuration anew, without dropping a session. */
#ifndef PAILD_RELOAD_H
#define PAILD_RELOAD_H

#include "paild/paild.h"

/*
 * Called once when all children have answered, or with ok false at once
 * when the new configuration was refused.  text: lines for the operator.
 */
typedef void (*reload_cb)(bool ok, const char *text, void *arg);

/* cb may be NULL. */
void	 reload_start(struct paild *pd, reload_cb cb, void *arg);
/* arg is about to die. */
void	 reload_forget(struct paild *pd, const void *arg);

#endif
