/* Any bytes as the answer of a metadata or container service, or as what a
 * command prints: what is no object has no members, and what is found fits. */
#include "common/compat.h"

#include "common/fuzz.h"
#include "common/json.h"
#include "credd/fetch.h"
#include "credd/process.h"

static void
fuzz_fetch(const uint8_t *in, size_t len)
{
	static const char *const names[] = { "Code", "AccessKeyId",
	    "Expiration", "Token", "" };
	struct cred_secret	*s;
	char			 value[32], why[200] = "";
	size_t			 i;
	int			 n, whole = json_check(in, len) == 0;

	for (i = 0; i < nitems(names); i++) {
		n = json_get(in, len, names[i], value, sizeof(value));
		FUZZ_CHECK(n == -1 || whole);
		FUZZ_CHECK(n < (int)sizeof(value));
		if (n != -1) {
			FUZZ_CHECK(value[n] == '\0');
			(void)json_time(value);
		}
	}
	if ((s = fetch_json(in, len, "Token", why, sizeof(why))) != NULL)
		FUZZ_CHECK(whole && cred_valid(s) && s->expires > 0 &&
		    s->access_key[0] != '\0');
	else
		FUZZ_CHECK(why[0] != '\0');
	cred_secret_free(s);
	why[0] = '\0';
	if ((s = process_parse(in, len, why, sizeof(why))) != NULL)
		FUZZ_CHECK(whole && cred_valid(s) && s->expires >= 0 &&
		    s->access_key[0] != '\0' && s->secret[0] != '\0');
	else
		FUZZ_CHECK(why[0] != '\0');
	cred_secret_free(s);
}

int
main(int argc, char **argv)
{
	return fuzz_main(argc, argv, fuzz_fetch);
}
