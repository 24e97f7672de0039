/*
 * The stub for the session's messages (common/msg_mbox.h): ask with a typed
 * struct, be called with the answer; streams with credit.  One per client
 * that is logged in; when its channel dies the client gets BYE.
 */
#ifndef IMAPD_STORAGE_H
#define IMAPD_STORAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/msg.h"
#include "common/msg_mbox.h"
#include "imapd/command.h"

struct ask;
struct event_base;
struct storage;

/* One of the three is set; all die with the callback. */
struct answer {
	const struct reply_ok		*ok;
	const struct reply_no		*no;
	const struct mbox_selected	*selected;
};
typedef void storage_reply_fn(struct command *cmd, const struct answer *a);
/*
 * Octets of a stream, cut anywhere.  The function uses them all (it may
 * keep them); credit goes back by itself while the client's output has
 * room, and as soon as it has again.  -1: they are not sense; the channel
 * is cut and the client gets BYE.
 */
typedef int storage_data_fn(struct command *cmd, const uint8_t *p,
	    size_t len);

/* Takes fd over; the session is ready when storage_ready_fn is called
 * (end: NULL, or why storaged ended it; then the storage is gone). */
typedef void storage_ready_fn(struct client *c,
	    const struct session_ready *ready, const struct session_end *end);
struct storage *storage_new(struct event_base *base, struct client *c,
	    int fd, storage_ready_fn *ready);
void	 storage_close(struct storage *s);	/* NULL is fine */

/*
 * Ask for cmd; reply is called exactly once, unless the client goes away
 * first.  The request is encoded at once, req may be on the stack.  Always
 * CMD_WAIT, so that a command may end with "return storage_ask(...)"; a
 * request that cannot be said (too many ranges) is answered as if by
 * REPLY_NO with MBOX_LIMIT, from the loop.
 */
enum cmd_result storage_ask(struct command *cmd, enum msg_type type,
	    const void *req, storage_reply_fn *reply);
/* The same for MBOX_LIST, MBOX_META and MBOX_BODY, whose rows go to data.
 * *a (may be NULL) is for storage_cancel(). */
enum cmd_result storage_stream(struct command *cmd, enum msg_type type,
	    const void *req, storage_data_fn *data, storage_reply_fn *reply,
	    struct ask **a);
/* Ends a stream or APPEND early; reply is still called (MBOX_CANCELLED or
 * what was on its way), data no more. */
void	 storage_cancel(struct ask *a);
/* Holds a stream's credit back, so that at most MBOX_WINDOW octets come;
 * or gives it back again. */
void	 storage_hold(struct ask *a, bool hold);
/* Within a data or reply function of cmd: whose it is.  Only to compare: in
 * a reply function the ask is gone. */
const struct ask *storage_current(const struct command *cmd);
/* The command goes away: what comes for it is dropped. */
void	 storage_forget(struct command *cmd);

/*
 * APPEND: open answers by credit(cmd) first, and whenever more came; early:
 * there is room at once, for MBOX_EARLY octets.
 */
typedef void storage_credit_fn(struct command *cmd);
struct ask *storage_append_open(struct command *cmd, struct str name,
	    bool early, storage_credit_fn *credit, storage_reply_fn *reply);
size_t	 storage_append_room(const struct ask *a);	/* octets */
/* len <= storage_append_room().  0, or -1: the channel is gone. */
int	 storage_append_data(struct ask *a, const void *p, size_t len);
int	 storage_append_msg(struct ask *a, const struct append_msg *m);
int	 storage_append_done(struct ask *a);

/* MBOX_MORE, sent when it changes; NULL is fine. */
void	 storage_more(struct storage *s, bool more);
/* The client's output has room again: credit that was kept goes back. */
void	 storage_resume(struct storage *s);

/*
 * Rows: a stream of varint length + row, cut anywhere.  rows_feed() calls
 * row for each whole one (borrowed bytes).  -1: a row over max, a bad
 * length, or row said -1.
 */
struct rows {
	struct buf	 b;		/* a row that is cut off */
	size_t		 max;
};
void	 rows_init(struct rows *r, size_t max);
void	 rows_free(struct rows *r);
int	 rows_feed(struct rows *r, const uint8_t *p, size_t len,
	    int (*row)(void *arg, const uint8_t *p, size_t len), void *arg);

#endif
