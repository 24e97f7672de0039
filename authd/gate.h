/*
 * In which order passwords are verified, and when.
 *
 * Those who guess and those who know the password never share a limit that
 * leads to refusal: an attempt waits as long as its sender has earned, and
 * behind those that have earned less.  Three things are counted for each wrong
 * password: the address (common/addr_key.h; its /24 or /48 too), the name, and
 * the name from that address (a pair).
 *
 * Ranks, the lowest first:
 *   known	the pair has logged in before (authd/known.h), and has not
 *		failed more often since than its trust bears; no pauses
 *   fresh	neither address nor pair has failed
 *   aside	the same, but GATE_NET_FREE of its network have failed
 *   failed	by the power of two of the failures: 1, 2, 4, 8 ...
 * Known and fresh are honest, the others suspect.
 *
 * An idle worker gets, from the imapd (scope) that was served the longest ago:
 *   - from the lowest rank, in turn the newest attempt and the one whose
 *     address has waited longest: logins remain quick during a flood, and
 *     nobody starves (known ones are all served by the latter rule);
 *   - every GATE_RESERVE-th time a suspect, if one may start: no number of
 *     honest ones shuts out a user who has mistyped.  Suspects get at most half
 *     of the workers (at least one).
 *
 * Pauses (known ones have none): after GATE_FREE failures a pair's next attempt
 * starts 1, 2, 4, 8, 15 seconds after its last response, an address's 1, 2, 4.
 * A pair has one attempt in progress, an address GATE_RUNNING (one if it has
 * failed too often).  When a name has over GATE_NAME_FREE failures all its
 * attempts from addresses with at most GATE_FREE failures start GATE_EARLY_MS
 * after one another, those of the others in step with gate_conf.guesses a
 * minute.  So guessing at a name is that slow from any number of addresses, and
 * its user waits for one such step when logging in from a new address.
 *
 * Attempts of one pair with the same password are one (the others ride along).
 * Repeating the same wrong password is not another guess: it counts only for
 * the address.
 *
 * The time of the response does not reveal what a wrong password was checked
 * against: gate_failed() returns that time, a multiple of answer_ms after the
 * start, and what the failure delays is delayed from then on.
 *
 * Addresses that are many clients (127.0.0.1, ::1, no address) are not counted
 * as an address.  Failures are counted separately for each scope, so that an
 * imapd that has been taken over delays nobody but its own clients.  Pure: the
 * clock is the caller's, in milliseconds.
 */
#ifndef AUTHD_GATE_H
#define AUTHD_GATE_H

#include <sys/queue.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "authd/known.h"
#include "authd/mac.h"
#include "authd/tally.h"
#include "common/addr_key.h"

#define GATE_SCOPES	257	/* imapds, and admind */
#define GATE_POOLS	16	/* of workers */
#define GATE_FREE	2	/* failures without a pause */
#define GATE_NAME_FREE	20	/* of a name, from anywhere */
#define GATE_NET_FREE	32	/* of a network */
#define GATE_PAIR_MS	15000	/* the longest pauses */
#define GATE_ADDRESS_MS	4000
#define GATE_EARLY_MS	200
#define GATE_RUNNING	4
#define GATE_RESERVE	4

struct gate;
struct gate_scope;

struct gate_conf {
	int64_t		answer_ms;	/* a wrong password's answer; >= 1 */
	unsigned int	guesses;	/* a minute, of a name; >= 1 */
};

enum gate_state { GATE_OUT, GATE_WAITING, GATE_STARTED, GATE_OVER };

/* Embedded in whatever waits; initially zero.  Owned by the gate; others may
 * read it. */
struct gate_try {
	TAILQ_ENTRY(gate_try)	 entry;
	struct gate_scope	*scope;
	enum gate_state		 state;
	unsigned int		 pool;		/* whose workers it waits for */
	bool			 moved;		/* not its first pool */
	bool			 shared;	/* address of many */
	bool			 rider;
	bool			 queued;	/* a rider not yet given out */
	bool			 suspect;	/* when it started */
	bool			 trusted;	/* the same */
	struct addr_key		 from;
	struct tally		*address, *net, *pair, *name;
	uint8_t			 wrong[TALLY_WRONG];
	uint64_t		 order;		/* of arrival, in turns */
	int64_t			 started;
};

/* known is borrowed.  max: tallies of each kind and scope.  NULL: ENOMEM. */
struct gate *gate_new(struct known *known, const struct gate_conf *conf,
	    size_t max);
/* What is inside must have left. */
void	 gate_free(struct gate *g);		/* NULL is fine */
void	 gate_configure(struct gate *g, const struct gate_conf *conf);
/*
 * A new attempt waits for a worker of pool (< GATE_POOLS); mac is that of name
 * and password (cache_mac()).  0; -1 on ENOMEM. *pause: how long it must wait,
 * at least, for its own failures.
 */
int	 gate_enter(struct gate *g, struct gate_try *t, uint32_t scope,
	    unsigned int pool, const char *name, const struct addr_key *from,
	    const uint8_t mac[MAC_LEN], int64_t now, int64_t *pause);
/*
 * Starts and returns the next attempt to be checked by that pool; NULL: none,
 * and *when is when to ask again (INT64_MAX: when something has changed).
 * workers: how many the pool has; idle: how many have nothing to do.
 */
struct gate_try *gate_next(struct gate *g, unsigned int pool, size_t workers,
	    size_t idle, int64_t now, int64_t *when);
/* A started one has no result yet: it waits for a worker of another pool, in
 * the same order, but without further pauses.  Not for riders. */
void	 gate_move(struct gate *g, struct gate_try *t, unsigned int pool);
/* The result of one that was started. failed: when to report it. */
void	 gate_passed(struct gate *g, struct gate_try *t, const char *name,
	    int64_t now);
int64_t	 gate_failed(struct gate *g, struct gate_try *t, int64_t now);
/* Who it was that failed, for gate_list.h. */
void	 gate_label(struct gate_try *t, const char *name);
/* It has no result because a backend was unavailable, but others have refused
 * it: this counts against guesses of that name from there, not against the
 * address. */
void	 gate_unsure(struct gate *g, struct gate_try *t, int64_t now);
/* Removes it, in any state: it has been answered, or abandoned.  A started one
 * without a result counts as neither success nor failure. */
void	 gate_leave(struct gate *g, struct gate_try *t);
/* The tally of an address, held for whoever counts its logins; NULL: ENOMEM. */
struct tally *gate_address(struct gate *g, uint32_t scope,
	    const struct addr_key *from, int64_t now);
/* The key of an address's network: a /24 or a /48. */
void	 gate_net(const struct addr_key *from, uint8_t key[TALLY_KEY]);
/* Whether an address stands for many clients. */
bool	 gate_shared(const struct addr_key *from);
size_t	 gate_waiting(const struct gate *g);
size_t	 gate_waiting_for(const struct gate *g, unsigned int pool);
size_t	 gate_tallies(const struct gate *g);	/* for tests */

#endif
