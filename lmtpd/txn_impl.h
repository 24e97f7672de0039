/* Between txn.c and txn_octets.c. */
#ifndef LMTPD_TXN_IMPL_H
#define LMTPD_TXN_IMPL_H

#include "lmtpd/client.h"
#include "lmtpd/txn.h"

struct recipient {
	struct client	*client;
	struct rcpt	*rcpt;		/* NULL: there was no lookup */
	bool		 accepted;
	struct verdict	*verdict;	/* to be told; NULL: not known yet, or
					   told */
	/* Its address follows. */
};

static inline const char *
rcpt_name(const struct recipient *r)
{
	return (const char *)(r + 1);
}

/* Fills it in, once MAIL was accepted. */
void	 txn_envelope(struct client *c);
/* Counts what a recipient was answered. */
void	 txn_count(const struct verdict *v);

#endif
