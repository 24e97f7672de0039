/*
 * The octets of one delivery: through the parser and the checksum, and once to
 * each storaged that owns a recipient.  Never holds more of them than a
 * frame.  Nothing is answered before delivery_end(), and nothing for good
 * that is our fault or the store's.
 */
#include "lmtpd/delivery.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/compat.h"
#include "lmtpd/conf.h"
#include "lmtpd/delivery_impl.h"
#include "lmtpd/parcel.h"
#include "mail/imap_text.h"
#include "mail/parser.h"

static void	 on_room(void *);
static void	 on_ready(void *);
static void	 on_gone(void *, const struct verdict *);

static const struct parcel_ops parcel_ops = {
	.room = on_room,
	.ready = on_ready,
	.gone = on_gone
};

/* Everyone's answer; no more octets are wanted. */
static void
delivery_fail(struct delivery *d, int code, const char *enhanced,
    const char *text)
{
	size_t	 i;

	if (d->failed)
		return;
	d->failed = true;
	verdict_set(&d->v, code, enhanced, "%s", text);
	for (i = 0; i < d->nslots; i++) {
		parcel_free(d->slots[i].parcel);
		d->slots[i].parcel = NULL;
	}
	mail_parser_free(d->parser);
	d->parser = NULL;
	d->held = 0;
	delivery_wake(d);
}

static void
slot_gone(struct slot *s, const struct verdict *v)
{
	parcel_free(s->parcel);
	s->parcel = NULL;
	s->gone = true;
	s->v = *v;
	delivery_wake(s->d);
}

/* The least that any storaged takes; none is left: any number is dropped. */
static size_t
least_room(const struct delivery *d)
{
	size_t	 room = sizeof(d->piece) * 16, n, i;

	for (i = 0; i < d->nslots; i++)
		if (d->slots[i].parcel != NULL && !d->slots[i].ready) {
			n = parcel_room(d->slots[i].parcel);
			if (n < room)
				room = n;
		}
	return room;
}

size_t
delivery_room(const struct delivery *d)
{
	size_t	 room = least_room(d);

	return room >= d->held + DELIVERY_LEAST ? room - d->held : 0;
}

/* One has no channel yet. */
static bool
unopened(const struct delivery *d)
{
	size_t	 i;

	for (i = 0; i < d->nslots; i++)
		if (d->slots[i].parcel != NULL &&
		    parcel_id(d->slots[i].parcel) == 0)
			return true;
	return false;
}

/* Sends what is held, if all have room for it. */
static void
flush(struct delivery *d)
{
	size_t	 i;

	if (unopened(d) || least_room(d) < d->held)
		return;
	for (i = 0; i < d->nslots; i++) {
		if (d->slots[i].parcel == NULL)
			continue;
		if (d->held > 0)
			parcel_data(d->slots[i].parcel, d->piece, d->held);
		if (d->ended)
			parcel_end(d->slots[i].parcel, d->sha256);
	}
	d->held = 0;
	d->flushed = d->ended;
}

/* A storaged that takes nothing for so long is not waited for. */
static void
watch_stall(struct delivery *d)
{
	struct timeval	 tv = { conf.timeout / 2 + 1, 0 };
	bool		 full = !d->failed && delivery_room(d) == 0;

	if (d->ended || full == d->blocked)
		return;
	d->blocked = full;
	if (full)
		(void)evtimer_add(&d->ev_deadline, &tv);
	else
		(void)evtimer_del(&d->ev_deadline);
}

static void
stalled(struct delivery *d)
{
	struct timeval	 tv = { conf.timeout / 2 + 1, 0 };
	struct verdict	 v;
	size_t		 i, least = least_room(d);

	verdict_set(&v, 451, "4.3.0", "The store has taken nothing for %u "
	    "seconds", conf.timeout / 2 + 1);
	for (i = 0; i < d->nslots; i++)
		if (d->slots[i].parcel != NULL &&
		    parcel_room(d->slots[i].parcel) == least)
			slot_gone(&d->slots[i], &v);
	if (delivery_room(d) == 0)
		(void)evtimer_add(&d->ev_deadline, &tv);
}

static void
on_deadline(evutil_socket_t fd, short what, void *arg)
{
	struct delivery	*d = arg;

	(void)fd;
	(void)what;
	if (d->ended)
		recipients_timeout(d);
	else
		stalled(d);
}

/* There may be room now, or an answer to give. */
static void
on_pump(evutil_socket_t fd, short what, void *arg)
{
	struct delivery	*d = arg;
	bool		 was = d->blocked;

	(void)fd;
	(void)what;
	if (!d->ended) {
		if (d->held == sizeof(d->piece))
			flush(d);
		watch_stall(d);
		if (was && !d->blocked)
			d->ops->room(d->arg);	/* may free it */
		return;
	}
	if (!d->flushed)
		flush(d);
	recipients_pump(d);
}

void
delivery_wake(struct delivery *d)
{
	event_active(&d->ev_pump, EV_TIMEOUT, 0);
}

static void
on_room(void *arg)
{
	struct slot	*s = arg;

	if (s->d->blocked || s->d->ended || parcel_room(s->parcel) == 0)
		delivery_wake(s->d);
}

static void
on_ready(void *arg)
{
	struct slot	*s = arg;

	s->ready = true;
	delivery_wake(s->d);
}

static void
on_gone(void *arg, const struct verdict *v)
{
	slot_gone(arg, v);
}

static struct slot *
slot_for(struct delivery *d, uint32_t index)
{
	struct slot	*s;
	size_t		 i;

	for (i = 0; i < d->nslots; i++)
		if (d->slots[i].index == index)
			return &d->slots[i];
	s = &d->slots[d->nslots++];
	s->d = d;
	s->index = index;
	return s;
}

/* One parcel for each storaged, however many recipients it has. */
static int
slots_open(struct delivery *d, struct rcpt *const *v)
{
	struct slot	*s;
	size_t		 i;

	for (i = 0; i < d->n; i++) {
		s = slot_for(d, rcpt_storaged(v[i]));
		s->waiting++;
		d->v_rcpt[i] = (struct recipient){ .d = d, .r = v[i],
		    .slot = s };
	}
	for (i = 0; i < d->nslots; i++) {
		s = &d->slots[i];
		s->parcel = parcel_new(s->index, &parcel_ops, s);
		if (s->parcel == NULL)
			return -1;
	}
	return 0;
}

struct delivery *
delivery_new(struct event_base *base, const struct envelope *e,
    struct rcpt *const *v, size_t n, const struct delivery_ops *ops,
    void *arg)
{
	static uint32_t	 last;
	struct delivery	*d;

	if ((d = calloc(1, sizeof(*d))) == NULL)
		return NULL;
	d->base = base;
	d->e = e;
	d->ops = ops;
	d->arg = arg;
	d->n = d->left = n;
	d->began = clock_ms();
	(void)snprintf(d->id, sizeof(d->id), "%016" PRIx64 ".%" PRIx32,
	    e->context.session, ++last);
	evtimer_assign(&d->ev_pump, base, on_pump, d);
	evtimer_assign(&d->ev_deadline, base, on_deadline, d);
	sum_begin(&d->sum);
	d->parser = mail_parser_new();
	d->v_rcpt = calloc(n, sizeof(*d->v_rcpt));
	d->slots = calloc(n < PARCEL_STORAGED_MAX ? n : PARCEL_STORAGED_MAX,
	    sizeof(*d->slots));
	if (d->parser == NULL || d->v_rcpt == NULL || d->slots == NULL ||
	    slots_open(d, v) == -1) {
		delivery_free(d);
		return NULL;
	}
	watch_stall(d);
	return d;
}

void
delivery_free(struct delivery *d)
{
	size_t	 i;

	if (d == NULL)
		return;
	if (d->v_rcpt != NULL)
		recipients_stop(d);
	(void)event_del(&d->ev_pump);
	(void)event_del(&d->ev_deadline);
	for (i = 0; i < d->nslots; i++)
		parcel_free(d->slots[i].parcel);
	mail_parser_free(d->parser);
	free(d->v_rcpt);
	free(d->slots);
	free(d);
}

/* At most a piece's rest; NULs as an APPEND of IMAP has them. */
static void
take(struct delivery *d, const uint8_t *p, size_t len)
{
	uint8_t	*to = d->piece + d->held;

	memcpy(to, p, len);
	if (memchr(to, '\0', len) != NULL) {
		if (!conf.nul_replace) {
			delivery_fail(d, 554, "5.6.0", "The message contains "
			    "a NUL byte, which IMAP does not allow");
			return;
		}
		imap_clean(to, len);
	}
	if (mail_parser_feed(d->parser, to, len) == -1) {
		delivery_fail(d, 451, "4.3.0", "Out of memory");
		return;
	}
	sum_add(&d->sum, to, len);
	d->size += len;
	d->held += len;
	if (d->held == sizeof(d->piece))
		flush(d);
}

void
delivery_data(struct delivery *d, const void *data, size_t len)
{
	const uint8_t	*p = data;
	size_t		 n;

	for (; len > 0 && !d->failed; p += n, len -= n) {
		n = sizeof(d->piece) - d->held;
		if (n > len)
			n = len;
		if (n == 0)
			delivery_fail(d, 451, "4.3.0", "More than there is "
			    "room for");
		else
			take(d, p, n);
	}
	watch_stall(d);
}

void
delivery_end(struct delivery *d)
{
	struct timeval	 tv = { conf.timeout, 0 };
	char		 text[80];

	d->ended = true;
	d->now = time(NULL);
	sum_end(&d->sum, d->sha256);
	if (!d->failed) {
		trace_read(mail_parser_header(d->parser), &d->header);
		(void)snprintf(text, sizeof(text), "Too many hops (%u "
		    "Received lines): a mail loop", d->header.hops);
		if (d->header.hops > TRACE_HOPS_MAX)
			delivery_fail(d, 554, "5.4.6", text);
	}
	(void)evtimer_add(&d->ev_deadline, &tv);
	if (!d->failed)
		flush(d);
	delivery_wake(d);
}
