/*
 * The parent's state: what exists, and what it is doing.  One struct, passed to
 * every module of paild.
 */
#ifndef PAILD_PAILD_H
#define PAILD_PAILD_H

#include <sys/types.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include "common/auth_kind.h"
#include "common/compat.h"
#include "common/msg_setup.h"
#include "common/peer.h"
#include "paild/conf.h"
#include "paild/sockfile.h"

#define PAIL_VERSION	"0.1"

struct chan;
struct child_log;
struct control;
struct event;
struct event_base;
struct paild;

enum proc_state {
	PROC_DOWN,		/* not started, or waiting for a restart */
	PROC_STARTING,
	PROC_READY,
	PROC_DRAINING
};

/* A question (CTL_STATS, CTL_RELOAD) that a child has yet to answer. */
struct ask;
TAILQ_HEAD(asks, ask);

struct proc {
	struct paild	*paild;
	enum proc_kind	 kind;
	uint32_t	 index;		/* among its kind */
	enum proc_state	 state;
	pid_t		 pid;		/* 0: none */
	bool		 killed;	/* by us, to stop it */
	struct peer	*setup;		/* NULL: none, or cut */
	struct child_log *log;		/* its stderr; NULL: none */
	time_t		 started;	/* monotonic */
	unsigned	 restarts;
	unsigned	 backoff;	/* ms before the next one */
	struct event	*timer;		/* the pending restart */
	struct asks	 asks;
	/* Signs of life (watch.c). */
	bool		 asked;		/* and has not answered */
	bool		 answered;	/* once: its loop runs */
	bool		 hangs;		/* was killed for that */
	unsigned	 silent;	/* turns since it was heard */
	char		 doing[64];	/* what it says */
	time_t		 doing_since;	/* monotonic */
};

struct listener {
	TAILQ_ENTRY(listener)	 entry;
	char			 url[128];	/* as in the configuration */
	char			 protocol[16];
	char			 address[112];	/* host:port, or a path */
	int			 fds[2];	/* -1: none; "*" has two */
	struct sockfile		 file;		/* path "": none */
	bool			 keep;
	bool			 fresh;		/* not sent to anyone yet */
};
TAILQ_HEAD(listeners, listener);

/* What main does once the children have got that far. */
struct paild_ops {
	void	(*serves)(struct paild *pd);	/* all are ready: say so */
	void	(*report)(struct proc *p);	/* -C: ask this storaged */
};

struct paild {
	struct event_base	*base;
	struct conf		*conf;
	const char		*file;
	const char		*bindir;	/* where the children are */
	char			*tool;		/* pailctl; NULL: not found */
	bool			 debug;		/* -d */
	bool			 verbose;	/* -v */
	const char		*report;	/* -C: what; NULL: none */
	const char		*report_arg;
	bool			 report_json;
	struct event		*report_ev;
	struct event		*watch;
	struct event		*log_pause;	/* child_log.c */
	bool			 ready;		/* was, once */
	bool			 nearly;	/* its probe is nearly over, */
	bool			 probed;	/* the store has passed it */
	bool			 open;		/* all have their listeners */
	bool			 stopping;
	bool			 draining;	/* and clients have time */
	int			 status;	/* to exit with */
	time_t			 started;
	struct proc		*procs;
	size_t			 nprocs;
	struct chan		*chans;
	size_t			 nchans;
	uint32_t		 count[PROC_KINDS];
	struct auth_pools	 pools;		/* of authworkers */
	uint32_t		 next_imapd;	/* for deliveries, in turn */
	struct listeners	 listeners;
	struct control		*control;
	const struct paild_ops	*ops;
};

#endif
