/*
 * See channel.h.  Knows no addresses: who joins a channel has asked authd whose
 * the address is.
 */
#include "lmtpd/channel.h"

#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/fnv.h"
#include "common/log.h"
#include "common/mbox_client.h"

#define BUCKETS	1024

struct channel {
	LIST_ENTRY(channel)	 bucket;	/* if it is listed */
	TAILQ_HEAD(, channel_use) uses;
	struct mbox_client	*client;	/* NULL: it has ended */
	unsigned int		 holds;
	bool			 ready;
	bool			 listed;	/* found by its user */
	uint64_t		 since;		/* ms: granted */
	uint32_t		 storaged;
	char			 user[];
};

static LIST_HEAD(channel_list, channel) buckets[BUCKETS];
static unsigned int	 open_channels;

static struct channel_list *
bucket_of(const char *user)
{
	return &buckets[fnv32_str(user) % BUCKETS];
}

static void
unlist(struct channel *c)
{
	if (c->listed)
		LIST_REMOVE(c, bucket);
	c->listed = false;
}

static void
on_ready(void *arg, const struct session_ready *ready)
{
	struct channel		*c = arg;
	struct channel_use	*u, *next;

	(void)ready;
	c->ready = true;
	TAILQ_FOREACH_SAFE(u, &c->uses, entry, next)
		u->ops->ready(u->arg);
}

/* All who use it are told; from the first of them on it is no channel that
 * could be used. */
static void
on_end(void *arg, const char *why, const struct session_end *end)
{
	struct channel		*c = arg;
	struct channel_use	*u;
	struct verdict		 v;

	log_debug("user=%s session ended: %s", c->user, why);
	open_channels--;
	c->client = NULL;
	unlist(c);
	if (end != NULL)
		verdict_mbox(&v, end->code, end->text);
	else
		verdict_set(&v, 451, "4.3.0", "The store was interrupted");
	while ((u = TAILQ_FIRST(&c->uses)) != NULL)
		u->ops->end(u->arg, &v);
	free(c);
}

static int
on_event(void *arg, enum msg_type type, const void *ev, void *cause)
{
	(void)arg;
	(void)ev;
	(void)cause;
	return type == IMSG_EV_WAITING ? 0 : -1;
}

static const struct mbox_client_ops client_ops = {
	.ready = on_ready,
	.end = on_end,
	.event = on_event
};

struct channel *
channel_find(const char *user, uint32_t storaged, unsigned int holds)
{
	struct channel	*c;

	LIST_FOREACH(c, bucket_of(user), bucket)
		if (c->storaged == storaged && strcmp(c->user, user) == 0 &&
		    channel_takes(c, holds))
			return c;
	return NULL;
}

struct channel *
channel_new(struct event_base *base, int fd, const char *user,
    uint32_t storaged, bool listed)
{
	struct channel	*c;
	size_t		 len = strlen(user) + 1;

	if ((c = calloc(1, sizeof(*c) + len)) == NULL)
		return NULL;
	memcpy(c->user, user, len);
	TAILQ_INIT(&c->uses);
	c->storaged = storaged;
	c->since = clock_ms();
	if ((c->client = mbox_client_new(base, fd, &client_ops, c)) == NULL) {
		free(c);
		return NULL;
	}
	open_channels++;
	if ((c->listed = listed))
		LIST_INSERT_HEAD(bucket_of(user), c, bucket);
	return c;
}

void
channel_join(struct channel *c, struct channel_use *u,
    const struct channel_ops *ops, void *arg)
{
	u->channel = c;
	u->ops = ops;
	u->arg = arg;
	TAILQ_INSERT_TAIL(&c->uses, u, entry);
}

void
channel_leave(struct channel_use *u)
{
	struct channel	*c = u->channel;

	if (c == NULL)
		return;
	u->channel = NULL;
	TAILQ_REMOVE(&c->uses, u, entry);
	if (c->client == NULL || !TAILQ_EMPTY(&c->uses))
		return;			/* on_end() frees it */
	unlist(c);
	open_channels--;
	mbox_client_close(c->client);
	free(c);
}

void
channel_hold(struct channel *c, unsigned int holds)
{
	c->holds += holds;
}

void
channel_release(struct channel *c)
{
	c->holds--;
}

bool
channel_old(const struct channel *c)
{
	return clock_ms() - c->since >= CHANNEL_AGE * 1000;
}

bool
channel_takes(const struct channel *c, unsigned int holds)
{
	return c->client != NULL && c->holds + holds <= CHANNEL_HOLDS_MAX &&
	    (!c->ready || !channel_old(c));
}

bool
channel_ready(const struct channel *c)
{
	return c->ready;
}

struct mbox_client *
channel_session(const struct channel *c)
{
	return c->ready ? c->client : NULL;
}

const char *
channel_user(const struct channel *c)
{
	return c->user;
}

uint32_t
channel_storaged(const struct channel *c)
{
	return c->storaged;
}

void
channel_forget(void)
{
	struct channel	*c;
	size_t		 i;

	for (i = 0; i < BUCKETS; i++)
		while ((c = LIST_FIRST(&buckets[i])) != NULL)
			unlist(c);
}

unsigned int
channel_count(void)
{
	return open_channels;
}
