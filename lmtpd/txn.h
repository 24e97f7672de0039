/*
 * A transaction: MAIL, RCPT, the octets, and an answer for each recipient.
 * Recipients are looked up side by side; what they are answered comes in the
 * order of the commands.
 */
#ifndef LMTPD_TXN_H
#define LMTPD_TXN_H

#include <stdbool.h>
#include <stdint.h>

#define TXN_LOOKUPS	64	/* at once */

struct client;

/* MAIL and RCPT: args is behind the verb, and is changed. */
void	 txn_mail(struct client *c, char *args);
void	 txn_rcpt(struct client *c, char *args);
/* May the next command be looked at?  RCPT may sooner. */
bool	 txn_waits(const struct client *c, bool rcpt);
void	 txn_data(struct client *c);
void	 txn_bdat(struct client *c, char *args);
/* Octets of DATA or BDAT that lie there; false: there is nothing to do now. */
bool	 txn_octets(struct client *c);
/* Answers that can be told; at the end of them the transaction is over. */
void	 txn_answers(struct client *c);
/* RSET, and the end of the connection. */
void	 txn_reset(struct client *c);

/* Of all clients, for counters. */
extern uint64_t txn_messages, txn_octets_in, txn_told[6];

#endif
