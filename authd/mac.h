/*
 * Names and passwords that authd must recognise again are kept as an HMAC
 * under a random key of this process, never as they are.
 */
#ifndef AUTHD_MAC_H
#define AUTHD_MAC_H

#include <stddef.h>
#include <stdint.h>

#include "common/buf.h"

#define MAC_LEN		32

/*
 * HMAC-SHA256 over tag and the parts (each with its length before it), under
 * a key drawn at the first call.  fatal() if the system gives no randomness.
 */
void	 mac_make(uint8_t out[MAC_LEN], uint32_t tag, const struct str *parts,
	    size_t n);

#endif
