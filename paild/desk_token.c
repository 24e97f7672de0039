/*
 * The table of tokens.  It keeps their hashes, so that nobody reads a token in
 * the parent's memory, and compares all of them in a time that tells nothing.
 */
#include "common/compat.h"

#include <openssl/rand.h>
#include <openssl/sha.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/hex.h"
#include "common/mem.h"
#include "paild/desk_token.h"

struct desk_token {
	bool			 live;
	uint8_t			 hash[SHA256_DIGEST_LENGTH];
	int64_t			 made, used;
	struct desk_login	 login;
};

struct desk_tokens {
	struct desk_token	 token[DESK_TOKENS];
	uint64_t		 last;		/* serial */
};

struct desk_tokens *
desk_tokens_new(void)
{
	return mem_new(1, sizeof(struct desk_tokens));
}

void
desk_tokens_free(struct desk_tokens *t)
{
	freezero(t, sizeof(*t));
}

static void
expire(struct desk_tokens *t, int64_t now)
{
	struct desk_token	*k;

	for (k = t->token; k < t->token + DESK_TOKENS; k++)
		if (k->live && (now - k->used >= DESK_IDLE_MS ||
		    now - k->made >= DESK_LIFE_MS))
			explicit_bzero(k, sizeof(*k));
}

/* Where the next one of user goes. */
static struct desk_token *
pick(struct desk_tokens *t, const char *user)
{
	struct desk_token	*k, *free = NULL, *own = NULL, *any = t->token;
	unsigned int		 n = 0;

	for (k = t->token; k < t->token + DESK_TOKENS; k++) {
		if (!k->live) {
			free = free == NULL ? k : free;
			continue;
		}
		if (k->used < any->used)
			any = k;
		if (strcmp(k->login.user, user) != 0)
			continue;
		n++;
		if (own == NULL || k->used < own->used)
			own = k;
	}
	if (own != NULL && (n >= DESK_PER_USER || free == NULL))
		return own;
	return free != NULL ? free : any;
}

int
desk_tokens_make(struct desk_tokens *t, const struct desk_login *l,
    int64_t now, char token[ADMIN_TOKEN + 1])
{
	struct desk_token	*k;
	uint8_t			 raw[ADMIN_TOKEN / 2];

	if (RAND_bytes(raw, sizeof(raw)) != 1)
		return -1;
	hex_print(raw, sizeof(raw), token);
	explicit_bzero(raw, sizeof(raw));
	expire(t, now);
	k = pick(t, l->user);
	SHA256((const unsigned char *)token, ADMIN_TOKEN, k->hash);
	k->made = k->used = now;
	k->login = *l;
	k->login.serial = ++t->last;
	k->live = true;
	return 0;
}

static struct desk_token *
find(struct desk_tokens *t, struct str token)
{
	struct desk_token	*k, *found = NULL;
	uint8_t			 hash[SHA256_DIGEST_LENGTH];

	if (token.len != ADMIN_TOKEN)
		return NULL;
	SHA256((const unsigned char *)token.p, token.len, hash);
	for (k = t->token; k < t->token + DESK_TOKENS; k++)
		if (timingsafe_memcmp(k->hash, hash, sizeof(hash)) == 0 &&
		    k->live)
			found = k;
	return found;
}

const struct desk_login *
desk_tokens_use(struct desk_tokens *t, struct str token, int64_t now)
{
	struct desk_token	*k;

	expire(t, now);
	if ((k = find(t, token)) == NULL)
		return NULL;
	k->used = now;
	return &k->login;
}

bool
desk_tokens_live(struct desk_tokens *t, uint64_t serial, int64_t now)
{
	struct desk_token	*k;

	expire(t, now);
	for (k = t->token; k < t->token + DESK_TOKENS; k++)
		if (k->live && k->login.serial == serial)
			return true;
	return false;
}

void
desk_tokens_end(struct desk_tokens *t, struct str token)
{
	struct desk_token	*k = find(t, token);

	if (k != NULL)
		explicit_bzero(k, sizeof(*k));
}

size_t
desk_tokens_revoke(struct desk_tokens *t, const char *user)
{
	struct desk_token	*k;
	size_t			 n = 0;

	for (k = t->token; k < t->token + DESK_TOKENS; k++)
		if (k->live && strcmp(k->login.user, user) == 0) {
			explicit_bzero(k, sizeof(*k));
			n++;
		}
	return n;
}

size_t
desk_tokens_count(struct desk_tokens *t, int64_t now)
{
	size_t	i, n = 0;

	expire(t, now);
	for (i = 0; i < DESK_TOKENS; i++)
		n += t->token[i].live;
	return n;
}
