/*
 * One connection: its socket or TLS, its buffers and timeouts, its commands
 * in the order of their tags, its session with storaged.
 *
 * Life: client_new() -> greeting -> commands -> client_close() marks it; it
 * is freed at the loop's end, never under its caller.  All of a client's
 * memory but the struct goes when it is idle.
 */
#ifndef IMAPD_CLIENT_H
#define IMAPD_CLIENT_H

#include <sys/types.h>

#include "common/compat.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <event2/event.h>
#include <event2/event_struct.h>
#include <openssl/types.h>

#include "common/buf.h"
#include "imapd/command.h"
#include "imapd/scan.h"

struct login;
struct storage;
struct view;

/* Bits, so that the command table can hold a mask of them. */
enum client_state {
	CLIENT_STRANGER	= 1 << 0,	/* not authenticated */
	CLIENT_KNOWN	= 1 << 1,	/* authenticated */
	CLIENT_SELECTED	= 1 << 2,
	CLIENT_LOGOUT	= 1 << 3	/* BYE was said: flush and close */
};
#define CLIENT_ANY	(CLIENT_STRANGER | CLIENT_KNOWN | CLIENT_SELECTED)
#define CLIENT_IN	(CLIENT_KNOWN | CLIENT_SELECTED)

enum client_tls { TLS_NONE, TLS_SHAKING, TLS_ON };

#define CLIENT_OUT_MAX	(16 * 1024 * 1024) /* over it: closed */

#define CLIENT_OUT_HIGH	(64 * 1024)	/* output waits: make no more */
#define CLIENT_OUT_LOW	(16 * 1024)
#define CLIENT_IN_CHUNK	(16 * 1024)	/* read at once */
#define CLIENT_COMMANDS_MAX	100	/* in flight: read no more of them */
#define CLIENT_COMMANDS_LOW	10	/* go on reading */

struct client {
	TAILQ_ENTRY(client)	 entry;
	uint32_t		 session;	/* random, for the log */
	struct event_base	*base;
	enum client_state	 state;
	int			 fd;
	struct event		 ev_read;
	struct event		 ev_write;
	struct event		 ev_timer;	/* idle, login and write */
	struct event		 ev_run;	/* once more, from the loop */
	SSL			*ssl;
	enum client_tls		 tls;
	bool			 read_wants_write; /* TLS */
	bool			 write_wants_read;
	bool			 eof;		/* it will say no more */
	bool			 eager;		/* the last read was full */
	bool			 closing;
	bool			 running;	/* in client_run(), */
	bool			 again;		/* which goes round again */
	bool			 imaps;
	bool			 preauth;
	bool			 loopback;
	bool			 greeted;
	bool			 full;		/* from HIGH down to LOW */
	bool			 crowded;	/* the same of commands */
	bool			 on_read;	/* ev_read is added */
	bool			 on_write;
	bool			 starttls;	/* once the output is flushed */
	unsigned int		 bad;		/* BADs of a stranger */
	char			 remote[64];	/* address, for the log */
	struct buf		 in;
	size_t			 in_off;	/* of in: used up to here */
	struct buf		 out;
	size_t			 out_off;
	struct scan		 scan;
	TAILQ_HEAD(command_list, command) commands;	/* oldest first */
	unsigned int		 ncommands;
	struct command		*reading;	/* its text is being read */
	struct command		*taking;	/* takes input itself */
	struct login		*login;		/* under way at authd */
	struct storage		*storage;	/* NULL until logged in */
	struct view		*view;		/* NULL: nothing selected */
	char			*user;		/* a word of the log */
	bool			 left;		/* LOGOUT was said */
	uint64_t		 append_limit;
	int64_t			 born;		/* monotonic ms */
	int64_t			 heard;		/* last input */
	int64_t			 wrote;		/* last progress in writing */
	uint64_t		 bytes_in;
	uint64_t		 bytes_out;
};

/*
 * Takes fd over and greets (imaps: after the handshake).  NULL, with fd
 * closed, on ENOMEM.
 */
struct client *client_new(struct event_base *base, int fd, bool imaps,
	    const char *remote, bool loopback);
/* The same for CTL_PREAUTH: no login, greeted with PREAUTH once authd has
 * taken the token. */
struct client *client_new_preauth(struct event_base *base, int fd,
	    const char *token);

/* Marks: what is in the output is tried once, the rest is dropped at the
 * loop's end.  why is for the log (NULL: not logged). */
void	 client_close(struct client *c, const char *why);
/* "* BYE text", flush what can be written, close. */
void	 client_bye(struct client *c, const char *fmt, ...)
	    __attribute__((format(printf, 2, 3)));

/* BYE was said: flush, then close. */
void	 client_logout(struct client *c);

/* Raw output (whole lines by reply.h).  Memory running out closes. */
void	 client_put(struct client *c, const void *p, size_t len);
size_t	 client_queued(const struct client *c);	/* octets not yet written */
/* True when a producer must stop until its command's resume() is called. */
bool	 client_full(const struct client *c);

/* Go on with commands and input, from the loop: never calls back now. */
void	 client_wake(struct client *c);

/* Logged in: c->user and c->storage are there. */
void	 client_known(struct client *c);
/* Leave the selected mailbox (view freed); not told to storaged. */
void	 client_unselect(struct client *c);

/* Whether this client may send a password now (TLS or plaintext-login). */
bool	 client_may_login(const struct client *c);
bool	 client_can_starttls(const struct client *c);

struct event_base *client_base(struct client *c);

/* storage.c: the selected mailbox is deleted; a commit is unsettled. */
void	 client_gone(struct client *c);
void	 client_waiting(struct client *c);

/* client_run.c: commands and input, as far as they go now. */
void	 client_run(struct client *c);
/* client_io.c: set up, write what can be written now, wait for what is
 * wanted, begin TLS on a connection whose output is flushed.  -1: close. */
void	 client_io_init(struct client *c);
int	 client_flush(struct client *c);
void	 client_events(struct client *c);
int	 client_tls_begin(struct client *c);
void	 client_greet(struct client *c);
/* The unread octets are in the clear: throw them away. */
void	 client_discard(struct client *c);
/* Octets of input not yet used. */
size_t	 client_unread(const struct client *c);

/* All clients of the process. */
TAILQ_HEAD(client_list, client);
extern struct client_list clients;
extern unsigned int nclients, nstrangers;
/* The process stops: no further commands begin. */
extern bool clients_draining;

#endif
