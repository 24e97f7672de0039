/* Any bytes as AWS's shared files: up to the first NUL the credentials file,
 * behind it the config file.  What comes of it fits, and a failure has a
 * reason. */
#include "common/compat.h"

#include <string.h>

#include "common/fuzz.h"
#include "credd/profile.h"

static void
check_plan(const struct profile_plan *p)
{
	size_t	i;

	FUZZ_CHECK(p->nroles <= PROFILE_ROLES_MAX);
	FUZZ_CHECK((p->base == PROFILE_KEYS) == (p->keys != NULL));
	for (i = 0; i < p->nroles; i++)
		FUZZ_CHECK(p->roles[i].arn[0] != '\0' &&
		    strlen(p->roles[i].arn) < sizeof(p->roles[i].arn) &&
		    cred_plain(p->roles[i].arn, strlen(p->roles[i].arn)));
	switch (p->base) {
	case PROFILE_KEYS:
		FUZZ_CHECK(cred_valid(p->keys) && p->keys->secret[0] != '\0');
		break;
	case PROFILE_PROCESS:
		FUZZ_CHECK(p->command[0] != '\0');
		break;
	case PROFILE_SOURCE:
		FUZZ_CHECK(p->source != NULL);
		break;
	case PROFILE_WEB:
		FUZZ_CHECK(p->token_file[0] != '\0' && p->nroles > 0);
		break;
	}
}

static void
fuzz_profile(const uint8_t *in, size_t len)
{
	static const char *const names[] = { "default", "x" };
	const char		*text = (const char *)in, *nul;
	struct profile_files	 f = { .credentials.path = "c",
				    .config.path = "f" };
	struct profile_plan	*plan;
	enum profile_outcome	 o;
	char			 why[512];
	size_t			 i;

	nul = memchr(text, '\0', len);
	f.credentials.text = (struct str){ text, nul != NULL ?
	    (size_t)(nul - text) : len };
	if (nul != NULL)
		f.config.text = (struct str){ nul + 1,
		    len - f.credentials.text.len - 1 };
	for (i = 0; i < nitems(names); i++) {
		why[0] = '\0';
		o = profile_resolve(&f, names[i], i == 1, &plan, why,
		    sizeof(why));
		FUZZ_CHECK((o == PROFILE_FOUND) == (plan != NULL));
		FUZZ_CHECK((o == PROFILE_FOUND) == (why[0] == '\0'));
		FUZZ_CHECK(o != PROFILE_NONE || i == 0);
		if (plan != NULL)
			check_plan(plan);
		profile_free(plan);
	}
}

int
main(int argc, char **argv)
{
	return fuzz_main(argc, argv, fuzz_profile);
}
