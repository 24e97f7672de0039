/* What the files of daemon.h share. */
#ifndef COMMON_DAEMON_IMPL_H
#define COMMON_DAEMON_IMPL_H

struct peer;

struct peer *daemon_setup(void);	/* paild's channel; NULL: it was cut */

#endif
