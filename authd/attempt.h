/*
 * A password that is to be checked for a login: it waits at the gate
 * (gate.h), is checked, and its answer is told in its time.  It outlives a
 * login that is given up meanwhile: what was checked counts.
 */
#ifndef AUTHD_ATTEMPT_H
#define AUTHD_ATTEMPT_H

#include <stdbool.h>
#include <stdint.h>

#include "authd/check.h"
#include "authd/gate.h"
#include "authd/state.h"
#include "common/addr_key.h"
#include "common/log_context.h"
#include "common/user.h"

/* What it asks of its login, and tells it. */
struct attempt_ops {
	struct str	(*password)(const void *login);
	void		(*started)(void *login);	/* the check */
	void		(*held)(void *login);	/* wrong, to be told later */
	/* One of these is the last word: the attempt is no more. */
	void		(*right)(void *login, const struct check_answer *a);
	/* CHECK_NO, or EXPIRED or LOCKED: the password was right. */
	void		(*wrong)(void *login, enum check_code code,
			    const char *why);
	void		(*unavailable)(void *login, const char *why);
};

struct attempt {
	TAILQ_ENTRY(attempt)	 entry;
	struct authd		*authd;
	uint32_t		 scope;
	enum work_how		 how;
	const struct attempt_ops *ops;
	void			*login;		/* NULL: given up */
	struct gate_try		 gate;
	struct check_wait	 wait;
	struct event		*timer;		/* of due, or of its wait for
						 * another pool */
	int64_t			 due;		/* of a wrong one's answer */
	enum check_code		 code;		/* that is to be told then */
	uint8_t			 mac[MAC_LEN];
	char			 name[USER_ID_MAX + 1];
	char			 remote[64];
	char			 why[160];
	struct log_context	 context;	/* of its login */
};

/* The loop's part of the gate; attempts_free() ends all. */
int	 attempts_init(struct authd *a);	/* -1 on ENOMEM */
void	 attempts_free(struct authd *a);
/* The gate is asked again, soon. */
void	 attempts_turn(struct authd *a);
/* What is known to be wrong is told at once. */
void	 attempts_drain(struct authd *a);
/*
 * An attempt for login with its name and its password or proof (not copied:
 * ops is asked when the check begins); started() and the others follow, from
 * the loop.  remote is the client's address as text, from what it counts as.
 * NULL on ENOMEM.  *pause: milliseconds that it has to wait at
 * least.
 */
struct attempt *attempt_new(struct authd *a, uint32_t scope,
	    enum work_how how, const char *name, const char *remote,
	    const struct addr_key *from, const struct attempt_ops *ops,
	    void *login, int64_t *pause);
/* The login is over, or goes: nobody waits for an answer.  at is not used
 * any more; NULL is fine. */
void	 attempt_leave(struct attempt *at);
/* Has it been looked at, and waits for another backend's workers?  NULL: no. */
bool	 attempt_waits(const struct attempt *at);
/* Does it only follow another with the same password?  NULL: no. */
bool	 attempt_rides(const struct attempt *at);

#endif
