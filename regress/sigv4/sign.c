/*
 * Signs what test_sigv4.py gives it, as credd and storaged do together.  A
 * request is lines: access key, secret, token, date, region, service, method,
 * path, query, payload's hash, number of headers; then each header's name and
 * value, a line each.  The answer is a line: Authorization.  The path is the
 * object's name, the query whole.
 */
#include "common/compat.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/sigv4.h"
#include "credd/sigkey.h"

#define LINES	11

static char *
line(void)
{
	static char	*kept[LINES + 2 * SIGV4_HEADERS_MAX];
	static size_t	 sizes[LINES + 2 * SIGV4_HEADERS_MAX], at;
	ssize_t		 n;

	at = (at + 1) % (LINES + 2 * SIGV4_HEADERS_MAX);
	if ((n = getline(&kept[at], &sizes[at], stdin)) <= 0)
		exit(0);
	kept[at][n - 1] = '\0';
	return kept[at];
}

int
main(void)
{
	struct sigv4_header	 h[SIGV4_HEADERS_MAX];
	struct sigv4_request	 r;
	struct sigv4_key	 k;
	char			 path[8192], auth[SIGV4_AUTH_MAX];
	const char		*secret;
	size_t			 i;

	for (;;) {
		memset(&k, 0, sizeof(k));
		memset(&r, 0, sizeof(r));
		strlcpy(k.access_key, line(), sizeof(k.access_key));
		secret = line();
		strlcpy(k.token, line(), sizeof(k.token));
		r.date = line();
		strlcpy(k.date, r.date, sizeof(k.date));
		strlcpy(k.region, line(), sizeof(k.region));
		strlcpy(k.service, line(), sizeof(k.service));
		r.method = line();
		if (sigv4_encode(line(), 1, path, sizeof(path)) == -1)
			return 1;
		r.path = path;
		r.query = line();
		r.payload = line();
		r.nheaders = (size_t)atoi(line());
		if (r.nheaders > SIGV4_HEADERS_MAX)
			return 1;
		for (i = 0; i < r.nheaders; i++) {
			h[i].name = line();
			h[i].value = line();
		}
		r.headers = h;
		if (sigkey_derive(k.key, secret, k.date, k.region,
		    k.service) == -1 ||
		    sigv4_sign(&k, &r, auth, sizeof(auth)) == -1)
			return 1;
		puts(auth);
	}
}
