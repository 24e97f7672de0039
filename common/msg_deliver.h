/*
 * Delivery: lmtpd asks authd for recipients (channel RCPT), brings storaged
 * messages that several recipients share (PARCEL), and has them appended over
 * each recipient's channel (MBOX; msg_mbox.h).
 */
#ifndef COMMON_MSG_DELIVER_H
#define COMMON_MSG_DELIVER_H

#include <stdbool.h>
#include <stdint.h>

#include "common/buf.h"
#include "common/wire.h"

#define RCPT_ADDRESS_MAX	1000	/* bytes */
#define RCPT_REMOTE_MAX		256

/*
 * RCPT_OPEN (id: chosen by lmtpd, not 0): may mail for address be delivered,
 * and to whom?  address: of RCPT TO, without the angle brackets, in UTF-8.
 * RCPT_OK comes with lmtpd's end of a channel MBOX that may only append; the
 * end of that channel is the end of the grant.
 */
struct rcpt_open {
	struct str	 address;
	struct str	 remote;	/* the client's: the log */
	uint64_t	 session;	/* lmtpd's id of it: the logs */
};
struct rcpt_ok {
	struct str	 user;
	struct str	 detail;	/* of user+detail; empty: none */
	uint32_t	 storaged;	/* index of the user's process */
};
enum rcpt_code {
	RCPT_UNKNOWN,		/* nobody here: for good */
	RCPT_UNAVAILABLE,	/* a backend is away: not known */
	RCPT_REFUSED		/* locked or expired */
};
struct rcpt_no { uint8_t code; struct str text; };

/*
 * PARCEL_OPEN (id: the parcel, chosen by lmtpd, not 0, ascending) begins a
 * message: PARCEL_DATA, then PARCEL_END, which PARCEL_READY answers.
 * PARCEL_CREDIT (data_credit of msg_mbox.h) tells how many octets more storaged
 * has taken: lmtpd has PARCEL_WINDOW under way at most, for its own sake.
 * PARCEL_NO, at any time, and PARCEL_DROP end a parcel: what is said of it
 * later means nothing.  APPEND_PARCEL may name it from PARCEL_READY until
 * PARCEL_DROP, in the sessions granted to the same lmtpd; those that have named
 * it by then still have it.
 */
#define PARCEL_WINDOW	(256 * 1024)	/* octets */
struct parcel_end {
	uint64_t	 size;		/* octets */
	struct str	 sha256;	/* 32 bytes, of them */
};
struct parcel_no {
	uint8_t		 code;		/* enum mbox_code */
	struct str	 text;
};

enum deliver_target {
	DELIVER_OR_INBOX = 1 << 0,	/* INBOX if there is no such mailbox */
	DELIVER_CREATE	 = 1 << 1,	/* create it and subscribe, if so */
	DELIVER_JUNK	 = 1 << 2	/* the mailbox with special use \Junk,
					   if there is one */
};
#define DELIVER_TARGET_ALL	7
#define DELIVER_PREFIX_MAX	4096	/* bytes */
#define DELIVER_KEY_LEN		16
#define DELIVER_ENVELOPE_LEN	4	/* of the key */

/*
 * APPEND_PARCEL, instead of APPEND_MSG and its data: the message is prefix (the
 * recipient's trace lines), then the parcel.  One in an APPEND, whose
 * APPEND_OPEN is early, for no credit is needed: it and APPEND_DONE may follow
 * at once.  key: 16 bytes that are the same if this delivery is tried again
 * (storaged does not store it twice), or none.  The first four are the same
 * for whatever has the same envelope.
 */
struct append_parcel {
	uint32_t	 parcel;
	struct str	 prefix;
	struct str	 key;
	uint8_t		 target;	/* enum deliver_target */
	uint8_t		 flags;
	struct wire_list keywords;	/* struct mbox_word */
	bool		 dated;
	int64_t		 date;		/* INTERNALDATE when dated, else now */
	int64_t		 zone;		/* minutes east of UTC */
	uint64_t	 size;		/* of prefix and parcel */
	struct str	 digest;	/* of prefix and parcel; digest.h */
};

/*
 * MBOX_ROOM -> REPLY_OK, or REPLY_NO (MBOX_OVERQUOTA, MBOX_TOOBIG): may a
 * message of so many octets be appended?  Evaluation decides.  envelope: how
 * its key begins, or none: a message that may be known is not refused for lack
 * of room before its key has come.
 */
struct mbox_room {
	uint64_t	 bytes;
	struct str	 envelope;
};

extern const struct wire_struct rcpt_open_wire, rcpt_ok_wire, rcpt_no_wire,
    parcel_end_wire, parcel_no_wire, append_parcel_wire, mbox_room_wire;

#endif
