/*
 * One connection of HTTP/1.1: its socket or TLS, its buffers, and how long each
 * thing may take.
 *
 * libevent's evhttp is not used here, since it cannot be held to the limits
 * that common/listen.h and common/strangers.h keep for every other listener:
 * it takes no connection that was accepted elsewhere, and in 2.1 has no limit
 * on connections or on the time that a request takes as a whole (a byte now
 * and then keeps one open; libevent's pull requests 592 and 593), and it reads
 * a request with Content-Length and Transfer-Encoding in its own way (its issue
 * 1860).  What scrapers and probes need of HTTP is less than what working
 * around that would take; and TLS, whose signatures come from credd, works as
 * in imapd (common/tls_io.h).
 *
 * Life: conn_new() -> a head -> ops->request() -> conn_answer(), now or later
 * -> the next head -> conn_close() marks it; freed at the loop's end.
 */
#ifndef ADMIND_CONN_H
#define ADMIND_CONN_H

#include "common/compat.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <event2/event_struct.h>

#include "admind/http/answer.h"
#include "admind/http/head.h"
#include "admind/known/state.h"
#include "common/buf.h"
#include "common/listen.h"
#include "common/strangers.h"
#include "common/tls_io.h"

#define CONN_MAX	256		/* connections */
#define CONN_ADDRESS	64		/* of these, from one address */
#define CONN_HEAD_MS	10000		/* for TLS, and for a head */
#define CONN_BODY_MS	10000		/* for what comes after it */
#define CONN_BODY	(64 * 1024)	/* octets of that */
#define CONN_IDLE_MS	90000		/* between two requests */
#define CONN_ANSWER_MS	10000		/* for us to make an answer */
#define CONN_WRITE_MS	30000		/* for a client to take one */
#define CONN_LINGER_MS	2000		/* for it to read the last one */

enum conn_state {
	CONN_SHAKING,		/* TLS */
	CONN_IDLE,		/* nothing of a request has come */
	CONN_HEAD,		/* part of one */
	CONN_BODY_PART,		/* its head, and not yet all content */
	CONN_ASKED,		/* it waits for us */
	CONN_WRITING,		/* we wait for it to take the answer */
	CONN_LINGERING,		/* the last one was sent: until it is read */
	CONN_CLOSED		/* freed at the loop's end */
};

struct conn;

/* Implemented by route.c, which this module does not know. */
struct conn_ops {
	/* A request, c->head and c->body: conn_answer() follows, now or
	 * later. */
	void	(*request)(struct conn *c);
	/* The answer is late, or is no longer wanted: forget c. */
	void	(*forget)(struct conn *c);
	/* How many octets of content c->head may have: at most CONN_BODY. */
	size_t	(*content)(const struct conn *c);
	/* c->head says more than that: the answer, which is 413, in words. */
	void	(*too_large)(const struct conn *c, struct answer *a);
	/* The time is over: true if it answers by itself.  NULL: it does
	 * not. */
	bool	(*late)(struct conn *c);
};

struct conn {
	const struct conn_ops	*ops;
	TAILQ_ENTRY(conn)	 entry;
	struct stranger		 stranger;
	enum conn_state		 state;
	struct tls_io		 io;
	struct event		 ev_timer;
	struct event		 ev_run;	/* from the loop */
	bool			 local;		/* by a Unix socket */
	bool			 running;
	bool			 last;		/* close after this answer */
	bool			 eof;
	char			 remote[64];
	struct buf		 in;
	size_t			 looked;	/* of in: without an end */
	size_t			 taken;		/* of in: the request */
	size_t			 begin;		/* of taken: the head */
	struct head		 head;		/* borrows from in */
	struct str		 body;		/* the same */
	struct buf		 out;
	size_t			 out_off;
	struct state_wait	 wait;		/* of ops */
	const void		*page;		/* of ops */
	struct web		*web;		/* of ops */
	bool			 known;		/* of ops */
	bool			 loopback;	/* from this host, in the clear
						   all the way */
};

/* Of listen_ops. */
bool	 conn_room(const char *remote, const char **why);
int	 conn_new(struct event_base *base, const struct listen_from *from,
	    const struct conn_ops *ops, SSL_CTX *tls);
void	 conn_answer(struct conn *c, const struct answer *a);
/* A request may take longer than others: this many ms from now. */
void	 conn_patience(struct conn *c, int ms);
void	 conn_close(struct conn *c);
/* Has it shown a certificate that these issued?  store NULL: nobody has. */
bool	 conn_certified(const struct conn *c, X509_STORE *store);
/* The process ends: 503 to who waits, and all are closed. */
void	 conn_drain(void);

/* How long each state may last, in ms; tests shorten it. */
extern int conn_ms[CONN_CLOSED + 1];
extern unsigned int nconns;
extern uint64_t conn_requests;		/* since the start */

#endif
