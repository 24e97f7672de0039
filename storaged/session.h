/*
 * One granted channel: the session protocol's side B (common/msg_mbox.h).
 * The descriptor is the permission: a session sees its own user only.
 */
#ifndef STORAGED_SESSION_H
#define STORAGED_SESSION_H

#include "common/peer.h"
#include "storaged/user.h"

#define SESSION_OPS_MAX		256	/* requests under way */
#define SESSION_BYTES_MAX	(16 * 1024 * 1024) /* of them in memory */
#define SESSION_STREAMS_MAX	4	/* that run at once */
#define SESSION_SPOOLS_MAX	8	/* APPENDs with files on disk */
/* Bytes that the peer does not read: then nothing more is read from it; then
 * it is cut. */
#define SESSION_QUEUE_HOLD	(512 * 1024)
#define SESSION_QUEUE_MAX	(16 * 1024 * 1024)
#define SESSION_SILENCE		(3600)	/* seconds without a message */
#define SESSIONS_USER_MAX	200
#define SESSIONS_MAX		20000

struct session {
	TAILQ_ENTRY(session)	 entry;
	struct user		*user;
	struct peer		*peer;		/* NULL once it is closed */
	struct event		*timer;		/* silence; login */
	struct event		*kick;		/* what may run now? */
	uint64_t		 serial;
	bool			 ready;		/* SESSION_READY was said */
	bool			 dead;		/* freed in the loop */
	uint64_t		 box;		/* selected; 0: none */
	uint64_t		 passed;	/* record: its client knows of
						   all EXPUNGEs up to it */
	bool			 readonly;
	bool			 watching;	/* IDLE */
	bool			 more;
	bool			 held;		/* it is not read from */
	struct op_list		 ops;		/* in order of arrival */
	unsigned		 nops;
	unsigned		 streams;
	size_t			 bytes;
	uint64_t		 heard_ms;
	uint64_t		 since_ms;
	bool			 waits;		/* opening is under way */
	struct refresh		 opening;
};

/* Takes fd.  Logged; on failure the descriptor is closed. */
void	 session_new(const char *user, int fd);
/* Says SESSION_END; the session goes at the loop's end. */
void	 session_end(struct session *s, enum mbox_code code,
	    const char *text);
unsigned session_count(void);

/* Requests that could not run yet: look again (after one ended...). */
void	 session_kick(struct session *s);

/* 0 or -1 (the peer broke: nothing more to say to it). */
int	 session_send(struct session *s, enum msg_type type, uint32_t id,
	    const struct wire_struct *ws, const void *src);

/* dispatch.c: one message of the session.  -1: no sense, cut it. */
int	 dispatch(struct session *s, const struct msg *m);

/* events.c: what was committed, to all sessions that look at it. */
void	 events_send(struct user *u, uint64_t last);

/* past.c: what was expunged is forgotten once all views have passed it. */
bool	 past_views(void *user);
void	 past_passed(struct session *s);	/* it asked for news */
void	 past_trim(struct user *u);

/* follow.c */
void	 follow_watch(struct session *s, bool on);
void	 follow_changed(struct user *u);	/* soon again */
void	 follow_stop(struct user *u);

#endif
