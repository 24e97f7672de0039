/* What the configuration says to authd (kind "authd"). */
#ifndef AUTHD_CONF_H
#define AUTHD_CONF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "authd/cache.h"
#include "authd/names.h"
#include "authd/recipient.h"
#include "authd/sessions.h"
#include "common/auth_kind.h"
#include "common/msg_auth.h"
#include "common/slice.h"

#define AUTHD_ERROR_MAX	2048	/* bytes */

/* From the slice: sasl-mechanisms, login-cache, login-recheck, auth.N.type,
 * .lookup, .issuer, .scopes and .require-app-password, nprocs.storaged,
 * nprocs.imapd, login-limits.*, login-names.*, pools.N.*, app-passwords,
 * domains.N, lmtp.detail-separator, lmtp.postmaster */
struct authd_conf {
	char		mechanisms[128];	/* those that can work: upper
						   case, with spaces */
	int64_t		cache_ttl_ms;
	int64_t		recheck_ms;	/* 0: nobody who has a session is
					 * looked up again */
	uint32_t	backends;
	uint32_t	storaged;
	int64_t		answer_ms;	/* a wrong password's answer */
	unsigned int	guesses;	/* a minute, of a name */
	size_t		logins;		/* in flight, of one imapd */
	size_t		logins_address;	/* of these from one address */
	size_t		tallies;	/* gate.h; by the number of imapds */
	struct auth_pools pools;
	/* The entries of `auth:`; at AUTH_ENTRIES_MAX + N the lookup of the
	 * Nth, where that is apart (common/auth_kind.h). */
	struct {
		size_t	pool;		/* AUTH_POOLS_MAX: no worker */
		char	name[48];	/* "file", or "file/2" of several;
					 * "": none */
	}		backend[CACHE_BACKENDS_MAX];
	bool		locks;		/* a lookup is a file, whose users may
					 * be locked */
	bool		silent;		/* a lookup cannot tell who is gone */
	uint32_t	apart;		/* a bit for each: its lookup is */
	uint32_t	scram;		/* the same: users may have keys */
	uint32_t	certificates;	/* the same: they are verified, and no
					 * password */
	uint32_t	app_only;	/* the same: no other passwords */
	bool		app;		/* backend[BACKEND_APP] is there */
	uint32_t	bearer;		/* it takes tokens, and no passwords */
	/* What a client is told whose token is wrong: JSON of OAUTHBEARER
	 * (RFC 7628 section 3.2.2), and of XOAUTH2. */
	char		oauthbearer_error[AUTHD_ERROR_MAX];
	char		xoauth2_error[AUTHD_ERROR_MAX];
	struct sessions_limits sessions;
	struct user_quota quota;	/* of users without one of their own */
	struct names	names;
	struct recipient_conf recipients;
};

_Static_assert(2 * AUTH_ENTRIES_MAX <= CACHE_BACKENDS_MAX,
    "each entry has two backends");

/* 0, or -1 with what is wrong in why. */
int	 authd_conf_read(struct authd_conf *conf, const struct slice *slice,
	    char *why, size_t size);
/* Is mechanism (upper case) one of those that clients may use? */
bool	 authd_offers(const struct authd_conf *conf, const char *mechanism);

/* A user's, of whom a database has said that. */
struct user_quota authd_quota(const struct authd_conf *conf,
	    const struct found_quota *said);

/* Can that backend know what is asked? */
bool	 authd_can_ask(const struct authd_conf *conf, uint32_t backend,
	    enum work_how how);

#endif
