/*
 * Between the commands of a client and its session with storaged: asks that
 * commands own, events that the view takes in.
 */
#include "imapd/storage.h"

#include <inttypes.h>

#include "common/log.h"
#include "imapd/client.h"
#include "imapd/reply.h"
#include "imapd/view.h"

#define LOST	"Lost the connection to the mail store, try again later"

/* NULL: the session is gone, and so is the client, soon. */
static struct mbox_client *
session_of(struct command *cmd)
{
	if (cmd->client->storage == NULL)
		client_close(cmd->client, "no session");
	else if (cmd->context.traced)
		mbox_client_trace(cmd->client->storage, &cmd->context);
	return cmd->client->storage;
}

enum cmd_result
storage_stream(struct command *cmd, enum msg_type type, const void *req,
    mbox_data_fn *data, mbox_reply_fn *reply, struct mbox_ask **ap)
{
	struct mbox_client	*s = session_of(cmd);
	struct mbox_ask		*a = NULL;

	if (s != NULL)
		a = mbox_client_stream(s, type, req, data, reply, cmd);
	if (ap != NULL)
		*ap = a;
	return CMD_WAIT;
}

enum cmd_result
storage_ask(struct command *cmd, enum msg_type type, const void *req,
    mbox_reply_fn *reply)
{
	struct mbox_client	*s = session_of(cmd);

	if (s != NULL)
		mbox_client_ask(s, type, req, reply, cmd);
	return CMD_WAIT;
}

struct mbox_ask *
storage_append(struct command *cmd, struct str name, bool early,
    mbox_credit_fn *credit, mbox_reply_fn *reply)
{
	struct mbox_client	*s = session_of(cmd);

	if (s == NULL)
		return NULL;
	return mbox_client_append(s, name, early, credit, reply, cmd);
}

/* What the selected mailbox has gone through. */
static int
view_event(struct view *v, enum msg_type type, const void *ev,
    struct command *by)
{
	const struct ev_added		*added = ev;
	const struct ev_flags		*flags = ev;
	const struct ev_expunged	*gone = ev;
	const struct ev_keywords	*keywords = ev;

	switch (type) {
	case IMSG_EV_ADDED:
		return added->box == v->box ? view_ev_added(v, added, by) : 0;
	case IMSG_EV_FLAGS:
		return flags->box == v->box ? view_ev_flags(v, flags, by,
		    by != NULL && by->silent) : 0;
	case IMSG_EV_EXPUNGED:
		return gone->box == v->box ? view_ev_expunged(v, gone, by) :
		    0;
	case IMSG_EV_KEYWORDS:
		return keywords->box == v->box ? view_ev_keywords(v,
		    keywords, by) : 0;
	default:
		return -1;
	}
}

/* The selected mailbox is deleted. */
static void
storage_gone(struct client *c)
{
	const struct command	*cmd;

	if (c->view == NULL)
		return;
	/* its own DELETE, or a SELECT that left it: no surprise */
	TAILQ_FOREACH(cmd, &c->commands, entry)
		if (cmd->spec != NULL && c->storage != NULL &&
		    mbox_client_waits(c->storage, cmd) &&
		    cmd->spec->flags & CMD_DELETES) {
			client_unselect(c);
			return;
		}
	client_bye(c, "The selected mailbox was deleted");
}

/* A commit is unsettled. */
static void
storage_waiting(struct client *c)
{
	if (c->taking == NULL || !command_first(c->taking))
		client_put(c, "* OK Still trying\r\n", 19);
}

int
storage_event(void *arg, enum msg_type type, const void *ev, void *cause)
{
	struct client	*c = arg;

	if (type == IMSG_EV_GONE) {
		storage_gone(c);
		return 0;
	}
	if (type == IMSG_EV_WAITING) {
		storage_waiting(c);
		return 0;
	}
	if (c->view != NULL && view_event(c->view, type, ev, cause) == -1)
		return -1;
	client_wake(c);
	return 0;
}

bool
storage_full(void *arg)
{
	return client_full(arg);
}

void
storage_bye(struct client *c, const struct session_end *end)
{
	struct reply_no	 no = { .code = end->code };
	const char	*code = reply_code(&no);

	client_bye(c, "[%s] %.*s", code != NULL ? code : "UNAVAILABLE",
	    (int)end->text.len, end->text.p);
}

void
storage_end(struct client *c, const char *why, const struct session_end *end)
{
	static const struct session_end	 lost = { .code = MBOX_UNAVAILABLE,
	    .text = { LOST, sizeof(LOST) - 1 } };

	log_info("session=%016" PRIx64 " user=%s session ends why=\"%s\"",
	    c->session, c->user != NULL ? c->user : "", why);
	/* It may come in one breath with an answer: a LOGIN's, even. */
	c->ops->settle(c);
	storage_bye(c, end != NULL && end->text.len > 0 ? end : &lost);
}
