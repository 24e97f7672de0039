/*
 * The key of a delivery (msg_deliver.h): the same when it is tried again.  Its
 * first octets follow from the envelope, which is known at RCPT already: if
 * storaged knows none that begins so, the message was not stored before.
 */
#ifndef LMTPD_KEY_H
#define LMTPD_KEY_H

#include <stdint.h>

#include "common/msg_deliver.h"

struct envelope;

/* address: the recipient's; sha256: of the octets that came. */
void	 key_envelope(const struct envelope *e, const char *address,
	    uint8_t out[DELIVER_ENVELOPE_LEN]);
void	 key_make(const struct envelope *e, const char *address,
	    const uint8_t sha256[32], uint8_t key[DELIVER_KEY_LEN]);

#endif
