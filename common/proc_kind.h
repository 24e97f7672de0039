/*
 * THE table of processes: every kind that paild starts.  How it is started,
 * restarted and stopped, its user, sandbox and slice, the build and the
 * installation (mk/procs.sh) follow from its row.  Which processes talk to each
 * other is in MSG_CHANNELS (msg.h), how many there are in the key
 * "processes.NAME" (paild/conf_key.c; without that key: one).
 *
 * Columns: kind, name, program, user, traits, when it is stopped.  Rows are in
 * startup order: what others wait for comes first.
 */
#ifndef COMMON_PROC_KIND_H
#define COMMON_PROC_KIND_H

#define PROC_TABLE(X)							\
	X(CREDD, credd, credd, _pail_cred,				\
	    PROC_CHROOT | PROC_REPORTS, REST)				\
	/* storaged has its directories. */				\
	X(STORAGED, storaged, storaged, _pail_store, PROC_REPORTS,	\
	    COMMITS)							\
	/* The workers read the password files. */			\
	X(AUTHWORKER, authworker, authd, _pail_auth, PROC_SPARE, REST)	\
	X(AUTHD, authd, authd, _pail_auth, PROC_CHROOT, REST)		\
	X(IMAPD, imapd, imapd, _pail_imap, PROC_CHROOT | PROC_LISTENS,	\
	    SESSIONS)							\
	X(LMTPD, lmtpd, lmtpd, _pail_lmtp, PROC_CHROOT | PROC_LISTENS,	\
	    SESSIONS)							\
	/* Until the end it says what the others do. */			\
	X(ADMIND, admind, admind, _pail_admin, PROC_CHROOT | PROC_LISTENS | \
	    PROC_EARLY, REST)

/* A channel's other end is a kind and an index. */
enum proc_kind {
	PROC_PAILD,
#define X(kind, name, program, user, traits, stop)	PROC_##kind,
	PROC_TABLE(X)
#undef X
	PROC_KINDS
};

enum proc_trait {
	PROC_CHROOT = 1,	/* chroot to an empty directory */
	PROC_REPORTS = 2,	/* wanted for "paild -C", too */
	PROC_LISTENS = 4,	/* gets the listeners */
	PROC_SPARE = 8,		/* "auto" is at least two: one may hang */
	PROC_EARLY = 16		/* it says why the others do not serve yet */
};

/* The phases of a shutdown, in this order (paild/stop.c). */
enum proc_stop {
	PROC_STOP_SESSIONS,
	PROC_STOP_COMMITS,
	PROC_STOP_REST,
	PROC_STOP_PHASES
};

struct proc_row {
	const char	*name;
	const char	*program;	/* libexec/pail; named like its room */
	const char	*user;		/* NULL: paild's own */
	unsigned	 traits;
	enum proc_stop	 stop;
};

/* kind < PROC_KINDS. */
const struct proc_row *proc_row(enum proc_kind kind);
const char *proc_kind_name(enum proc_kind kind);	/* "?": none */
/* PROC_KINDS: there is no such name. */
enum proc_kind proc_kind_find(const char *name);

#endif
