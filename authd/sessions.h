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
/* It has ended; one that is not known is nothing. */
void	 sessions_end(struct sessions *s, uint32_t scope, uint32_t id);
void	 sessions_forget(struct sessions *s, uint32_t scope);	/* all of it */
size_t	 sessions_count(const struct sessions *s);

#endif
