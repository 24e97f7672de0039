/* What several sources do with an answer over HTTP. */
#ifndef CREDD_FETCH_H
#define CREDD_FETCH_H

#include "common/http.h"
#include "credd/secret.h"

/*
 * The set in a JSON answer: AccessKeyId, SecretAccessKey, token (the name of
 * its member) and Expiration, with a Code, if there is one, of "Success".
 * NULL with the reason in why; nothing of the body is in it but Code.
 */
struct cred_secret *fetch_json(const void *body, size_t len,
	    const char *token, char *why, size_t size);
/* Why there is no answer of status 200: "time-out: ...", "status 500". */
void	 fetch_why(const struct http_result *r, char *why, size_t size);
/* A word of an answer, for a reason: printable, cut. */
void	 fetch_word(const void *p, size_t len, char *dst, size_t size);

#endif
