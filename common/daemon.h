/*
 * The startup of every child, always in the same order (STYLE, section 5): only
 * the setup descriptor (3) -> SETUP_CONF, SETUP_PEER, SETUP_LISTEN until
 * SETUP_GO -> prepare() -> groups, uid -> reach() -> sandbox_enter(), with
 * namespaces, chroot, rlimits, no_new_privs -> SETUP_READY -> loop.
 */
#ifndef COMMON_DAEMON_H
#define COMMON_DAEMON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/msg_setup.h"
#include "common/daemon_counts.h"
#include "common/peer.h"
#include "common/slice.h"

struct admin_do;
struct event_base;
struct sandbox;

#define DAEMON_SETUP_FD	3
#define DAEMON_LOG_ENV	"PAIL_LOG"	/* set: stderr is a pipe to paild */

struct daemon {
	const char	*name;		/* "imapd" */
	/*
	 * All handlers may be NULL. The log and the slice are ready before any
	 * of them is called. prepare() runs with the initial privileges (to
	 * open files, create directories); on error, it calls fatal().
	 */
	void	(*prepare)(struct slice *conf);
	/*
	 * What it reaches from now on, added to what its row of PROC_TABLE
	 * says (nothing at all, or the listeners): user and group are the
	 * final ones, the chroot is yet to come, and no thread runs.  What a
	 * reload may change must be in it.
	 */
	void	(*reach)(const struct slice *conf, struct sandbox *box);
	/* In the sandbox: the event loop exists, nothing has been read yet. */
	void	(*start)(struct event_base *base, struct slice *conf);
	/* A channel: one that arrives before start() is kept until after it. */
	void	(*peer)(enum proc_kind kind, uint32_t index, int fd);
	void	(*listen)(const char *protocol, const char *address, int fd);
	/* New configuration: 0, or -1 with the reason in why.  The old slice is
	 * freed after 0. */
	int	(*reload)(struct slice *conf, char *why, size_t size);
	/* Accept no new work; have the clients go within so many ms.  The
	 * process may be drained before. */
	void	(*leave)(uint32_t within);
	/* Accept no new work, finish what is in progress, then call
	 * daemon_drained(). */
	void	(*drain)(void);
	void	(*counts)(void);	/* its tables, with COUNTER_TELL, and
					   its families: daemon_metric() */
	void	(*report)(const char *what, const char *arg, bool json,
		    int fd);
	void	(*preauth)(const char *user, const char *token, int fd);
	void	(*revoke)(const char *user);
	/* The answer to daemon_want(); dies with the call. */
	void	(*give)(uint32_t id, const struct setup_give *g);
	/* ADMIN_PROC and ADMIN_DONE (msg_admin.h); -1: malformed. */
	int	(*admin)(const struct msg *m);
	void	(*serve)(void);		/* SETUP_SERVE */
	/* SETUP_READY is not sent after start(), but by daemon_ready(): for
	 * storaged, which is ready only once its store has been tested. */
	bool	 late_ready;
};

/* Runs the daemon; exits the process, 0 after a drain. */
void	 daemon_run(const struct daemon *d) __attribute__((noreturn));
/*
 * A channel made by paild is gone, for whatever reason; the caller has logged
 * why. paild makes a new one if the other process is still running.
 */
void	 daemon_lost(enum proc_kind kind, uint32_t index);
/*
 * Tells paild what this process does next that may take long or hang (a static
 * string, a few words); daemon_run() reports "serving" when the loop begins.
 */
void	 daemon_doing(const char *what);
/* Asks paild for what only it can read (msg_setup.h); give() is called with
 * the same id.  NULL: about the other processes; admin() is called. */
void	 daemon_want(uint32_t id, const char *what);
/* SETUP_APPS; takes fd. give() is called with the same id. */
void	 daemon_apps(uint32_t id, uint64_t serial, int fd);
/* ADMIN_DO; takes fd. */
void	 daemon_admin(uint32_t id, const struct admin_do *what, int fd);
void	 daemon_nearly(void);		/* SETUP_NEARLY */
void	 daemon_ready(void);		/* with late_ready; once */
void	 daemon_drained(void);
struct event_base *daemon_base(void);
/* Our own kind, from "role" in the slice; known before prepare(). */
enum proc_kind daemon_kind(void);

#endif
