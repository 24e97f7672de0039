/*
 * Which day's keys storaged must have, and the channels that they go out
 * on: today's (UTC), and from REFRESH_AHEAD before midnight tomorrow's.
 */
#ifndef CREDD_REFRESH_H
#define CREDD_REFRESH_H

#include <stdint.h>

#include "credd/source.h"

#define REFRESH_AHEAD		(6 * 3600)	/* seconds before midnight */
#define REFRESH_TICK		60		/* seconds between looks */
#define REFRESH_STORAGED_MAX	256

struct event_base;
struct refresh;

/* now: the clock, seconds since 1970 (tests have their own); NULL: time(3).
 * NULL on ENOMEM. */
struct refresh *refresh_new(struct event_base *base, int64_t (*now)(void));
void	 refresh_free(struct refresh *r);	/* NULL is fine */
/* Takes the secret (NULL: there is none, nothing is sent) and pushes its
 * keys to all. */
void	 refresh_secret(struct refresh *r, struct cred_secret *secret);
/* A storaged's channel (replaces the older one): gets the keys.  Takes fd. */
void	 refresh_storaged(struct refresh *r, uint32_t index, int fd);
/* Looks at the clock, and pushes what a new hour demands. */
void	 refresh_look(struct refresh *r);
uint64_t refresh_pushed(const struct refresh *r);	/* keys sent */
uint64_t refresh_refused(const struct refresh *r);	/* CRED_REFUSED seen */

#endif
