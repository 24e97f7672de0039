/* What a client holds of its transaction (txn.h). */
#ifndef LMTPD_TXN_STATE_H
#define LMTPD_TXN_STATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lmtpd/delivery.h"
#include "lmtpd/unstuff.h"
#include "lmtpd/verdict.h"

struct recipient;

struct txn {
	bool		 open;		/* MAIL was accepted */
	char		*sender;
	char		*envid;		/* NULL: none */
	uint64_t	 size;		/* of SIZE=; 0: not said */
	enum envelope_body body;
	bool		 utf8;		/* SMTPUTF8 */
	struct recipient **v;		/* n of them, in their order */
	size_t		 n, room;
	size_t		 told;		/* 250 or not: these have heard */
	size_t		 pending;	/* lookups */
	size_t		 accepted;
	bool		 begun;		/* octets come, or came */
	struct rcpt	**to;		/* the accepted, from then on */
	struct delivery	*delivery;	/* NULL: refused, or not begun */
	struct envelope	 envelope;
	char		 tls[96];
	struct unstuff	 text;
	uint64_t	 octets;	/* of the message so far */
	struct verdict	 refused;	/* of all of it; code 0: not so */
	struct verdict	**answers;	/* of the accepted, until told */
	size_t		 nanswered, ntold;
	int64_t		 since;		/* monotonic ms */
};

#endif
