/*
 * The start-up of every child, in the same order everywhere (STYLE, section
 * 5): only the setup descriptor (3) -> SETUP_CONF, SETUP_PEER, SETUP_LISTEN
 * until SETUP_GO -> prepare() -> chroot, groups, uid -> rlimits,
 * no_new_privs -> sandbox_enter() -> SETUP_READY -> loop.
 */
#ifndef COMMON_DAEMON_H
#define COMMON_DAEMON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/msg_setup.h"
#include "common/peer.h"
#include "common/slice.h"

struct event_base;

#define DAEMON_SETUP_FD	3

struct daemon {
	const char	*name;		/* "imapd" */
	/*
	 * All handlers may be NULL.  Before any of them, log and slice are
	 * ready.  prepare runs with the start-up rights (open files, make
	 * directories); it fatal()s on error.
	 */
	void	(*prepare)(struct slice *conf);
	/* After the jail: the loop is there, nothing has been read yet. */
	void	(*start)(struct event_base *base, struct slice *conf);
	/* A channel, before start (kept and handed out after it) or later. */
	void	(*peer)(enum proc_kind kind, uint32_t index, int fd);
	void	(*listen)(const char *protocol, const char *address, int fd);
	/* New configuration: 0, or -1 with the reason in why.  The slice of
	 * before dies when this returned 0. */
	int	(*reload)(struct slice *conf, char *why, size_t size);
	/* Stop taking new work, finish what is under way, then call
	 * daemon_drained(). */
	void	(*drain)(void);
	void	(*counts)(void);	/* call daemon_count() for each */
	void	(*report)(const char *what, const char *arg, int fd);
	void	(*preauth)(const char *user, const char *token, int fd);
	void	(*revoke)(const char *user);
	/* SETUP_READY is not said after start() but by daemon_ready(): for
	 * storaged, which serves only once its store has been tried. */
	bool	 late_ready;
};

/* Runs the daemon; exits the process, 0 after a drain. */
void	 daemon_run(const struct daemon *d) __attribute__((noreturn));
void	 daemon_count(const char *name, uint64_t value);
void	 daemon_ready(void);		/* with late_ready; once */
void	 daemon_drained(void);
struct event_base *daemon_base(void);

#endif
