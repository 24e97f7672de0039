/*
 * Sessions are given out here and nowhere else.  Must never send a session
 * to another storaged than the user's, nor under another name than the one
 * that was proved.
 */
#include "common/compat.h"

#include <sys/socket.h>

#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

#include "authd/grant.h"
#include "common/log.h"
#include "common/lost.h"
#include "common/msg_auth.h"
#include "common/peer.h"
#include "common/user.h"

#define GRANT_FDS_MAX	200	/* unread grants */

struct grant_peer {
	uint32_t	 index;
	struct peer	*peer;
};

struct grants {
	struct event_base	*base;
	bool			 held;
	uint32_t		 n;
	struct grant_peer	 storaged[];
};

static int	 grant_message(struct peer *, struct msg *, void *);
static void	 grant_closed(struct peer *, const char *, void *);
static const struct peer_ops grant_ops = { grant_message, grant_closed, NULL };

struct grants *
grants_new(struct event_base *base, uint32_t storaged)
{
	struct grants	*g;
	uint32_t	 i;

	if (storaged == 0 || storaged > GRANT_STORAGED_MAX)
		return NULL;
	g = calloc(1, sizeof(*g) + storaged * sizeof(g->storaged[0]));
	if (g == NULL)
		return NULL;
	g->base = base;
	g->n = storaged;
	for (i = 0; i < storaged; i++)
		g->storaged[i].index = i;
	return g;
}

void
grants_free(struct grants *g)
{
	uint32_t	i;

	if (g == NULL)
		return;
	for (i = 0; i < g->n; i++)
		peer_close(g->storaged[i].peer);
	free(g);
}

static int
grant_message(struct peer *p, struct msg *m, void *arg)
{
	(void)p;
	(void)m;
	(void)arg;
	return -1;		/* storaged has nothing to say here */
}

static void
grant_closed(struct peer *p, const char *why, void *arg)
{
	struct grant_peer	*s = arg;

	(void)p;
	s->peer = NULL;
	lost(PROC_STORAGED, s->index, why);
}

void
grants_storaged(struct grants *g, uint32_t index, int fd)
{
	struct peer	*p;

	if (index >= g->n) {
		log_warnx("storaged=%" PRIu32 " result=no why=\"there are only "
		    "%" PRIu32 "\"", index, g->n);
		close(fd);
		return;
	}
	p = peer_new(g->base, fd, MSG_CHANNEL_GRANT, MSG_SIDE_A, &grant_ops,
	    &g->storaged[index]);
	if (p == NULL) {
		close(fd);
		lost(PROC_STORAGED, index, "out of memory");
		return;
	}
	peer_close(g->storaged[index].peer);
	g->storaged[index].peer = p;
}

void
grants_hold(struct grants *g)
{
	g->held = true;
}

void
grants_serve(struct grants *g)
{
	g->held = false;
}

bool
grants_held(const struct grants *g)
{
	return g->held;
}

const char *
grant_behind(struct grants *g, const char *user)
{
	struct peer	*p = g->storaged[grant_storaged(g, user)].peer;

	if (g->held)
		return "the mail store is starting up";
	if (p != NULL && peer_queued_fds(p) >= GRANT_FDS_MAX)
		peer_push(p);
	return p == NULL || peer_queued_fds(p) < GRANT_FDS_MAX ? NULL :
	    "storaged is not keeping up";
}

uint32_t
grant_storaged(const struct grants *g, const char *user)
{
	return user_shard(user, g->n);
}

int
grant_session(struct grants *g, const struct grant_session *grant, int *fd,
    const char **why)
{
	char		 user[USER_ID_MAX + 1];
	struct peer	*p;
	int		 sv[2];

	snprintf(user, sizeof(user), "%.*s", (int)grant->user.len,
	    grant->user.p);
	if ((p = g->storaged[grant_storaged(g, user)].peer) == NULL) {
		*why = "storaged is unavailable";
		return -1;
	}
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK,
	    0, sv) == -1) {
		log_warn("socketpair");
		*why = "out of file descriptors";
		return -1;
	}
	if (peer_send_struct(p, IMSG_GRANT_SESSION, 0, grant, sv[0]) == -1) {
		close(sv[1]);
		*why = "storaged cannot be reached";
		return -1;
	}
	*fd = sv[1];
	return 0;
}

int
grant_usage(struct grants *g, const struct grant_usage *usage, int fd)
{
	char		 user[USER_ID_MAX + 1];
	struct peer	*p;

	snprintf(user, sizeof(user), "%.*s", (int)usage->user.len,
	    usage->user.p);
	p = g->storaged[grant_storaged(g, user)].peer;
	if (p == NULL)
		return -1;
	(void)peer_send_struct(p, IMSG_GRANT_USAGE, 0, usage, fd);
	return 0;
}

void
grant_revoke(struct grants *g, const char *user)
{
	struct grant_revoke	rev = { str_from(user) };
	uint32_t		i;

	for (i = 0; i < g->n; i++)
		if (g->storaged[i].peer != NULL)
			(void)peer_send_struct(g->storaged[i].peer,
			    IMSG_GRANT_REVOKE, 0, &rev, -1);
}
