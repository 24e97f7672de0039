/*
 * HTTP for a worker, which may block: a loop of its own runs until there is an
 * answer.  What it needs of files is read before the sandbox.
 */
#ifndef AUTHD_FETCH_H
#define AUTHD_FETCH_H

#include <stddef.h>

#include "authd/oidc.h"

struct http;

/* Once, before the sandbox (later calls do nothing).  -1 with why. */
int	 fetch_init(char *why, size_t size);
/* For servers with a certificate of these CAs (PEM, borrowed).  NULL with
 * why. */
struct http *fetch_trust(const char *pem, char *why, size_t size);
/* As oidc_io.ask; trust NULL: the system's CAs. */
int	 fetch_ask(struct http *trust, const struct oidc_ask *q,
	    struct oidc_answer *a);
void	 fetch_done(struct oidc_answer *a);	/* wipes the body */

#endif
