/*
 * The whole of authd (kind "authd"): who its peers are and what they share.
 * main.c hands the daemon's events to it; tests hand it socketpairs.
 */
#ifndef AUTHD_AUTHD_H
#define AUTHD_AUTHD_H

#include <stdint.h>

#include "authd/state.h"
#include "common/buf.h"
#include "common/msg_setup.h"

/* NULL on ENOMEM. */
struct authd *authd_new(struct event_base *base,
	    const struct authd_conf *conf);
void	 authd_free(struct authd *a);		/* NULL is fine */
/* A channel from paild; takes fd. */
void	 authd_peer(struct authd *a, enum proc_kind kind, uint32_t index,
	    int fd);
/* New configuration; the cache is emptied. */
void	 authd_reload(struct authd *a, const struct authd_conf *conf);
/* Sessions may be granted: what waits for that goes on. */
void	 authd_serve(struct authd *a);
/* paild's word that who shows token is user (CTL_PREAUTH). */
void	 authd_preauth(struct authd *a, const char *user, const char *token);
/* The user's password has changed, or the user is gone (CTL_REVOKE). */
void	 authd_revoke(struct authd *a, const char *user);
/* Asks paild, of what it says began() and ended() are called: an administrator
 * has logged in (the answer is authd_given()'s), and what a user has proved is
 * void. */
struct authd_admin_ops {
	void	(*began)(uint32_t id, bool app, const char *remote,
		    const char *user);
	void	(*ended)(const char *user);
};
void	 authd_on_admin(struct authd *a, const struct authd_admin_ops *ops);
void	 authd_given(struct authd *a, uint32_t id, const struct setup_give *g);
/* used is called when an app password was used, once a day for each (by the
 * user id and the app password's). */
void	 authd_on_app_used(struct authd *a, void (*used)(const char *user,
	    const char *id));
/* The operator's "throttle-list" and "throttle-clear" (arg: an address or a
 * user; empty: all), "sessions" (arg: a user; empty: all) and "session-end"
 * (arg: an ID), as text or as JSON into out. */
void	 authd_report(struct authd *a, const char *what, const char *arg,
	    bool json, struct buf *out);
/* No new logins; drained() when those whose password is being checked have
 * their answer (perhaps at once). */
void	 authd_drain(struct authd *a, void (*drained)(void));
/* Passwords that wait for a worker of that type of backend. */
size_t	 authd_waiting(const struct authd *a, const char *type);

#endif
