/*
 * Expunged messages are forgotten once all views have passed them: RFC 3501,
 * sections 5.5 and 7.4.1.
 */
#ifndef STORAGED_PAST_H
#define STORAGED_PAST_H

#include <stdbool.h>

struct session;
struct user;

/* Might a session still request what is being expunged now? arg: the user. */
bool	 past_views(void *arg);
/* The session has polled, after everything that was sent to it. */
void	 past_passed(struct session *s);
/* Forgets some rows, if it is due; called again until it is not. */
void	 past_trim(struct user *u);

#endif
