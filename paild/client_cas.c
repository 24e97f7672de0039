/* Must never take a file half written, nor an empty one for none. */
#include "common/compat.h"

#include <event2/event.h>

#include "common/log.h"
#include "paild/client_cas.h"
#include "paild/conf_cert.h"
#include "paild/reload.h"

#define SETTLE	1		/* seconds without a change */

static struct {
	struct event	*timer;
	struct buf	 told;		/* what the processes have */
	struct buf	 seen;		/* what may still change */
	char		 why[512];	/* or why it cannot be used */
	bool		 said;		/* that */
} cl;

static bool
same(const struct buf *a, const struct buf *b)
{
	return a->len == b->len &&
	    (a->len == 0 || memcmp(a->data, b->data, a->len) == 0);
}

/* to is what b was, which is empty then. */
static void
move(struct buf *to, struct buf *b)
{
	buf_free(to);
	*to = *b;
	buf_init(b, 0);
}

/* Seconds until the next look. */
static int
look_bad(const char *why)
{
	if (strcmp(why, cl.why) != 0) {
		strlcpy(cl.why, why, sizeof(cl.why));
		cl.said = false;
		return SETTLE;
	}
	if (!cl.said)
		log_warnx("client certificates: result=kept why=\"%s\"", why);
	cl.said = true;
	return CLIENT_CAS_POLL;
}

static int
look(struct paild *pd)
{
	struct buf	b;
	char		why[512] = "out of memory";
	int		wait = CLIENT_CAS_POLL;

	buf_init(&b, 2 * CONF_CERT_MAX + 8192);
	if (conf_cert_again(pd->conf, &b, why, sizeof(why)) == -1 || b.failed)
		wait = look_bad(why);
	else {
		cl.why[0] = '\0';
		if (same(&b, &cl.told))
			buf_reset(&cl.seen);
		else if (!same(&b, &cl.seen)) {
			move(&cl.seen, &b);
			wait = SETTLE;
		} else if (reload_again(pd, "the files of client certificates "
		    "have changed"))
			move(&cl.told, &b);
		else
			wait = SETTLE;
	}
	buf_free(&b);
	return wait;
}

static void
client_cas_tick(evutil_socket_t fd, short what, void *arg)
{
	struct timeval	 tv = { 0, 0 };
	struct paild	*pd = arg;

	(void)fd;
	(void)what;
	if (pd->stopping)
		return;
	tv.tv_sec = look(pd);
	evtimer_add(cl.timer, &tv);
}

void
client_cas_begin(struct paild *pd)
{
	struct timeval	 tv = { CLIENT_CAS_POLL, 0 };
	struct buf	 b;
	char		 why[512];

	buf_init(&b, 2 * CONF_CERT_MAX + 8192);
	(void)conf_cert_again(pd->conf, &b, why, sizeof(why));
	if (b.len != 0) {
		if ((cl.timer = evtimer_new(pd->base, client_cas_tick, pd)) ==
		    NULL)
			fatalx("evtimer_new");
		evtimer_add(cl.timer, &tv);
	}
	/* What the processes are given a moment later is no older. */
	move(&cl.told, &b);
}
