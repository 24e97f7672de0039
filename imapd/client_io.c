/*
 * Octets in and out of one connection, clear or TLS.  Never blocks; never
 * holds more input than it was asked for, nor more output than
 * CLIENT_OUT_MAX.
 */
#include "imapd/client.h"

#include <inttypes.h>
#include <string.h>

#include "common/clock.h"
#include "common/log.h"
#include "common/log_limit.h"
#include "common/tcp.h"
#include "common/tls_rule.h"
#include "imapd/conf.h"

#define LINGER_MS	2000

static void	 client_on_read(evutil_socket_t, short, void *);
static void	 client_on_write(evutil_socket_t, short, void *);

static uint64_t	 unsent;	/* octets that wait, of all clients */

void
client_io_init(struct client *c, struct event_base *base, int fd)
{
	tls_io_init(&c->io, base, fd, client_on_read, client_on_write, c);
}

size_t
client_unread(const struct client *c)
{
	return c->in.len - c->in_off;
}

size_t
client_queued(const struct client *c)
{
	return c->out.len - c->out_off;
}

bool
client_full(const struct client *c)
{
	return c->full;
}

void
client_discard(struct client *c)
{
	buf_freezero(&c->in);
	c->in_off = 0;
}

/*
 * A client that did not ask for its BYE may have sent a command meanwhile.
 * With octets unread, close() is a reset (RFC 1122 section 4.2.2.13), which can
 * overtake the BYE; so they are read, and dropped.
 */
bool
client_lingers(struct client *c)
{
	if (!c->leaving || c->left || c->eof ||
	    c->io.state == TLS_IO_SHAKING)
		return false;
	if (c->linger_until == 0) {
		c->linger_until = clock_ms() + LINGER_MS;
		tls_io_finish(&c->io);
		client_heard(c);
	}
	client_discard(c);
	return true;
}

void
client_unsent_gone(struct client *c)
{
	unsent -= c->unsent;
	c->unsent = 0;
}

/* More waits than may: who holds most of it, longest without progress, goes.
 * False: there is nobody. */
static bool
unsent_cut(void)
{
	static struct log_limit	 limit = LOG_LIMIT("too much unsent");
	struct client		*c, *most = NULL;

	TAILQ_FOREACH(c, &clients, entry)
		if (!client_closed(c) && (most == NULL ||
		    c->unsent > most->unsent ||
		    (c->unsent == most->unsent && c->wrote < most->wrote)))
			most = c;
	if (most == NULL)
		return false;
	if (log_limit(&limit))
		log_warnx("session=%016" PRIx64 " user=%s octets=%zu why=\"too "
		    "much unsent output\"", most->session,
		    most->user != NULL ? most->user : "", most->unsent);
	client_unsent_gone(most);
	client_bye(most, "[UNAVAILABLE] Too much unread output");
	client_close(most, "too much unsent output");
	client_unsent_gone(most);
	return true;
}

static void
unsent_look(void)
{
	static bool	 looking;	/* BYE is output, too */

	if (looking)
		return;
	looking = true;
	while (unsent > conf.max_unsent && unsent_cut())
		;
	looking = false;
}

void
client_put(struct client *c, const void *p, size_t len)
{
	if (client_over(c) || len == 0)
		return;
	if (client_queued(c) == 0)
		c->wrote = clock_ms();
	if (c->out_off > 0 && c->out_off >= c->out.len / 2) {
		buf_drain(&c->out, c->out_off);
		c->out_off = 0;
	}
	if (buf_put(&c->out, p, len) == -1) {
		client_close(c, "too much output");
		return;
	}
	c->unsent += len;
	unsent += len;
	if (client_queued(c) >= CLIENT_OUT_HIGH)
		c->full = true;
	client_wake(c);
	unsent_look();
}

/* A command that answers goes on with the same memory; who has nothing to
 * say, or idles, has none. */
static void
client_out_empty(struct client *c)
{
	c->out_off = 0;
	if (!TAILQ_EMPTY(&c->commands) && c->taking == NULL &&
	    c->out.size <= CLIENT_OUT_KEPT)
		buf_reset(&c->out);
	else
		buf_free(&c->out);
}

int
client_flush(struct client *c)
{
	ssize_t	 n;

	while (client_queued(c) > 0) {
		n = tls_io_write(&c->io, c->out.data + c->out_off,
		    client_queued(c));
		if (n == TLS_IO_AGAIN)
			break;
		if (n <= 0)
			return -1;
		c->out_off += (size_t)n;
		if (c->unsent >= (size_t)n) {
			c->unsent -= (size_t)n;
			unsent -= (uint64_t)n;
		}
		c->bytes_out += (uint64_t)n;
		c->wrote = clock_ms();
	}
	if (client_queued(c) == 0)
		client_out_empty(c);
	if (c->full && client_queued(c) <= CLIENT_OUT_LOW) {
		c->full = false;
		if (client_over(c))
			return 0;
		c->ops->resume(c);
		client_wake(c);
	}
	return 0;
}

void
client_shake(struct client *c)
{
	bool	 is_new = c->state == CLIENT_NEW;

	switch (tls_io_shake(&c->io)) {
	case 0:
		return;
	case -1:
		client_close(c, "TLS handshake failed");
		return;
	}
	if (!client_over(c))
		client_enter(c, CLIENT_STRANGER);
	if (is_new)
		c->ops->greet(c);
	client_wake(c);
}

int
client_tls_begin(struct client *c)
{
	if (tls_io_begin(&c->io, conf.tls) == -1 ||
	    tls_rule_apply(c->tls_rule, c->io.ssl) == -1)
		return -1;
	tls_rule_unref(c->tls_rule);
	c->tls_rule = NULL;
	client_wake(c);
	return 0;
}

/* Has it said only part of a command? */
static bool
client_midway(const struct client *c)
{
	return c->in.len > c->in_off || c->reading != NULL ||
	    c->taking != NULL;
}

static void
client_on_read(evutil_socket_t fd, short what, void *arg)
{
	struct client	*c = arg;
	uint64_t	 said = c->bytes_out;
	uint8_t		*p;
	ssize_t		 n;

	(void)what;
	if (client_closed(c))
		return;
	if (c->io.state == TLS_IO_SHAKING) {
		c->ops->run(c);
		return;
	}
	if (c->io.write_wants_read && client_flush(c) == -1) {
		client_close(c, "write error");
		return;
	}
	if (c->in_off > 0) {
		buf_drain(&c->in, c->in_off);
		c->in_off = 0;
	}
	if ((p = buf_reserve(&c->in, CLIENT_IN_CHUNK)) == NULL) {
		client_close(c, "out of memory");
		return;
	}
	n = tls_io_read(&c->io, p, CLIENT_IN_CHUNK);
	if (n > 0) {
		c->in.len += (size_t)n;
		c->bytes_in += (uint64_t)n;
		c->heard = clock_ms();
		c->eager = n == CLIENT_IN_CHUNK || tls_io_pending(&c->io);
	} else if (n == TLS_IO_END)
		c->eof = true;
	else if (n == TLS_IO_AGAIN)
		c->eager = false;
	else {
		client_close(c, "connection lost");
		return;
	}
	c->ops->run(c);
	if (client_closed(c))
		client_wake(c);
	else if (!c->eager && c->bytes_out == said && client_midway(c))
		tcp_ack_now(fd);	/* no answer will take the ACK along */
}

static void
client_on_write(evutil_socket_t fd, short what, void *arg)
{
	struct client	*c = arg;

	(void)fd;
	(void)what;
	if (client_closed(c))
		return;
	if (c->io.state == TLS_IO_SHAKING) {
		c->ops->run(c);
		return;
	}
	if (c->io.read_wants_write)
		event_active(&c->io.ev_read, EV_READ, 0);
	c->ops->run(c);
	if (client_closed(c))
		client_wake(c);
}

void
client_events(struct client *c)
{
	bool	 rd, wr = client_queued(c) > 0;

	if (client_closed(c))
		rd = wr = false;
	else if (turn_waits(&c->turn)) {
		/* it has enough to do; what waits to be written is */
		rd = false;
		wr = wr && !c->io.write_wants_read;
	} else if (c->io.state == TLS_IO_SHAKING)
		rd = true;
	else
		rd = !c->eof && !c->full &&
		    (!(c->state & (CLIENT_STARTTLS | CLIENT_LOGOUT)) ||
		    c->linger_until != 0) &&
		    client_unread(c) < CLIENT_IN_CHUNK;
	tls_io_watch(&c->io, rd, wr);
}
