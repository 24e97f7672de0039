/*
 * The operator asks how much mail a user has: the databases say whether
 * there is such a user and what his quota is, the storaged that owns him
 * writes the rest.  Asked for by paild, which is root; no client comes here.
 */
#include "common/compat.h"

#include <sys/socket.h>

#include <stdlib.h>
#include <unistd.h>

#include "authd/state.h"
#include "authd/usage.h"
#include "authd/who.h"
#include "common/log.h"
#include "common/user.h"

struct usage {
	TAILQ_ENTRY(usage)	 entry;
	struct authd		*authd;
	struct who		 who;
	int			 fd;
	char			 user[USER_ID_MAX + 1];
};

/* What does not fit at once is not waited for. */
static void
usage_say(int fd, const char *text)
{
	struct buf	b = BUF_INIT;

	buf_printf(&b, "error: %s\n", text);
	if (send(fd, b.data, b.len, MSG_DONTWAIT | MSG_NOSIGNAL) !=
	    (ssize_t)b.len)
		log_debug("quota: the operator has disconnected");
	buf_free(&b);
}

/* why: NULL if there is nothing to say. */
static void
usage_free(struct usage *u, const char *why)
{
	who_cancel(&u->who);
	if (why != NULL)
		usage_say(u->fd, why);
	if (u->fd != -1)
		close(u->fd);
	TAILQ_REMOVE(&u->authd->usages, u, entry);
	free(u);
}

static void
usage_known(struct usage *u, const char *user, const struct found_quota *said)
{
	struct grant_usage	grant = {
		.user = str_from(user),
		.quota = authd_quota(&u->authd->conf, said)
	};

	if (grant_usage(u->authd->grants, &grant, u->fd) == -1) {
		usage_free(u, "storaged is unavailable: try again");
		return;
	}
	u->fd = -1;
	usage_free(u, NULL);
}

static void
usage_looked(void *arg, const struct who_answer *a)
{
	static const struct found_quota	 unasked = { .told = QUOTA_UNASKED };
	struct usage			*u = arg;

	switch (a->code) {
	case WHO_USER:
		usage_known(u, a->user, &a->quota);
		return;
	case WHO_BARRED:		/* he has mail all the same */
		usage_known(u, u->user, &unasked);
		return;
	case WHO_AWAY:
		usage_free(u, a->why);
		return;
	case WHO_NONE:
		usage_free(u, "no such user");
		return;
	}
}

void
usage_ask(struct authd *a, const char *user, int fd)
{
	struct usage	*u;
	size_t		 n = 0;

	if (fd == -1)
		return;
	TAILQ_FOREACH(u, &a->usages, entry)
		n++;
	if (n >= USAGE_MAX || (u = calloc(1, sizeof(*u))) == NULL) {
		usage_say(fd, "too many at once: try again");
		close(fd);
		return;
	}
	u->authd = a;
	u->fd = fd;
	TAILQ_INSERT_TAIL(&a->usages, u, entry);
	if (user_normalize(str_from(user), u->user, sizeof(u->user)) == -1)
		usage_free(u, "invalid user name");
	else {
		u->who = (struct who){ .authd = a, .lane = 0,
		    .name = u->user, .remote = "", .done = usage_looked,
		    .arg = u };
		who_begin(&u->who);
	}
}

void
usage_end(struct authd *a)
{
	struct usage	*u;

	while ((u = TAILQ_FIRST(&a->usages)) != NULL)
		usage_free(u, NULL);
}
