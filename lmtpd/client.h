/*
 * One connection of LMTP: its socket or TLS, its buffers and timeouts, and the
 * transaction that it is in.
 *
 * Life: client_new() -> greeting -> commands -> client_close() marks it; it is
 * freed at the loop's end, never under its caller.
 */
#ifndef LMTPD_CLIENT_H
#define LMTPD_CLIENT_H

#include "common/compat.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <event2/event.h>
#include <event2/event_struct.h>

#include "common/buf.h"
#include "common/listen.h"
#include "common/strangers.h"
#include "common/tls_io.h"
#include "lmtpd/txn_state.h"
#include "lmtpd/verdict.h"

#define CLIENT_IN_CHUNK	(16 * 1024)	/* read at once; most that waits */
#define CLIENT_LINE_MAX	4096		/* octets of a command with its CRLF */
#define CLIENT_OUT_HIGH	(64 * 1024)	/* answers wait: take no more */
#define CLIENT_OUT_MAX	(2 * 1024 * 1024)
#define CLIENT_BAD_MAX	20		/* commands that are none */

enum client_state {
	CLIENT_COMMAND,		/* lines */
	CLIENT_DATA,		/* octets up to the dot */
	CLIENT_BDAT,		/* so many octets */
	CLIENT_ANSWERS,		/* it waits for its recipients' answers */
	CLIENT_STARTTLS,	/* 220 was said: flush, then TLS */
	CLIENT_QUIT,		/* 221 or 421 was said: flush and close */
	CLIENT_CLOSED		/* freed at the loop's end */
};

struct client;

/* Implemented by run.c, which this module does not know. */
struct client_ops {
	void	(*greet)(struct client *c);
	/* Takes commands and octets, as far as possible now. */
	void	(*run)(struct client *c);
	/* It is being freed. */
	void	(*end)(struct client *c);
};

struct client {
	const struct client_ops	*ops;
	TAILQ_ENTRY(client)	 entry;
	struct stranger		 stranger;
	uint64_t		 session;	/* random, for the log */
	enum client_state	 state;
	struct tls_io		 io;
	struct tls_rule		*tls_rule;	/* its listener's, or NULL */
	struct event		 ev_timer;
	struct event		 ev_run;	/* once more, from the loop */
	bool			 eof;		/* it will say no more */
	bool			 running;
	bool			 again;
	bool			 skipping;	/* a line that is too long */
	bool			 tls_outside;	/* TLS as far as a proxy */
	bool			 trusted;	/* XCLIENT counts */
	bool			 greeted;	/* LHLO was said */
	unsigned int		 bad;		/* commands that were none */
	uint64_t		 left;		/* CLIENT_BDAT: octets */
	bool			 last;		/* CLIENT_BDAT: of the last */
	char			 remote[64];	/* address, for the log */
	char			 helo[256];	/* what LHLO or XCLIENT said */
	bool			 helo_kept;	/* XCLIENT's, whatever LHLO
						   says */
	struct buf		 in;
	size_t			 in_off;	/* of in: used up to here */
	struct buf		 out;
	size_t			 out_off;
	struct txn		 txn;
	int64_t			 heard;		/* monotonic ms: progress */
	uint64_t		 bytes_in;
	uint64_t		 bytes_out;
};

/* Of listen_ops: whether one more from remote may come. */
bool	 client_room(const char *remote, const char **why);
/* Takes from->fd, and greets.  -1, with it closed: out of memory. */
int	 client_new(struct event_base *base, const struct listen_from *from,
	    const struct client_ops *ops);
/* Marks it as closed; why is for the log (NULL: it said QUIT). */
void	 client_close(struct client *c, const char *why);
bool	 client_closed(const struct client *c);
struct event_base *client_base(const struct client *c);
bool	 client_is_tls(const struct client *c);
void	 client_helo(struct client *c, const char *name);

/* A line of an answer: "250 2.1.0 text", or with more: "250-2.1.0 text".
 * enhanced "": none. */
void	 client_say(struct client *c, int code, const char *enhanced,
	    const char *fmt, ...) __attribute__((format(printf, 4, 5)));
void	 client_say_more(struct client *c, int code, const char *fmt, ...)
	    __attribute__((format(printf, 3, 4)));
void	 client_tell(struct client *c, const struct verdict *v);
/* 421, flush what can be written, close; why is for the log. */
void	 client_bye(struct client *c, const char *enhanced, const char *text);
/* Continues from the loop: never calls back at once. */
void	 client_wake(struct client *c);

/* client_io.c */
size_t	 client_unread(const struct client *c);
size_t	 client_queued(const struct client *c);
void	 client_io_init(struct client *c, struct event_base *base, int fd);
int	 client_flush(struct client *c);
void	 client_events(struct client *c);
void	 client_shake(struct client *c);
/* The unread octets were not encrypted: discards them. */
void	 client_discard(struct client *c);
void	 client_run(struct client *c);
/* Does it wait for us, and not we for it? */
bool	 client_is_served(const struct client *c);

TAILQ_HEAD(client_list, client);
extern struct client_list clients;
extern unsigned int nclients;
/* The process is shutting down: no further transaction is begun. */
extern bool clients_draining;
/* Those without a transaction go; late: all. */
void	 clients_drain(bool late);

#endif
