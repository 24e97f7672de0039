/*
 * What admind says to paild, and is told, over its setup channel.
 *
 * Of the other processes it asks with ADMIN_WANT; paild asks all of them
 * (CTL_STATS), and sends one ADMIN_PROC for each, paild itself included, then
 * ADMIN_DONE, all with the id of the question.  There is one question at a
 * time, and paild begins to answer one ADMIN_PACE_MS after the one before at
 * the earliest, whatever is asked.
 */
#ifndef COMMON_MSG_ADMIN_H
#define COMMON_MSG_ADMIN_H

#include <stdbool.h>
#include <stdint.h>

#include "common/buf.h"
#include "common/wire.h"

#define ADMIN_PACE_MS	1000
#define ADMIN_ANSWER_MS	1000	/* then a process has not answered */
#define ADMIN_COUNTS_MAX (1024 * 1024)	/* MSG_LONG: of CTL_COUNTS */

/* Of a process; paild itself is always ready. */
enum admin_state { ADMIN_DOWN, ADMIN_STARTING, ADMIN_READY, ADMIN_DRAINING };

/*
 * counts: what the process sent as CTL_COUNTS (msg_setup.h), as it came: paild
 * does not read it; empty: it has not answered.  What the system says of it is
 * there if known is true; fds and threads may be 0 even then: unknown.
 */
struct admin_proc {
	uint8_t		 kind;		/* enum proc_kind */
	uint32_t	 index;
	uint8_t		 state;		/* enum admin_state */
	uint32_t	 pid;		/* 0: none */
	uint64_t	 started;	/* Unix time; 0: never */
	uint32_t	 restarts;
	bool		 answered;
	bool		 known;
	uint64_t	 cpu_us;	/* user and system */
	uint64_t	 rss;		/* bytes */
	uint64_t	 vsize;		/* bytes */
	uint64_t	 fds;
	uint64_t	 threads;
	struct str	 counts;
};

/*
 * ADMIN_DO, with a descriptor that the answer is written to: what an
 * administrator wants done.  token is what paild gave for his login
 * (SETUP_WANT "admin:"); without one that is valid nothing is done, whatever
 * else is asked.  args are a command's of paild/desk_cmd.c and its arguments;
 * secret is what that reads from its standard input, a password; remote, the
 * administrator's address, is for the log.  The answer is one of the control
 * socket's (paild/control.h) in its JSON form, up to the end of the stream;
 * "error: session\n": the token is none, or not any more.
 */
#define ADMIN_TOKEN	64		/* hex digits */
#define ADMIN_ARGS_MAX	16
#define ADMIN_ARG_MAX	512		/* bytes, no control characters */
#define ADMIN_SECRET_MAX 1024
#define ADMIN_SESSION	"session"	/* the error's text */
struct admin_arg { struct str text; };
struct admin_do {
	struct str	 token;
	struct wire_list args;
	struct str	 secret;
	struct str	 remote;
};

/* All of it was told. */
struct admin_done {
	bool		 serving;	/* all were ready, once */
	bool		 stopping;
	uint32_t	 missing;	/* that have not answered */
	struct str	 version;
};

extern const struct wire_struct admin_proc_wire, admin_done_wire,
    admin_do_wire;

#endif
