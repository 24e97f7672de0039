/*
 * One-time tokens of paild's.  Must never compare a token in a time that
 * tells how much of it was right, nor accept one twice.
 */
#include "common/compat.h"

#include "authd/mac.h"
#include "authd/preauth.h"
#include "common/user.h"

#define PREAUTH_TAG	0x70726561

struct preauth_token {
	bool	 live;
	int64_t	 until;
	uint8_t	 mac[MAC_LEN];
	char	 user[USER_ID_MAX + 1];
};

struct preauth {
	struct preauth_token	 token[PREAUTH_TOKENS];
};

static void
preauth_mac(uint8_t out[MAC_LEN], const char *token)
{
	struct str	part = str_from(token);

	mac_make(out, PREAUTH_TAG, &part, 1);
}

struct preauth *
preauth_new(void)
{
	return calloc(1, sizeof(struct preauth));
}

void
preauth_free(struct preauth *p)
{
	freezero(p, sizeof(*p));
}

int
preauth_add(struct preauth *p, const char *user, const char *token,
    int64_t now)
{
	struct preauth_token	*t, *pick = NULL;
	size_t			 i, len = strlen(token);

	if (len == 0 || len > PREAUTH_TOKEN_MAX ||
	    strlen(user) >= sizeof(t->user))
		return -1;
	for (i = 0; i < PREAUTH_TOKENS; i++) {
		t = &p->token[i];
		if (!t->live || t->until <= now) {
			pick = t;
			break;
		}
		if (pick == NULL || t->until < pick->until)
			pick = t;
	}
	preauth_mac(pick->mac, token);
	strlcpy(pick->user, user, sizeof(pick->user));
	pick->until = now + PREAUTH_LIFE_MS;
	pick->live = true;
	return 0;
}

bool
preauth_take(struct preauth *p, const char *token, int64_t now, char *user,
    size_t size)
{
	struct preauth_token	*t, *found = NULL;
	uint8_t			 mac[MAC_LEN];
	bool			 ok;
	size_t			 i;

	preauth_mac(mac, token);
	for (i = 0; i < PREAUTH_TOKENS; i++) {
		t = &p->token[i];
		if (t->live && timingsafe_memcmp(t->mac, mac, MAC_LEN) == 0)
			found = t;
	}
	if (found == NULL)
		return false;
	ok = found->until > now &&
	    strlcpy(user, found->user, size) < size;
	explicit_bzero(found, sizeof(*found));
	return ok;
}

void
preauth_revoke(struct preauth *p, const char *user)
{
	size_t	i;

	for (i = 0; i < PREAUTH_TOKENS; i++)
		if (p->token[i].live && strcmp(p->token[i].user, user) == 0)
			explicit_bzero(&p->token[i], sizeof(p->token[i]));
}
