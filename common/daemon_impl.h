/* What the files of daemon.h share. */
#ifndef COMMON_DAEMON_IMPL_H
#define COMMON_DAEMON_IMPL_H

#include <stdbool.h>

#include "common/proc_kind.h"

struct daemon;
struct event_base;
struct msg;
struct peer;
struct slice;

enum daemon_state { DAEMON_SETUP, DAEMON_READY, DAEMON_DRAINING };

/* The process. */
extern struct daemon_self {
	const struct daemon	*d;
	struct event_base	*base;
	struct peer		*setup;		/* paild's; NULL: it was cut */
	struct slice		*conf;
	struct arena		*arena;		/* of the message at hand */
	enum daemon_state	 state;
	enum proc_kind		 kind;
	bool			 go;
	bool			 drained;
	char			 name[32];
} daemon_self;

struct peer *daemon_setup(void);	/* paild's channel; NULL: it was cut */
/* What the slice says about the log, at start-up and on reload. */
void	 daemon_log(const struct slice *conf);
/* daemon_ctl.c: a message once it runs; takes its descriptor.  0, or -1: it is
 * malformed, or none. */
int	 daemon_command(struct msg *m);

#endif
