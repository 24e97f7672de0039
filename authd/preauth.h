/*
 * The operator's way into a mailbox (DESIGN section 7): paild registers a user
 * and a token; whoever presents the token within a minute is that user, once.
 */
#ifndef AUTHD_PREAUTH_H
#define AUTHD_PREAUTH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PREAUTH_TOKEN_MAX	256	/* bytes */
#define PREAUTH_LIFE_MS		60000
#define PREAUTH_TOKENS		64	/* the oldest makes room */

struct preauth;

struct preauth *preauth_new(void);	/* NULL on ENOMEM */
void	 preauth_free(struct preauth *p);	/* NULL is fine */
/* user: a user id. now: milliseconds of a monotonic clock.  -1: the token is
 * empty or too long. */
int	 preauth_add(struct preauth *p, const char *user, const char *token,
	    int64_t now);
/* Uses the token up: true, and the user with its NUL in user[size]. */
bool	 preauth_take(struct preauth *p, const char *token, int64_t now,
	    char *user, size_t size);
/* Forgets the tokens of a user whose logins are revoked. */
void	 preauth_revoke(struct preauth *p, const char *user);

#endif
