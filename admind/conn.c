/*
 * Octets in and out, and time.  Nothing here knows what is asked for.
 */
#include "common/compat.h"

#include <limits.h>
#include <stdlib.h>
#include <unistd.h>

#include <event2/event.h>
#include <openssl/ssl.h>

#include "admind/conn.h"
#include "common/client_cert.h"
#include "common/client_chain.h"
#include "common/log.h"
#include "common/log_limit.h"

#define IN_MAX	(HEAD_MAX + 1024)	/* and the start of the next one */

static TAILQ_HEAD(, conn) conns = TAILQ_HEAD_INITIALIZER(conns);
unsigned int nconns;
uint64_t conn_requests;
int conn_ms[] = {
	[CONN_SHAKING] = CONN_HEAD_MS,
	[CONN_IDLE] = CONN_IDLE_MS,
	[CONN_HEAD] = CONN_HEAD_MS,
	[CONN_BODY_PART] = CONN_BODY_MS,
	[CONN_ASKED] = CONN_ANSWER_MS,
	[CONN_WRITING] = CONN_WRITE_MS,
	[CONN_LINGERING] = CONN_LINGER_MS,
	[CONN_CLOSED] = 0
};

static void	 conn_run(struct conn *);

static size_t
unsent(const struct conn *c)
{
	return c->out.len - c->out_off;
}

static void
set_timer(struct conn *c, int ms)
{
	struct timeval	 tv = { ms / 1000, ms % 1000 * 1000 };

	evtimer_add(&c->ev_timer, &tv);
}

static void
enter(struct conn *c, enum conn_state state)
{
	c->state = state;
	set_timer(c, conn_ms[state]);
}

void
conn_patience(struct conn *c, int ms)
{
	if (c->state == CONN_ASKED)
		set_timer(c, ms);
}

void
conn_close(struct conn *c)
{
	if (c->state == CONN_CLOSED)
		return;
	if (c->state == CONN_ASKED)
		c->ops->forget(c);
	c->state = CONN_CLOSED;
	event_active(&c->ev_run, EV_TIMEOUT, 0);
}

static void
conn_free(struct conn *c)
{
	TAILQ_REMOVE(&conns, c, entry);
	nconns--;
	nstrangers--;
	strangers_remove(&c->stranger);
	event_del(&c->ev_timer);
	event_del(&c->ev_run);
	tls_io_close(&c->io);
	buf_freezero(&c->in);		/* both may hold tokens */
	buf_freezero(&c->out);
	free(c);
}

void
conn_answer(struct conn *c, const struct answer *a)
{
	if (c->state == CONN_CLOSED)
		return;
	c->last = c->last || c->head.last;
	if (answer_put(a, c->head.method == HEAD_HEAD, c->last,
	    &c->out) == -1) {
		log_warnx("remote=%s out of memory", c->remote);
		conn_close(c);
		return;
	}
	enter(c, CONN_WRITING);
	event_active(&c->ev_run, EV_TIMEOUT, 0);
}

/* The last answer; frees it. */
static void
refuse_with(struct conn *c, struct answer *a)
{
	memset(&c->head, 0, sizeof(c->head));
	c->last = true;
	conn_answer(c, a);
	answer_free(a);
}

/* What is no request is answered here, and ends the connection. */
static void
refuse(struct conn *c, int status, const char *text)
{
	struct answer	 a;

	answer_init(&a);
	answer_text(&a, status, text);
	refuse_with(c, &a);
}

static void
on_timer(evutil_socket_t fd, short what, void *arg)
{
	struct conn	*c = arg;

	(void)fd;
	(void)what;
	switch (c->state) {
	case CONN_HEAD:
	case CONN_BODY_PART:
		refuse(c, 408, "the request did not come in time");
		break;
	case CONN_ASKED:
		if (c->ops->late != NULL && c->ops->late(c))
			break;
		c->ops->forget(c);
		refuse(c, 503, "paild does not respond");
		break;
	default:
		conn_close(c);
	}
	conn_run(c);
}

static const char *
reason_of(int status)
{
	return status == 413 ? "a request has no content here" :
	    "this is not a request that is understood";
}

/* All of its content, if it is there. */
static void
take_body(struct conn *c)
{
	int	 status;

	if (c->in.len < c->taken) {
		if (c->eof)
			conn_close(c);
		return;
	}
	/* The octets may have moved since. */
	if ((status = head_parse(c->in.data, c->begin, &c->head)) != 0) {
		refuse(c, status, reason_of(status));
		return;
	}
	c->body = (struct str){ (const char *)c->in.data + c->begin,
	    c->taken - c->begin };
	enter(c, CONN_ASKED);
	c->ops->request(c);
}

/* A whole head, if it is there. */
static void
take(struct conn *c)
{
	size_t		 n = c->in.len == 0 ? 0 : head_end(c->in.data,
			    c->in.len, &c->looked);
	struct answer	 a;
	int		 status;

	if (n == 0 && c->in.len < HEAD_MAX) {
		if (c->eof)
			conn_close(c);
		else if (c->in.len > 0 && c->state == CONN_IDLE)
			enter(c, CONN_HEAD);
		return;
	}
	conn_requests++;
	if (n == 0 || n > HEAD_MAX) {
		refuse(c, 431, "the header is too large");
		return;
	}
	if ((status = head_parse(c->in.data, n, &c->head)) != 0) {
		refuse(c, status, reason_of(status));
		return;
	}
	if (c->head.content > c->ops->content(c)) {
		answer_init(&a);
		answer_text(&a, 413, reason_of(413));
		c->ops->too_large(c, &a);
		refuse_with(c, &a);
		return;
	}
	c->begin = n;
	c->taken = n + c->head.content;
	enter(c, CONN_BODY_PART);
	take_body(c);
}

/* The answer is out. */
static void
sent(struct conn *c)
{
	buf_freezero(&c->out);
	buf_init_secret(&c->out, 0);
	c->out_off = 0;
	if (c->last && c->eof) {
		conn_close(c);
		return;
	}
	if (c->last) {
		/* Closed with octets unread, TCP would take it back. */
		tls_io_finish(&c->io);
		enter(c, CONN_LINGERING);
		return;
	}
	explicit_bzero(c->in.data, c->taken);
	buf_drain(&c->in, c->taken);
	c->taken = c->begin = c->looked = 0;
	memset(&c->head, 0, sizeof(c->head));
	c->body = (struct str){ NULL, 0 };
	enter(c, CONN_IDLE);
}

static void
flush(struct conn *c)
{
	ssize_t	 n;

	while (unsent(c) > 0) {
		n = tls_io_write(&c->io, c->out.data + c->out_off, unsent(c));
		if (n == TLS_IO_AGAIN)
			return;
		if (n <= 0) {
			conn_close(c);
			return;
		}
		c->out_off += (size_t)n;
	}
	sent(c);
}

static void
shake(struct conn *c)
{
	int	 r = tls_io_shake(&c->io);

	if (r == -1)
		conn_close(c);
	else if (r == 1)
		enter(c, CONN_IDLE);
}

/* It waits for octets of a request. */
static bool
is_reading(const struct conn *c)
{
	return c->state == CONN_IDLE || c->state == CONN_HEAD ||
	    c->state == CONN_BODY_PART;
}

static void
watch(struct conn *c)
{
	bool	 rd = c->state == CONN_SHAKING || c->state == CONN_LINGERING ||
		    (is_reading(c) && !c->eof);

	if (c->state == CONN_CLOSED)
		return;
	tls_io_watch(&c->io, rd, c->state == CONN_WRITING);
	if (rd && tls_io_pending(&c->io))
		event_active(&c->io.ev_read, EV_READ, 0);
}

static void
conn_run(struct conn *c)
{
	enum conn_state	 was;

	if (c->running)
		return;
	c->running = true;
	do {
		was = c->state;
		if (c->state == CONN_SHAKING)
			shake(c);
		else if (c->state == CONN_WRITING)
			flush(c);
		else if (c->state == CONN_BODY_PART)
			take_body(c);
		else if (is_reading(c))
			take(c);
	} while (c->state != was);
	c->running = false;
	watch(c);
}

static void
on_run(evutil_socket_t fd, short what, void *arg)
{
	struct conn	*c = arg;

	(void)fd;
	(void)what;
	if (c->state != CONN_CLOSED)
		conn_run(c);
	if (c->state == CONN_CLOSED)
		conn_free(c);
}

/* What comes after the last answer is dropped. */
static void
linger(struct conn *c)
{
	char	 b[4096];
	ssize_t	 n = tls_io_read(&c->io, b, sizeof(b));

	if (n != TLS_IO_AGAIN && n <= 0)
		conn_close(c);
}

static void
receive(struct conn *c)
{
	uint8_t	*p;
	size_t	 most = c->state == CONN_BODY_PART ? c->taken : IN_MAX, room;
	ssize_t	 n;

	if (c->in.len >= most)
		return;
	room = most - c->in.len;
	if ((p = buf_reserve(&c->in, room)) == NULL) {
		conn_close(c);
		return;
	}
	n = tls_io_read(&c->io, p, room);
	if (n > 0)
		c->in.len += (size_t)n;
	else if (n == TLS_IO_END)
		c->eof = true;
	else if (n != TLS_IO_AGAIN)
		conn_close(c);
}

static void
on_read(evutil_socket_t fd, short what, void *arg)
{
	struct conn	*c = arg;

	(void)fd;
	(void)what;
	if (c->state == CONN_LINGERING)
		linger(c);
	else if (is_reading(c))
		receive(c);
	if (c->state != CONN_CLOSED)
		conn_run(c);
}

static void
on_write(evutil_socket_t fd, short what, void *arg)
{
	struct conn	*c = arg;

	(void)fd;
	(void)what;
	if (c->state == CONN_CLOSED)
		return;
	if (c->io.state == TLS_IO_ON && c->io.read_wants_write)
		event_active(&c->io.ev_read, EV_READ, 0);
	conn_run(c);
}

static struct conn *
of_stranger(const struct stranger *s)
{
	return (struct conn *)((uintptr_t)s - offsetof(struct conn, stranger));
}

static bool
stranger_silent(const struct stranger *s)
{
	return of_stranger(s)->state != CONN_ASKED;
}

static void
stranger_push_out(struct stranger *s, const char *why)
{
	static struct log_limit	 limit = LOG_LIMIT("connection dropped");
	struct conn		*c = of_stranger(s);

	if (log_limit(&limit))
		log_warnx("remote=%s connection dropped: %s", c->remote, why);
	conn_close(c);
	strangers_remove(s);
}

bool
conn_room(const char *remote, const char **why)
{
	static const struct strangers_ops	 ops = { stranger_silent,
						    stranger_push_out };
	static const struct strangers_limits	 l = {
		.per_address = CONN_ADDRESS,
		.strangers = UINT_MAX,	/* nobody logs in: one limit */
		.connections = CONN_MAX,
		.timeout = CONN_IDLE_MS / 1000
	};

	return strangers_room(remote, nconns, &l, &ops, why);
}

int
conn_new(struct event_base *base, const struct listen_from *from,
    const struct conn_ops *ops, SSL_CTX *tls)
{
	struct conn	*c;

	if ((c = calloc(1, sizeof(*c))) == NULL) {
		close(from->fd);
		return -1;
	}
	c->ops = ops;
	strlcpy(c->remote, from->remote, sizeof(c->remote));
	c->local = strcmp(from->remote, "local") == 0;
	c->loopback = from->loopback && !from->implicit && !from->tls_outside;
	buf_init_secret(&c->in, IN_MAX + CONN_BODY);
	buf_init_secret(&c->out, 0);
	evtimer_assign(&c->ev_timer, base, on_timer, c);
	evtimer_assign(&c->ev_run, base, on_run, c);
	tls_io_init(&c->io, base, from->fd, on_read, on_write, c);
	TAILQ_INSERT_TAIL(&conns, c, entry);
	nconns++;
	nstrangers++;
	enter(c, from->implicit ? CONN_SHAKING : CONN_HEAD);
	if (strangers_add(&c->stranger, c->remote) == -1 ||
	    (from->implicit && tls_io_begin(&c->io, tls) == -1))
		conn_close(c);
	event_active(&c->ev_run, EV_TIMEOUT, 0);
	return 0;
}

bool
conn_certified(const struct conn *c, X509_STORE *store)
{
	struct buf	 chain;
	X509		*x = NULL;
	char		 why[128];

	/* Verified anew: a session may have begun when others were trusted. */
	if (store == NULL || c->io.state != TLS_IO_ON ||
	    SSL_get_verify_result(c->io.ssl) != X509_V_OK)
		return false;
	buf_init(&chain, CLIENT_CERT_CHAIN);
	if (client_chain(c->io.ssl, &chain) == 0)
		x = client_cert_verify(store, (struct str){
		    (const char *)chain.data, chain.len }, why, sizeof(why));
	buf_free(&chain);
	X509_free(x);
	return x != NULL;
}

void
conn_drain(void)
{
	struct conn	*c, *next;

	TAILQ_FOREACH_SAFE(c, &conns, entry, next) {
		if (c->state == CONN_ASKED) {
			c->ops->forget(c);
			refuse(c, 503, "Pail is stopping");
			flush(c);
		}
		conn_free(c);
	}
}
