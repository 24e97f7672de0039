/*
 * Granted channels by address; addresses of one user share theirs (channel.c).
 * Must never give a channel to a message for an address that authd was not
 * asked about.
 */
#include "lmtpd/granted.h"

#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

#include <event2/event.h>
#include <event2/event_struct.h>

#include "common/arena.h"
#include "common/clock.h"
#include "common/fnv.h"
#include "common/log.h"
#include "common/lost.h"
#include "common/msg_deliver.h"
#include "common/peer.h"
#include "common/user.h"
#include "lmtpd/channel.h"

#define BUCKETS	1024

struct granted {
	TAILQ_ENTRY(granted)	 entry;		/* of all */
	TAILQ_ENTRY(granted)	 bucket;	/* if it is listed */
	TAILQ_ENTRY(granted)	 idle;		/* if nobody holds it */
	TAILQ_HEAD(, granted_hold) holds;
	unsigned int		 nholds;
	bool			 listed;	/* found by its address */
	bool			 ending;
	uint32_t		 id;		/* of the request */
	uint64_t		 unused;	/* ms: since then */
	uint64_t		 session;	/* of who asked */
	struct channel_use	 use;		/* once authd has said whose
						   it is */
	char			*remote;
	char			*detail;
	char			 address[];
};

TAILQ_HEAD(granted_list, granted);

static struct {
	struct event_base	*base;
	struct peer		*authd;
	struct granted_list	 all;
	struct granted_list	 idle;		/* the newest last */
	unsigned int		 nidle;
	struct granted_list	 buckets[BUCKETS];
	uint32_t		 last;
	struct event		 ev_trim;
	bool			 ready;
} table;

static void	 table_trim(evutil_socket_t, short, void *);

static void
table_init(struct event_base *base)
{
	size_t	 i;

	if (table.ready && table.base == base)
		return;
	if (!table.ready) {
		TAILQ_INIT(&table.all);
		TAILQ_INIT(&table.idle);
		for (i = 0; i < BUCKETS; i++)
			TAILQ_INIT(&table.buckets[i]);
	}
	table.base = base;
	evtimer_assign(&table.ev_trim, base, table_trim, NULL);
	table.ready = true;
}

/* Clients choose addresses: at worst they share a bucket, and are few, as
 * what waits for authd is held by a recipient each. */
static struct granted_list *
bucket_of(const char *address)
{
	return &table.buckets[fnv32_str(address) % BUCKETS];
}

static void
unlist(struct granted *g)
{
	if (g->listed)
		TAILQ_REMOVE(bucket_of(g->address), g, bucket);
	g->listed = false;
}

static void
not_idle(struct granted *g)
{
	if (g->nholds > 0)
		return;
	TAILQ_REMOVE(&table.idle, g, idle);
	table.nidle--;
}

static void
granted_free(struct granted *g)
{
	unlist(g);
	not_idle(g);
	TAILQ_REMOVE(&table.all, g, entry);
	channel_leave(&g->use);
	free(g->remote);
	free(g->detail);
	free(g);
}

/* One use less; with the last one it is idle. */
static void
hold_remove(struct granted_hold *h)
{
	struct granted	*g = h->granted;

	h->granted = NULL;
	TAILQ_REMOVE(&g->holds, h, entry);
	if (g->use.channel != NULL)
		channel_release(g->use.channel);
	if (--g->nholds > 0)
		return;
	g->unused = clock_ms();
	TAILQ_INSERT_TAIL(&table.idle, g, idle);
	table.nidle++;
}

/* All who hold it are told, then it is gone. */
static void
granted_end(struct granted *g, const struct verdict *v)
{
	struct granted_hold	*h;

	unlist(g);
	g->ending = true;
	while ((h = TAILQ_FIRST(&g->holds)) != NULL) {
		hold_remove(h);
		h->ops->gone(h->arg, v);
	}
	granted_free(g);
}

static bool
stale(const struct granted *g, uint64_t now)
{
	return !g->listed || now - g->unused >= GRANTED_IDLE * 1000 ||
	    (g->use.channel != NULL && channel_old(g->use.channel));
}

/*
 * Closes what was not used for long, and what is too many: from the loop only,
 * since whoever releases a channel may be called by it.
 */
static void
table_trim(evutil_socket_t fd, short what, void *arg)
{
	struct timeval	 second = { 1, 0 };
	struct granted	*g, *next;
	uint64_t	 now = clock_ms();

	(void)fd;
	(void)what;
	(void)arg;
	TAILQ_FOREACH_SAFE(g, &table.idle, idle, next)
		if (table.nidle > GRANTED_IDLE_MAX || stale(g, now))
			granted_free(g);
	if (table.nidle > 0)
		(void)evtimer_add(&table.ev_trim, &second);
}

void
granted_release(struct granted_hold *h)
{
	static const struct timeval	 at_once = { 0, 0 }, later = { 1, 0 };
	struct granted			*g = h->granted;

	if (g == NULL)
		return;
	hold_remove(h);
	if (g->nholds > 0 || g->ending)
		return;
	if (g->use.channel == NULL) {
		granted_free(g);	/* the answer will be nobody's */
		return;
	}
	if (table.nidle > GRANTED_IDLE_MAX || !g->listed)
		(void)evtimer_add(&table.ev_trim, &at_once);
	else if (!evtimer_pending(&table.ev_trim, NULL))
		(void)evtimer_add(&table.ev_trim, &later);
}

static void
on_ready(void *arg)
{
	struct granted		*g = arg;
	struct granted_hold	*h, *next;

	TAILQ_FOREACH_SAFE(h, &g->holds, entry, next)
		h->ops->ready(h->arg);
}

static void
on_end(void *arg, const struct verdict *v)
{
	granted_end(arg, v);
}

static const struct channel_ops channel_ops = {
	.ready = on_ready,
	.end = on_end
};

static void
ask(struct granted *g)
{
	struct rcpt_open	 req = {
		.address = str_from(g->address),
		.remote = str_from(g->remote),
		.session = g->session
	};

	/* Without a channel, or if that fails, the next one asks again. */
	if (table.authd != NULL)
		(void)peer_send_struct(table.authd, IMSG_RCPT_OPEN, g->id,
		    &req, -1);
}

static struct granted *
granted_new(const char *address, const char *remote, uint64_t session)
{
	struct granted	*g;
	size_t		 len = strlen(address) + 1;

	if ((g = calloc(1, sizeof(*g) + len)) == NULL)
		return NULL;
	if ((g->remote = strdup(remote)) == NULL) {
		free(g);
		return NULL;
	}
	memcpy(g->address, address, len);
	TAILQ_INIT(&g->holds);
	g->session = session;
	if (++table.last == 0)
		table.last = 1;
	g->id = table.last;
	g->listed = true;
	TAILQ_INSERT_TAIL(&table.all, g, entry);
	TAILQ_INSERT_TAIL(bucket_of(address), g, bucket);
	TAILQ_INSERT_TAIL(&table.idle, g, idle);
	table.nidle++;
	ask(g);
	return g;
}

/* One that may take another use; what may not leaves the list. */
static struct granted *
granted_find(const char *address)
{
	struct granted	*g, *next;

	TAILQ_FOREACH_SAFE(g, bucket_of(address), bucket, next) {
		if (strcmp(g->address, address) != 0)
			continue;
		if (g->use.channel != NULL ?
		    channel_takes(g->use.channel, 1) :
		    g->nholds < CHANNEL_HOLDS_MAX)
			return g;
		unlist(g);
	}
	return NULL;
}

int
granted_hold(struct event_base *base, struct granted_hold *h,
    const char *address, const char *remote, uint64_t session,
    const struct granted_ops *ops, void *arg)
{
	struct granted	*g;

	table_init(base);
	if ((g = granted_find(address)) == NULL &&
	    (g = granted_new(address, remote, session)) == NULL)
		return -1;
	not_idle(g);
	g->nholds++;
	if (g->use.channel != NULL)
		channel_hold(g->use.channel, 1);
	h->granted = g;
	h->ops = ops;
	h->arg = arg;
	TAILQ_INSERT_TAIL(&g->holds, h, entry);
	return g->use.channel != NULL && channel_ready(g->use.channel);
}

/* A channel that its user has here already, or what authd has sent. */
static struct channel *
channel_of(const struct granted *g, struct msg *m, const struct rcpt_ok *ok)
{
	struct channel	*c;
	char		 user[USER_ID_MAX + 1];

	(void)snprintf(user, sizeof(user), "%.*s", (int)ok->user.len,
	    ok->user.p);
	if ((c = channel_find(user, ok->storaged, g->nholds)) != NULL)
		return c;
	c = channel_new(table.base, m->fd, user, ok->storaged, g->listed);
	if (c != NULL)
		m->fd = -1;
	return c;
}

static void
on_rcpt_ok(struct granted *g, struct msg *m, const struct rcpt_ok *ok)
{
	struct channel	*c = NULL;
	struct verdict	 v;

	if (m->fd == -1) {
		verdict_set(&v, 451, "4.3.0",
		    "The server is out of file descriptors");
		granted_end(g, &v);
		return;
	}
	g->detail = strndup(ok->detail.p, ok->detail.len);
	if (g->detail == NULL || (c = channel_of(g, m, ok)) == NULL) {
		verdict_set(&v, 451, "4.3.0", "Out of memory");
		granted_end(g, &v);
		return;
	}
	channel_join(c, &g->use, &channel_ops, g);
	channel_hold(c, g->nholds);
	if (channel_ready(c))
		on_ready(g);
}

static int
on_answer(struct granted *g, struct msg *m, struct arena *a)
{
	struct rcpt_ok	 ok;
	struct rcpt_no	 no;
	struct verdict	 v;

	if (m->type == IMSG_RCPT_OK) {
		if (wire_decode(&rcpt_ok_wire, &ok, m->data, m->len, a) == -1)
			return -1;
		if (g != NULL)
			on_rcpt_ok(g, m, &ok);
		return 0;
	}
	if (wire_decode(&rcpt_no_wire, &no, m->data, m->len, a) == -1)
		return -1;
	if (g == NULL)
		return 0;
	verdict_rcpt(&v, no.code, no.text);
	granted_end(g, &v);
	return 0;
}

static int
authd_message(struct peer *p, struct msg *m, void *arg)
{
	struct granted	*g;
	struct arena	*a;
	int		 ret = -1;

	(void)p;
	(void)arg;
	/* None: an answer that nobody waits for any more. */
	TAILQ_FOREACH_REVERSE(g, &table.all, granted_list, entry)
		if (g->id == m->id && g->use.channel == NULL)
			break;
	if ((a = arena_new(64 * 1024)) != NULL)
		ret = on_answer(g, m, a);
	arena_free(a);
	if (m->fd != -1)
		close(m->fd);
	m->fd = -1;
	return ret;
}

static void
authd_closed(struct peer *p, const char *why, void *arg)
{
	(void)p;
	(void)arg;
	table.authd = NULL;
	lost(PROC_AUTHD, 0, why);
}

static const struct peer_ops authd_ops = {
	.message = authd_message,
	.closed = authd_closed
};

void
granted_channel(struct event_base *base, int fd)
{
	struct granted	*g;

	table_init(base);
	peer_close(table.authd);
	table.authd = peer_new(base, fd, MSG_CHANNEL_RCPT, MSG_SIDE_A,
	    &authd_ops, NULL);
	if (table.authd == NULL) {
		log_warn("cannot open the channel to authd");
		close(fd);
		lost(PROC_AUTHD, 0, "out of memory");
		return;
	}
	TAILQ_FOREACH(g, &table.all, entry)
		if (g->use.channel == NULL && !g->ending)
			ask(g);
}

/* NULL: there is none. */
static const struct channel *
hold_channel(const struct granted_hold *h)
{
	return h->granted != NULL ? h->granted->use.channel : NULL;
}

struct mbox_client *
granted_session(const struct granted_hold *h)
{
	const struct channel	*c = hold_channel(h);

	return c != NULL ? channel_session(c) : NULL;
}

const char *
granted_user(const struct granted_hold *h)
{
	const struct channel	*c = hold_channel(h);

	return c != NULL ? channel_user(c) : "";
}

const char *
granted_detail(const struct granted_hold *h)
{
	return h->granted != NULL && h->granted->detail != NULL ?
	    h->granted->detail : "";
}

uint32_t
granted_storaged(const struct granted_hold *h)
{
	const struct channel	*c = hold_channel(h);

	return c != NULL ? channel_storaged(c) : 0;
}

const char *
granted_waits(const struct granted_hold *h)
{
	const struct channel	*c = hold_channel(h);

	if (c == NULL)
		return "The directory has not answered";
	return channel_ready(c) ? "The store has not answered" :
	    "The store has not opened the mailbox";
}

void
granted_forget(void)
{
	const struct timeval	 at_once = { 0, 0 };
	struct granted		*g;

	if (!table.ready)
		return;
	TAILQ_FOREACH(g, &table.all, entry)
		unlist(g);
	channel_forget();
	(void)evtimer_add(&table.ev_trim, &at_once);
}

unsigned int
granted_count(void)
{
	return channel_count();
}
