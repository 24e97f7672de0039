/*
 * The octets of FETCH.  plan->whole: one request for all messages; else one
 * for each section of each message, a few at once.  Only what is first in
 * the output is written as it comes; the others are held at a window's
 * worth each.  A literal that was begun and cannot be ended costs the
 * connection: nothing else is honest.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/compat.h"
#include "common/log.h"
#include "imapd/body_head.h"
#include "imapd/client.h"
#include "imapd/fetch_run.h"
#include "imapd/reply.h"
#include "imapd/view.h"

void
fetch_entry_free(struct fetch_run *f, struct fetch_entry *e)
{
	TAILQ_REMOVE(&f->entries, e, entry);
	f->nentries--;
	f->waiting -= e->prefix.len;
	buf_free(&e->prefix);
	free(e);
}

void
fetch_slots_free(struct fetch_run *f)
{
	size_t	 i;

	for (i = 0; i < FETCH_WINDOW; i++) {
		buf_free(&f->slots[i].in);
		buf_free(&f->slots[i].block);
	}
}

bool
fetch_bodies_idle(const struct fetch_run *f)
{
	size_t	 i;

	for (i = 0; i < FETCH_WINDOW; i++)
		if (f->slots[i].ask != NULL)
			return false;
	return true;
}

/* The entry's lines so far; its items are written behind them. */
static void
entry_begin(struct fetch_run *f, struct fetch_entry *e)
{
	if (e->begun || e->mute)
		return;
	e->begun = true;
	reply_raw(f->cmd, e->prefix.data, e->prefix.len);
}

static void
entry_label(struct fetch_run *f, struct fetch_entry *e,
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
static void
entry_step(struct fetch_run *f, struct fetch_entry *e)
{
	if (++e->done < e->njobs)
		return;
	if (e->begun)
		reply_raw(f->cmd, ")\r\n", 3);
	fetch_entry_free(f, e);
}

/* The job's octets will not come. */
static void
entry_fail(struct fetch_run *f, struct fetch_entry *e, uint8_t state)
{
	switch (state) {
	case MBOX_BODY_GONE:
		f->gone++;
		break;
	case MBOX_BODY_DAMAGED:
		f->damaged++;
		log_warnx("session=%08llx uid=%u why=\"damaged message\"",
		    (unsigned long long)f->cmd->client->session, e->uid);
		break;
	default:
		f->away++;
		break;
	}
	if (!e->begun)
		e->mute = true;
	else
		entry_label(f, e, e->jobs[e->done].item, "NIL");
	entry_step(f, e);
}

/* Octets of the current job; p has exactly what belongs to it. */
static void
job_octets(struct fetch_run *f, struct fetch_slot *s, const uint8_t *p,
    size_t len)
{
	struct fetch_entry	*e = s->current;

	s->left -= len;
	if (e == NULL || e->mute)
		return;
	if (!e->jobs[e->done].filter)
		reply_raw(f->cmd, p, len);
	else if (buf_put(&s->block, p, len) == -1)
		client_close(f->cmd->client, "out of memory");
}

static void
job_end(struct fetch_run *f, struct fetch_slot *s)
{
	struct fetch_entry	*e = s->current;
	const struct fetch_item	*item;
	struct buf		 b = BUF_INIT;
	bool			 bare;

	s->inside = false;
	s->current = NULL;
	if (e == NULL)
		return;
	item = e->jobs[e->done].item;
	if (e->jobs[e->done].filter && !e->mute) {
		bare = e->done == 0 &&
		    e->prefix.data[e->prefix.len - 1] == '(';
		fetch_filter(item, (struct str){ (char *)s->block.data,
		    s->block.len }, &b);
		if (b.failed)
			client_close(f->cmd->client, "out of memory");
		else
			reply_raw(f->cmd, b.data + bare, b.len - bare);
		buf_free(&b);
	}
	buf_reset(&s->block);
	entry_step(f, e);
}

/*
 * The entry for a message that comes in s; 0, or -1: it is not known yet
 * (its META row is under way).
 */
static int
entry_find(struct fetch_run *f, struct fetch_slot *s, uint32_t uid,
    struct fetch_entry **found)
{
	struct fetch_entry	*e;

	*found = NULL;
	if (!f->plan.whole) {
		*found = s->entry->uid == uid ? s->entry : NULL;
		return 0;
	}
	while ((e = TAILQ_FIRST(&f->entries)) != NULL && e->uid < uid) {
		e->mute = true;		/* no body came for it */
		f->gone++;
		fetch_entry_free(f, e);
	}
	if (e == NULL && (f->meta || f->todo.n > 0) && !f->failed)
		return -1;
	if (e != NULL && e->uid == uid)
		*found = e;
	return 0;
}

/* A message begins.  Octets used; 0: wait; -1: not sense. */
static int
slot_head(struct fetch_run *f, struct fetch_slot *s, const uint8_t *p,
    size_t len)
{
	struct fetch_entry	*e;
	const struct fetch_job	*job;
	struct body_head	 h;
	char			 literal[32];
	int			 used;

	if ((used = body_head(&h, p, len)) <= 0)
		return used;
	if (entry_find(f, s, h.uid, &e) == -1)
		return 0;
	s->inside = true;
	s->left = h.len;
	s->current = e;
	if (e == NULL)
		return used;
	job = &e->jobs[e->done];
	if (h.state == MBOX_BODY_OK && h.len > job->len)
		return -1;
	if (h.state != MBOX_BODY_OK) {
		s->inside = false;
		s->current = NULL;
		entry_fail(f, e, h.state);
		if (!f->plan.whole)
			s->entry = NULL;
		return used;
	}
	entry_begin(f, e);
	if (!e->mute && !job->filter) {
		(void)snprintf(literal, sizeof(literal), "{%llu}\r\n",
		    (unsigned long long)h.len);
		entry_label(f, e, job->item, literal);
	}
	return used;
}

/* Is it the slot's turn to write? */
static bool
slot_first(struct fetch_run *f, const struct fetch_slot *s)
{
	return f->plan.whole || s->entry == NULL ||
	    (s->entry == TAILQ_FIRST(&f->entries) &&
	    s->job == s->entry->done);
}

/* Writes what it can of p; octets used, or -1: not sense. */
static ssize_t
slot_write(struct fetch_run *f, struct fetch_slot *s, const uint8_t *p,
    size_t len)
{
	size_t	 off = 0, n;
	int	 used;

	for (;;) {
		if (!s->inside) {
			if (off == len || !slot_first(f, s))
				break;
			if (!f->plan.whole && s->entry == NULL)
				return -1;	/* more than one message */
			used = slot_head(f, s, p + off, len - off);
			if (used == -1)
				return -1;
			if (used == 0)
				break;
			off += (size_t)used;
			if (!s->inside)
				continue;
		}
		n = s->left < len - off ? (size_t)s->left : len - off;
		if (n > 0)
			job_octets(f, s, p + off, n);
		off += n;
		if (s->left > 0)
			break;
		job_end(f, s);
		if (!f->plan.whole)
			s->entry = NULL;
	}
	return (ssize_t)off;
}

static struct fetch_slot *
slot_current(struct fetch_run *f)
{
	const struct ask	*a = storage_current(f->cmd);
	size_t			 i;

	for (i = 0; i < FETCH_WINDOW; i++)
		if (f->slots[i].ask == a && !f->slots[i].ended)
			return &f->slots[i];
	return NULL;
}

static int
fetch_body_data(struct command *cmd, const uint8_t *p, size_t len)
{
	struct fetch_run	*f = cmd->state;
	struct fetch_slot	*s = slot_current(f);
	ssize_t			 used = 0;

	if (s == NULL)
		return -1;
	if (s->in.len == 0 && (used = slot_write(f, s, p, len)) == -1)
		return -1;
	if ((size_t)used < len) {
		if (buf_put(&s->in, p + used, len - (size_t)used) == -1)
			return -1;
		/* more of it only when what is here is written */
		storage_hold(s->ask, true);
	}
	fetch_pump(f);
	return 0;
}

static void
fetch_body_reply(struct command *cmd, const struct answer *a)
{
	struct fetch_run	*f = cmd->state;
	struct fetch_slot	*s = slot_current(f);

	if (s == NULL)
		return;
	s->ended = true;
	if (a->no != NULL)
		fetch_refused(f, a->no);
	fetch_pump(f);
}

/* Its reply has come and all of its octets were written. */
static void
slot_end(struct fetch_run *f, struct fetch_slot *s)
{
	struct fetch_entry	*e;

	if (s->inside || s->in.len > 0) {
		/* in the middle of a literal, or of a head */
		client_close(f->cmd->client, "damaged message");
		s->inside = false;
	}
	if (f->plan.whole) {
		while ((e = TAILQ_FIRST(&f->entries)) != NULL) {
			if (f->refusal == NULL)
				f->gone++;
			fetch_entry_free(f, e);
		}
		f->failed = f->failed || f->refusal != NULL;
	} else if (s->entry != NULL)
		entry_fail(f, s->entry, f->refusal != NULL ?
		    MBOX_BODY_UNAVAILABLE : MBOX_BODY_GONE);
	s->entry = NULL;
	s->current = NULL;
	s->ask = NULL;
	s->ended = false;
	buf_reset(&s->in);
	buf_reset(&s->block);
}

static void
slot_ask(struct fetch_run *f, struct fetch_slot *s, struct fetch_entry *e)
{
	struct view		*v = f->cmd->client->view;
	struct mbox_body	 req = { .box = v->box };
	const struct fetch_item	*it;
	size_t			 i;

	s->entry = e;
	if (e != NULL) {
		s->job = e->asked++;
		req.offset = e->jobs[s->job].off;
		req.length = e->jobs[s->job].len;
		if (uidset_add(&req.uids, e->uid, e->uid) == -1)
			f->failed = true;
	} else {
		req.length = UINT64_MAX;
		for (i = 0; i < f->plan.n; i++) {
			it = &f->plan.v[i];
			if (it->name->body)
				fetch_partial(it, &req.offset, &req.length);
		}
		if (uidset_copy(&req.uids, f->set) == -1 ||
		    view_cover(v, &req.uids) == -1)
			f->failed = true;
	}
	(void)storage_stream(f->cmd, IMSG_MBOX_BODY, &req, fetch_body_data,
	    fetch_body_reply, &s->ask);
	uidset_free(&req.uids);
}

/* Jobs that have no slot yet get one, in order. */
static void
slots_fill(struct fetch_run *f)
{
	struct fetch_entry	*e = TAILQ_FIRST(&f->entries);
	size_t			 i;

	for (i = 0; i < FETCH_WINDOW; i++) {
		if (f->slots[i].ask != NULL)
			continue;
		while (e != NULL && e->asked == e->njobs)
			e = TAILQ_NEXT(e, entry);
		if (e == NULL)
			return;
		slot_ask(f, &f->slots[i], e);
	}
}

/* One round over the slots; true when something moved. */
static bool
slots_write(struct fetch_run *f)
{
	struct fetch_slot	*s;
	ssize_t			 used;
	size_t			 i;
	bool			 moved = false;

	for (i = 0; i < FETCH_WINDOW; i++) {
		s = &f->slots[i];
		if (s->ask == NULL || !slot_first(f, s))
			continue;
		if (s->in.len > 0) {
			used = slot_write(f, s, s->in.data, s->in.len);
			if (used == -1) {
				client_close(f->cmd->client, "bad body");
				used = (ssize_t)s->in.len;
			}
			buf_drain(&s->in, (size_t)used);
			moved = moved || used > 0;
			if (s->in.len == 0 && !s->ended)
				storage_hold(s->ask, false);
		}
		if (s->ended && (s->in.len == 0 || !f->plan.whole ||
		    (!f->meta && f->todo.n == 0))) {
			slot_end(f, s);
			moved = true;
		}
	}
	return moved;
}

/* Messages that only waited for their turn. */
static bool
entries_ready(struct fetch_run *f)
{
	struct fetch_entry	*e;
	bool			 moved = false;

	while ((e = TAILQ_FIRST(&f->entries)) != NULL && e->njobs == 0) {
		entry_begin(f, e);
		reply_raw(f->cmd, ")\r\n", 3);
		fetch_entry_free(f, e);
		moved = true;
	}
	return moved;
}

void
fetch_bodies(struct fetch_run *f)
{
	bool	 moved;

	do {
		moved = entries_ready(f);
		if (!f->plan.whole)
			slots_fill(f);
		else if (!f->asked) {
			f->asked = true;
			slot_ask(f, &f->slots[0], NULL);
		}
		moved = slots_write(f) || moved;
	} while (moved && !f->cmd->client->closing);
}
