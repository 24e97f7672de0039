/*
 * The keys of session tickets: derived from the first certificate's private
 * key and the time.  So all nodes and processes have the same, a restart loses
 * none, and none is stored.
 */
#ifndef CREDD_TLS_TICKET_KEY_H
#define CREDD_TLS_TICKET_KEY_H

#include <stdint.h>

#include "common/tls_ticket.h"
#include "credd/tls_key.h"

/* Those of this number of TLS_TICKET_LIFE seconds since 1970.  0, or -1: out of
 * memory. */
int	 tls_ticket_key(const struct tls_key *k, uint64_t epoch,
	    uint8_t key[TLS_TICKET_LEN]);

#endif
