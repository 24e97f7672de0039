/*
 * Any octets as a login: a user id is its own normal form, has one name in
 * the bucket, and always the same storaged.
 */
#include "common/compat.h"

#include <string.h>

#include "common/fuzz.h"
#include "common/user.h"

static void
fuzz_user(const uint8_t *in, size_t len)
{
	char		 id[USER_ID_MAX + 1], again[USER_ID_MAX + 1];
	char		 key[3 * USER_ID_MAX + 1], h8[9];
	struct str	 login = { (const char *)in, len };
	size_t		 i;

	if (user_normalize(login, id, sizeof(id)) == -1)
		return;
	FUZZ_CHECK(id[0] != '\0' && strlen(id) <= USER_ID_MAX);
	FUZZ_CHECK(user_normalize(str_from(id), again, sizeof(again)) == 0 &&
	    strcmp(id, again) == 0);
	FUZZ_CHECK(user_key(id, key, sizeof(key)) == 0);
	FUZZ_CHECK(key[0] != '.' && strchr(key, '/') == NULL);
	for (i = 0; key[i] != '\0'; i++)
		FUZZ_CHECK(key[i] > ' ' && key[i] < 0x7f);
	FUZZ_CHECK(i <= USER_ID_MAX);
	FUZZ_CHECK(user_h8(id, h8) == 0 && strlen(h8) == 8);
	FUZZ_CHECK(user_shard(id, 7) < 7 && user_shard(id, 1) == 0);
}

int
main(int argc, char **argv)
{
	return fuzz_main(argc, argv, fuzz_user);
}
