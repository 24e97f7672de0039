/*
 * A password put to PAM, in a process of its own: what a module does to its
 * process (limits, umask, leaks, a crash) is gone with it.
 */
#ifndef AUTHD_PAM_TALK_H
#define AUTHD_PAM_TALK_H

#include <stdbool.h>
#include <stddef.h>

#include "common/buf.h"
#include "common/msg_auth.h"

#define PAM_TALK_PASSWORD	511	/* bytes: PAM_MAX_RESP_SIZE */

struct pam_ask {
	const char	*service;
	const char	*user;
	struct str	 password;
	const char	*remote;	/* PAM_RHOST; "": none */
	bool		 account;	/* the account, too */
	bool		 session;	/* and a session, opened and closed */
};

/*
 * Blocks, for no longer than the caller's ITIMER_REAL.  YES; NO or UNKNOWN of
 * the password; EXPIRED and LOCKED, which only an account or a session is; or
 * UNAVAILABLE.  The reason is in why, but for YES.
 */
enum work_result_code pam_talk(const struct pam_ask *ask, char *why,
	    size_t size);

#endif
