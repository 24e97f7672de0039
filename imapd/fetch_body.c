/*
 * The octets of FETCH.  plan->whole: one request for all messages; else one
 * for each section of each message, a few at once.  Only what is first in
 * the output is written as it comes; of the others, each is held up to a
 * stream's credit.  A literal that was begun and cannot be ended costs the
 * connection: nothing else is honest.
 */
#include <string.h>

#include "common/compat.h"
#include "imapd/body_head.h"
#include "imapd/client.h"
#include "imapd/fetch_run.h"
#include "imapd/reply.h"
#include "imapd/turn.h"
#include "imapd/view.h"
#include "mail/imap_text.h"

void
fetch_slots_free(struct fetch_run *f)
{
	size_t	 i;

	for (i = 0; i < FETCH_AHEAD; i++) {
		buf_free(&f->slots[i].in);
		buf_free(&f->slots[i].header);
	}
}

bool
fetch_bodies_idle(const struct fetch_run *f)
{
	size_t	 i;

	for (i = 0; i < FETCH_AHEAD; i++)
		if (f->slots[i].ask != NULL)
			return false;
	return true;
}

/* Not inline: each call would fill the copy with zeros, if only because the
 * compiler is told to. */
static void __attribute__((noinline))
put_cleaned(struct command *cmd, const uint8_t *p, size_t len)
{
	uint8_t	 copy[4096];
	size_t	 n;

	for (; len > 0; len -= n, p += n) {
		n = len < sizeof(copy) ? len : sizeof(copy);
		memcpy(copy, p, n);
		imap_clean(copy, n);
		reply_raw(cmd, copy, n);
	}
}

/* Of a literal: what was stored with a NUL goes out without it. */
static void
put_octets(struct command *cmd, const uint8_t *p, size_t len)
{
	if (memchr(p, '\0', len) == NULL)
		reply_raw(cmd, p, len);
	else
		put_cleaned(cmd, p, len);
}

/* The octets of the jobs of a request will not come. */
static void
jobs_fail(struct fetch_run *f, struct fetch_slot *s, uint8_t state)
{
	struct fetch_entry	*e = s->current != NULL ? s->current :
				    s->entry;
	bool			 more = true;

	for (; more && s->njobs > 0; s->njobs--) {
		more = e->done + 1 < e->njobs;	/* else it is freed */
		fetch_entry_fail(f, e, state);
	}
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
		put_octets(f->cmd, p, len);
	else if (buf_put(&s->header, p, len) == -1)
		client_close(f->cmd->client, "out of memory");
}

/* All octets have come.  False: some of its jobs wait, for the next turn or
 * for room. */
static bool
job_end(struct fetch_run *f, struct fetch_slot *s)
{
	struct fetch_entry	*e = s->current;

	while (e != NULL && s->njobs > 0) {
		if (s->filtering && (turn_spent() ||
		    client_full(f->cmd->client)))
			return false;
		if (e->jobs[e->done].filter && !e->mute)
			fetch_entry_filter(f, e, (struct str){
			    (char *)s->header.data, s->header.len });
		s->filtering = true;
		s->job++;
		if (--s->njobs == 0 || e->done + 1 == e->njobs)
			s->current = NULL;	/* it may be gone */
		fetch_entry_step(f, e);
		e = s->current;
	}
	s->inside = s->filtering = false;
	s->current = NULL;
	buf_reset(&s->header);
	return true;
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
	if (e == NULL && (f->meta || fetch_left(f)) && !f->failed)
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
	if (f->plan.whole)
		s->njobs = 1;
	if (h.state != MBOX_BODY_OK) {
		jobs_fail(f, s, h.state);
		s->inside = false;
		s->current = NULL;
		if (!f->plan.whole)
			s->entry = NULL;
		return used;
	}
	fetch_entry_begin(f, e);
	if (!e->mute && !job->filter)
		fetch_entry_literal(f, e, h.len);
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
		if (!job_end(f, s))
			break;
		if (!f->plan.whole)
			s->entry = NULL;
	}
	return (ssize_t)off;
}

/* Does what it has wait for octets: for the rest of a head?  They come only
 * if their credit is not withheld. */
static bool
slot_lacks(const struct fetch_slot *s)
{
	struct body_head	 h;

	return !s->inside && !s->filtering &&
	    body_head(&h, s->in.data, s->in.len) == 0;
}

static struct fetch_slot *
slot_current(struct fetch_run *f)
{
	const struct mbox_ask	*a = mbox_client_current(
	    f->cmd->client->storage);
	size_t			 i;

	for (i = 0; i < FETCH_AHEAD; i++)
		if (f->slots[i].ask == a && !f->slots[i].ended)
			return &f->slots[i];
	return NULL;
}

static int
fetch_body_data(void *arg, const uint8_t *p, size_t len)
{
	struct command		*cmd = arg;
	struct fetch_run	*f = cmd->state;
	struct fetch_slot	*s = slot_current(f);
	ssize_t			 used = 0;

	if (s == NULL)
		return -1;
	/* what is to be filtered costs more than a copy: in a turn */
	if (s->in.len == 0 && (s->entry == NULL ||
	    !s->entry->jobs[s->job].filter) &&
	    (used = slot_write(f, s, p, len)) == -1)
		return -1;
	if ((size_t)used < len) {
		if (buf_put(&s->in, p + used, len - (size_t)used) == -1)
			return -1;
		/* more of it only when what is here is written */
		mbox_ask_hold(s->ask, !slot_lacks(s));
	}
	client_wake(cmd->client);
	return 0;
}

static void
fetch_body_reply(void *arg, const struct mbox_answer *a)
{
	struct command		*cmd = arg;
	struct fetch_run	*f = cmd->state;
	struct fetch_slot	*s = slot_current(f);

	if (s == NULL)
		return;
	s->ended = true;
	if (a->no != NULL)
		fetch_refused(f, a->no);
	client_wake(cmd->client);
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
		jobs_fail(f, s, f->refusal != NULL ?
		    MBOX_BODY_UNAVAILABLE : MBOX_BODY_GONE);
	s->entry = NULL;
	s->current = NULL;
	s->ask = NULL;
	s->ended = false;
	buf_reset(&s->in);
	buf_reset(&s->header);
}

/* How many jobs from here filter the same octets: they are asked for once. */
static size_t
jobs_alike(const struct fetch_entry *e, size_t from)
{
	const struct fetch_job	*job = &e->jobs[from], *o;
	size_t			 n = 1;

	for (; job->filter && from + n < e->njobs; n++) {
		o = &e->jobs[from + n];
		if (!o->filter || o->off != job->off || o->len != job->len)
			break;
	}
	return n;
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
		s->job = e->asked;
		s->njobs = jobs_alike(e, s->job);
		e->asked += s->njobs;
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

	for (i = 0; i < FETCH_AHEAD; i++) {
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
	bool			 moved = false, was;

	for (i = 0; i < FETCH_AHEAD && !turn_spent(); i++) {
		s = &f->slots[i];
		if (s->ask == NULL || !slot_first(f, s))
			continue;
		was = s->filtering;
		if (s->in.len > 0 || was) {
			used = slot_write(f, s, s->in.data, s->in.len);
			if (used == -1) {
				client_close(f->cmd->client, "bad body");
				used = (ssize_t)s->in.len;
			}
			buf_drain(&s->in, (size_t)used);
			moved = moved || used > 0 || (was && !s->filtering);
			if (!s->ended && (s->in.len == 0 || slot_lacks(s)))
				mbox_ask_hold(s->ask, false);
		}
		if (s->ended && !s->filtering && (s->in.len == 0 ||
		    !f->plan.whole || (!f->meta && !fetch_left(f)))) {
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
		fetch_entry_begin(f, e);
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
	} while (moved && !client_closed(f->cmd->client));
}
