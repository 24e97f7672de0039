/*
 * Any octets as the address of a recipient; the first byte says by which rules.
 * Each name that the databases would be asked for is a user id, none is there
 * twice, and none is the local part of another site's address.
 */
#include "common/compat.h"

#include <string.h>

#include "authd/recipient.h"
#include "common/fuzz.h"

static void
fuzz_recipient(const uint8_t *in, size_t len)
{
	static struct recipient_conf	 c;
	static struct names		 n;
	static struct recipient		 r;
	char				 again[USER_ID_MAX + 1];
	const uint8_t			*at;
	size_t				 i, k;
	bool				 foreign;

	if (len == 0)
		return;
	strlcpy(c.domain[0], "example.org", sizeof(c.domain[0]));
	c.n = 1;
	c.separator = (in[0] & 1) != 0 ? '\0' : '+';
	strlcpy(c.postmaster, (in[0] & 2) != 0 ? "root" : "",
	    sizeof(c.postmaster));
	n.precis = (in[0] & 4) != 0;
	strlcpy(n.domain, (in[0] & 8) != 0 ? "home.example" : "",
	    sizeof(n.domain));
	if (recipient_read(&r, &c, &n, (struct str){ (const char *)in + 1,
	    len - 1 }) == -1)
		return;
	at = memrchr(in + 1, '@', len - 1);
	foreign = at != NULL && at != in + 1 && in[1] != '@' &&
	    !recipient_local(&c, (struct str){ (const char *)at + 1,
	    (size_t)(in + len - at - 1) });
	FUZZ_CHECK(r.n > 0 && r.n <= RECIPIENT_NAMES_MAX);
	FUZZ_CHECK(strlen(r.detail) < sizeof(r.detail));
	for (i = 0; i < r.n; i++) {
		FUZZ_CHECK(user_normalize(str_from(r.try[i].name), again,
		    sizeof(again)) == 0 && strcmp(r.try[i].name, again) == 0);
		for (k = 0; k < i; k++)
			FUZZ_CHECK(strcmp(r.try[i].name, r.try[k].name) != 0);
		FUZZ_CHECK(!foreign || strchr(r.try[i].name, '@') != NULL);
	}
}

int
main(int argc, char **argv)
{
	return fuzz_main(argc, argv, fuzz_recipient);
}
