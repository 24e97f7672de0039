/*
 * Every object name is built here, and parsed (DESIGN section 3; pail-bucket.5,
 * "Object names").  Names do not include the key-prefix, which the blob layer
 * adds (key_join()).
 *
 *	pail
 *	app-passwords
 *	ready/<id>
 *	<h>/<user>/head
 *	<h>/<user>/turn
 *	<h>/<user>/manifest/<id>   pack/<id>   msg/<id>   index/<id>
 *	<h>/<user>/log/<first>-<last>-<id>
 *
 * <user> is user_key(), <h> the beginning of user_h8() (common/user.h), as many
 * digits as key_disperse() was told, or "u"; <id> is 32 lower-case hex digits,
 * <first> and <last> are 16, so that a listing is in the order of the numbers.
 */
#ifndef STORAGED_KEY_H
#define STORAGED_KEY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define KEY_MAX		1024	/* with the key-prefix and NUL: S3's limit */
#define KEY_STORE	"pail"
#define KEY_APPS	"app-passwords"
#define KEY_PROBE	"probe/"	/* s3_probe.h: not a store in use */
#define KEY_READY	"ready/"	/* ready.h */
#define KEY_BACKOFF	"turn"	/* behind <h>/<user>/: a back-off
					   hint, whose older name stays in the
					   bucket (commit_backoff.c) */
#define KEY_NAME_MAX	128	/* the part behind <h>/<user>/, with NUL */

enum key_kind {
	KEY_HEAD	= 0,	/* head */
	KEY_MANIFEST	= 1,	/* manifest/<id> */
	KEY_LOG		= 2,	/* log/<first>-<last>-<id> */
	KEY_PACK	= 3,	/* pack/<id> */
	KEY_MSG		= 4,	/* msg/<id> */
	KEY_INDEX	= 5	/* index/<id> */
};
const char *key_kind_name(enum key_kind kind);	/* "log" */

/*
 * How many hex digits <h> has (store.dispersion): 0 to KEY_DISPERSION, which it
 * is until this is called, once, before there is any user.
 */
#define KEY_DISPERSION	8
void	 key_disperse(unsigned n);
unsigned key_dispersion(void);

/* <h>/<user>/; 0, or -1: the user id is too long for an object name. */
int	 key_user(const char *user, char *dst, size_t size);
/* Is it a <user>: what user_key() may have made?  Hostile, not terminated. */
bool	 key_user_valid(const char *s, size_t len);
/* prefix (by key_user()) + "head". */
int	 key_head(const char *prefix, char *dst, size_t size);
/* All kinds but KEY_HEAD and KEY_LOG. */
int	 key_object(const char *prefix, enum key_kind kind,
	    const uint8_t id[16], char *dst, size_t size);
/* first and last: commit numbers, 16 lower-case hex digits each. */
int	 key_log(const char *prefix, uint64_t first, uint64_t last,
	    const uint8_t id[16], char *dst, size_t size);
/* A new random id. */
void	 key_new_id(uint8_t id[16]);

/* Is it the name (after the user's prefix) of an immutable object? */
bool	 key_name_valid(const char *name);

struct key_parts {
	enum key_kind	 kind;
	char		 user[201];	/* as in the name (user_key()) */
	uint8_t		 id[16];	/* zero for KEY_HEAD */
	uint64_t	 first, last;	/* KEY_LOG */
};
/* A complete name, as returned by LIST (hostile).  -1: not the name of a user's
 * object. */
int	 key_parse(const char *key, struct key_parts *k);

/*
 * The key-prefix as configured: "" or components joined by '/', each of
 * printable ASCII and not beginning with a dot; at most 511 bytes.  dst gets
 * the canonical form, which ends with '/' unless it is empty; -1 with the
 * reason in why (for the operator).
 */
#define KEY_PREFIX_MAX	512
int	 key_prefix(const char *conf, char *dst, size_t size, const char **why);
/* prefix (canonical) and key; -1: longer than KEY_MAX - 1 (S3's own
 * limit), or it does not fit. */
int	 key_join(const char *prefix, const char *key, char *dst, size_t size);

#endif
