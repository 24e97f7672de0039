/*
 * Where passwords are checked: a table of backends, run by authd's workers,
 * which may block.
 */
#ifndef AUTHD_BACKEND_H
#define AUTHD_BACKEND_H

#include <stddef.h>
#include <stdint.h>

#include "common/buf.h"
#include "common/msg_auth.h"
#include "common/slice.h"
#include "common/user.h"

struct backend_answer {
	enum work_result_code	 code;
	char			 user[USER_ID_MAX + 1];	/* WORK_YES */
	/* WORK_UNAVAILABLE: the reason.  Else the backend's generation: a
	 * text that changes when what it has checked against changes; empty
	 * when it has none (its answers are not cached then). */
	char			 why[128];
};

struct backend_kind {
	const char	*type;		/* auth.N.type */
	/* The state of the Nth entry; NULL and the reason in why. */
	void		*(*open)(const struct slice *conf, uint32_t index,
			    char *why, size_t size);
	/* An unknown user (an empty name is only a question for the
	 * generation) costs the time of a wrong password. */
	void		 (*check)(void *state, struct str user,
			    struct str password, struct backend_answer *a);
	void		 (*close)(void *state);
};

extern const struct backend_kind backend_file;

/* NULL for an unknown type. */
const struct backend_kind *backend_find(const char *type);

#endif
