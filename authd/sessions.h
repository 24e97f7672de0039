/*
 * How many sessions each user and each address has, through any imapd: those
 * that were granted, and have not ended since as far as imapd says.  Pure.
 */
#ifndef AUTHD_SESSIONS_H
#define AUTHD_SESSIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/addr_key.h"

#define SESSIONS_SCOPES	256	/* imapds */
#define SESSIONS_MAX	262144	/* of one; then its oldest is not counted */

struct live_user;
struct sessions;

struct sessions_limits {
	unsigned int	user, address;		/* 0: none */
};

struct sessions *sessions_new(void);		/* NULL on ENOMEM */
void	 sessions_free(struct sessions *s);	/* NULL is fine */
/* Why user may not have one more from there; static, NULL: he may.  An address
 * that stands for many (gate_shared()) has no limit. */
const char *sessions_full(const struct sessions *s,
	    const struct sessions_limits *limits, const char *user,
	    const struct addr_key *from);
/* One more, of the imapd scope, which calls it id.  live (NULL is fine) is
 * dropped with it.  -1 on ENOMEM: it is not counted. */
int	 sessions_add(struct sessions *s, uint32_t scope, uint32_t id,
	    const char *user, const struct addr_key *from,
	    struct live_user *live);
/* What is known of one, for the operator; all borrowed. */
struct session_what {
	const char	*user;		/* the user id */
	const char	*login;		/* the name that he has said */
	const char	*remote;
	const char	*mech;		/* static */
	const char	*backend;
	const char	*app;		/* the app password's name; "": none */
	bool		 tls;
	uint64_t	 session;	/* imapd's number, as in the log */
	int64_t		 since;		/* seconds since 1970 */
};
/* Keeps that (copied) with one that was added; without memory it is not. */
void	 sessions_describe(struct sessions *s, uint32_t scope, uint32_t id,
	    const struct session_what *what);
/* All that were described, of each scope the newest first; false: no more of
 * this scope. */
void	 sessions_each(const struct sessions *s, bool (*each)(uint32_t scope,
	    uint32_t id, const struct session_what *what, void *arg),
	    void *arg);
bool	 sessions_has(struct sessions *s, uint32_t scope, uint32_t id);
/* It has ended; one that is not known is nothing. */
void	 sessions_end(struct sessions *s, uint32_t scope, uint32_t id);
void	 sessions_forget(struct sessions *s, uint32_t scope);	/* all of it */
size_t	 sessions_count(const struct sessions *s);

#endif
