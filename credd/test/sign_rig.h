/* For tests: credd's part of TLS as a process of its own, and the contexts that
 * it gives this one. */
#ifndef CREDD_SIGN_RIG_H
#define CREDD_SIGN_RIG_H

#include <sys/types.h>

#include <stdbool.h>
#include <stdint.h>

#include <openssl/types.h>

#include "common/test/tls_fake.h"

#define SIGN_RIG_MOST	8
#define SIGN_RIG_SERVERS 64

struct event_base;

struct sign_rig {
	struct event_base *base;	/* this process's */
	/* Of each credd; the i-th process's handshakes are signed by the
	 * (i % credds)-th.  0: none. */
	pid_t		 pid[SIGN_RIG_SERVERS];
	unsigned	 credds;	/* 1 at first */
	SSL_CTX		*server;	/* of the newest set */
	unsigned	 sets;
	/* What credd finds: n certificates and their keys. */
	char		 cert[SIGN_RIG_MOST][TLS_FAKE_PEM];
	char		 key[SIGN_RIG_MOST][TLS_FAKE_PEM];
	unsigned	 n;
	/* Processes that are to join it, besides this one, and credd's
	 * channels to all. */
	unsigned	 servers;
	int		 ends[1 + SIGN_RIG_SERVERS];
};

void	 sign_rig_init(struct sign_rig *r);
void	 sign_rig_add(struct sign_rig *r, const struct tls_fake *want);
/* Starts r->credds and waits until the certificates of the first are here. */
void	 sign_rig_start(struct sign_rig *r);
/* In a process that was forked since: the i-th of servers, from 1 on, with a
 * channel and contexts of its own. */
void	 sign_rig_join(struct sign_rig *r, unsigned i);
void	 sign_rig_kill(struct sign_rig *r);
void	 sign_rig_end(struct sign_rig *r);
/*
 * A handshake without a socket: with ctx as the server's, and TLS of this
 * version; alpn "imap", host (NULL: none) as SNI.  *peer (NULL: not wanted) is
 * the certificate that the client saw, the caller's.
 */
bool	 sign_rig_shake(SSL_CTX *ctx, int version, const char *host,
	    X509 **peer);
/* us of processor time that servers' halves of handshakes have taken so far,
 * in this process. */
uint64_t sign_rig_server_us(void);
/*
 * The same with *session, if that is not NULL, and a word from the server, as
 * after each login; *session is what the client has for the next time, the
 * caller's.  false also if the handshake was no resumption of *session.
 */
bool	 sign_rig_resume(SSL_CTX *ctx, int version, SSL_SESSION **session);

#endif
