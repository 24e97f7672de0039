/*
 * The whole of authd (role "authd"): who its peers are and what they share.
 * main.c hands the daemon's events to it; tests hand it socketpairs.
 */
#ifndef AUTHD_AUTHD_H
#define AUTHD_AUTHD_H

#include <sys/queue.h>

#include <stdbool.h>
#include <stdint.h>

#include "authd/cache.h"
#include "authd/check.h"
#include "authd/grant.h"
#include "authd/preauth.h"
#include "authd/throttle.h"
#include "authd/work.h"
#include "common/msg_setup.h"
#include "common/slice.h"

#define AUTHD_IMAPD_MAX		256	/* processes */
#define AUTHD_LOGINS_MAX	1000	/* in flight, of one imapd */
#define AUTHD_DELAYED_MAX	500	/* of these held back by the throttle */

struct event_base;
struct login;
struct authd;

/* From the slice: sasl-mechanisms, login-cache, auth.N.type,
 * nprocs.storaged. */
struct authd_conf {
	char		mechanisms[128];	/* upper case, with spaces */
	int64_t		cache_ttl_ms;
	uint32_t	backends;
	uint32_t	storaged;
};

struct authd_counts {
	uint64_t	ok, no, unavailable, cached, delayed, refused;
};

/* The channel to one imapd. */
struct channel {
	struct authd		*authd;
	uint32_t		 index;
	struct peer		*peer;
	TAILQ_HEAD(, login)	 logins;
	size_t			 n;		/* logins in flight */
	size_t			 delayed;
	int64_t			 warned;
	int64_t			 log_began;	/* of this second's lines */
	unsigned int		 log_lines;
	unsigned int		 log_muted;
};

struct authd {
	struct event_base	*base;
	struct authd_conf	 conf;
	struct throttle		*throttle;
	struct cache		*cache;
	struct preauth		*preauth;
	struct work		*work;
	struct checks		*checks;
	struct grants		*grants;
	struct channel		 channel[AUTHD_IMAPD_MAX];
	size_t			 logins;
	struct authd_counts	 counts;
	bool			 draining;
	void			(*drained)(void);	/* NULL once called */
};

/* 0, or -1 with what is wrong in why. */
int	 authd_conf_read(struct authd_conf *conf, const struct slice *slice,
	    char *why, size_t size);
/* NULL on ENOMEM. */
struct authd *authd_new(struct event_base *base,
	    const struct authd_conf *conf);
void	 authd_free(struct authd *a);		/* NULL is fine */
/* A channel from paild; takes fd. */
void	 authd_peer(struct authd *a, enum proc_kind kind, uint32_t index,
	    int fd);
/* New configuration; the cache is emptied. */
void	 authd_reload(struct authd *a, const struct authd_conf *conf);
/* paild's word that who shows token is user (CTL_PREAUTH). */
void	 authd_preauth(struct authd *a, const char *user, const char *token);
/* The user's password has changed, or the user is gone (CTL_REVOKE). */
void	 authd_revoke(struct authd *a, const char *user);
/* No new logins; drained() when those whose password is being checked have
 * their answer (perhaps at once). */
void	 authd_drain(struct authd *a, void (*drained)(void));
bool	 authd_offers(const struct authd *a, const char *mechanism);

#endif
