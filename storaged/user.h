/*
 * Users of this process: the head (commit), the index and the sessions of
 * each.  A user is opened on demand and closed when it is the least
 * recently used one and nothing of it is under way.
 */
#ifndef STORAGED_USER_H
#define STORAGED_USER_H

#include <sys/queue.h>
#include <stdbool.h>
#include <stdint.h>

#include "common/msg_mbox.h"
#include "common/user.h"
#include "storaged/commit.h"
#include "storaged/index.h"

struct blob_cache;
struct boxuids;
struct event;
struct event_base;
struct helper_pool;
struct session;
struct op;

/* What all users of the process share; main.c (or a test) fills it. */
struct env {
	struct event_base	*base;
	struct blob_store	*blob;
	struct blob_cache	*objects;	/* on disk; NULL: none */
	struct helper_pool	*pool;		/* expands messages; NULL: the
						   loop does */
	struct commit_io	*io;
	struct codec_choice	 codec;
	char			 cache[512];	/* directory: spool */
	char			 index[512];	/* directory: index files */
	uint8_t			 node[16];
	bool			 alone;		/* cluster: false */
	bool			 known;		/* the cache is of another
						   store: no head, no user */
	uint64_t		 appendlimit;
	unsigned		 open_max;	/* indexes open at once */
	unsigned		 timeout_ms;	/* of a login while it waits */
	bool			 draining;
};
extern struct env env;

struct recent { uint64_t box; uint32_t from; bool dirty; };

TAILQ_HEAD(session_list, session);
TAILQ_HEAD(op_list, op);

struct user {
	TAILQ_ENTRY(user)	 entry;		/* of its bucket */
	TAILQ_ENTRY(user)	 lru;
	char			*id;
	char			*word;		/* the id for the log */
	char			 name[USER_ID_MAX + 1];	/* of its files */
	struct index		*ix;		/* NULL: closed */
	struct commit		*commit;
	bool			 opened;	/* the head was read once */
	bool			 fenced;	/* to be closed in the loop */
	unsigned		 busy;		/* operations under way */
	uint64_t		 used_ms;	/* when it was last opened */
	struct session_list	 sessions;
	unsigned		 nsessions;
	struct recent		*recent;
	size_t			 nrecent;
	struct boxuids		*boxuids;	/* of what was selected */
	/* follow.c */
	struct event		*poll;
	struct refresh		 refresh;	/* the poller's */
	unsigned		 watchers;	/* sessions in IDLE */
	uint64_t		 changed_ms;	/* when something last came */
	uint64_t		 asked_ms;	/* the head was read */
	/* past.c */
	uint64_t		 shown;		/* last record whose events
						   the sessions were sent */
	bool			 past_due;	/* rows may be forgotten */
	/* cold.c */
	uint64_t		*cold_dead;	/* digests to be dropped */
	size_t			 ncold_dead;
	struct cold_wait	*cold_wait;	/* digests to be written */
};

/* The user of that id, made when new.  NULL: ENOMEM, or no valid id. */
struct user *user_get(const char *id);
struct user *user_find(const char *id);
/* Opens index and commit when closed.  0, or -1 (the disk; logged). */
int	 user_open(struct user *u);
/* Closes it if nothing is under way; frees it when it has no session. */
void	 user_release(struct user *u);
/* Called for every operation: keeps the user open meanwhile. */
void	 user_busy(struct user *u);
void	 user_idle(struct user *u);
/* Ends all its sessions. */
void	 user_end(struct user *u, enum mbox_code code, const char *text);
/* Calls fn for each user that is open. */
void	 user_each(void (*fn)(struct user *u, void *arg), void *arg);
/*
 * Closes those that nothing was asked of for quiet_ms; of one that a session
 * waits for (IDLE) only the index.  Their number.
 */
unsigned users_rest(uint64_t quiet_ms);
unsigned user_count(void);		/* open ones */
/* All closed, cleanly; false while one has something under way. */
bool	 user_drain(void);

/* \Recent, this node's guess (kept in memory, saved when it can be). */
uint32_t user_recent(struct user *u, uint64_t box);
void	 user_recent_set(struct user *u, uint64_t box, uint32_t from);


#endif
