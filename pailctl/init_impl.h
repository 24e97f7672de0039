/* What the parts of pailctl init share. */
#ifndef PAILCTL_INIT_IMPL_H
#define PAILCTL_INIT_IMPL_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>

#include "common/buf.h"

#define INIT_ANSWER_MAX	1024	/* bytes, with NUL */
#define INIT_WHY	2048

/* In the order in which they are asked. */
enum init_key {
	INIT_SANDBOX,
	INIT_STORE,
	INIT_PATH,
	INIT_BUCKET,
	INIT_REGION,
	INIT_ENDPOINT,
	INIT_CREDENTIALS,
	INIT_ACCESS_KEY,
	INIT_SECRET_KEY,
	INIT_STORE_CHECK,	/* not a question: the whole store is tried */
	INIT_CERTIFICATE,
	INIT_PRIVATE_KEY,
	INIT_LISTEN,
	INIT_DOMAINS,
	INIT_USER,
	INIT_PASSWORD,
	/* not asked: only by flag */
	INIT_CACHE,
	INIT_CONTROL_SOCKET,
	INIT_KEYS
};

struct init {
	const char	*file;		/* to be written */
	const char	*program;	/* our argv[0] */
	char		 dir[PATH_MAX];	/* for what file refers to */
	bool		 tty;		/* somebody can be asked */
	char		*answer[INIT_KEYS];	/* NULL: none yet */
};

struct init_question {
	const char	*flag;		/* --bucket */
	const char	*text;		/* NULL: never asked */
	const char	*help;		/* for "?" and --help */
	bool		 secret;	/* is not shown, and wiped */
	/* Is it asked, after what was answered so far?  NULL: yes. */
	bool		(*applies)(const struct init *in);
	/* The default; NULL: there is none. */
	const char	*(*fallback)(const struct init *in);
	/* 0, or -1 with what is wrong with the answer in why. */
	int		(*try)(struct init *in, char *why, size_t size);
};

extern const struct init_question init_questions[INIT_KEYS];

/* An answer; "" if it is "none", or there is none. */
const char *init_get(const struct init *in, enum init_key k);
bool	 init_is(const struct init *in, enum init_key k, const char *word);
void	 init_set(struct init *in, enum init_key k, const char *value);
void	 init_forget(struct init *in, enum init_key k);

/*
 * The configuration that follows from the answers.  draft: complete at any time
 * (what is not answered has a value that is valid), with the secret in it.
 */
void	 init_yaml(const struct init *in, bool draft, struct buf *out);
/* The file for the secret key, and that of the users. */
void	 init_path(const struct init *in, const char *name,
	    char path[PATH_MAX]);

/* Tries of single answers (init_question.try). */
int	 init_try_conf(struct init *in, char *why, size_t size);
int	 init_try_region(struct init *in, char *why, size_t size);
int	 init_try_endpoint(struct init *in, char *why, size_t size);
/* Also whether the file for it is free, or holds this very key. */
int	 init_try_secret(struct init *in, char *why, size_t size);
int	 init_try_certificate(struct init *in, char *why, size_t size);
int	 init_try_key(struct init *in, char *why, size_t size);
int	 init_try_listen(struct init *in, char *why, size_t size);
int	 init_try_store(struct init *in, char *why, size_t size);

/* The question whose answer is to blame for what the check of the store
 * says. */
enum init_key init_blame(const struct init *in, const char *why);

#endif
