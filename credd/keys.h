/*
 * Which day's keys storaged must have, and the channels that they go out on:
 * today's (UTC), from KEYS_AHEAD before midnight tomorrow's, and until as long
 * after it yesterday's: the server's clock may be another.
 */
#ifndef CREDD_KEYS_H
#define CREDD_KEYS_H

#include <stdint.h>

#include "credd/secret.h"

#define KEYS_AHEAD		(6 * 3600)	/* seconds before midnight */
#define KEYS_TICK		60		/* seconds between looks */
#define KEYS_STORAGED_MAX	256
#define KEYS_SETS_MAX		17	/* of secrets: the store's, and one for
					   each entry of "ingest" */
#define KEYS_USES_MAX		33	/* what is signed: the store's requests,
					   those entries' buckets and queues */

struct event_base;
struct keys;

/* set: the one whose key it was. */
typedef void (*keys_refused_cb)(unsigned set, const char *access_key,
	    void *arg);

/* now: the clock, seconds since 1970 (tests have their own).  cb (NULL:
 * nobody) hears of each refusal.  NULL: no timer. */
struct keys *keys_new(struct event_base *base, int64_t (*now)(void),
	    keys_refused_cb cb, void *arg);
void	 keys_free(struct keys *k);	/* NULL is fine */
/* From now on there are keys for this use (as in CRED_KEY), of set's secret,
 * whatever set it had; region "": the secret's.  fatal() when there are too
 * many. */
void	 keys_use(struct keys *k, const char *use, const char *service,
	    const char *region, unsigned set);
/* Another secret of a set, borrowed until the next call (NULL: there is none,
 * nothing is sent): pushes its keys to all. */
void	 keys_secret(struct keys *k, unsigned set,
	    const struct cred_secret *secret);
/* Where the secrets that follow come from, for people; copied. */
void	 keys_source(struct keys *k, unsigned set, const char *source);
/* A storaged's channel (replaces the older one): gets the keys.  Takes fd. */
void	 keys_storaged(struct keys *k, uint32_t index, int fd);
/* Looks at the clock, and pushes what a new hour demands. */
void	 keys_look(struct keys *k);
uint64_t keys_pushed(const struct keys *k);	/* keys sent */
uint64_t keys_refused(const struct keys *k);	/* CRED_REFUSED seen */

#endif
