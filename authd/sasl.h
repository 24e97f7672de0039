/*
 * SASL (RFC 4422), the server's side: a table of mechanisms, each a step
 * function that turns a client's messages into credentials.  No I/O, and no
 * opinion on whether the credentials are right.
 */
#ifndef AUTHD_SASL_H
#define AUTHD_SASL_H

#include <stdbool.h>
#include <stddef.h>

#include "common/buf.h"

#define SASL_LOGIN_MAX		700	/* bytes of a login name */
#define SASL_PASSWORD_MAX	4096

enum sasl_next {
	SASL_MORE,	/* send the challenge, then call again */
	SASL_DONE,	/* login and password are there */
	SASL_BAD,	/* not this mechanism's syntax */
	SASL_DENIED	/* well formed, but can never be right */
};

enum sasl_proof {
	SASL_PASSWORD,	/* login and password, for a backend */
	SASL_TOKEN	/* password holds a token of paild's */
};

struct sasl;

struct sasl_mech {
	const char	*name;		/* RFC 4422 section 3.1, upper case */
	enum sasl_proof	 proof;
	/* present: there is a message (the first may lack one).  in is
	 * borrowed; *challenge is static. */
	enum sasl_next	(*step)(struct sasl *s, bool present, struct str in,
			    struct str *challenge);
};

/* One exchange.  The credentials are NUL-terminated copies without a NUL
 * inside; sasl_end() wipes them. */
struct sasl {
	const struct sasl_mech	*mech;
	unsigned int		 steps;
	char			*login;
	char			*password;
};

extern const struct sasl_mech sasl_plain, sasl_login, sasl_preauth;

/* The mechanism of that name (upper case), or NULL. */
const struct sasl_mech *sasl_find(struct str name);
void	 sasl_begin(struct sasl *s, const struct sasl_mech *mech);
enum sasl_next sasl_step(struct sasl *s, bool present, struct str in,
	    struct str *challenge);
void	 sasl_end(struct sasl *s);	/* wipes; may be called twice */

/* For the mechanisms: copy bytes to a credential.  -1: empty, a NUL inside,
 * over max, or no memory. */
int	 sasl_keep(char **slot, struct str bytes, size_t max);

#endif
