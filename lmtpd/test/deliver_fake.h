/*
 * For tests: an authd and storaged processes, behind the channels RCPT, PARCEL
 * and MBOX.  What the local part of an address says decides on what they do:
 *	nobody, later, locked	authd says no
 *	never			authd says nothing
 *	full, away		storaged has no room; has no mailboxes
 *	refused, toobig		it does not append
 *	folder			it does not append but to INBOX
 *	known			the message is there already
 *	silent			it does not answer an append
 *	dies			its session ends when it should append
 * The domain's last digit is the storaged: ann@s1.  "+detail" is split off.
 * What breaks a rule of the protocol, or is another digest or checksum than
 * that of the octets, is fatal.
 */
#ifndef LMTPD_TEST_DELIVER_FAKE_H
#define LMTPD_TEST_DELIVER_FAKE_H

#include "common/compat.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/buf.h"
#include "common/msg_mbox.h"

#define FAKE_STORAGED	3

struct event_base;

/* A message as it was appended. */
struct fake_mail {
	TAILQ_ENTRY(fake_mail)	 entry;
	char			 user[64];
	char			 box[64];
	uint8_t			 target;
	uint8_t			 key[16];
	bool			 has_key;
	struct buf		 octets;	/* with a NUL behind */
};

extern struct fake {
	unsigned int		 asked;		/* RCPT_OPEN */
	unsigned int		 parcels;	/* PARCEL_OPEN */
	unsigned int		 dropped;
	uint64_t		 uploaded;	/* octets */
	unsigned int		 appends;	/* APPEND_DONE */
	unsigned int		 together;	/* the most under way */
	unsigned int		 open;		/* sessions, now */
	struct mbox_trace	 trace;		/* the last one */
	bool			 hold[FAKE_STORAGED];	/* gives no credit */
	bool			 wait;		/* appends are not answered */
	TAILQ_HEAD(, fake_mail)	 mails;
} fake;

void	 fake_start(struct event_base *base);
void	 fake_stop(void);
void	 fake_authd(void);		/* a new channel; the old one breaks */
void	 fake_authd_kill(void);
void	 fake_storaged(uint32_t index);	/* the same */
/* With its sessions. */
void	 fake_storaged_kill(uint32_t index);
void	 fake_sessions_end(void);	/* SESSION_END, all of them */
void	 fake_give(uint32_t index);	/* what hold[] has withheld */
void	 fake_go(void);			/* what wait has withheld */
void	 fake_refuse_parcels(uint32_t index);	/* PARCEL_NO, those open */
struct fake_mail *fake_mail_of(const char *user);	/* the newest; NULL */

#endif
