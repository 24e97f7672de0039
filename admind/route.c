/*
 * The table of pages, by path and method.  A path is compared as it was sent:
 * nothing is decoded, and there are no files that it could lead to.
 */
#include "common/compat.h"

#include "admind/conf.h"
#include "admind/page.h"
#include "admind/route.h"
#include "admind/token.h"
#include "common/log.h"
#include "common/log_limit.h"

#define GET	(1u << HEAD_GET)
#define HEAD	(1u << HEAD_HEAD)

static const struct route {
	const char	*path;
	unsigned int	 methods;
	/* A client without a token may ask, and learns the status: probes of
	 * orchestrators have no way to keep a secret. */
	bool		 probe;
	page_fn		*page;
} routes[] = {
	{ "/metrics", GET | HEAD, false, page_metrics },
	{ "/healthz", GET | HEAD, true, page_healthz },
	{ "/readyz", GET | HEAD, true, page_readyz }
};

static void
answer_now(struct conn *c, int status, const char *extra, const char *text)
{
	struct answer	 a;

	answer_init(&a);
	answer_text(&a, status, text);
	a.extra = extra;
	conn_answer(c, &a);
	answer_free(&a);
}

/*
 * A Unix socket is for who may open it.  Over TCP it takes a token or a
 * certificate, if either is configured; if not, paild listens on the loopback
 * only (paild/conf_http.c).
 */
static bool
is_known(const struct conn *c)
{
	if (c->local || !conf.guarded)
		return true;
	return (conf.has_token && token_matches(c->head.authorization,
	    conf.token)) || conn_certified(c, conf.store);
}

/* Somebody may be guessing it. */
static void
tell_refused(const struct conn *c)
{
	static struct log_limit	 limit = LOG_LIMIT("token refused");

	if (c->head.authorization.len != 0 && log_limit(&limit))
		log_warnx("remote=%s token refused", c->remote);
}

static void
on_state(struct state_wait *w)
{
	struct conn		*c = (struct conn *)((uintptr_t)w -
				    offsetof(struct conn, wait));
	const struct route	*r = c->page;
	struct answer		 a;

	answer_init(&a);
	r->page(state_now(), &c->head, c->known, &a);
	if (a.body.failed)
		answer_text(&a, 500, "out of memory");
	conn_answer(c, &a);
	answer_free(&a);
}

static void
request(struct conn *c)
{
	const struct route	*r = NULL;
	size_t			 i;

	for (i = 0; i < nitems(routes) && r == NULL; i++)
		if (str_eq(c->head.path, str_from(routes[i].path)))
			r = &routes[i];
	if (!(c->known = is_known(c)))
		tell_refused(c);
	if (r == NULL)
		answer_now(c, 404, "", "there is no such page");
	else if ((r->methods & (1u << c->head.method)) == 0)
		answer_now(c, 405, "Allow: GET, HEAD\r\n",
		    "only GET and HEAD are allowed here");
	else if (!c->known && !r->probe)
		answer_now(c, 401, "WWW-Authenticate: Bearer\r\n",
		    "this page needs a token");
	else {
		c->page = r;
		c->wait.ready = on_state;
		state_want(&c->wait);
	}
}

static void
forget(struct conn *c)
{
	state_forget(&c->wait);
}

const struct conn_ops route_ops = { request, forget };
