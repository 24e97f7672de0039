/* The lines that a delivery puts before a message (RFC 5321 section 4.4). */
#ifndef LMTPD_TRACE_H
#define LMTPD_TRACE_H

#include <stdbool.h>
#include <stddef.h>
#include <time.h>

#include "common/buf.h"

struct envelope;

/*
 * Return-Path, Delivered-To and Received for address, at most
 * DELIVER_PREFIX_MAX bytes; named: Received says for whom it is, which nobody
 * but the only recipient is told.  id: of the delivery.  0, or -1: no memory.
 */
int	 trace_make(struct buf *b, const struct envelope *e,
	    const char *address, bool named, const char *id, time_t now);

#define TRACE_HOPS_MAX	50	/* Received lines; more are a loop */

/* What a delivery wants to know of the header. */
struct trace_header {
	unsigned int	 hops;		/* Received lines */
	bool		 named;		/* a Message-ID or a Received with an
					   id tells it from others */
	bool		 junk;		/* the rule "junk-header" matches */
};
/* header: octets, at most what the digest keeps of it. */
void	 trace_read(struct str header, struct trace_header *t);

#endif
