/*
 * For tests: a client on a socketpair against the fakes, and the test's end
 * of it, clear or TLS.
 */
#ifndef IMAPD_TEST_RIG_H
#define IMAPD_TEST_RIG_H

#include <stdbool.h>

#include <openssl/ssl.h>

#include "common/buf.h"

struct client;
struct event_base;
struct fake;

struct rig {
	struct event_base	*base;
	struct fake		*fake;
	struct client		*client;	/* gone when it closed */
	int			 fd;
	SSL_CTX			*ctx;
	SSL			*ssl;		/* NULL: clear */
	struct buf		 in;		/* read, not yet taken */
	bool			 eof;
	bool			 deaf;		/* never reads */
};

/* The configuration's defaults, and with tls a self-signed certificate. */
void	 rig_init(struct rig *r, bool tls);
void	 rig_end(struct rig *r);
void	 rig_connect(struct rig *r, bool imaps, bool loopback);
void	 rig_disconnect(struct rig *r);
/* Says all of it, running the loop meanwhile. */
void	 rig_say(struct rig *r, const char *text);
/* One turn: the loop, at most ms, and what came. */
void	 rig_turn(struct rig *r, int ms);
/* Runs until in holds text (true) or 5 seconds went by; takes what it read
 * up to and with it. */
bool	 rig_hear(struct rig *r, const char *text);
bool	 rig_closed(struct rig *r);	/* within 5 seconds */
/* TLS from our side. */
bool	 rig_shake(struct rig *r);

#endif
