/*
 * Messages of a FETCH that wait for octets: what was rendered of each, and
 * its items in their order.
 */
#include <inttypes.h>
#include <stdlib.h>

#include "common/log.h"
#include "imapd/client.h"
#include "imapd/fetch_run.h"
#include "imapd/reply.h"

void
fetch_entry_free(struct fetch_run *f, struct fetch_entry *e)
{
	TAILQ_REMOVE(&f->entries, e, entry);
	f->nentries--;
	f->waiting -= e->prefix.len;
	buf_free(&e->prefix);
	free(e);
}

/* The entry's lines so far; its items are written behind them. */
void
fetch_entry_begin(struct fetch_run *f, struct fetch_entry *e)
{
	if (e->begun || e->mute)
		return;
	e->begun = true;
	reply_raw(f->cmd, e->prefix.data, e->prefix.len);
}

void
fetch_entry_label(struct fetch_run *f, struct fetch_entry *e,
    const struct fetch_item *item, const char *value)
{
	struct buf	 b = BUF_INIT;
	bool		 bare;

	bare = e->done == 0 && e->prefix.len > 0 &&
	    e->prefix.data[e->prefix.len - 1] == '(';
	fetch_label(item, &b);
	(void)buf_puts(&b, value);
	if (b.failed)
		client_close(f->cmd->client, "out of memory");
	else
		reply_raw(f->cmd, b.data + bare, b.len - bare);
	buf_free(&b);
}

/* A job is over; the entry too when it was the last. */
void
fetch_entry_step(struct fetch_run *f, struct fetch_entry *e)
{
	if (++e->done < e->njobs)
		return;
	if (e->begun)
		reply_raw(f->cmd, ")\r\n", 3);
	fetch_entry_free(f, e);
}

/* The job's octets will not come. */
void
fetch_entry_fail(struct fetch_run *f, struct fetch_entry *e, uint8_t state)
{
	switch (state) {
	case MBOX_BODY_GONE:
		f->gone++;
		break;
	case MBOX_BODY_DAMAGED:
		f->damaged++;
		log_warnx("session=%016" PRIx64 " uid=%u why=\"damaged "
		    "message\"", f->cmd->client->session, e->uid);
		break;
	default:
		f->away++;
		break;
	}
	if (!e->begun)
		e->mute = true;
	else
		fetch_entry_label(f, e, e->jobs[e->done].item, "NIL");
	fetch_entry_step(f, e);
}
