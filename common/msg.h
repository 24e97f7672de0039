/*
 * THE message table: every message that our processes may say to one
 * another, who may say it, on which channel, how long, and with how many
 * descriptors.  peer.c enforces it, so the enum, the printer and "may this
 * peer say this here?" cannot disagree.
 *
 * Columns: name, number, channel, the side that may send it, the most
 * bytes of payload, descriptors (0 or 1).
 */
#ifndef COMMON_MSG_H
#define COMMON_MSG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * A channel joins two sides; A is the first named.  A channel's first
 * message, both ways, is HELLO with protocol number and version; peer.c
 * sends and checks it.
 */
#define MSG_CHANNELS(X)							\
	X(SETUP,   1)		/* A paild, B every child */		\
	X(AUTH,    2)		/* A imapd, B authd */			\
	X(GRANT,   3)		/* A authd, B storaged */		\
	X(CRED,    4)		/* A credd, B storaged */		\
	X(WORK,    5)		/* A authd, B its worker */		\
	X(MBOX,    6)		/* A imapd, B storaged: one session */

enum msg_side { MSG_SIDE_A = 1, MSG_SIDE_B = 2, MSG_SIDE_BOTH = 3 };

#define MSG_FRAME_MAX	16384		/* one frame, header included */
#define MSG_LONG	(1024 * 1024)	/* sets, digests, configuration */
#define MSG_VIEW	(8 * 1024 * 1024) /* all UIDs of a mailbox */
#define MSG_DATA_MAX	(MSG_FRAME_MAX - 16) /* payload of a data frame */

#define MSG_TABLE(X)							\
	X(HELLO,		 1, ANY,   BOTH, 64, 0)			\
	/* setup and control */						\
	X(SETUP_CONF,		10, SETUP, A, MSG_LONG, 0)		\
	X(SETUP_PEER,		11, SETUP, A, 64, 1)			\
	X(SETUP_LISTEN,		12, SETUP, A, 512, 1)			\
	X(SETUP_GO,		13, SETUP, A, 0, 0)			\
	X(SETUP_READY,		14, SETUP, B, 512, 0)			\
	X(CTL_VERBOSE,		15, SETUP, A, 64, 0)			\
	X(CTL_DRAIN,		16, SETUP, A, 0, 0)			\
	X(CTL_RELOAD,		17, SETUP, A, MSG_LONG, 0)		\
	X(CTL_RELOADED,		18, SETUP, B, 1024, 0)			\
	X(CTL_STATS,		19, SETUP, A, 0, 0)			\
	X(CTL_COUNTS,		20, SETUP, B, MSG_LONG, 0)		\
	X(CTL_REPORT,		21, SETUP, A, 1024, 1)			\
	X(CTL_PREAUTH,		22, SETUP, A, 1024, 1)			\
	X(CTL_REVOKE,		23, SETUP, A, 1024, 0)			\
	/* logins */							\
	X(AUTH_START,		30, AUTH,  A, 12288, 0)			\
	X(AUTH_STEP,		31, AUTH,  A, 12288, 0)			\
	X(AUTH_CANCEL,		32, AUTH,  A, 0, 0)			\
	X(AUTH_CHALLENGE,	33, AUTH,  B, 12288, 0)			\
	X(AUTH_OK,		34, AUTH,  B, 1024, 1)			\
	X(AUTH_NO,		35, AUTH,  B, 1024, 0)			\
	/* grants */							\
	X(GRANT_SESSION,	40, GRANT, A, 1024, 1)			\
	X(GRANT_REVOKE,		41, GRANT, A, 1024, 0)			\
	/* credentials */						\
	X(CRED_KEY,		50, CRED,  A, 8192, 0)			\
	X(CRED_REFUSED,		51, CRED,  B, 512, 0)			\
	/* authd's blocking work */					\
	X(WORK_CHECK,		55, WORK,  A, 12288, 0)			\
	X(WORK_RESULT,		56, WORK,  B, 1024, 0)			\
	/* a session: requests */					\
	X(MBOX_LIST,		60, MBOX,  A, 2048, 0)			\
	X(MBOX_CREATE,		61, MBOX,  A, 2048, 0)			\
	X(MBOX_DELETE,		62, MBOX,  A, 2048, 0)			\
	X(MBOX_RENAME,		63, MBOX,  A, 4096, 0)			\
	X(MBOX_SUBSCRIBE,	64, MBOX,  A, 2048, 0)			\
	X(MBOX_SELECT,		65, MBOX,  A, 2048, 0)			\
	X(MBOX_UNSELECT,	66, MBOX,  A, 64, 0)			\
	X(MBOX_META,		67, MBOX,  A, MSG_LONG, 0)		\
	X(MBOX_BODY,		68, MBOX,  A, MSG_LONG, 0)		\
	X(MBOX_STORE,		69, MBOX,  A, MSG_LONG, 0)		\
	X(MBOX_COPY,		70, MBOX,  A, MSG_LONG, 0)		\
	X(MBOX_MOVE,		71, MBOX,  A, MSG_LONG, 0)		\
	X(MBOX_EXPUNGE,		72, MBOX,  A, MSG_LONG, 0)		\
	X(MBOX_POLL,		73, MBOX,  A, 64, 0)			\
	X(MBOX_IDLE,		74, MBOX,  A, 64, 0)			\
	X(MBOX_CANCEL,		75, MBOX,  A, 0, 0)			\
	X(APPEND_OPEN,		76, MBOX,  A, 2048, 0)			\
	X(APPEND_DATA,		77, MBOX,  A, MSG_DATA_MAX, 0)		\
	X(APPEND_MSG,		78, MBOX,  A, MSG_LONG, 0)		\
	X(APPEND_DONE,		79, MBOX,  A, 64, 0)			\
	X(DATA_CREDIT,		80, MBOX,  BOTH, 16, 0)			\
	X(MBOX_MORE,		81, MBOX,  A, 16, 0)			\
	/* a session: answers and events */				\
	X(SESSION_READY,	90, MBOX,  B, 1024, 0)			\
	X(SESSION_END,		91, MBOX,  B, 1024, 0)			\
	X(REPLY_OK,		92, MBOX,  B, MSG_LONG, 0)		\
	X(REPLY_NO,		93, MBOX,  B, 1024, 0)			\
	X(REPLY_SELECTED,	94, MBOX,  B, MSG_VIEW, 0)		\
	X(REPLY_DATA,		95, MBOX,  B, MSG_DATA_MAX, 0)		\
	X(EV_ADDED,		100, MBOX, B, MSG_LONG, 0)		\
	X(EV_FLAGS,		101, MBOX, B, MSG_LONG, 0)		\
	X(EV_EXPUNGED,		102, MBOX, B, MSG_LONG, 0)		\
	X(EV_KEYWORDS,		103, MBOX, B, MSG_LONG, 0)		\
	X(EV_GONE,		104, MBOX, B, 512, 0)			\
	X(EV_WAITING,		105, MBOX, B, 16, 0)

enum msg_channel {
	MSG_CHANNEL_ANY,
#define X(name, num)	MSG_CHANNEL_##name = num,
	MSG_CHANNELS(X)
#undef X
};

enum msg_type {
#define X(name, num, chan, side, max, fds)	IMSG_##name = num,
	MSG_TABLE(X)
#undef X
};

struct msg_rule {
	const char		*name;
	enum msg_type		 type;
	enum msg_channel	 channel;
	enum msg_side		 sender;
	size_t			 max;
	int			 fds;
};

/* NULL for an unknown number. */
const struct msg_rule *msg_rule(uint32_t type);
const char *msg_name(uint32_t type);		/* "?" when unknown */

#endif
