/*
 * The session protocol: imapd (side A) sends requests, storaged (side B)
 * replies, over the descriptor that authd created for one login.  No request
 * names a user.  lmtpd is side A of a session for each recipient, with the
 * right to append only (msg_deliver.h).
 *
 * - storaged first sends SESSION_READY (the user is open) or SESSION_END.
 * - A request carries an id that imapd chose (not 0, ascending).  It is
 *   answered by exactly one REPLY_OK, REPLY_NO or REPLY_SELECTED with that id;
 *   replies to different requests may arrive in any order; imapd puts them in
 *   order for its client.
 * - Events (EV_*) concern the selected mailbox, in the order of records.  All
 *   events of a change are sent before its reply, and before any reply that
 *   shows it.
 * - Streams: MBOX_META, MBOX_BODY and MBOX_LIST answer with REPLY_DATA frames
 *   (raw bytes of a row stream, cut anywhere), then REPLY_OK. The sender of a
 *   stream may have MBOX_CREDIT bytes unacknowledged; the receiver acknowledges
 *   bytes with DATA_CREDIT. APPEND_DATA is a stream the other way (the first
 *   credit is the DATA_CREDIT in reply to APPEND_OPEN; if that is early,
 *   MBOX_EARLY bytes need none).  MBOX_CANCEL (id of the stream or APPEND)
 *   cancels it: REPLY_NO with MBOX_CANCELLED follows unless a reply is on its
 *   way.
 * - MBOX_MORE tells that imapd's input holds further complete commands
 *   (1) or no longer does (0): storaged holds a commit back meanwhile, at
 *   most 10 ms or 512 KiB of intents.
 */
#ifndef COMMON_MSG_MBOX_H
#define COMMON_MSG_MBOX_H

#include <stdbool.h>
#include <stdint.h>

#include "common/buf.h"
#include "common/uidset.h"
#include "common/wire.h"

#define MBOX_CREDIT		(256 * 1024)
#define MBOX_EARLY		(16 * 1024)	/* of an APPEND, unasked */
#define MBOX_NAME_MAX		1000	/* bytes of UTF-8 */
#define MBOX_KEYWORD_MAX	100	/* bytes of one keyword */
#define MBOX_KEYWORDS_MAX	1000	/* a user */
#define MBOX_KEYWORDS_SEEN	2000	/* while older nodes keep theirs */
#define MBOX_MAILBOXES_MAX	10000	/* a user */
#define MBOX_DIGEST_MAX		(768 * 1024)
#define MBOX_ZONE_MAX	6039	/* minutes: +9999, RFC 3501's zone */
#define MBOX_TEXT_MAX	900	/* bytes of a text for the client */
/*
 * Sets of any shape work: a mailbox with so many messages may have a gap after
 * each UID, and a request (in which imapd joins adjacent ones) may leave out
 * every second message.  UIDs end at 2^32, so that the gaps cannot all be wide:
 * 3.1 bytes a range are enough for MSG_VIEW and MSG_SETS (msg.h).
 */
#define MBOX_MESSAGES_MAX	4000000	/* of a mailbox */
#define MBOX_VIEW_RANGES_MAX	MBOX_MESSAGES_MAX
#define MBOX_RANGES_MAX		(MBOX_MESSAGES_MAX / 2)	/* of a request */

/* System flags; keywords go by name in requests, by number in rows. */
enum mbox_flag {
	MBOX_SEEN	= 1 << 0,
	MBOX_ANSWERED	= 1 << 1,
	MBOX_FLAGGED	= 1 << 2,
	MBOX_DELETED	= 1 << 3,
	MBOX_DRAFT	= 1 << 4
};
#define MBOX_FLAGS_ALL	0x1f

/* Special uses (RFC 6154) and other attributes of a mailbox row. */
enum mbox_attr {
	MBOX_USE_ALL		= 1 << 0,
	MBOX_USE_ARCHIVE	= 1 << 1,
	MBOX_USE_DRAFTS		= 1 << 2,
	MBOX_USE_FLAGGED	= 1 << 3,
	MBOX_USE_JUNK		= 1 << 4,
	MBOX_USE_SENT		= 1 << 5,
	MBOX_USE_TRASH		= 1 << 6,
	MBOX_USE_IMPORTANT	= 1 << 7,
	MBOX_SUBSCRIBED		= 1 << 8,
	MBOX_NONEXISTENT	= 1 << 9	/* subscribed only */
};
#define MBOX_USE_MASK	0xff

/* Why a request was refused; imapd turns them into RFC 5530 codes. */
enum mbox_code {
	MBOX_CODE_NONE,
	MBOX_ALREADYEXISTS,
	MBOX_NONEXISTENT_BOX,
	MBOX_TRYCREATE,
	MBOX_CANNOT,
	MBOX_LIMIT,
	MBOX_OVERQUOTA,
	MBOX_UNAVAILABLE,
	MBOX_SERVERBUG,
	MBOX_CORRUPTION,
	MBOX_EXPUNGEISSUED,
	MBOX_NOPERM,
	MBOX_INUSE,
	MBOX_READONLY,
	MBOX_TOOBIG,
	MBOX_HASCHILDREN,
	MBOX_USEATTR,
	MBOX_CANCELLED,
	MBOX_CODE_MAX
};

/* MBOX_LIST: all mailboxes of the user, or the one named. */
struct mbox_list {
	struct str	 name;		/* empty: all */
	bool		 counts;	/* fill the counters (STATUS) */
	bool		 fresh;		/* ask the bucket (LIST, STATUS) */
};
/*
 * LIST rows (in the stream, each varint length + struct by mbox_row_wire).
 * For a name that is neither a mailbox nor subscribed there is no row.
 */
struct mbox_row {
	struct str	 name;		/* UTF-8, hierarchy delimiter "/" */
	uint64_t	 box;		/* mailbox id; 0: none */
	uint32_t	 attrs;		/* enum mbox_attr */
	uint32_t	 uidvalidity;
	uint32_t	 uidnext;
	uint32_t	 messages;
	uint32_t	 unseen;
	uint32_t	 recent;
	uint32_t	 deleted;
	uint64_t	 size;		/* octets of all messages */
	uint64_t	 highestmodseq;
};

/* MBOX_CREATE: makes missing superiors as well. */
struct mbox_create { struct str name; uint32_t use; };
struct mbox_delete { struct str name; };
struct mbox_rename { struct str from; struct str to; };
struct mbox_subscribe { struct str name; bool on; };

/* MBOX_SELECT -> REPLY_SELECTED or REPLY_NO. In either case, the mailbox
 * selected before no longer is. */
struct mbox_select { struct str name; bool readonly; };
struct mbox_keyword { uint32_t number; struct str name; };
struct mbox_selected {
	uint64_t	 box;
	uint32_t	 uidvalidity;
	uint32_t	 uidnext;
	uint64_t	 highestmodseq;
	uint32_t	 first_unseen;	/* UID; 0: none */
	uint32_t	 recent_from;	/* UIDs >= it are \Recent; 0: none */
	struct uidset	 uids;
	struct wire_list keywords;	/* struct mbox_keyword */
	bool		 full;		/* no new keyword can be made */
};

struct mbox_box { uint64_t box; };	/* MBOX_UNSELECT */

/* What MBOX_META rows hold besides the UID. */
enum mbox_what {
	MBOX_WHAT_FLAGS		= 1 << 0,
	MBOX_WHAT_MODSEQ	= 1 << 1,
	MBOX_WHAT_DATE		= 1 << 2,	/* INTERNALDATE */
	MBOX_WHAT_SIZE		= 1 << 3,	/* RFC822.SIZE */
	MBOX_WHAT_SAVEDATE	= 1 << 4,
	MBOX_WHAT_IDS		= 1 << 5,	/* message and thread id */
	MBOX_WHAT_DIGEST	= 1 << 6	/* the fields asked for */
};
struct mbox_meta {
	uint64_t	 box;
	struct uidset	 uids;		/* expunged ones have no row */
	uint32_t	 what;
	uint64_t	 fields;	/* bit n: digest field n (digest.h) */
};
/*
 * META rows in the stream: varint length, then varint uid, then in this
 * order what was asked for (see mbox_meta_row_*).
 */
struct mbox_meta_row {
	uint32_t	 uid;
	uint8_t		 flags;
	const uint32_t	*keywords;	/* keyword numbers, ascending */
	size_t		 nkeywords;
	uint64_t	 modseq;
	int64_t		 date;		/* seconds since 1970 UTC */
	int16_t		 zone;		/* minutes east, as it was given */
	uint32_t	 size;
	int64_t		 savedate;
	uint8_t		 msgid[16];
	uint64_t	 threadid;
	struct str	 digest;	/* only the fields asked for */
};
#define MBOX_META_ROW_MAX	(MBOX_DIGEST_MAX + 8192)

/*
 * MBOX_BODY: octets [offset, offset + length) of each message, in UID order.
 * Stream, per message: varint uid, u8 enum mbox_body_state, varint number of
 * octets that follow, octets.  If a message turns out to be damaged after its
 * length was sent, the stream ends with REPLY_NO(CORRUPTION): the client's
 * connection must then be closed.
 */
enum mbox_body_state {
	MBOX_BODY_OK,
	MBOX_BODY_GONE,		/* expunged and forgotten */
	MBOX_BODY_UNAVAILABLE,	/* the bucket is unavailable */
	MBOX_BODY_DAMAGED	/* damaged or missing; never served */
};
struct mbox_body {
	uint64_t	 box;
	struct uidset	 uids;
	uint64_t	 offset;
	uint64_t	 length;	/* UINT64_MAX: to the end */
};

enum mbox_store_how { MBOX_STORE_SET, MBOX_STORE_ADD, MBOX_STORE_REMOVE };
struct mbox_store {
	uint64_t	 box;
	struct uidset	 uids;
	uint8_t		 how;		/* enum mbox_store_how */
	uint8_t		 flags;
	struct wire_list keywords;	/* struct mbox_word */
	uint64_t	 unchangedsince; /* UINT64_MAX: unconditional */
};
struct mbox_word { struct str word; };

/* MBOX_COPY, MBOX_MOVE -> REPLY_OK with uidvalidity, src and dst. */
struct mbox_copy { uint64_t box; struct uidset uids; struct str to; };

/* MBOX_EXPUNGE: the messages that are \Deleted when it is evaluated: all, or
 * those in uids. */
struct mbox_expunge {
	uint64_t	 box;
	bool		 only;		/* uids is used (UID EXPUNGE) */
	struct uidset	 uids;
};

/*
 * MBOX_POLL (NOOP and CHECK): events from other nodes, then REPLY_OK.
 * MBOX_IDLE: watch for commits of other nodes until further notice; REPLY_OK at
 * once.
 */
struct mbox_idle { bool on; };

/*
 * APPEND_OPEN (id) -> DATA_CREDIT (go on) or REPLY_NO (TRYCREATE, ...). early:
 * the client does not wait for a "+", octets follow at once; credit is granted
 * when the first MBOX_EARLY are used up.  Then per message: APPEND_DATA frames,
 * APPEND_MSG (MULTIAPPEND: several), then APPEND_DONE -> REPLY_OK with
 * uidvalidity and dst (UIDs ascending), all or nothing.  All carry the same id.
 */
struct append_open { struct str name; bool early; };
struct append_msg {
	uint8_t		 flags;
	struct wire_list keywords;	/* struct mbox_word */
	bool		 dated;
	int64_t		 date;		/* INTERNALDATE when dated, else now */
	int64_t		 zone;		/* minutes east of UTC */
	uint64_t	 size;		/* of the data frames since the last */
	struct str	 digest;	/* digest.h */
};

struct data_credit { uint32_t bytes; };
struct mbox_more { bool more; };

/*
 * MBOX_TRACE, without an answer: whose work the requests behind it are, for
 * storaged's log.  session: of who uses the channel now (0: as granted); the
 * rest is of a command, if its traces are logged.
 */
struct mbox_trace {
	uint64_t	 session;
	bool		 traced;
	uint8_t		 trace[16];
	uint64_t	 span;
};
/* From and to what log lines take it from (log_context.h). */
struct log_context;
void	 mbox_trace_from(struct mbox_trace *t, const struct log_context *c);
void	 mbox_trace_to(const struct mbox_trace *t, struct log_context *c);

/* SESSION_READY: for the client's information; SESSION_END: the reason. */
struct session_ready { uint64_t appendlimit; };
struct session_end { uint8_t code; struct str text; };

/* Which fields are set depends on the request; the others are zero.  Sessions
 * that may not read are told full and known only. */
struct reply_ok {
	uint32_t	 uidvalidity;
	uint32_t	 count;		/* COPY, MOVE: messages; src and dst may
					   still be omitted */
	struct uidset	 src;		/* COPYUID's sources, ascending */
	struct uidset	 dst;		/* COPYUID's targets, APPENDUID */
	struct uidset	 modified;	/* those that failed UNCHANGEDSINCE */
	uint64_t	 modseq;	/* of the newest record it wrote */
	uint64_t	 box;		/* CREATE: the mailbox's id */
	bool		 full;		/* STORE, APPEND: some keywords were
					   dropped, there are too many */
	bool		 known;		/* APPEND_PARCEL: its key is, nothing
					   was stored */
};
struct reply_no {
	uint8_t		 code;		/* enum mbox_code */
	struct str	 text;		/* for the client, ASCII */
};

/* Events. cause: the id of this session's request that caused it, or 0. */
struct ev_added {
	uint64_t	 box;
	struct uidset	 uids;		/* all above any UID sent before */
	bool		 recent;	/* \Recent for this session */
	uint64_t	 modseq;
	uint32_t	 cause;
};
struct ev_flags {
	uint64_t	 box;
	struct uidset	 uids;		/* their flags have changed: request
					   META */
	uint64_t	 modseq;
	uint32_t	 cause;
};
struct ev_expunged {
	uint64_t	 box;
	struct uidset	 uids;
	uint64_t	 modseq;
	uint32_t	 cause;
};
/* New keyword numbers of the selected mailbox, sent before any row uses them;
 * an empty name: the user no longer has that keyword. */
struct ev_keywords {
	uint64_t	 box;
	struct wire_list keywords;	/* struct mbox_keyword */
	bool		 full;
	uint32_t	 cause;
};
/* EV_GONE: the selected mailbox was deleted.  EV_WAITING (id): the commit is
 * unsettled; the client may be sent "* OK Still trying". */

extern const struct wire_struct mbox_list_wire, mbox_row_wire,
    mbox_create_wire, mbox_delete_wire, mbox_rename_wire,
    mbox_subscribe_wire, mbox_select_wire, mbox_selected_wire,
    mbox_box_wire, mbox_meta_wire, mbox_body_wire,
    mbox_store_wire, mbox_word_wire, mbox_copy_wire, mbox_expunge_wire,
    mbox_idle_wire, append_open_wire, append_msg_wire, data_credit_wire,
    mbox_more_wire, mbox_trace_wire, session_ready_wire,
    session_end_wire, reply_ok_wire,
    reply_no_wire, ev_added_wire, ev_flags_wire, ev_expunged_wire,
    ev_keywords_wire;

/* META rows: without the leading length.  0 or -1. */
int	 mbox_meta_row_encode(const struct mbox_meta_row *row, uint32_t what,
	    struct buf *b);
int	 mbox_meta_row_decode(struct mbox_meta_row *row, uint32_t what,
	    const void *p, size_t len, struct arena *a);

#endif
