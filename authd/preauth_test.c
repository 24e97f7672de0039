/* paild's tokens: once, for a minute, for one user. */
#include "common/compat.h"

#include <stdio.h>

#include "authd/preauth.h"
#include "common/test.h"
#include "common/user.h"

int
main(void)
{
	struct preauth	*p = preauth_new();
	char		 user[USER_ID_MAX + 1], token[PREAUTH_TOKEN_MAX + 2];
	int		 i;

	CHECK(!preauth_take(p, "t1", 0, user, sizeof(user)));
	CHECK(preauth_add(p, "ann", "t1", 0) == 0);
	CHECK(!preauth_take(p, "t2", 0, user, sizeof(user)));
	CHECK(!preauth_take(p, "", 0, user, sizeof(user)));
	CHECK(preauth_take(p, "t1", 1, user, sizeof(user)));
	CHECK(strcmp(user, "ann") == 0);
	CHECK(!preauth_take(p, "t1", 1, user, sizeof(user)));
	/* a minute */
	preauth_add(p, "ann", "t1", 0);
	CHECK(!preauth_take(p, "t1", PREAUTH_LIFE_MS, user, sizeof(user)));
	preauth_add(p, "ann", "t1", 0);
	CHECK(preauth_take(p, "t1", PREAUTH_LIFE_MS - 1, user, sizeof(user)));
	/* revoked */
	preauth_add(p, "ann", "t1", 0);
	preauth_add(p, "bob", "t2", 0);
	preauth_revoke(p, "ann");
	CHECK(!preauth_take(p, "t1", 0, user, sizeof(user)));
	CHECK(preauth_take(p, "t2", 0, user, sizeof(user)));
	/* bounds */
	CHECK(preauth_add(p, "ann", "", 0) == -1);
	memset(token, 'x', PREAUTH_TOKEN_MAX + 1);
	token[PREAUTH_TOKEN_MAX + 1] = '\0';
	CHECK(preauth_add(p, "ann", token, 0) == -1);
	for (i = 0; i <= PREAUTH_TOKENS; i++) {
		snprintf(token, sizeof(token), "t%d", i);
		CHECK(preauth_add(p, "ann", token, i) == 0);
	}
	CHECK(!preauth_take(p, "t0", 100, user, sizeof(user)));
	CHECK(preauth_take(p, "t1", 100, user, sizeof(user)));
	preauth_free(p);
	preauth_free(NULL);
	return TEST_END();
}
