/*
 * Who is that?  One name, looked up without a password: the lookups of all
 * entries of `auth:` are asked in turn until one knows it, but for those that
 * know no names at all (tokens).
 */
#ifndef AUTHD_WHO_H
#define AUTHD_WHO_H

#include <stdbool.h>
#include <stdint.h>

#include "common/msg_auth.h"

struct authd;
struct work_job;

enum who_code {
	WHO_USER,
	WHO_NONE,		/* all have said that they do not know it */
	WHO_BARRED,		/* it is known, and may not be used */
	WHO_AWAY		/* one that may know it could not be asked */
};

struct who_answer {
	enum who_code		 code;
	const char		*user;		/* WHO_USER: the user id */
	struct found_quota	 quota;		/* the same */
	bool			 unsure;	/* WHO_USER: one that was asked
						 * before could not tell */
	const char		*why;		/* WHO_AWAY: the reason */
};

/* Embedded in what waits. */
struct who {
	struct authd	*authd;
	uint32_t	 lane;
	const char	*name;
	const char	*remote;
	void		(*done)(void *arg, const struct who_answer *a);
	void		*arg;
	bool		 fresh;		/* not from what was said before */
	bool		 login;		/* who may log in, not who gets mail */
	uint32_t	 next;		/* the entry that is asked */
	struct work_job	*job;
	bool		 unsure;
	char		 why[128];
};

/*
 * Of w, authd, lane (work.h), name (normalized), remote, fresh, login, done and
 * arg are set; all is borrowed until then.  done is called once, perhaps from
 * within this call: touch neither w nor what holds it after it.
 */
void	 who_begin(struct who *w);
void	 who_cancel(struct who *w);	/* also when nothing is asked */

#endif
