/* Any bytes as the answer of an STS: a set, or an error. */
#include "common/compat.h"

#include "common/fuzz.h"
#include "credd/sts_answer.h"

static void
fuzz_sts_answer(const uint8_t *in, size_t len)
{
	static const char *const actions[] = { "AssumeRole",
	    "AssumeRoleWithWebIdentity" };
	struct cred_secret	*s;
	char			 why[200], secret[64];
	size_t			 i, n = len < 63 ? len : 63;

	for (i = 0; i < nitems(actions); i++) {
		s = sts_answer_set(in, len, actions[i], 1, why, sizeof(why));
		if (s != NULL)
			FUZZ_CHECK(s->expires > 1 && cred_valid(s) &&
			    s->access_key[0] != '\0' && s->secret[0] != '\0' &&
			    s->token[0] != '\0');
		cred_secret_free(s);
	}
	FUZZ_CHECK((sts_answer_who(in, len, secret, sizeof(secret), why,
	    sizeof(why)) == 0) == (secret[0] != '\0'));
	sts_answer_error(403, in, len, why, sizeof(why));
	FUZZ_CHECK(why[0] != '\0' && strlen(why) < sizeof(why));
	if (n > 0)
		memcpy(secret, in, n);
	secret[n] = '\0';
	n = strlen(why);
	sts_answer_hide(why, secret);
	FUZZ_CHECK(strlen(why) == n);
}

int
main(int argc, char **argv)
{
	return fuzz_main(argc, argv, fuzz_sts_answer);
}
