/* Hostile groups of messages: the first byte says how long the state is,
 * the facts follow.  What can be read can be written, and reads the same. */
#include "common/compat.h"

#include <string.h>

#include "common/fuzz.h"
#include "storaged/format/mailpack.h"

static struct mailgroup	 k, again;

static void
part(enum mail_part which, unsigned from, unsigned to)
{
	struct buf	 b = BUF_INIT;
	unsigned	 col;

	FUZZ_CHECK(mailpack_encode(&k, which, &b) == 0);
	FUZZ_CHECK(mailpack_decode(&again, which, b.data, b.len) == 0);
	FUZZ_CHECK(again.n == k.n);
	for (col = from; col < to; col++)
		FUZZ_CHECK(memcmp(k.v[col], again.v[col],
		    k.n * sizeof(k.v[0][0])) == 0);
	buf_free(&b);
}

static void
fuzz_mailpack(const uint8_t *in, size_t len)
{
	size_t	 state;

	if (len == 0)
		return;
	state = in[0] < len ? in[0] : len - 1;
	in++;
	len--;
	if (mailpack_decode(&k, MAIL_STATE, in, state) == -1)
		return;
	part(MAIL_STATE, MAIL_UID, MAIL_SIZE);
	if (mailpack_decode(&k, MAIL_FACTS, in + state, len - state) == 0)
		part(MAIL_FACTS, MAIL_SIZE, MAIL_COLS);
}

int
main(int argc, char **argv)
{
	return fuzz_main(argc, argv, fuzz_mailpack);
}
