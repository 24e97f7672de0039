/*
 * For hostile_lmtpd.c: recipients, parcels and deliveries by hand (peer.h), as
 * an lmtpd has them, or tries to.
 */
#ifndef REGRESS_HOSTILE_DELIVER_H
#define REGRESS_HOSTILE_DELIVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/msg_deliver.h"
#include "common/user.h"
#include "regress/lib/hostile/peer.h"

#define DOMAIN	"@example.org"

/* What authd said of a recipient: all of it. */
struct rcpt_said {
	int		code;		/* enum rcpt_code; -1: OK, or nothing */
	char		user[USER_ID_MAX + 1];
	char		detail[256];
	uint32_t	storaged;
};

/* The id of a question, 0: it cannot be sent. */
uint32_t rcpt_send(const void *address, size_t len);
/* The channel that was granted, or -1. */
int	 rcpt_wait(uint32_t id, struct rcpt_said *said, int ms);
/* Of user@example.org, before and after its HELLO and SESSION_READY. */
int	 rcpt(const char *user);
int	 rcpt_session(const char *user);

/* The next frame of storaged's about parcels; offers are noted. */
int	 parcel_frame(struct frame *f, int ms);
/* Was this job offered to us?  How many were, and which first (0: none)? */
bool	 job_offered(uint32_t id);
unsigned jobs_offered(void);
uint32_t job_first(void);
/* A new one with octets, not ended; 0: failed. */
uint32_t parcel_begin(const void *p, size_t len);
/* 1: PARCEL_READY, 0: PARCEL_NO, -1: neither. */
int	 parcel_end(uint32_t id, uint64_t size, const uint8_t sha[32]);
/* A whole one; 0: failed. */
uint32_t parcel_put(const void *p, size_t len);
void	 parcel_drop(uint32_t id);

/* What APPEND_PARCEL says of len octets in that parcel, behind a line. */
struct append_parcel parcel_named(uint32_t id, size_t len);
/*
 * One APPEND of it to box.  1: OK, 0: NO, -1: cut, or no answer.  *code: the
 * NO's; *known: the OK's.
 */
int	 deliver(int fd, const char *box, const struct append_parcel *r,
	    int *code, bool *known);
/* A mail of that subject to INBOX. */
bool	 deliver_mail(int fd, const char *subject, int number);
/* Waits for what is said of request id on a session: 1, 0, -1 as above.  What
 * nobody may be told there is counted. */
int	 answer_wait(int fd, uint32_t id, struct frame *f, int ms);
extern int	 told;
extern int	 uids_told;	/* answers OK that say more than that */
/* In a word. */
const char *outcome(int answer);

/* try_recipients.c: authd tells who may get mail, and nothing else. */
void	 try_recipients(void);
void	 try_recipient_flood(void);
void	 try_recipient_garbage(void);
/* try_requests.c: what reads or changes is refused. */
void	 try_requests(void);
void	 try_append(void);
/* try_parcels.c: those of others, those that are none, and what lies. */
void	 try_others_parcels(void);
void	 try_lies(void);
void	 try_keys(void);
void	 try_targets(void);
void	 try_digests(void);
void	 try_jobs(void);
void	 try_parcel_garbage(void);
void	 try_parcel_flood(void);

#endif
