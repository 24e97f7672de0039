/* See key.h. */
#include "common/compat.h"

#include <string.h>

#include "common/sum.h"
#include "lmtpd/envelope.h"
#include "lmtpd/key.h"

/* What names the message besides its octets; of one from a bucket, that is
 * all. */
static void
add_envelope(struct sum *s, const struct envelope *e, const char *address)
{
	const char	*envid = e->envid != NULL ? e->envid : "";

	if (e->seed.len > 0) {
		sum_add(s, "pail-ingest", sizeof("pail-ingest"));
		sum_add(s, e->seed.p, e->seed.len);
		sum_add(s, "", 1);
	} else {
		sum_add(s, "pail-lmtp", sizeof("pail-lmtp"));
		sum_add(s, e->sender, strlen(e->sender) + 1);
		sum_add(s, envid, strlen(envid) + 1);
	}
	sum_add(s, address, strlen(address) + 1);
}

void
key_envelope(const struct envelope *e, const char *address,
    uint8_t out[DELIVER_ENVELOPE_LEN])
{
	struct sum	 s;
	uint8_t		 sum[32];

	sum_begin(&s);
	add_envelope(&s, e, address);
	sum_end(&s, sum);
	memcpy(out, sum, DELIVER_ENVELOPE_LEN);
}

void
key_make(const struct envelope *e, const char *address,
    const uint8_t sha256[32], uint8_t key[DELIVER_KEY_LEN])
{
	struct sum	 s;
	uint8_t		 sum[32];

	key_envelope(e, address, key);
	sum_begin(&s);
	add_envelope(&s, e, address);
	if (e->seed.len == 0)
		sum_add(&s, sha256, 32);
	sum_end(&s, sum);
	memcpy(key + DELIVER_ENVELOPE_LEN, sum + DELIVER_ENVELOPE_LEN,
	    DELIVER_KEY_LEN - DELIVER_ENVELOPE_LEN);
}
