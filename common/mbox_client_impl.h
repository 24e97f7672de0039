/* A session's own structures. */
#ifndef COMMON_MBOX_CLIENT_IMPL_H
#define COMMON_MBOX_CLIENT_IMPL_H

#include "common/compat.h"

#include <event2/event.h>
#include <event2/event_struct.h>

#include "common/mbox_client.h"

struct msg;
struct peer;

struct mbox_ask {
	TAILQ_ENTRY(mbox_ask)	 entry;
	struct mbox_client	*session;
	uint32_t		 id;
	void			*owner;	/* NULL: forgotten */
	mbox_reply_fn		*reply;
	mbox_data_fn		*data;
	mbox_credit_fn		*credit;
	uint32_t		 owed;	/* credit to give back */
	size_t			 room;	/* APPEND: octets we may send */
	bool			 refused; /* never sent: answer from the loop */
	bool			 cancelled;
	bool			 held;	/* gets no credit for now */
};

struct mbox_client {
	struct peer		*peer;
	const struct mbox_client_ops *ops;
	void			*arg;
	TAILQ_HEAD(, mbox_ask)	 asks;		/* by id */
	const struct mbox_ask	*current;	/* whose function is called */
	uint32_t		 last;
	bool			 ready;
	bool			 more;
	struct mbox_trace	 trace;	/* the last one sent */
	struct event		 ev_refused;
};

/* mbox_client.c */
void	 mbox_ask_answer(struct mbox_ask *a, const struct mbox_answer *answer);
void	 mbox_ask_credit(struct mbox_ask *a);	/* gives back what it owes */
bool	 mbox_client_full(const struct mbox_client *s);
/* Over: requests in progress get no reply; s is freed. */
void	 mbox_client_lost(struct mbox_client *s, const char *why,
	    const struct session_end *end);
/* mbox_client_in.c: peer_ops.message */
int	 mbox_client_message(struct peer *p, struct msg *m, void *arg);

#endif
