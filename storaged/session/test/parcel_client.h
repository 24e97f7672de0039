/*
 * lmtpd's side of parcels and deliveries, for op_parcel*_test.c and
 * op_deliver_test.c, beside op_client.h.
 */
#ifndef STORAGED_PARCEL_CLIENT_H
#define STORAGED_PARCEL_CLIENT_H

#include "common/msg_deliver.h"
#include "common/proc_kind.h"
#include "storaged/session/parcel.h"
#include "storaged/session/test/op_client.h"

/* The channel of one lmtpd. */
struct lmtpd {
	struct peer	*p;
	uint32_t	 index;
	uint32_t	 last;		/* parcel */
	uint32_t	 ready;		/* the last PARCEL_READY's */
	uint32_t	 no;		/* the last PARCEL_NO's */
	uint8_t		 code;		/* and its code */
	unsigned	 nno;		/* how many */
	uint64_t	 credit;	/* in PARCEL_CREDITs, of all */
	bool		 closed;
};

struct lmtpd *lmtpd_new(uint32_t index);
void	 lmtpd_free(struct lmtpd *l);
/* Runs the loop until *is, or ten thousand turns.  Whether *is. */
bool	 until(const bool *is);
void	 turns(unsigned n);
/* Opens a parcel and sends len octets, as credit allows; the digest's bytes
 * are of them.  No PARCEL_END: parcel_end() says it. */
uint32_t parcel_data(struct lmtpd *l, const char *text, size_t len);
void	 parcel_end(struct lmtpd *l, uint32_t id, const char *text, size_t len);
/* All of it, and PARCEL_READY has come: its id, 0: it has not. */
uint32_t parcel_send(struct lmtpd *l, const char *text, size_t len);
void	 parcel_drop_it(struct lmtpd *l, uint32_t id);
/* A session granted to lmtpd number index, which is ready. */
struct client *recipient(const char *user, uint32_t index);
/* The delivery of a parcel of len octets, as that of lmtpd, with defaults. */
struct append_parcel delivery(uint32_t parcel, const char *prefix,
    size_t len);
/* All of an APPEND, in one go: its id. */
uint32_t deliver_start(struct client *c, const char *box,
    const struct append_parcel *r);
/* That it was stored, and nothing else: it has no right to read. */
bool	 stored(const struct reply_ok *ok);
struct reply_ok deliver(struct client *c, const char *box,
    const struct append_parcel *r);
/* Octets that do not compress. */
void	 noise(char *p, size_t len);
/* Is the body of message uid of user's box prefix and text?  By a session of
 * its own. */
bool	 body_is(const char *user, const char *box, uint32_t uid,
    const char *prefix, const char *text, size_t len);

#endif
