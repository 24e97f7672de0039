/*
 * THE message table: every message that our processes may send each other, by
 * whom, on which channel, how long, and with how many descriptors. peer.c
 * enforces it, so the enum, the printer and "may this peer send this here?"
 * cannot disagree.
 *
 * Columns: name, number, channel, the side that may send it, the most
 * bytes of payload, descriptors (0 or 1), the struct that it carries
 * (msg_*.h: x_wire; none: no payload, or plain octets).
 */
#ifndef COMMON_MSG_H
#define COMMON_MSG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * A channel connects two sides; A is the one named first.  A channel's first
 * message, both ways, is HELLO with protocol number and version; peer.c sends
 * and checks it.
 *
 * Columns: name, number, side A, side B (kinds of common/proc_kind.h, as bits:
 * MSG_KIND), how it is created: FORK (by paild, to each child), GRANT (by
 * authd, for each session), or, by paild between two (paild/chan.c): WIRE
 * (every A with every B), FIRST (A's number 0 with every B), SHARE (every B
 * with one A: those after number 0 take turns, or 0, if it is the only one).
 * Between two kinds there is one channel at most.
 */
#define MSG_CHANNELS(X)							\
	X(SETUP,   1, PAILD, CHILDREN, FORK)				\
	X(AUTH,    2, IMAPD | ADMIND, AUTHD, WIRE)			\
	X(GRANT,   3, AUTHD, STORAGED, WIRE)				\
	X(CRED,    4, CREDD, STORAGED, FIRST)				\
	X(WORK,    5, AUTHD, AUTHWORKER, WIRE)				\
	X(MBOX,    6, IMAPD | LMTPD, STORAGED, GRANT)			\
	X(SIGN,    7, CREDD, IMAPD | LMTPD | ADMIND, SHARE)		\
	X(RCPT,    8, LMTPD, AUTHD, WIRE)				\
	X(PARCEL,  9, LMTPD, STORAGED, WIRE)

#define MSG_KIND(kind)	(1u << (kind))

enum msg_made {
	MSG_MADE_FORK, MSG_MADE_GRANT,
	MSG_MADE_WIRE, MSG_MADE_FIRST, MSG_MADE_SHARE
};

enum msg_side { MSG_SIDE_A = 1, MSG_SIDE_B = 2, MSG_SIDE_BOTH = 3 };

#define MSG_FRAME_MAX	16384		/* one frame, header included */
#define MSG_LONG	(1024 * 1024)	/* digests, events, configuration */
#define MSG_COUNTS	(4 * 1024 * 1024) /* all that a process counts */
#define MSG_SETS	(8 * 1024 * 1024) /* half of a mailbox's UIDs, one here
					     and one there; msg_mbox.h */
#define MSG_VIEW	(16 * 1024 * 1024) /* all UIDs of a mailbox */
#define MSG_DATA_MAX	(MSG_FRAME_MAX - 16) /* payload of a data frame */

/*
 * Those rows that a session begins something with.  Each is answered by an
 * operation of storaged, op_NAME (storaged/session/op.h).
 */
#define MSG_REQUESTS(X)							\
	X(MBOX_LIST,		60, MBOX, A, 2048, 0, mbox_list)	\
	X(MBOX_CREATE,		61, MBOX, A, 2048, 0, mbox_create)	\
	X(MBOX_DELETE,		62, MBOX, A, 2048, 0, mbox_delete)	\
	X(MBOX_RENAME,		63, MBOX, A, 4096, 0, mbox_rename)	\
	X(MBOX_SUBSCRIBE,	64, MBOX, A, 2048, 0, mbox_subscribe)	\
	X(MBOX_SELECT,		65, MBOX, A, 2048, 0, mbox_select)	\
	X(MBOX_UNSELECT,	66, MBOX, A, 64, 0, mbox_box)		\
	X(MBOX_META,		67, MBOX, A, MSG_SETS, 0, mbox_meta)	\
	X(MBOX_BODY,		68, MBOX, A, MSG_SETS, 0, mbox_body)	\
	X(MBOX_STORE,		69, MBOX, A, MSG_SETS, 0, mbox_store)	\
	X(MBOX_COPY,		70, MBOX, A, MSG_SETS, 0, mbox_copy)	\
	X(MBOX_MOVE,		71, MBOX, A, MSG_SETS, 0, mbox_copy)	\
	X(MBOX_EXPUNGE,		72, MBOX, A, MSG_SETS, 0, mbox_expunge)	\
	X(MBOX_POLL,		73, MBOX, A, 64, 0, none)		\
	X(MBOX_IDLE,		74, MBOX, A, 64, 0, mbox_idle)		\
	X(APPEND_OPEN,		76, MBOX, A, 2048, 0, append_open)	\
	X(MBOX_ROOM,		83, MBOX, A, 64, 0, mbox_room)

#define MSG_TABLE(X)							\
	X(HELLO,		1, ANY, BOTH, 64, 0, none)		\
	/* setup and control */						\
	X(SETUP_CONF,		10, SETUP, A, MSG_LONG, 0, setup_conf)	\
	X(SETUP_PEER,		11, SETUP, A, 64, 1, setup_peer)	\
	X(SETUP_LISTEN,		12, SETUP, A, 512, 1, setup_listen)	\
	X(SETUP_GO,		13, SETUP, A, 0, 0, none)		\
	X(SETUP_READY,		14, SETUP, B, 512, 0, setup_ready)	\
	X(SETUP_NEARLY,		8, SETUP, B, 0, 0, none)		\
	X(SETUP_SERVE,		9, SETUP, A, 0, 0, none)		\
	X(CTL_VERBOSE,		15, SETUP, A, 64, 0, ctl_verbose)	\
	X(CTL_DRAIN,		16, SETUP, A, 0, 0, none)		\
	X(CTL_RELOAD,		17, SETUP, A, MSG_LONG, 0, setup_conf)	\
	X(CTL_RELOADED,		18, SETUP, B, 1024, 0, ctl_reloaded)	\
	X(CTL_STATS,		19, SETUP, A, 0, 0, none)		\
	X(CTL_COUNTS,		20, SETUP, B, MSG_COUNTS, 0, ctl_counts) \
	X(CTL_REPORT,		21, SETUP, A, 1024, 1, ctl_report)	\
	X(CTL_PREAUTH,		22, SETUP, A, 1024, 1, ctl_preauth)	\
	X(CTL_REVOKE,		23, SETUP, A, 1024, 0, ctl_revoke)	\
	X(SETUP_LOST,		24, SETUP, B, 64, 0, setup_peer)	\
	X(CTL_PING,		25, SETUP, A, 0, 0, none)		\
	X(CTL_PONG,		26, SETUP, B, 0, 0, none)		\
	X(CTL_DOING,		27, SETUP, B, 128, 0, ctl_doing)	\
	X(SETUP_WANT,		28, SETUP, B, 2304, 0, setup_want)	\
	X(SETUP_GIVE,		29, SETUP, A, MSG_LONG, 0, setup_give)	\
	X(CTL_LEAVE,		59, SETUP, A, 16, 0, ctl_leave)		\
	X(SETUP_APPS,		58, SETUP, B, 64, 1, setup_apps)	\
	/* logins */							\
	X(AUTH_START,		30, AUTH, A, 21632, 0, auth_start)	\
	X(AUTH_STEP,		31, AUTH, A, 12288, 0, auth_bytes)	\
	X(AUTH_CANCEL,		32, AUTH, A, 0, 0, none)		\
	X(AUTH_CHALLENGE,	33, AUTH, B, 12288, 0, auth_bytes)	\
	X(AUTH_OK,		34, AUTH, B, 1024, 1, auth_ok)		\
	X(AUTH_NO,		35, AUTH, B, 1024, 0, auth_no)		\
	X(AUTH_END,		36, AUTH, A, 0, 0, none)		\
	X(AUTH_ADMIN,		37, AUTH, B, 1024, 0, auth_admin)	\
	X(AUTH_LEAVE,		38, AUTH, B, 0, 0, none)		\
	/* grants */							\
	X(GRANT_SESSION,	40, GRANT, A, 1024, 1, grant_session)	\
	X(GRANT_REVOKE,		41, GRANT, A, 1024, 0, grant_revoke)	\
	X(GRANT_USAGE,		42, GRANT, A, 1024, 1, grant_usage)	\
	/* credentials */						\
	X(CRED_KEY,		50, CRED, A, 8192, 0, cred_key)		\
	X(CRED_REFUSED,		51, CRED, B, 512, 0, cred_refused)	\
	/* authd's blocking work */					\
	X(WORK_CHECK,		55, WORK, A, 12288, 0, work_check)	\
	X(WORK_RESULT,		56, WORK, B, 2048, 0, work_result)	\
	X(WORK_REVOKE,		57, WORK, B, 1024, 0, work_revoke)	\
	/* TLS: certificates, signatures */				\
	X(SIGN_CERT,		110, SIGN, A, MSG_LONG, 0, sign_cert)	\
	X(SIGN_TRANSCRIPT,	111, SIGN, B, 1024, 0, sign_transcript)	\
	X(SIGN_DONE,		112, SIGN, A, 2048, 0, sign_done)	\
	X(SIGN_TICKETS,		113, SIGN, A, 512, 0, sign_tickets)	\
	/* delivery: recipients, messages for several of them */	\
	X(RCPT_OPEN,		120, RCPT, A, 2048, 0, rcpt_open)	\
	X(RCPT_OK,		121, RCPT, B, 2048, 1, rcpt_ok)		\
	X(RCPT_NO,		122, RCPT, B, 1024, 0, rcpt_no)		\
	X(PARCEL_OPEN,		125, PARCEL, A, 64, 0, none)		\
	X(PARCEL_CREDIT,	126, PARCEL, B, 16, 0, data_credit)	\
	X(PARCEL_DATA,		127, PARCEL, A, MSG_DATA_MAX, 0, none)	\
	X(PARCEL_END,		128, PARCEL, A, 64, 0, parcel_end)	\
	X(PARCEL_READY,		129, PARCEL, B, 0, 0, none)		\
	X(PARCEL_NO,		130, PARCEL, B, 1024, 0, parcel_no)	\
	X(PARCEL_DROP,		131, PARCEL, A, 0, 0, none)		\
	/* mail from a bucket, on its way to lmtpd */			\
	X(INGEST_OFFER,		140, PARCEL, B, 196608, 0, ingest_offer) \
	X(INGEST_CREDIT,	141, PARCEL, A, 16, 0, data_credit)	\
	X(INGEST_DATA,		142, PARCEL, B, MSG_DATA_MAX, 0, none)	\
	X(INGEST_END,		143, PARCEL, B, 16, 0, ingest_end)	\
	X(INGEST_RESULT,	144, PARCEL, A, 262144, 0, ingest_result) \
	/* what admind says of the others */				\
	X(ADMIN_WANT,		150, SETUP, B, 0, 0, none)		\
	X(ADMIN_PROC,		151, SETUP, A, MSG_LONG + 1024, 0, admin_proc) \
	X(ADMIN_DONE,		152, SETUP, A, 128, 0, admin_done)	\
	/* what an administrator does there */				\
	X(ADMIN_DO,		153, SETUP, B, 10240, 1, admin_do)	\
	/* a session: requests, and what belongs to one */		\
	MSG_REQUESTS(X)							\
	X(MBOX_CANCEL,		75, MBOX, A, 0, 0, none)		\
	X(APPEND_DATA,		77, MBOX, A, MSG_DATA_MAX, 0, none)	\
	X(APPEND_MSG,		78, MBOX, A, MSG_LONG, 0, append_msg)	\
	X(APPEND_DONE,		79, MBOX, A, 64, 0, none)		\
	X(DATA_CREDIT,		80, MBOX, BOTH, 16, 0, data_credit)	\
	X(MBOX_MORE,		81, MBOX, A, 16, 0, mbox_more)		\
	X(APPEND_PARCEL,	82, MBOX, A, MSG_LONG, 0, append_parcel) \
	X(MBOX_TRACE,		84, MBOX, A, 64, 0, mbox_trace)		\
	/* a session: answers and events */				\
	X(SESSION_READY,	90, MBOX, B, 1024, 0, session_ready)	\
	X(SESSION_END,		91, MBOX, B, 1024, 0, session_end)	\
	X(REPLY_OK,		92, MBOX, B, MSG_VIEW, 0, reply_ok)	\
	X(REPLY_NO,		93, MBOX, B, 1024, 0, reply_no)		\
	X(REPLY_SELECTED,	94, MBOX, B, MSG_VIEW, 0, mbox_selected)\
	X(REPLY_DATA,		95, MBOX, B, MSG_DATA_MAX, 0, none)	\
	X(EV_ADDED,		100, MBOX, B, MSG_LONG, 0, ev_added)	\
	X(EV_FLAGS,		101, MBOX, B, MSG_LONG, 0, ev_flags)	\
	X(EV_EXPUNGED,		102, MBOX, B, MSG_LONG, 0, ev_expunged)	\
	X(EV_KEYWORDS,		103, MBOX, B, MSG_LONG, 0, ev_keywords)	\
	X(EV_GONE,		104, MBOX, B, 512, 0, mbox_box)		\
	X(EV_WAITING,		105, MBOX, B, 16, 0, none)

enum msg_channel {
	MSG_CHANNEL_ANY,
#define X(name, num, a, b, made)	MSG_CHANNEL_##name = num,
	MSG_CHANNELS(X)
#undef X
};

enum msg_type {
#define X(name, num, chan, side, max, fds, wire) IMSG_##name = num,
	MSG_TABLE(X)
#undef X
};

struct wire_struct;

struct msg_rule {
	const char		*name;
	enum msg_type		 type;
	enum msg_channel	 channel;
	enum msg_side		 sender;
	size_t			 max;
	int			 fds;
	const struct wire_struct *ws;		/* of no fields: none */
};

/* NULL for an unknown number. */
const struct msg_rule *msg_rule(uint32_t type);
const char *msg_name(uint32_t type);		/* "?" when unknown */

#endif
