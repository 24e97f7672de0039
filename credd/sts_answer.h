/* What an STS answers: XML (AWS STS API Reference, AssumeRole and "Common
 * Errors"), hostile until it is parsed here. */
#ifndef CREDD_STS_ANSWER_H
#define CREDD_STS_ANSWER_H

#include <stddef.h>
#include <stdint.h>

#include "credd/secret.h"

/*
 * The set of an answer of status 200 to action ("AssumeRole"), with its end
 * and, if it is told, the ARN of the session.  NULL with the reason in why;
 * nothing of the answer is in it.  now: a set that has ended is none.
 */
struct cred_secret *sts_answer_set(const void *body, size_t len,
	    const char *action, int64_t now, char *why, size_t size);
/* The ARN in an answer of status 200 to GetCallerIdentity.  -1 with the reason
 * in why, and dst empty. */
int	 sts_answer_who(const void *body, size_t len, char *dst, size_t size,
	    char *why, size_t why_size);
/*
 * Of another status: "AccessDenied (status 403): the STS's own words", as far
 * as they are there; printable ASCII, and never over size.
 */
void	 sts_answer_error(int status, const void *body, size_t len, char *why,
	    size_t size);
/* Stars for what text repeats of a secret, 12 bytes of it or more. */
void	 sts_answer_hide(char *text, const char *secret);

#endif
