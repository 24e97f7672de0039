/*
 * Where users are looked up and passwords verified, run by authd's workers,
 * which may block.  Two tables: a lookup says who this is and what is his, a
 * verifier whether it is him; either may be of one kind and the other of
 * another.  A type of `auth:` names its pair; its workers are
 * common/auth_kind.h's.
 */
#ifndef AUTHD_BACKEND_H
#define AUTHD_BACKEND_H

#include <stddef.h>
#include <stdint.h>

#include "authd/cache.h"
#include "common/auth_kind.h"
#include "common/buf.h"
#include "common/msg_auth.h"
#include "common/sandbox.h"
#include "common/scram.h"
#include "common/slice.h"
#include "common/user.h"

#define BACKEND_SECRET_MAX	1024	/* bytes */

enum found_code { FOUND_USER, FOUND_NONE, FOUND_AWAY };

/* What a lookup knows of a name. */
struct found {
	char	 name[USER_ID_MAX + 1];		/* who was asked for */
	char	 remote[64];			/* the client's address */
	char	 user[USER_ID_MAX + 1];		/* FOUND_USER: the user id */
	/* What a password is verified against, if this lookup has it: a hash,
	 * or the DN to bind as.  FOUND_NONE: one that takes the time of a
	 * user's, and is wrong. */
	char	 secret[BACKEND_SECRET_MAX + 1];
	/* A text that changes when what was looked at changes; empty: none
	 * (and no answer is cached).  CACHE_LASTING (cache.h): it cannot be
	 * told, and an answer counts as long as it is cached. */
	char	 generation[128];
	/* iterations 0: this lookup has no keys of SCRAM, or was not asked for
	 * them.  Else the user's, or, for who has none, some that nobody can
	 * tell from them and that no proof is right for. */
	struct scram_keys keys;
	bool	 has_keys;			/* they are the user's */
	bool	 alike;				/* somebody here has keys */
	bool	 unproved;			/* only the right password will
						 * show that there is one */
	bool	 barred;			/* no password is right */
	bool	 locked;			/* nor anything else */
	bool	 unclear;			/* FOUND_NONE: there is one, but
						 * not who it is; see why */
	struct found_quota quota;		/* FOUND_USER */
	char	 where[64];			/* for the log: "line 12" */
	char	 why[128];			/* FOUND_AWAY: the reason */
};

struct lookup_kind {
	/* The state of the Nth entry of auth; NULL and the reason in why. */
	void		*(*open)(const struct slice *conf, uint32_t index,
			    char *why, size_t size);
	/* f is zero but for name and remote.  An empty name asks only for
	 * the generation.  keys: those of SCRAM are asked for, too. */
	enum found_code	 (*find)(void *state, struct str name, bool keys,
			    struct found *f);
	/* The next user who is gone, or has another secret, since it was
	 * asked before, and since when (milliseconds since 1970); NULL: none,
	 * or not certain yet.  Cheap when nothing has changed.  NULL itself:
	 * it cannot tell. */
	const char	*(*gone)(void *state, int64_t *changed);
	void		 (*close)(void *state);
	/* Has the directory refused our own password since it was asked
	 * before?  Then the name of its key ("service-password"), whose file
	 * may hold another by now; else NULL.  NULL itself: it has none. */
	const char	*(*wants)(void *state);
	/* What the file holds: is it another? */
	bool		 (*given)(void *state, struct str secret);
};

struct verifier_kind {
	/* What it verifies: WORK_PASSWORD or WORK_CERTIFICATE. */
	enum work_how	 how;
	/* As above; NULL: it needs no state. */
	void		*(*open)(const struct slice *conf, uint32_t index,
			    char *why, size_t size);
	/* Is it f->user, or (FOUND_NONE) how long would it have taken?  YES,
	 * NO, UNKNOWN, or UNAVAILABLE and the reason in why.  The same with
	 * EXPIRED and LOCKED: only if the password was right.  It may learn
	 * only here which id is his, and then sets f->user. */
	enum work_result_code (*verify)(void *state, struct found *f,
			    struct str password, char *why, size_t size);
	void		 (*close)(void *state);
	/* As found's, for where another kind's lookup is used; NULL: none. */
	void		 (*generation)(void *state, char *dst, size_t size);
};

/* A bearer token says itself who it is. */
struct token_kind {
	void		*(*open)(const struct slice *conf, uint32_t index,
			    char *why, size_t size);
	/* YES and the user id, NO, EXPIRED, UNKNOWN (another's), or
	 * UNAVAILABLE; why for the log. */
	enum work_result_code (*whose)(void *state, struct str token,
			    char user[USER_ID_MAX + 1], char *why,
			    size_t size);
	/* Called every few seconds; may block, as a check. */
	void		 (*tick)(void *state);
	void		 (*close)(void *state);
	/* As a lookup's, of the provider; NULL: there is no such secret. */
	const char	*(*wants)(void *state);
	bool		 (*given)(void *state, struct str secret);
};

struct backend_kind {
	const char			*type;	/* auth.N.type, .lookup */
	const struct lookup_kind	*lookup;	/* NULL: it has none */
	const struct verifier_kind	*verifier;	/* the same */
	const struct token_kind		*token;		/* instead of both */
	/* What a worker of that entry needs of the system. */
	void	(*reach)(const struct slice *conf, uint32_t index,
		    struct sandbox *box);
};

extern const struct lookup_kind lookup_file, lookup_system;
extern const struct verifier_kind verifier_hash;
#define X(name, workers, timeout, traits, own, arg)			\
extern const struct backend_kind backend_##name;
AUTH_KINDS(X, )
#undef X

/* One more, for tests. */
extern const struct backend_kind *backend_test;

/* The number of the backend of app passwords, which is not in `auth:`. */
#define BACKEND_APP	(2 * AUTH_ENTRIES_MAX)

/* One entry of `auth:`, or BACKEND_APP. */
struct backend;

struct backend_answer {
	enum work_result_code	 code;
	char			 user[USER_ID_MAX + 1];	/* WORK_YES */
	char			 why[128];	/* YES, NO, UNKNOWN: the
						 * generation; else the
						 * reason */
	uint8_t			 data[WORK_DATA_MAX];
	size_t			 len;
	struct found_quota	 quota;	/* WORK_YES */
};

/* NULL for an unknown type. */
const struct backend_kind *backend_find(const char *type);
/* The verifier of that entry of `auth:`, with the lookup if that is its own
 * or (AUTH_FOUND) needed to verify.  NULL and the reason in why. */
struct backend *backend_open(const struct slice *conf, uint32_t index,
	    char *why, size_t size);
/* The entry's lookup, where it is another kind's: it answers WORK_NAME. */
struct backend *backend_open_lookup(const struct slice *conf, uint32_t index,
	    char *why, size_t size);
void	 backend_close(struct backend *b);	/* NULL is fine */
/* As WORK_CHECK says of how.  Blocks.  An unknown user (an empty name is only a
 * question for the generation) costs the time of a wrong password.  WORK_SALT:
 * not YES is NO when users of this backend have keys that look like it.
 * remote: the client's address. */
void	 backend_check(struct backend *b, enum work_how how, struct str user,
	    struct str password, struct str remote, struct backend_answer *a);
struct backend *backend_open_app(const struct slice *conf, char *why,
	    size_t size);
/* backend_app.c's part of it: state is lookup_app's; the answer's data is the
 * app password's id, a space, and its name. */
void	 backend_app_check(void *state, enum work_how how, struct str user,
	    struct str password, struct backend_answer *a);
/* As lookup_kind's. */
const char *backend_gone(struct backend *b, int64_t *changed);
/* token_kind's. */
void	 backend_tick(struct backend *b);
const char *backend_wants(struct backend *b);
bool	 backend_given(struct backend *b, struct str secret);

#endif
