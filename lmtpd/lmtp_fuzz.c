/*
 * Hostile clients, against the fake engine.  The first octet says how the rest
 * is cut and how much the delivery takes at a time.  Whatever is said, answers
 * are lines of at most 512 octets, and nothing is left behind.
 */
#include "common/compat.h"

#include <stdlib.h>

#include "common/fuzz.h"
#include "lmtpd/client.h"
#include "lmtpd/conf.h"
#include "lmtpd/test/engine_fake.h"
#include "lmtpd/test/lmtp_rig.h"

static void
fuzz_lmtp(const uint8_t *in, size_t len)
{
	static const size_t	 pieces[] = { 65536, 1, 3, 17 };
	static bool		 begun;
	const char		*got, *end;

	if (!begun)
		lmtp_begin();
	begun = true;
	if (len == 0 || len > 65536)
		return;
	conf.max_recipients = 5;
	conf.bare_refuse = (in[0] & 4) != 0;
	lmtp_remote = in[0] & 8 ? "192.0.2.1" : "198.51.100.1";
	efake.room = in[0] & 16 ? 5 : 0;
	got = lmtp_talk((const char *)in + 1, len - 1, pieces[in[0] & 3]);
	for (; *got != '\0'; got = end + 2) {
		end = strstr(got, "\r\n");
		FUZZ_CHECK(end != NULL && end - got <= 510 && end - got >= 4);
		FUZZ_CHECK(got[0] >= '2' && got[0] <= '5' &&
		    (got[3] == ' ' || got[3] == '-'));
	}
	FUZZ_CHECK(nclients == 0 && efake.rcpts == 0 && efake.deliveries == 0);
	engine_fake_reset();
}

int
main(int argc, char **argv)
{
	return fuzz_main(argc, argv, fuzz_lmtp);
}
