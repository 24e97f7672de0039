/* See quota_report.h. */
#include "common/compat.h"

#include <sys/socket.h>

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/buf.h"
#include "common/log.h"
#include "storaged/session/quota_report.h"
#include "storaged/session/user.h"

struct report {
	struct user	*user;
	struct refresh	 refresh;
	int		 fd;
};

static unsigned	 reports;

/* What does not fit at once is not waited for. */
static void
say(int fd, struct buf *b)
{
	if (b->failed || send(fd, b->data, b->len, MSG_DONTWAIT |
	    MSG_NOSIGNAL) != (ssize_t)b->len)
		log_debug("quota: the operator has disconnected");
	buf_free(b);
	close(fd);
}

static void
say_no(int fd, const char *why)
{
	struct buf	b = BUF_INIT;

	buf_printf(&b, "error: %s\n", why);
	say(fd, &b);
}

/* The user stays, as after a session: from here nothing may be closed. */
static void
report_end(struct report *r)
{
	user_idle(r->user);
	free(r);
	reports--;
}

static void
report_read(struct refresh *ref, enum commit_outcome o, void *arg)
{
	struct report	*r = arg;
	struct user	*u = r->user;
	struct buf	 b = BUF_INIT;

	(void)ref;
	follow_asked(&u->follow, o);
	if (o == COMMIT_DONE || (o == COMMIT_READONLY &&
	    u->ix->mark.commit > 0)) {
		buf_printf(&b, "bytes=%llu of=%llu messages=%llu of=%llu\n",
		    (unsigned long long)u->ix->usage.bytes,
		    (unsigned long long)u->quota.bytes,
		    (unsigned long long)u->ix->usage.messages,
		    (unsigned long long)u->quota.messages);
		say(r->fd, &b);
	} else
		say_no(r->fd, user_refusal(o));
	report_end(r);
}

void
quota_report(const char *id, const struct user_quota *q, int fd)
{
	struct report	*r = NULL;
	struct user	*u = NULL;

	if (fd == -1)
		return;
	if (reports >= QUOTA_REPORTS_MAX || (r = calloc(1, sizeof(*r))) ==
	    NULL || (u = user_get(id)) == NULL) {
		say_no(fd, "too much is asked for at once: try again");
		free(r);
		return;
	}
	reports++;
	user_busy(u);
	user_limits(u, q);
	r->user = u;
	r->fd = fd;
	if (user_open(u) == -1) {
		say_no(fd, u->why);
		report_end(r);
		return;
	}
	r->refresh.done = report_read;
	r->refresh.arg = r;
	commit_refresh(u->commit, &r->refresh);
}
