/* The control socket, through which pailctl(8) talks to paild. */
#ifndef PAILD_CONTROL_H
#define PAILD_CONTROL_H

#include "common/buf.h"
#include "paild/paild.h"

/*
 * Protocol: the client sends one line, "COMMAND[ ARGUMENT]\n", of at most
 * CONTROL_LINE_MAX bytes.  The answer begins with "ok\n" or with
 * "error: TEXT\n"; text follows until the end of the connection.  After the
 * ok of "deliver USER" the connection is an IMAP session of that user; after
 * that of "drain" there are lines "sessions N", then "done".
 * "json " before the command: the text is one JSON object (pailctl(8)), as far
 * as the command has such a form (common/msg_setup.h).
 */
#define CONTROL_JSON		"json "
#define CONTROL_LINE_MAX	512
#define CONTROL_CLIENTS_MAX	32
#define CONTROL_OUT_MAX		(4 * 1024 * 1024)	/* bytes */
#define CONTROL_SECONDS		10	/* for the line to arrive */

struct control_client {
	TAILQ_ENTRY(control_client)	 entry;
	struct paild			*paild;
	int				 fd;
	struct event			*ev;
	char				 line[CONTROL_LINE_MAX + 1];
	size_t				 len;
	bool				 json;
	struct buf			 out;
	struct proc			*target;	/* deliver: the imapd */
	bool				 follows;	/* control_tell() */
	char				*token;
	char				*user;
	size_t				 waiting;	/* responses still
							   expected */
	struct buf			*rows;		/* status: a process */
	char				 why[160];	/* control_fail() */
	void				(*ended)(struct control_client *c,
					    void *arg);	/* NULL: nobody asks */
	void				*arg;
};
TAILQ_HEAD(control_clients, control_client);

/* Runs the command in c->line; ends c, now or later, with one of the functions
 * below. */
typedef void (*control_run_cb)(struct control_client *c);

/* Opens the socket; -1 with a log line. */
int	 control_open(struct paild *pd, control_run_cb run);
/*
 * A client that has not come by the socket: fd (taken, non-blocking) is where
 * the answer goes.  ended() is called with its end, c->why says how ("": well,
 * as far as we know).  It is the caller's to end, or to run: NULL if there is
 * no memory.
 */
struct control_client *control_adopt(struct paild *pd, int fd,
	    void (*ended)(struct control_client *c, void *arg), void *arg);
/* Runs that command for it, in its JSON form. */
void	 control_obey(struct control_client *c, const char *line);
/* Accepts no more clients; those that wait for us to exit keep their
 * connection. */
void	 control_close(struct paild *pd);

/* A line to those that follow what goes on; dropped where it would wait. */
void	 control_tell(struct paild *pd, const char *fmt, ...)
	    __attribute__((format(printf, 2, 3)));

/* Ways to end a client. */
void	 control_finish(struct control_client *c);	/* sends c->out */
void	 control_fail(struct control_client *c, const char *why);
void	 control_end(struct control_client *c);
/* Sends "ok" and takes the descriptor from c (end c afterwards); -1: the client
 * is gone. */
int	 control_pass(struct control_client *c);

#endif
