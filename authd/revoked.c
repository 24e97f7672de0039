/*
 * A slot for each hash of a name; a later name takes it over.  What is
 * forgotten costs a user who has just logged in that session, never more.
 */
#include "common/compat.h"

#include <openssl/evp.h>

#include <stdlib.h>
#include <string.h>

#include "authd/revoked.h"
#include "common/log.h"

struct revoked {
	struct {
		uint64_t	 user;		/* of a SHA-256 */
		int64_t		 when;		/* 0: free */
	} slot[REVOKED_SLOTS];
};

struct revoked *
revoked_new(void)
{
	return calloc(1, sizeof(struct revoked));
}

void
revoked_free(struct revoked *r)
{
	free(r);
}

static uint64_t
sum(const char *user)
{
	unsigned char	 md[EVP_MAX_MD_SIZE];
	unsigned int	 len;
	uint64_t	 n;

	if (EVP_Digest(user, strlen(user), md, &len, EVP_sha256(),
	    NULL) != 1)
		fatalx("this libcrypto has no SHA-256");
	memcpy(&n, md, sizeof(n));
	return n;
}

void
revoked_put(struct revoked *r, const char *user, int64_t now)
{
	uint64_t	n = sum(user);

	r->slot[n % REVOKED_SLOTS].user = n;
	r->slot[n % REVOKED_SLOTS].when = now;
}

bool
revoked_since(const struct revoked *r, const char *user, int64_t change,
    int64_t now)
{
	uint64_t	n = sum(user);
	int64_t		when = r->slot[n % REVOKED_SLOTS].when;

	/* A time to come: the clock was set back, and tells nothing. */
	return when != 0 && r->slot[n % REVOKED_SLOTS].user == n &&
	    when >= change && when <= now;
}
