/*
 * The channels to the processes that serve TLS: each is given the certificates,
 * and has its handshakes signed.  One that has been taken over can have signed
 * what its own handshakes would: not faster than SIGN_RATE, and not at the cost
 * of the others (each has its turn).
 */
#ifndef CREDD_SIGN_H
#define CREDD_SIGN_H

#include <stdint.h>

#include "common/proc_kind.h"

/* Units (tls_key.h, cost) a second for each process, and at most so many at
 * once: 1,000 signatures a second with RSA of 2,048 bits, 4,000 with P-256. */
#define SIGN_RATE	4000
#define SIGN_BURST	8000
#define SIGN_PEERS_MAX	256

struct event_base;
struct sign;
struct tls_store;

/* ms: a monotonic clock, now: seconds since 1970 (tests have their own). */
struct sign *sign_new(struct event_base *base, const struct tls_store *store,
	    uint64_t (*ms)(void), int64_t (*now)(void));
void	 sign_free(struct sign *s);		/* NULL is fine */
/* The store has another set: all are given it. */
void	 sign_changed(struct sign *s);
/* The channel of a process that serves TLS (replaces the older one).  Takes
 * fd. */
void	 sign_server(struct sign *s, enum proc_kind kind, uint32_t index,
	    int fd);
uint64_t sign_made(const struct sign *s);	/* signatures */
uint64_t sign_refused(const struct sign *s);

#endif
