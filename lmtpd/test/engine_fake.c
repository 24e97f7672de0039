/* See engine_fake.h. */
#include "common/compat.h"

#include <stdlib.h>

#include <event2/event.h>
#include <event2/event_struct.h>

#include "common/test.h"
#include "lmtpd/engine.h"
#include "lmtpd/test/engine_fake.h"

#define SLOW	3	/* turns */

struct rcpt {
	struct event	 ev;
	char		*address;
	int		 turns;
	rcpt_done_fn	*done;
	void		*arg;
};

struct delivery {
	struct event	 ev;
	const struct delivery_ops *ops;
	void		*arg;
	struct rcpt	**v;
	size_t		 n;
	size_t		 room;
	bool		 ended;
};

struct engine_fake efake;

static void
again(struct event *ev)
{
	const struct timeval	 now = { 0, 0 };

	evtimer_add(ev, &now);
}

static bool
is(const struct rcpt *r, const char *name)
{
	return strncmp(r->address, name, strlen(name)) == 0;
}

static void
rcpt_turn(evutil_socket_t fd, short what, void *arg)
{
	struct rcpt	*r = arg;
	struct verdict	 v;

	(void)fd;
	(void)what;
	if (r->turns-- > 0) {
		again(&r->ev);
		return;
	}
	if (is(r, "nobody"))
		verdict_set(&v, 550, "5.1.1", "<%s>: nobody", r->address);
	else if (is(r, "full"))
		verdict_set(&v, 552, "5.2.2", "<%s>: full", r->address);
	else if (is(r, "later"))
		verdict_set(&v, 451, "4.3.0", "<%s>: later", r->address);
	else
		verdict_set(&v, 250, "2.1.5", "<%s>", r->address);
	r->done(r->arg, r, &v);
}

static struct rcpt *
fake_rcpt_new(struct event_base *base, const char *address,
    const struct envelope *e, rcpt_done_fn *done, void *arg)
{
	struct rcpt	*r = calloc(1, sizeof(*r));

	(void)e;
	r->address = strdup(address);
	r->turns = is(r, "slow") ? SLOW : 0;
	r->done = done;
	r->arg = arg;
	evtimer_assign(&r->ev, base, rcpt_turn, r);
	again(&r->ev);
	efake.rcpts++;
	return r;
}

static void
fake_rcpt_free(struct rcpt *r)
{
	if (r == NULL)
		return;
	event_del(&r->ev);
	free(r->address);
	free(r);
	efake.rcpts--;
}

static void
delivery_turn(evutil_socket_t fd, short what, void *arg)
{
	struct delivery	*d = arg;
	struct verdict	 v;

	(void)fd;
	(void)what;
	if (!d->ended) {
		d->room = efake.room;
		d->ops->room(d->arg);
	} else if (d->n > 0) {
		d->n--;
		if (is(d->v[d->n], "defer"))
			verdict_set(&v, 451, "4.3.0", "<%s> deferred",
			    d->v[d->n]->address);
		else
			verdict_set(&v, 250, "2.0.0", "<%s> stored",
			    d->v[d->n]->address);
		again(&d->ev);
		d->ops->answer(d->arg, d->n, &v);
	}
}

static struct delivery *
fake_delivery_new(struct event_base *base, const struct envelope *e,
    struct rcpt *const *v, size_t n, const struct delivery_ops *ops, void *arg)
{
	struct delivery	*d = calloc(1, sizeof(*d));
	size_t		 i;

	buf_printf(&efake.log, "%s from<%s>%s%s", e->protocol, e->sender,
	    e->envid != NULL ? " envid=" : "", e->envid != NULL ? e->envid :
	    "");
	if (e->body != ENVELOPE_7BIT)
		buf_printf(&efake.log, " body=%d", (int)e->body);
	d->v = calloc(n, sizeof(struct rcpt *));
	for (i = 0; i < n; i++) {
		d->v[i] = v[i];
		if (!efake.sums)
			buf_printf(&efake.log, " to<%s>", v[i]->address);
	}
	buf_puts(&efake.log, " data<");
	d->n = n;
	d->ops = ops;
	d->arg = arg;
	d->room = efake.room;
	evtimer_assign(&d->ev, base, delivery_turn, d);
	efake.deliveries++;
	return d;
}

static size_t
fake_delivery_room(const struct delivery *d)
{
	return efake.room == 0 ? 1024 * 1024 : d->room;
}

static void
fake_delivery_data(struct delivery *d, const void *p, size_t len)
{
	CHECK(len <= fake_delivery_room(d) && !d->ended);
	efake.octets += len;
	if (!efake.sums)
		buf_put(&efake.log, p, len);
	if (efake.room > 0 && (d->room -= len) <= 1) {
		d->room = 0;
		again(&d->ev);
	}
}

static void
fake_delivery_end(struct delivery *d)
{
	CHECK(!d->ended);
	buf_puts(&efake.log, ">\n");
	d->ended = true;
	again(&d->ev);
}

static void
fake_delivery_free(struct delivery *d)
{
	if (d == NULL)
		return;
	if (!d->ended)
		buf_puts(&efake.log, "...dropped>\n");
	event_del(&d->ev);
	free(d->v);
	free(d);
	efake.deliveries--;
}

static const struct engine engine_of_fakes = {
	.rcpt_new = fake_rcpt_new,
	.rcpt_free = fake_rcpt_free,
	.delivery_new = fake_delivery_new,
	.delivery_room = fake_delivery_room,
	.delivery_data = fake_delivery_data,
	.delivery_end = fake_delivery_end,
	.delivery_free = fake_delivery_free
};

void
engine_fake_use(void)
{
	engine = &engine_of_fakes;
}

void
engine_fake_reset(void)
{
	buf_free(&efake.log);
	efake.octets = 0;
	efake.room = 0;
	efake.sums = false;
}
