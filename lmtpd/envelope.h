/* What a client said of a message, and what is known of the client. */
#ifndef LMTPD_ENVELOPE_H
#define LMTPD_ENVELOPE_H

#include <stdint.h>

#include "common/buf.h"
#include "common/log_context.h"

enum envelope_body { ENVELOPE_7BIT, ENVELOPE_8BITMIME, ENVELOPE_BINARYMIME };

/* All strings are borrowed, and live until delivery_free(). */
struct envelope {
	const char	*sender;	/* of MAIL FROM, UTF-8; "": <> */
	const char	*envid;		/* RFC 3461, decoded; NULL: none */
	const char	*helo;		/* what LHLO said */
	const char	*remote;	/* address; "local": Unix socket */
	/* Of Received (RFC 3848, 6531): "LMTP", "LMTPS", "UTF8LMTP" */
	const char	*protocol;
	const char	*tls;		/* "TLSv1.3 with cipher X"; NULL: no */
	/* Of lines about it; session: the client's, in Received, too. */
	struct log_context context;
	/* Not empty: names the message, whatever is in it (ingestion). */
	struct str	 seed;
	uint64_t	 size;		/* of SIZE=; 0: not known */
	enum envelope_body body;
};

#endif
