/*
 * Users of this process: the head (commit), the index and the sessions of each.
 * A user is opened on demand and closed when it is the least recently used one
 * and has nothing in progress.
 */
#ifndef STORAGED_USER_H
#define STORAGED_USER_H

#include <sys/queue.h>
#include <stdbool.h>
#include <stdint.h>

#include "common/msg_auth.h"
#include "common/msg_mbox.h"
#include "common/turns.h"
#include "common/user.h"
#include "storaged/commit/commit.h"
#include "storaged/index/boxuids.h"
#include "storaged/index/cold.h"
#include "storaged/index/index.h"
#include "storaged/session/env.h"
#include "storaged/session/follow.h"

struct event;
struct session;
struct op;
struct work;


struct user;

/* What becomes of a user's sessions: sessions.c. */
struct user_ops {
	/* Ends all of them. */
	void	(*end)(struct user *u, enum mbox_code code, const char *text);
	/* The index begins anew. */
	void	(*reset)(struct user *u);
	/* Records up to last were committed; and all of them are answered. */
	void	(*changed)(struct user *u, uint64_t last);
	void	(*answered)(struct user *u);
	/* The work waits for the bucket. */
	void	(*waiting)(struct work *w);
	/* Does one hold the user open? */
	bool	(*busy)(const struct user *u);
	/* past.h */
	bool	(*views)(void *user);
	void	(*trim)(struct user *u);
};
/* Once; both are kept. */
void	 user_init(struct env *env, const struct user_ops *ops);

struct recent { uint64_t box; uint32_t from; bool dirty; };

TAILQ_HEAD(session_list, session);
TAILQ_HEAD(op_list, op);

struct user {
	TAILQ_ENTRY(user)	 entry;		/* of its bucket */
	struct env		*env;
	TAILQ_ENTRY(user)	 lru;
	char			*id;
	char			*word;		/* the id for the log */
	char			 name[USER_ID_MAX + 1];	/* of its files */
	struct index		*ix;		/* NULL: closed */
	struct commit		*commit;
	bool			 quarantined;	/* to be closed in the loop */
	enum mbox_code		 why_code;	/* and what logins hear */
	char			 why[128];	/* until then */
	unsigned		 busy;		/* operations under way */
	uint64_t		 used_ms;	/* when it was last opened */
	struct session_list	 sessions;
	unsigned		 nsessions;
	uint64_t		 spool;		/* octets: spool_room.h */
	struct quota		 quota;		/* user_limits() */
	bool			 quota_known;
	struct recent		*recent;
	size_t			 nrecent;
	struct boxuids		*boxuids;	/* of what was selected */
	struct turns_user	 turn;		/* op_turn.c */
	struct follow		 follow;
	/* past.c */
	uint64_t		 shown;		/* last record whose events
						   the sessions were sent */
	bool			 past_due;	/* rows may be forgotten */
	struct cold		 cold;		/* digests; while ix is open */
};

/* The user with that id, created if new.  NULL: ENOMEM, or invalid id. */
struct user *user_get(const char *id);
struct user *user_find(const char *id);
/* Opens index and commit when closed.  0, or -1: why_code and why tell. */
int	 user_open(struct user *u);
/*
 * A grant brings its quota.  known: of the user's own database; else the
 * default, which counts while none is known.
 */
void	 user_limits(struct user *u, const struct user_quota *q);
/* What to tell a client about an outcome other than success. */
const char *user_refusal(enum commit_outcome o);
/* Closes it if nothing is in progress; frees it if it has no session. */
void	 user_release(struct user *u);
/* Called for every operation: keeps the user open meanwhile. */
void	 user_busy(struct user *u);
void	 user_idle(struct user *u);
/* Ends all its sessions. */
void	 user_end(struct user *u, enum mbox_code code, const char *text);
/* Calls fn for each user that is open. */
void	 user_each(void (*fn)(struct user *u, void *arg), void *arg);
/*
 * Closes those without requests for quiet_ms; only the index if a session is
 * waiting (IDLE).  Returns how many.
 */
unsigned users_rest(uint64_t quiet_ms);
unsigned user_count(void);		/* open ones */
/* All are closed, cleanly; false while one has something in progress. */
bool	 user_drain(void);

/* \Recent, this node's guess (kept in memory, saved when it can be). */
uint32_t user_recent(struct user *u, uint64_t box);
void	 user_recent_set(struct user *u, uint64_t box, uint32_t from);


#endif
