/*
 * Any octets as a slice of the configuration: what is one answers for every
 * kind of value, and a message that decodes as one is one.
 */
#include "common/compat.h"

#include <string.h>

#include "common/arena.h"
#include "common/fuzz.h"
#include "common/msg_setup.h"
#include "common/slice.h"

static void
fuzz_slice(const uint8_t *in, size_t len)
{
	static const char *const keys[] = { "a", "auth.0.type", "", "log.to" };
	struct slice	*s = slice_new(in, len);
	char		 words[64];
	size_t		 i;

	for (i = 0; s != NULL && i < nitems(keys); i++) {
		(void)slice_at(s, "%s", keys[i]);
		(void)slice_at(s, "auth.%u.type", (unsigned int)i);
		if (slice_words(s, keys[i], words, sizeof(words)) == 0)
			FUZZ_CHECK(strlen(words) < sizeof(words));
	}
	slice_free(s);
}

int
main(int argc, char **argv)
{
	return fuzz_main(argc, argv, fuzz_slice);
}
