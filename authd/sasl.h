/*
 * SASL (RFC 4422), server side: a table of mechanisms, each a step function
 * that turns a client's messages into credentials.  No I/O, and no decision on
 * whether the credentials are correct.
 */
#ifndef AUTHD_SASL_H
#define AUTHD_SASL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/buf.h"
#include "common/msg_auth.h"

#define SASL_LOGIN_MAX		700	/* bytes of a login name */
#define SASL_PASSWORD_MAX	4096
#define SASL_BEARER_MAX		8192	/* bytes of a token */
#define SASL_CHAIN_MAX		8000

enum sasl_next {
	SASL_MORE,	/* send the challenge, then call again */
	SASL_ASK,	/* login is there: sasl_scram_salt() goes on */
	SASL_DONE,	/* login and password are there */
	SASL_BAD,	/* not this mechanism's syntax */
	SASL_DENIED	/* well formed, but can never be correct */
};

enum sasl_proof {
	SASL_PASSWORD,	/* login and password, for a backend */
	SASL_PROOF,	/* the same, but password is what work_check says of
			 * WORK_PROOF; sasl_scram_signature() follows */
	SASL_BEARER,	/* password is an OAuth bearer token, for a backend;
			 * login is NULL if the client names nobody */
	SASL_TOKEN,	/* password is a token from paild */
	SASL_NAME	/* password is what work_check says of
			 * WORK_CERTIFICATE, and login the name in it */
};

struct sasl;

/* What the client's connection can be bound to, RFC 5929 and RFC 9266; of no
 * bytes: it has none of this type. */
struct sasl_binding {
	uint8_t		 exporter[AUTH_EXPORTER];
	size_t		 nexporter;
	uint8_t		 endpoint[AUTH_ENDPOINT_MAX];
	size_t		 nendpoint;
};

struct sasl_mech {
	const char	*name;		/* RFC 4422 section 3.1, upper case */
	enum sasl_proof	 proof;
	/* present: there is a message (the first may lack one).  in is
	 * borrowed; *challenge is static. */
	enum sasl_next	(*step)(struct sasl *s, bool present, struct str in,
			    struct str *challenge);
};

/* One exchange.  The credentials are copies, NUL-terminated and without a NUL
 * inside but for a proof or a chain; sasl_end() wipes them. */
struct sasl {
	const struct sasl_mech	*mech;
	unsigned int		 steps;
	char			*login;
	char			*password;
	size_t			 password_len;
	void			*memory;	/* the mechanism's, flat */
	size_t			 memory_size;
	const char		*nonce;		/* of a test; NULL: random */
	const char		*why;		/* BAD or DENIED: for the log;
						 * NULL: the usual reason */
	struct sasl_binding	 binding;	/* set after sasl_begin() */
};

extern const struct sasl_mech sasl_plain, sasl_login, sasl_scram,
    sasl_scram_plus, sasl_oauthbearer, sasl_xoauth2, sasl_preauth,
    sasl_external;

/* The mechanism of that name (upper case), or NULL. */
const struct sasl_mech *sasl_find(struct str name);
void	 sasl_begin(struct sasl *s, const struct sasl_mech *mech);
/* The word of sasl-mechanisms with which mech is offered: its name, or, for one
 * with -PLUS, that of the other, if sasl_can_bind(): the connection has a
 * channel binding. */
const char *sasl_word(const struct sasl_mech *mech);
bool	 sasl_can_bind(const struct sasl *s);
enum sasl_next sasl_step(struct sasl *s, bool present, struct str in,
	    struct str *challenge);
void	 sasl_end(struct sasl *s);	/* wipes; may be called twice */

/*
 * SCRAM: what a worker knows of the name ("s=SALT,i=ITERATIONS"), and its
 * signature when the proof was right.  The challenge is borrowed.  -1: not now,
 * or no random numbers.
 */
int	 sasl_scram_salt(struct sasl *s, struct str salt,
	    struct str *challenge);
int	 sasl_scram_signature(struct sasl *s, struct str signature,
	    struct str *challenge);

/* EXTERNAL, before its first step: the name in the certificate that the client
 * has shown, and its chain (WORK_CERTIFICATE).  -1: there is none, or it cannot
 * be kept, and the exchange will be denied. */
int	 sasl_external_peer(struct sasl *s, struct str name,
	    struct str chain);

/* For the mechanisms: are both names the same user's? */
bool	 sasl_same_user(struct str a, struct str b);
/* Copy bytes to a credential.  -1: empty, a NUL inside,
 * over max, or no memory. */
int	 sasl_keep(char **slot, struct str bytes, size_t max);

#endif
