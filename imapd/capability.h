/* What CAPABILITY lists in this state. */
#ifndef IMAPD_CAPABILITY_H
#define IMAPD_CAPABILITY_H

#include <stdbool.h>

#include "common/buf.h"

struct client;

/* Appends "IMAP4rev1 ..." without a line's end. */
void	 capability_print(const struct client *c, struct buf *b);
/* The greeting, with or without PREAUTH. */
void	 capability_greet(struct client *c);
/*
 * Whether this SASL mechanism is offered to c: those of the configuration, with
 * SCRAM-SHA-256 on a TLS connection that has a channel binding -PLUS, and
 * EXTERNAL to who has shown a certificate.
 */
bool	 capability_mechanism(const struct client *c, struct str name);

#endif
