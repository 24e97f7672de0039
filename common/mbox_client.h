/*
 * The client end of a session with storaged (msg_mbox.h): sends requests as
 * typed structs and calls back with the replies; streams with credit; APPEND;
 * events.  Knows neither IMAP nor its callers: an owner is a pointer that is
 * passed to each callback, and that may go away before its replies arrive.
 *
 * No callback may close the session that it is called from.
 */
#ifndef COMMON_MBOX_CLIENT_H
#define COMMON_MBOX_CLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/msg.h"
#include "common/msg_deliver.h"
#include "common/msg_mbox.h"

struct event_base;
struct mbox_ask;
struct mbox_client;

/* One of the three is set; all are valid only during the callback. */
struct mbox_answer {
	const struct reply_ok		*ok;
	const struct reply_no		*no;
	const struct mbox_selected	*selected;
};
typedef void mbox_reply_fn(void *owner, const struct mbox_answer *a);
/*
 * Octets of a stream, split anywhere.  The function must consume (or copy) them
 * all; credit is returned automatically while full() is false, and by
 * mbox_client_resume() after it was true.  -1: they are malformed; the channel
 * is closed.
 */
typedef int mbox_data_fn(void *owner, const uint8_t *p, size_t len);
/* APPEND: there is room for more octets. */
typedef void mbox_credit_fn(void *owner);

struct mbox_client_ops {
	/* storaged has opened the user. */
	void	(*ready)(void *arg, const struct session_ready *ready);
	/*
	 * The session is over: there will be no more replies, and it frees
	 * itself after this call. end: what storaged sent; NULL if the channel
	 * broke or was closed for a violation; why is for the log.
	 */
	void	(*end)(void *arg, const char *why,
		    const struct session_end *end);
	/*
	 * An event: ev is the struct of its type (struct ev_added ...), NULL
	 * for EV_GONE and EV_WAITING; cause is the owner of the request that
	 * caused it, or NULL. Both are valid only during the callback.  -1:
	 * malformed, the channel is closed.
	 */
	int	(*event)(void *arg, enum msg_type type, const void *ev,
		    void *cause);
	/* May be NULL: whether there is currently no room for more stream
	 * data. */
	bool	(*full)(void *arg);
};

/* Takes fd over; NULL on ENOMEM, with fd still the caller's. */
struct mbox_client *mbox_client_new(struct event_base *base, int fd,
	    const struct mbox_client_ops *ops, void *arg);
/* No more callbacks; NULL is fine. */
void	 mbox_client_close(struct mbox_client *s);
bool	 mbox_client_ready(const struct mbox_client *s);

/*
 * Sends a request: reply is called exactly once, from the loop, unless the
 * session ends or the owner is forgotten first.  The request is encoded at
 * once, so req may be on the stack; one that cannot be encoded (too many
 * ranges) is answered as if by REPLY_NO with MBOX_LIMIT.
 */
void	 mbox_client_ask(struct mbox_client *s, enum msg_type type,
	    const void *req, mbox_reply_fn *reply, void *owner);
/* The same for MBOX_LIST, MBOX_META and MBOX_BODY, whose octets go to data.
 * The result is valid until reply is called. */
struct mbox_ask *mbox_client_stream(struct mbox_client *s,
	    enum msg_type type, const void *req, mbox_data_fn *data,
	    mbox_reply_fn *reply, void *owner);
/* The owner goes away: its streams are cancelled, and what arrives for it is
 * dropped. s may be NULL. */
void	 mbox_client_forget(struct mbox_client *s, const void *owner);
/* Whether the owner has a request in progress. */
bool	 mbox_client_waits(const struct mbox_client *s, const void *owner);
/* Within a data or reply function: the request it belongs to.  Only for
 * comparison: in a reply function, the request has been freed. */
const struct mbox_ask *mbox_client_current(const struct mbox_client *s);

/* Cancels a stream or APPEND; reply is still called (with MBOX_CANCELLED or
 * whatever was on its way), data is not. */
void	 mbox_ask_cancel(struct mbox_ask *a);
/* Withholds a stream's credit, so that at most MBOX_CREDIT octets come; or
 * gives it back again. */
void	 mbox_ask_hold(struct mbox_ask *a, bool hold);

/*
 * APPEND: after open, credit() is called first, and whenever there is more
 * credit; early: there is credit for MBOX_EARLY octets at once.
 */
struct mbox_ask *mbox_client_append(struct mbox_client *s, struct str name,
	    bool early, mbox_credit_fn *credit, mbox_reply_fn *reply,
	    void *owner);
size_t	 mbox_append_room(const struct mbox_ask *a);	/* octets */
/* len <= mbox_append_room().  0, or -1: the channel is gone. */
int	 mbox_append_data(struct mbox_ask *a, const void *p, size_t len);
int	 mbox_append_msg(struct mbox_ask *a, const struct append_msg *m);
/* Instead of data and mbox_append_msg(): what is in a parcel, behind other
 * octets (msg_deliver.h). */
int	 mbox_append_parcel(struct mbox_ask *a, const struct append_parcel *m);
int	 mbox_append_done(struct mbox_ask *a);

/* MBOX_TRACE, sent if it is another than the last; NULL is fine. */
struct log_context;
void	 mbox_client_trace(struct mbox_client *s,
	    const struct log_context *of);
/* MBOX_MORE, sent if it has changed; NULL is fine. */
void	 mbox_client_more(struct mbox_client *s, bool more);
/* full() is false again: returns credit that was withheld.  NULL is fine. */
void	 mbox_client_resume(struct mbox_client *s);

#endif
