/* See deliver_rig.h. */
#include <stdlib.h>
#include <string.h>

#include <event2/event.h>

#include "common/log.h"
#include "common/test.h"
#include "lmtpd/conf.h"
#include "lmtpd/test/deliver_fake.h"
#include "lmtpd/test/deliver_rig.h"

struct event_base	*rig_base;

void
rig_start(void)
{
	if (rig_base == NULL && (rig_base = event_base_new()) == NULL)
		fatalx("event_base_new");
	log_set_level(LOG_LEVEL_ERROR);
	memset(&conf, 0, sizeof(conf));
	(void)strlcpy(conf.hostname, "mx.example.org", sizeof(conf.hostname));
	conf.timeout = 240;
	fake_start(rig_base);
}

void
rig_stop(void)
{
	fake_stop();
	rig_settle();
}

static void
too_long(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	fatalx("%s does not happen", (const char *)arg);
}

void
rig_until(const void *p, size_t want)
{
	struct timeval	 tv = { TEST_PATIENCE_MS / 1000, 0 };
	static char	 what[] = "what the test waits for";
	struct event	*guard = evtimer_new(rig_base, too_long, what);

	(void)evtimer_add(guard, &tv);
	while (*(const volatile size_t *)p != want)
		(void)event_base_loop(rig_base, EVLOOP_ONCE);
	event_free(guard);
}

void
rig_settle(void)
{
	int	 i;

	for (i = 0; i < 50; i++)
		(void)event_base_loop(rig_base, EVLOOP_NONBLOCK);
}

static void
on_rcpt(void *arg, struct rcpt *r, const struct verdict *v)
{
	struct rig	*t = arg;
	size_t		 i;

	for (i = 0; i < t->n && t->r[i] != r; i++)
		;
	CHECK(i < t->n && t->rcpt[i].code == 0);
	t->rcpt[i] = *v;
	t->nrcpt++;
}

void
rig_new(struct rig *t)
{
	memset(t, 0, sizeof(*t));
	t->e = (struct envelope){ .sender = "ann@example.org",
	    .helo = "client.example.org", .remote = "192.0.2.1",
	    .protocol = "LMTP", .context = { .session = 0x1234,
	    .traced = true, .trace = { 1, 2, 3 }, .span = 5 } };
}

void
rig_rcpt(struct rig *t, const char *addresses)
{
	rig_new(t);
	rig_ask(t, addresses);
}

void
rig_ask(struct rig *t, const char *addresses)
{
	char	*copy = strdup(addresses), *p = copy, *word;
	size_t	 i;

	while ((word = strsep(&p, " ")) != NULL) {
		t->r[t->n] = rcpt_new(rig_base, word, &t->e, on_rcpt, t);
		CHECK(t->r[t->n] != NULL && t->nrcpt == 0);
		t->n++;
	}
	rig_until(&t->nrcpt, t->n);
	for (i = 0; i < t->n; i++)
		if (t->rcpt[i].code == 250)
			t->ok[t->nok++] = t->r[i];
	free(copy);
}

static void
on_room(void *arg)
{
	struct rig	*t = arg;

	CHECK(delivery_room(t->d) > 0);
	t->rooms++;
}

static void
on_answer(void *arg, size_t i, const struct verdict *v)
{
	struct rig	*t = arg;

	CHECK(i < t->nok && t->v[i].code == 0);
	t->v[i] = *v;
	t->nv++;
}

static const struct delivery_ops ops = { .room = on_room,
    .answer = on_answer };

void
rig_begin(struct rig *t)
{
	t->d = delivery_new(rig_base, &t->e, t->ok, t->nok, &ops, t);
	CHECK(t->d != NULL);
}

void
rig_data(struct rig *t, const void *data, size_t len)
{
	const uint8_t	*p = data;
	size_t		 n;
	unsigned int	 rooms;

	for (; len > 0; p += n, len -= n) {
		rooms = t->rooms;
		if ((n = delivery_room(t->d)) == 0)
			while (t->rooms == rooms)
				(void)event_base_loop(rig_base, EVLOOP_ONCE);
		n = delivery_room(t->d);
		n = n < len ? n : len;
		delivery_data(t->d, p, n);
	}
}

void
rig_end(struct rig *t)
{
	delivery_end(t->d);
	CHECK(t->nv == 0);
	rig_until(&t->nv, t->nok);
}

void
rig_free(struct rig *t)
{
	size_t	 i;

	delivery_free(t->d);
	t->d = NULL;
	for (i = 0; i < t->n; i++)
		rcpt_free(t->r[i]);
	t->n = 0;
	rig_settle();
}

void
rig_deliver(struct rig *t, const char *addresses, const char *mail)
{
	rig_rcpt(t, addresses);
	rig_begin(t);
	rig_data(t, mail, strlen(mail));
	rig_end(t);
}
