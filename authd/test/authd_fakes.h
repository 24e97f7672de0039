/*
 * For tests of the whole of authd: imapd, storaged and the worker as fake
 * ends on one event loop.  Each end keeps what it was told.
 */
#ifndef AUTHD_AUTHD_FAKES_H
#define AUTHD_AUTHD_FAKES_H

#include <stdio.h>
#include <unistd.h>

#include <event2/event.h>

#include "authd/authd.h"
#include "common/log.h"
#include "common/msg_auth.h"
#include "common/msg_deliver.h"
#include "common/peer.h"
#include "common/test.h"

#define KEPT	64

struct fake {
	struct peer	*p;
	bool		 closed;
	size_t		 n;		/* messages in all */
	struct kept {
		enum msg_type	 type;
		uint32_t	 id;
		int		 fd;
		uint8_t		 code;		/* AUTH_NO; AUTH_OK: prompt */
		char		 user[256];	/* or a challenge */
		char		 password[72];	/* or a token */
		char		 remote[64];
		uint32_t	 backend;
		uint8_t		 how;
		struct grant_session grant;	/* without its texts */
	}		 got[KEPT];		/* the last ones, by n % KEPT */
	bool		 hold;		/* a worker that does not answer */
	bool		 close_fds;	/* descriptors that come are closed */
	const char	*generation;
	struct found_quota quota;	/* of all its users */
	/* A worker's: whom it knows by WORK_NAME, and whose; NULL: everybody.
	 * "away..." cannot be asked for, locked is one who is. */
	const char	*const (*names)[2];
	const char	*locked;
	uint32_t	 away;		/* a bit for each backend that is */
};

extern struct event_base *base;
extern struct authd	 *authd;
extern const char	 *remote;	/* whose address logins come from */

/* A new end, with its channel to authd. */
void	 fake_join(struct fake *f, enum proc_kind kind, uint32_t index);
void	 fake_leave(struct fake *f);
/* The fake worker's users: the password is "pw"; "nobody" is unknown. */
void	 fake_work(struct fake *f, const struct kept *k);
/* The worker answers a check. */
void	 fake_result(struct fake *f, uint32_t id, enum work_result_code code,
	    const char *user);
/* Lets all that can happen now happen. */
void	 pump_now(void);
/* With the answers that are held back. */
void	 pump(void);
void	 start(struct fake *f, uint32_t id, const char *mech,
	    struct str initial, bool has_initial);
/* PLAIN. */
void	 login(struct fake *f, uint32_t id, const char *user,
	    const char *password);
void	 step(struct fake *f, uint32_t id, const char *text);
/* The last message; its descriptor is the caller's. */
struct kept *last(struct fake *f);
bool	 refused(struct fake *f, uint32_t id, enum auth_code code);
/* AUTH_OK for that user; closes the session's end. */
bool	 granted(struct fake *f, uint32_t id, const char *user);
/* One pool of two workers for all backends; ttl: ms of the cache. */
void	 authd_begin(uint32_t storaged, uint32_t backends, int64_t ttl);
void	 authd_begin_as(const struct authd_conf *conf);
void	 authd_end(void);

#endif
