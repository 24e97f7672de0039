/*
 * The stub for authd (common/msg_auth.h): one channel for the process,
 * many logins.  Passwords pass through and are wiped; none is kept.
 */
#ifndef IMAPD_AUTH_H
#define IMAPD_AUTH_H

#include <stdbool.h>
#include <stddef.h>

#include "common/buf.h"
#include "common/msg_auth.h"

struct client;
struct event_base;
struct login;

struct auth_ops {
	/* A SASL challenge (decoded); respond with auth_step(). */
	void	(*challenge)(struct client *c, struct str data);
	/* Logged in: fd is the session's channel, owned by the callee. */
	void	(*ok)(struct client *c, struct str user, int fd);
	void	(*no)(struct client *c, enum auth_code code, struct str text);
};

/* A new channel replaces the previous one, whose logins end with
 * AUTH_UNAVAILABLE. */
void	 auth_channel(struct event_base *base, int fd);

/*
 * Begin a login (c->login is set until it ends by ok or no). initial: NULL if
 * there is none.  Never calls ops before it returns.
 */
void	 auth_login(struct client *c, struct str mechanism,
	    const struct str *initial, const struct auth_ops *ops);
void	 auth_step(struct client *c, struct str data);
/* What ok() has given is over: authd counts sessions.  Does nothing if there is
 * none. */
void	 auth_end(struct client *c);
/* The client gave up or went away: no callback follows. */
void	 auth_cancel(struct client *c);

#endif
