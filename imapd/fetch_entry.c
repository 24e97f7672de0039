/*
 * Messages of a FETCH that wait for octets: what was rendered of each, and
 * its items in their order.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "common/log.h"
#include "imapd/client.h"
#include "imapd/fetch_run.h"
#include "imapd/reply.h"
#include "mail/imap_text.h"

struct fetch_entry *
fetch_entry_new(struct fetch_run *f, const struct fetch_row *row,
    struct str prefix)
{
	size_t			 jobs = row->njobs * sizeof(row->jobs[0]);
	struct fetch_entry	*e = malloc(sizeof(*e) + jobs + prefix.len);
	char			*behind;

	if (e == NULL)
		return NULL;
	memset(e, 0, sizeof(*e));
	e->uid = row->meta->uid;
	e->njobs = row->njobs;
	memcpy(e->jobs, row->jobs, jobs);
	behind = (char *)e->jobs + jobs;
	memcpy(behind, prefix.p, prefix.len);
	e->prefix = (struct str){ behind, prefix.len };
	TAILQ_INSERT_TAIL(&f->entries, e, entry);
	f->nentries++;
	f->waiting += prefix.len;
	return e;
}

void
fetch_entry_free(struct fetch_run *f, struct fetch_entry *e)
{
	TAILQ_REMOVE(&f->entries, e, entry);
	f->nentries--;
	f->waiting -= e->prefix.len;
	free(e);
}

/* The entry's lines so far; its items are written behind them. */
void
fetch_entry_begin(struct fetch_run *f, struct fetch_entry *e)
{
	if (e->begun || e->mute)
		return;
	e->begun = true;
	reply_raw(f->cmd, e->prefix.p, e->prefix.len);
}

/* In f->item: the label of the next job. */
static void
item_begin(struct fetch_run *f, const struct fetch_entry *e)
{
	buf_reset(&f->item);
	fetch_label(e->jobs[e->done].item, &f->item);
}

/* Without its first space, if it follows "(". */
static void
item_end(struct fetch_run *f, const struct fetch_entry *e)
{
	bool	 bare = e->done == 0 && e->prefix.p[e->prefix.len - 1] == '(';

	if (f->item.failed)
		client_close(f->cmd->client, "out of memory");
	else
		reply_raw(f->cmd, f->item.data + bare, f->item.len - bare);
}

void
fetch_entry_literal(struct fetch_run *f, struct fetch_entry *e, uint64_t len)
{
	item_begin(f, e);
	imap_literal(&f->item, len);
	item_end(f, e);
}

void
fetch_entry_filter(struct fetch_run *f, struct fetch_entry *e,
    struct str header)
{
	buf_reset(&f->item);
	fetch_filter(e->jobs[e->done].item, header, &f->item);
	item_end(f, e);
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
	else {
		item_begin(f, e);
		(void)buf_puts(&f->item, "NIL");
		item_end(f, e);
	}
	fetch_entry_step(f, e);
}
