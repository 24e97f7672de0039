/*
 * What the rooms of a running authd (kind "authd") share: one struct, and
 * one for each imapd and each lmtpd.
 */
#ifndef AUTHD_STATE_H
#define AUTHD_STATE_H

#include <sys/queue.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "authd/admin.h"
#include "authd/cache.h"
#include "authd/check.h"
#include "authd/conf.h"
#include "authd/gate.h"
#include "authd/grant.h"
#include "authd/known.h"
#include "authd/preauth.h"
#include "authd/sessions.h"
#include "authd/work.h"
#include "common/proc_kind.h"

#define AUTHD_IMAPD_MAX		256	/* processes */
#define AUTHD_LMTPD_MAX		64
#define AUTHD_ADMIND		AUTHD_IMAPD_MAX	/* its channel */
#define AUTHD_CHANNELS		(AUTHD_IMAPD_MAX + 1)

struct answers;
struct app_used;
struct event;
struct event_base;
struct attempt;
struct live;
struct login;
struct peer;
struct rcpt;
struct recheck;
struct revoked;
struct authd;
struct authd_admin_ops;

/* An operator asks (usage.c). */
struct usage;
TAILQ_HEAD(usage_list, usage);

struct authd_counts {
	uint64_t	ok, no, unavailable, cached, delayed, refused, late;
	uint64_t	rcpt_ok, rcpt_no, rcpt_unavailable;
	uint64_t	recheck_ended;
};

/* The channel to one imapd, or to admind. */
struct channel {
	struct authd		*authd;
	enum proc_kind		 kind;
	uint32_t		 index;		/* AUTHD_ADMIND: admind's */
	struct peer		*peer;
	TAILQ_HEAD(, login)	 logins;
	size_t			 n;		/* logins in flight */
	size_t			 parked;	/* that only wait to be told */
	int64_t			 warned;
	int64_t			 log_began;	/* of this second's lines */
	unsigned int		 log_lines[2];	/* of failures, of successes */
	unsigned int		 log_muted;
};

/* The channel to one lmtpd. */
struct rcpts {
	struct authd		*authd;
	uint32_t		 index;
	struct peer		*peer;
	TAILQ_HEAD(, rcpt)	 rcpts;
	size_t			 n;		/* recipients in flight */
	int64_t			 log_began;	/* of this second's lines */
	unsigned int		 log_lines;
	unsigned int		 log_muted;
};

struct authd {
	struct event_base	*base;
	struct authd_conf	 conf;
	struct known		*known;
	struct gate		*gate;
	struct event		*turn;		/* the gate's */
	TAILQ_HEAD(, attempt)	 attempts;
	size_t			 held;		/* answers */
	struct cache		*cache;
	struct preauth		*preauth;
	struct revoked		*revoked;
	struct sessions		*sessions;
	struct live		*live;		/* the users of these, and
						 * administrators */
	struct recheck		*recheck;
	struct app_used		*app_used;
	void			(*on_app_used)(const char *user,
				    const char *id);	/* NULL: nobody's */
	struct work		*work;
	struct answers		*answers;	/* of lookups */
	struct checks		*checks;
	struct grants		*grants;
	struct usage_list	 usages;	/* usage.c */
	struct channel		 channel[AUTHD_CHANNELS];
	const struct authd_admin_ops *admin;	/* NULL: nobody's */
	struct admins		 admins;
	uint32_t		 wanted;	/* id of the last question */
	struct rcpts		 rcpts[AUTHD_LMTPD_MAX];
	size_t			 logins;
	struct authd_counts	 counts;
	bool			 draining;
	void			(*drained)(void);	/* NULL once called */
};

#endif
