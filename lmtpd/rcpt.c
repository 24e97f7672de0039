/*
 * One recipient of one message, from RCPT TO on: a use of a granted channel,
 * and the question whether there is room.  An idle channel may have ended
 * without us knowing yet: then authd is asked once more.
 */
#include "lmtpd/rcpt.h"

#include <stdlib.h>
#include <string.h>

#include <event2/event.h>
#include <event2/event_struct.h>

#include "common/log_context.h"
#include "common/mbox_client.h"
#include "common/msg_deliver.h"
#include "lmtpd/envelope.h"
#include "lmtpd/granted.h"
#include "lmtpd/key.h"

struct rcpt {
	struct event_base	*base;
	char			*address;
	char			*remote;
	struct log_context	 context;
	uint64_t		 size;
	uint8_t			 envelope[DELIVER_ENVELOPE_LEN];
	struct granted_hold	 hold;
	rcpt_done_fn		*done;		/* NULL: it has been called */
	void			*arg;
	rcpt_lost_fn		*lost;
	void			*lost_arg;
	unsigned int		 lookups;
	bool			 asked;		/* for room */
	/* What granted_user() and the like said: they outlive the hold. */
	uint32_t		 storaged;
	char			*user;
	char			*detail;
	struct event		 timer;
};

static void	 rcpt_ready(void *);
static void	 rcpt_gone(void *, const struct verdict *);

static const struct granted_ops hold_ops = {
	.ready = rcpt_ready,
	.gone = rcpt_gone
};

static void
rcpt_finish(struct rcpt *r, const struct verdict *v)
{
	rcpt_done_fn	*done = r->done;

	r->done = NULL;
	(void)evtimer_del(&r->timer);
	if (!verdict_ok(v)) {
		mbox_client_forget(granted_session(&r->hold), r);
		granted_release(&r->hold);
	}
	done(r->arg, r, v);
}

static void
rcpt_memory(struct rcpt *r)
{
	struct verdict	 v;

	verdict_set(&v, 451, "4.3.0", "Out of memory");
	rcpt_finish(r, &v);
}

static int
keep_names(struct rcpt *r)
{
	free(r->user);
	free(r->detail);
	r->user = strdup(granted_user(&r->hold));
	r->detail = strdup(granted_detail(&r->hold));
	r->storaged = granted_storaged(&r->hold);
	return r->user == NULL || r->detail == NULL ? -1 : 0;
}

static void
rcpt_room(void *arg, const struct mbox_answer *a)
{
	struct rcpt	*r = arg;
	struct verdict	 v;

	if (r->done == NULL)
		return;
	if (a->ok != NULL) {
		if (keep_names(r) == -1) {
			rcpt_memory(r);
			return;
		}
		verdict_set(&v, 250, "2.1.5", "<%s> OK", r->address);
	} else if (a->no != NULL)
		verdict_mbox(&v, a->no->code, a->no->text);
	else
		verdict_set(&v, 451, "4.3.0", "The store gave no answer");
	rcpt_finish(r, &v);
}

static void
rcpt_ready(void *arg)
{
	struct rcpt		*r = arg;
	struct mbox_room	 req = { .bytes = r->size, .envelope = {
				    (const char *)r->envelope,
				    sizeof(r->envelope) } };

	r->asked = true;
	mbox_client_trace(granted_session(&r->hold), &r->context);
	mbox_client_ask(granted_session(&r->hold), IMSG_MBOX_ROOM, &req,
	    rcpt_room, r);
}

/* authd is not asked about what RCPT_OPEN has no room for. */
static bool
is_too_long(const struct rcpt *r)
{
	return strlen(r->address) > RCPT_ADDRESS_MAX;
}

static void
rcpt_lookup(struct rcpt *r)
{
	r->lookups++;
	r->asked = false;
	if (is_too_long(r)) {
		event_active(&r->timer, EV_TIMEOUT, 0);
		return;
	}
	switch (granted_hold(r->base, &r->hold, r->address, r->remote,
	    r->context.session, &hold_ops, r)) {
	case 1:
		rcpt_ready(r);
		break;
	case -1:
		event_active(&r->timer, EV_TIMEOUT, 0);
		break;
	}
}

static void
rcpt_gone(void *arg, const struct verdict *v)
{
	struct rcpt	*r = arg;

	if (r->done == NULL) {
		if (r->lost != NULL)
			r->lost(r->lost_arg, v);
		return;
	}
	if (r->asked && r->lookups < 2)
		rcpt_lookup(r);
	else
		rcpt_finish(r, v);
}

/* No answer in time, or nothing was asked. */
static void
rcpt_timeout(evutil_socket_t fd, short what, void *arg)
{
	struct rcpt	*r = arg;
	struct verdict	 v;

	(void)fd;
	(void)what;
	if (is_too_long(r)) {
		verdict_set(&v, 553, "5.1.3", "An address has at most %d bytes",
		    RCPT_ADDRESS_MAX);
		rcpt_finish(r, &v);
		return;
	}
	if (r->hold.granted == NULL) {
		rcpt_memory(r);
		return;
	}
	verdict_set(&v, 451, "4.3.0", "%s within %d seconds",
	    granted_waits(&r->hold), RCPT_WAIT);
	rcpt_finish(r, &v);
}

static void
rcpt_begin(struct rcpt *r, rcpt_done_fn *done, void *arg)
{
	const struct timeval	 tv = { RCPT_WAIT, 0 };

	r->done = done;
	r->arg = arg;
	r->lookups = 0;
	(void)evtimer_add(&r->timer, &tv);
	rcpt_lookup(r);
}

struct rcpt *
rcpt_new(struct event_base *base, const char *address,
    const struct envelope *e, rcpt_done_fn *done, void *arg)
{
	struct rcpt	*r;

	if ((r = calloc(1, sizeof(*r))) == NULL)
		return NULL;
	r->base = base;
	r->size = e->size;
	r->context = e->context;
	key_envelope(e, address, r->envelope);
	evtimer_assign(&r->timer, base, rcpt_timeout, r);
	r->address = strdup(address);
	r->remote = strndup(e->remote, RCPT_REMOTE_MAX);
	if (r->address == NULL || r->remote == NULL) {
		rcpt_free(r);
		return NULL;
	}
	rcpt_begin(r, done, arg);
	return r;
}

void
rcpt_again(struct rcpt *r, rcpt_done_fn *done, void *arg)
{
	granted_release(&r->hold);
	rcpt_begin(r, done, arg);
}

void
rcpt_free(struct rcpt *r)
{
	if (r == NULL)
		return;
	(void)evtimer_del(&r->timer);
	mbox_client_forget(granted_session(&r->hold), r);
	granted_release(&r->hold);
	free(r->address);
	free(r->remote);
	free(r->user);
	free(r->detail);
	free(r);
}

void
rcpt_watch(struct rcpt *r, rcpt_lost_fn *lost, void *arg)
{
	r->lost = lost;
	r->lost_arg = arg;
}

void
rcpt_stop(struct rcpt *r)
{
	r->lost = NULL;
	r->done = NULL;
	(void)evtimer_del(&r->timer);
	mbox_client_forget(granted_session(&r->hold), r);
}

const char *
rcpt_address(const struct rcpt *r)
{
	return r->address;
}

struct mbox_client *
rcpt_session(const struct rcpt *r)
{
	return granted_session(&r->hold);
}

const char *
rcpt_user(const struct rcpt *r)
{
	return r->user != NULL ? r->user : "";
}

const char *
rcpt_detail(const struct rcpt *r)
{
	return r->detail != NULL ? r->detail : "";
}

uint32_t
rcpt_storaged(const struct rcpt *r)
{
	return r->storaged;
}
