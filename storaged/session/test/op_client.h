/*
 * The client's side of the session protocol, for op_test.c and
 * op_*_test.c: what
 * imapd would say, and the reading of what comes back.
 */
#ifndef STORAGED_OP_CLIENT_H
#define STORAGED_OP_CLIENT_H

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <event2/event.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/digest.h"
#include "common/log.h"
#include "common/msg_setup.h"
#include "common/slice.h"
#include "common/test.h"
#include "storaged/session/dispatch.h"
#include "storaged/session/op.h"
#include "storaged/session/window.h"
#include "storaged/util/helper.h"

#define MSGS_MAX	4096

struct got {
	enum msg_type	 type;
	uint32_t	 id;
	uint8_t		*data;
	size_t		 len;
	bool		 taken;
};

/* A session as imapd holds it. */
struct client {
	struct peer	*p;
	struct got	 v[MSGS_MAX];
	size_t		 n;
	uint32_t	 last;		/* request id */
	struct buf	 stream;	/* of the last REPLY_DATAs */
	bool		 closed;
	bool		 credit;	/* give it back at once */
	struct arena	*a;
};

extern struct env	 env;
/* Of new clients: GRANT_ALL, imapd number 0. */
extern uint8_t	 client_rights, client_kind;
extern uint32_t	 client_index;
extern struct event_base *base;
extern char	 dir[];
/* The answer to a request; events before it are taken too and counted. */
extern unsigned	 skipped[256];

struct client *client_new(const char *user);
void	 client_free(struct client *c);
/* The next message; NULL: the channel was closed. */
struct got *next(struct client *c);
struct got *answer(struct client *c, uint32_t id);
uint32_t	 ask(struct client *c, enum msg_type type,
    const void *req);
enum msg_type	 type_of(const struct got *g);
struct reply_ok	 ok_of(struct client *c, const struct got *g);
int	 no_of(struct client *c, const struct got *g);
void	 digest_make(struct buf *b, const char *mid);
/* Opens an APPEND and sends one message; the answer comes later. */
uint32_t	 append_send(struct client *c, const char *box,
    const char *text, size_t len);
uint32_t	 append_start(struct client *c, const char *box,
    const char *text, size_t len, const char *mid, uint8_t flags);
struct reply_ok	 append(struct client *c, const char *box, const char *text,
    size_t len, const char *mid, uint8_t flags);
struct mbox_selected	 do_select(struct client *c, const char *name);
struct uidset	 range(uint32_t a, uint32_t b);
/* Reads a stream's rows: META. */
size_t	 meta(struct client *c, uint64_t box, struct uidset uids,
    uint32_t what, struct mbox_meta_row *rows, size_t max);
/* One message's octets: its state, and the length in *len. */
int	 body(struct client *c, uint64_t box, uint32_t uid, uint64_t off,
    uint64_t want, const uint8_t **p, size_t *len);
void	 setup(const char *index_dir);
/* 0, or -1: no directory. */
int	 begin(const char *name);
/* All sessions are gone, all users are closed. */
void	 drain_all(void);
void	 finish(void);

#endif
