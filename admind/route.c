/*
 * The table of pages, by path and method.  A path is compared as it was sent:
 * nothing is decoded, and there are no files that it could lead to.
 */
#include "common/compat.h"

#include <sys/socket.h>

#include <netinet/in.h>
#include <string.h>

#include <openssl/ssl.h>

#include "admind/authority.h"
#include "admind/conf.h"
#include "admind/page.h"
#include "admind/route.h"
#include "admind/token.h"
#include "admind/web/serve.h"
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

/* The admin page's, in the order of its menu. */
static const struct web_page *const	 pages[] = {
	&page_overview, &page_users, &page_user, &page_sessions,
	&page_queues, &page_store, &page_throttle, NULL
};

void
route_init(const char *host)
{
	static const struct web_desk	 desk = { desk_login, desk_do,
					    desk_forget };

	serve_init(&desk, pages, host);
}

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

static unsigned int
port_of(int fd)
{
	struct sockaddr_storage	 ss;
	struct sockaddr_in	 in;
	struct sockaddr_in6	 in6;
	socklen_t		 len = sizeof(ss);

	if (getsockname(fd, (struct sockaddr *)&ss, &len) == -1)
		return 0;
	memcpy(&in, &ss, sizeof(in));
	memcpy(&in6, &ss, sizeof(in6));
	return ss.ss_family == AF_INET ? ntohs(in.sin_port) :
	    ss.ss_family == AF_INET6 ? ntohs(in6.sin6_port) : 0;
}

/*
 * The admin page is where nobody listens in on passwords: in TLS that ends
 * here, and on this host.
 */
static bool
wants_admin(const struct conn *c)
{
	return conf.admin_page && !c->local && (c->loopback ||
	    c->io.state == TLS_IO_ON) && serve_is_path(c->head.path);
}

/*
 * Without a token, who connects is trusted to sit at this host; a page that its
 * browser shows is not.  What names no host (HTTP/1.0) is no browser.
 */
static bool
is_ours(const struct conn *c)
{
	if (c->local || (conf.guarded && !wants_admin(c)) ||
	    (c->head.old && c->head.host.len == 0))
		return true;
	return authority_ok(c->head.host, port_of(c->io.fd), c->io.ssl !=
	    NULL ? SSL_get_certificate(c->io.ssl) : NULL, &conf.hosts);
}

static void
tell_misdirected(const struct conn *c)
{
	static struct log_limit	 limit = LOG_LIMIT("wrong host");
	char			 host[AUTHORITY_NAME];

	if (log_limit(&limit))
		log_warnx("remote=%s host=\"%s\" refused: this is not our "
		    "name", c->remote, log_quote(host, sizeof(host),
		    c->head.host.p, c->head.host.len));
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
on_answer(const struct answer *a, void *arg)
{
	struct conn	*c = arg;

	c->web = NULL;
	conn_answer(c, a);
}

static void
admin(struct conn *c)
{
	struct serve_request	 r = { .head = &c->head, .body = c->body,
				    .remote = c->remote, .version = "",
				    .tls = c->io.state == TLS_IO_ON,
				    .answer = on_answer, .arg = c };
	struct web		*w;
	bool			 answered;

	if (state_now() != NULL)
		r.version = state_now()->version;
	if ((w = serve_begin(&r, &answered)) != NULL) {
		c->web = w;
		conn_patience(c, SERVE_PATIENCE_MS);
	} else if (!answered)
		answer_now(c, 503, "", "out of memory");
}

static void
request(struct conn *c)
{
	const struct route	*r = NULL;
	size_t			 i;

	if (!is_ours(c)) {
		tell_misdirected(c);
		answer_now(c, 421, "", "this server does not have that name "
		    "(\"http-hosts\" may list it)");
		return;
	}
	if (wants_admin(c)) {
		admin(c);
		return;
	}
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
	if (c->web != NULL)
		serve_forget(c->web);
	c->web = NULL;
	state_forget(&c->wait);
}

static size_t
content(const struct conn *c)
{
	return wants_admin(c) ? serve_content(&c->head) : 0;
}

static void
too_large(const struct conn *c, struct answer *a)
{
	/* The page says which host this is. */
	if (wants_admin(c) && is_ours(c))
		serve_too_large(&c->head, a);
}

static bool
late(struct conn *c)
{
	if (c->web == NULL)
		return false;
	serve_late(c->web);
	return true;
}

const struct conn_ops route_ops = { request, forget, content,
				    too_large, late };
