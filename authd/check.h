/*
 * From a name and a password to a user: the cache, then one backend after
 * the other.  In a lane there is one check of a name at a time: the same
 * password asked again meanwhile shares its answer, another one waits (and
 * is told to try again), so that guesses cannot outrun the throttle.
 */
#ifndef AUTHD_CHECK_H
#define AUTHD_CHECK_H

#include <sys/queue.h>

#include <stdbool.h>
#include <stdint.h>

#include "authd/cache.h"
#include "authd/work.h"

enum check_code {
	CHECK_YES,
	CHECK_NO,
	CHECK_UNAVAILABLE,
	CHECK_AGAIN	/* another password of that name was being checked */
};

struct check_answer {
	enum check_code	 code;
	const char	*user;		/* CHECK_YES: the user id */
	struct str	 why;		/* for the log, not for the client */
	bool		 first;		/* of those who asked the same */
	bool		 cached;
};

struct check;
struct checks;

/* Embedded in what waits. */
struct check_wait {
	TAILQ_ENTRY(check_wait)	 entry;
	struct check		*check;	/* NULL: does not wait */
	bool			 joined;
	uint8_t			 mac[MAC_LEN];
	/* May free w; may begin another check. */
	void			(*done)(struct check_wait *w,
				    const struct check_answer *a);
};

/* cache and work are borrowed.  backends: how many are configured. */
struct checks *checks_new(struct work *work, struct cache *cache,
	    uint32_t backends);
void	 checks_free(struct checks *c);		/* no callbacks */
void	 checks_set_backends(struct checks *c, uint32_t backends);
/*
 * name is normalized.  w->done is called once, perhaps from within this
 * call: touch neither w nor what holds it after it.
 */
void	 check_begin(struct checks *c, struct check_wait *w, uint32_t lane,
	    const char *name, struct str password);
void	 check_cancel(struct check_wait *w);	/* also when it does not wait */
/* What is being checked for that user is checked anew before it counts. */
void	 checks_revoke(struct checks *c, const char *user);

#endif
