/*
 * A granted channel: side B of the session protocol (common/msg_mbox.h).  The
 * descriptor is the permission: a session sees its own user only.
 */
#ifndef STORAGED_SESSION_H
#define STORAGED_SESSION_H

#include "common/log_context.h"
#include "common/peer.h"
#include "storaged/session/user.h"

#define SESSION_OPS_MAX		256	/* requests under way */
#define SESSION_BYTES_MAX	(48 * 1024 * 1024) /* of them in memory */
#define SESSION_STREAMS_MAX	4	/* that run at once */
#define SESSION_SPOOLS_MAX	8	/* APPENDs with files on disk */
#define SESSION_APPENDS_MAX (16 * 1024 * 1024) /* of APPENDs in memory */
/* Bytes that the peer has not read: beyond the first limit, nothing more is
 * read from it; beyond the second, it is disconnected. */
#define SESSION_QUEUE_HOLD	(512 * 1024)
#define SESSION_QUEUE_MAX	(32 * 1024 * 1024)
#define SESSION_FRESH_MS	5000		/* that a new store is new */
#define SESSION_SILENCE		(3600)	/* seconds without a message */
#define SESSIONS_USER_MAX	200	/* of imapd, and of each lmtpd */
#define SESSIONS_MAX		20000

struct grant_session;

struct session {
	TAILQ_ENTRY(session)	 entry;
	struct user		*user;
	struct peer		*peer;		/* NULL once it is closed */
	struct event		*timer;		/* silence; login */
	struct event		*kick;		/* what may run now? */
	uint64_t		 serial;	/* no other has the same */
	struct log_context	 context;	/* its requests' */
	uint64_t		 name;		/* its peer's, for the log */
	uint8_t			 rights;	/* enum grant_right */
	uint8_t			 kind;		/* enum proc_kind: whom it was
						   granted to, */
	uint32_t		 index;		/* and which of them */
	bool			 ready;		/* SESSION_READY was said */
	bool			 dead;		/* freed in the loop */
	uint64_t		 box;		/* selected; 0: none */
	uint64_t		 passed;	/* record: its client knows of
						   all EXPUNGEs up to it */
	bool			 readonly;
	bool			 full;		/* keywords: as it was told */
	bool			 watching;	/* IDLE */
	bool			 more;
	bool			 held;		/* it is not read from */
	struct op_list		 ops;		/* in order of arrival */
	unsigned		 nops;
	unsigned		 streams;
	size_t			 bytes;
	uint64_t		 heard_ms;
	uint64_t		 since_ms;
	bool			 opens;		/* from its grant until the head
						   was read */
	bool			 waits;		/* opening is under way */
	struct refresh		 opening;
};

/* Takes fd.  user: the id, normalized; grant: common/msg_auth.h.  Logged; on
 * failure the descriptor is closed. */
void	 session_new(const char *user, const struct grant_session *grant,
	    int fd);
/* Sends SESSION_END; the session is freed from the loop. */
void	 session_end(struct session *s, enum mbox_code code,
	    const char *text);
unsigned session_count(void);

/* Checks again whether waiting requests can run (after one has ended...). */
void	 session_kick(struct session *s);

/* 0 or -1 (the channel broke: nothing more can be sent). */
int	 session_send(struct session *s, enum msg_type type, uint32_t id,
	    const void *src);

/* IDLE begins or ends: whether to watch for other nodes' commits. */
void	 session_watch(struct session *s, bool on);

/* What its requests need from it: dispatch.c. */
struct session_ops {
	/* One message of it.  -1: no sense, cut it. */
	int	(*message)(struct session *s, const struct msg *m);
	/* It ends: so do they, without an answer. */
	void	(*drop)(struct session *s);
	/* Requests that wait may run now; streams may send. */
	void	(*kicked)(struct session *s);
	void	(*drained)(struct session *s);
};
/* Once; both are kept. */
void	 session_init(struct env *env, const struct session_ops *ops);

#define SESSION_TURN_US	2000		/* what one turn may take */
/* True if the time of this turn is used up; start_us: clock_us() when it
 * began. */
bool	 session_turn_over(uint64_t start_us);

#endif
