/*
 * One connection: its socket or TLS, its buffers and timeouts, its commands
 * in the order of their tags, its session with storaged.
 *
 * Life: client_new() -> greeting -> commands -> client_close() marks it; it is
 * freed at the loop's end, never under its caller.  When a client is idle, all
 * of its memory but the struct is freed.
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

#include "common/buf.h"
#include "common/strangers.h"
#include "common/tls_io.h"
#include "imapd/scan.h"
#include "imapd/turn.h"

struct client;
struct command;
struct listen_from;
struct login;
struct mbox_client;
struct tls_rule;
struct view;

/*
 * Bits, so that the command table can hold a mask of them.  client_state.c
 * has their names and which may follow which.
 */
enum client_state {
	CLIENT_NEW	= 1 << 0,	/* not greeted: TLS or PREAUTH first */
	CLIENT_STRANGER	= 1 << 1,	/* not authenticated */
	CLIENT_STARTTLS	= 1 << 2,	/* OK was said: flush, then TLS */
	CLIENT_KNOWN	= 1 << 3,	/* authenticated */
	CLIENT_SELECTED	= 1 << 4,
	CLIENT_LOGOUT	= 1 << 5,	/* BYE was said: flush and close */
	CLIENT_CLOSED	= 1 << 6	/* freed at the loop's end */
};
#define CLIENT_ANY	(CLIENT_STRANGER | CLIENT_KNOWN | CLIENT_SELECTED)
#define CLIENT_IN	(CLIENT_KNOWN | CLIENT_SELECTED)
#define CLIENT_OUTSIDE	(CLIENT_NEW | CLIENT_STRANGER | CLIENT_STARTTLS)
#define CLIENT_OVER	(CLIENT_LOGOUT | CLIENT_CLOSED)

/* What c->taking waits for: the client and nothing else. */
enum client_wants { WANTS_NOTHING, WANTS_LINE, WANTS_LITERAL };

/* Implemented by run.c, which this module does not know. */
struct client_ops {
	/* Processes commands and input, as far as possible now. */
	void	(*run)(struct client *c);
	/* The output has room again. */
	void	(*resume)(struct client *c);
	void	(*greet)(struct client *c);
	/* Says the tagged lines of what has been answered, at once. */
	void	(*settle)(struct client *c);
	/* It is being freed: frees its commands, its login and its session. */
	void	(*end)(struct client *c);
};

/* How it came. */
enum client_via { VIA_IMAP, VIA_IMAPS, VIA_PREAUTH };


#define CLIENT_OUT_MAX	(16 * 1024 * 1024) /* over it: closed */

#define CLIENT_OUT_HIGH	(64 * 1024)	/* output waits: make no more */
#define CLIENT_OUT_LOW	(16 * 1024)
#define CLIENT_OUT_KEPT	(128 * 1024)	/* memory between two answers */
#define CLIENT_IN_CHUNK	(16 * 1024)	/* read at once */
#define CLIENT_COMMANDS_MAX	100	/* in progress: beyond this, stop
					   reading */
#define CLIENT_COMMANDS_LOW	10	/* go on reading */

struct client {
	TAILQ_ENTRY(client)	 entry;
	const struct client_ops	*ops;
	struct stranger		 stranger;
	struct turns_entry		 turn;
	uint64_t		 session;	/* random, for the log */
	enum client_state	 state;		/* client_enter() */
	enum client_via		 via;
	uint32_t		 enabled;	/* extensions, as bits */
	struct tls_io		 io;
	struct tls_rule		*tls_rule;	/* its listener's, until TLS
						   begins; or NULL */
	struct event		 ev_timer;	/* idle, login and write */
	struct event		 ev_run;	/* once more, from the loop */
	bool			 eof;		/* it will say no more */
	bool			 eager;		/* the last read was full */
	bool			 running;	/* in client_run(), */
	bool			 again;		/* which goes round again */
	bool			 woken;		/* ev_run will come */
	bool			 full;		/* from HIGH down to LOW */
	bool			 crowded;	/* the same of commands */
	bool			 left;		/* LOGOUT was said */
	bool			 leaving;	/* no more commands: leave.h */
	bool			 loopback;
	bool			 tls_outside;	/* it speaks TLS to a proxy */
	enum client_wants	 wants;		/* of taking */
	unsigned int		 ncommands;
	unsigned int		 bad;		/* BADs of a stranger */
	unsigned int		 alien;		/* of them no IMAP */
	char			 remote[64];	/* address, for the log */
	struct buf		 in;
	size_t			 in_off;	/* of in: used up to here */
	struct buf		 out;
	size_t			 out_off;
	size_t			 unsent;	/* of it, in the sum of all */
	struct scan		 scan;
	TAILQ_HEAD(command_list, command) commands;	/* oldest first */
	struct command		*reading;	/* its text is being read */
	struct command		*taking;	/* takes input itself */
	struct login		*login;		/* under way at authd */
	uint32_t		 granted;	/* authd's id of it; 0: none */
	struct mbox_client	*storage;	/* NULL until logged in */
	struct view		*view;		/* NULL: nothing selected */
	char			*user;		/* a word of the log */
	uint64_t		 append_limit;
	int64_t			 born;		/* monotonic ms */
	int64_t			 heard;		/* last input */
	int64_t			 wrote;		/* last progress in writing */
	int64_t			 leave_at;	/* when it has to: leave.h */
	int64_t			 linger_until;	/* 0: it does not, yet */
	uint64_t		 bytes_in;
	uint64_t		 bytes_out;
};

/*
 * Takes ownership of from->fd and sends the greeting (imaps: after the
 * handshake).  NULL, with it closed, on ENOMEM.
 */
struct client *client_new(struct event_base *base,
	    const struct listen_from *from, const struct client_ops *ops);
/* The same for CTL_PREAUTH: the caller logs it in and sends the greeting. */
struct client *client_new_preauth(struct event_base *base, int fd,
	    const struct client_ops *ops);
/* Whether one more from remote may come; strangers_room(). */
bool	 client_room(const char *remote, const char **why);
/* Whether we are waiting for it, rather than it for us. */
bool	 client_silent(const struct client *c);
/* How long one may take to log in; strangers_timeout(). */
int64_t	 client_patience(void);

/* Marks it as closed: tries once to write its output, and drops the rest from
 * the loop. why is for the log (NULL: not logged). */
void	 client_close(struct client *c, const char *why);
/* "* BYE text", flush what can be written, close. */
void	 client_bye(struct client *c, const char *fmt, ...)
	    __attribute__((format(printf, 2, 3)));

/*
 * client_state.c.  The only way to change the state: logs it, and does what
 * goes with it (a client that has logged in no longer counts as
 * unauthenticated, and its timeout starts anew).  An illegal transition is a
 * bug, and closes this client.
 */
void	 client_enter(struct client *c, enum client_state state);
bool	 client_may_enter(enum client_state from, enum client_state to);
const char *client_state_name(enum client_state state);
/* BYE was sent, or it is being freed: nothing more is read or started. */
bool	 client_over(const struct client *c);
bool	 client_closed(const struct client *c);

/* Raw output (for whole lines, see reply.h).  Running out of memory closes the
 * connection. */
void	 client_put(struct client *c, const void *p, size_t len);
size_t	 client_queued(const struct client *c);	/* octets not yet written */
/* True if a producer must stop until the command's resume() is called. */
bool	 client_full(const struct client *c);

/* Continues with commands and input, from the loop: never calls back at
 * once. */
void	 client_wake(struct client *c);

/* Leaves the selected mailbox (frees the view); storaged is not notified. */
void	 client_unselect(struct client *c);

/* Is what the client sends encrypted on its way, be it as far as a proxy? */
bool	 client_is_tls(const struct client *c);
/* Whether this client may send a password now (TLS or plaintext-login). */
bool	 client_may_login(const struct client *c);
bool	 client_can_starttls(const struct client *c);

struct event_base *client_base(const struct client *c);

/* client_io.c: set up; write as much as possible now; wait for what is needed;
 * start TLS on a connection whose output has been flushed.  -1: close. */
void	 client_io_init(struct client *c, struct event_base *base, int fd);
int	 client_flush(struct client *c);
void	 client_events(struct client *c);
int	 client_tls_begin(struct client *c);
void	 client_shake(struct client *c);
/* Its time is charged to its user, or to its address.  0, or -1 on ENOMEM. */
int	 client_join(struct client *c);
/* Restarts its timeout. */
void	 client_heard(struct client *c);
/* The unread octets were not encrypted: discards them. */
void	 client_discard(struct client *c);
/* BYE was sent: is what has crossed it on its way still awaited? */
bool	 client_lingers(struct client *c);
/* Its output waits no longer. */
void	 client_unsent_gone(struct client *c);
/* Octets of input not yet used. */
size_t	 client_unread(const struct client *c);

/* All clients of the process. */
TAILQ_HEAD(client_list, client);
extern struct client_list clients;
extern unsigned int nclients;
/* The process is shutting down: no further commands are started. */
extern bool clients_draining;

#endif
