/*
 * What a client does next, by its state.
 */
#include "common/compat.h"

#include "lmtpd/client.h"
#include "lmtpd/command.h"
#include "lmtpd/run.h"
#include "lmtpd/txn.h"

static void
run(struct client *c)
{
	bool	 more = true;

	while (more && client_queued(c) < CLIENT_OUT_HIGH)
		switch (c->state) {
		case CLIENT_COMMAND:
			more = command_run(c);
			break;
		case CLIENT_DATA:
		case CLIENT_BDAT:
			more = txn_octets(c);
			break;
		case CLIENT_ANSWERS:
			txn_answers(c);
			more = c->state != CLIENT_ANSWERS;
			break;
		default:
			more = false;
		}
	/* What it has asked for is answered first. */
	if (c->eof && !client_is_served(c) && !client_closed(c) &&
	    client_queued(c) == 0)
		client_close(c, c->state == CLIENT_QUIT ? NULL :
		    "closed by the client");
}

static const struct client_ops run_ops = {
	.greet = command_greet,
	.run = run,
	.end = txn_reset
};

int
run_accept(struct event_base *base, const struct listen_from *from)
{
	return client_new(base, from, &run_ops);
}
