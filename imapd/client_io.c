/*
 * Octets in and out of one connection, clear or TLS.  Never blocks; never
 * holds more input than it was asked for, nor more output than
 * CLIENT_OUT_MAX.
 */
#include "common/clock.h"
#include "imapd/client.h"

#include <errno.h>
#include <limits.h>
#include <unistd.h>

#include <openssl/err.h>
#include <openssl/ssl.h>

#include "common/log.h"
#include "imapd/conf.h"
#include "imapd/storage.h"

static void	 client_on_read(evutil_socket_t, short, void *);
static void	 client_on_write(evutil_socket_t, short, void *);

enum { IO_AGAIN = -1, IO_END = 0, IO_ERROR = -2 };

void
client_io_init(struct client *c)
{
	event_assign(&c->ev_read, c->base, c->fd, EV_READ | EV_PERSIST,
	    client_on_read, c);
	event_assign(&c->ev_write, c->base, c->fd, EV_WRITE | EV_PERSIST,
	    client_on_write, c);
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
	if (c->in.data != NULL)
		explicit_bzero(c->in.data, c->in.size);
	buf_free(&c->in);
	c->in_off = 0;
}

void
client_put(struct client *c, const void *p, size_t len)
{
	if (c->closing || c->state == CLIENT_LOGOUT || len == 0)
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
	if (client_queued(c) >= CLIENT_OUT_HIGH)
		c->full = true;
	client_wake(c);
}

/* What OpenSSL wants before it goes on. */
static int
tls_result(struct client *c, int ret, bool *other)
{
	switch (SSL_get_error(c->ssl, ret)) {
	case SSL_ERROR_WANT_READ:
		*other = other == &c->write_wants_read;
		return IO_AGAIN;
	case SSL_ERROR_WANT_WRITE:
		*other = other == &c->read_wants_write;
		return IO_AGAIN;
	case SSL_ERROR_ZERO_RETURN:
		return IO_END;
	default:
		return IO_ERROR;
	}
}

static ssize_t
io_read(struct client *c, void *p, size_t len)
{
	ssize_t	 n;

	if (c->tls == TLS_ON) {
		ERR_clear_error();
		c->read_wants_write = false;
		n = SSL_read(c->ssl, p, (int)len);
		return n > 0 ? n : tls_result(c, (int)n,
		    &c->read_wants_write);
	}
	n = read(c->fd, p, len);
	if (n >= 0)
		return n;
	return errno == EAGAIN || errno == EINTR ? IO_AGAIN : IO_ERROR;
}

static ssize_t
io_write(struct client *c, const void *p, size_t len)
{
	ssize_t	 n;

	if (len > INT_MAX)
		len = INT_MAX;
	if (c->tls == TLS_ON) {
		ERR_clear_error();
		c->write_wants_read = false;
		n = SSL_write(c->ssl, p, (int)len);
		return n > 0 ? n : tls_result(c, (int)n,
		    &c->write_wants_read);
	}
	n = write(c->fd, p, len);
	if (n >= 0)
		return n;
	return errno == EAGAIN || errno == EINTR ? IO_AGAIN : IO_ERROR;
}

int
client_flush(struct client *c)
{
	ssize_t	 n;

	while (client_queued(c) > 0) {
		n = io_write(c, c->out.data + c->out_off, client_queued(c));
		if (n == IO_AGAIN)
			break;
		if (n <= 0)
			return -1;
		c->out_off += (size_t)n;
		c->bytes_out += (uint64_t)n;
		c->wrote = clock_ms();
	}
	if (client_queued(c) == 0) {
		buf_free(&c->out);
		buf_init(&c->out, CLIENT_OUT_MAX);
		c->out_off = 0;
	}
	if (c->full && client_queued(c) <= CLIENT_OUT_LOW) {
		struct command	*cmd = TAILQ_FIRST(&c->commands);

		c->full = false;
		if (c->closing || c->state == CLIENT_LOGOUT)
			return 0;
		storage_resume(c->storage);
		if (cmd != NULL && cmd->resume != NULL &&
		    cmd->stage == STAGE_RUNNING)
			cmd->resume(cmd);
		client_wake(c);
	}
	return 0;
}

static void
client_shake(struct client *c)
{
	int	 ret;

	ERR_clear_error();
	ret = SSL_accept(c->ssl);
	if (ret == 1) {
		c->tls = TLS_ON;
		if (!c->greeted)
			client_greet(c);
		client_wake(c);
		return;
	}
	c->read_wants_write = false;
	switch (SSL_get_error(c->ssl, ret)) {
	case SSL_ERROR_WANT_READ:
		break;
	case SSL_ERROR_WANT_WRITE:
		c->read_wants_write = true;
		break;
	default:
		client_close(c, "TLS handshake failed");
		return;
	}
	client_events(c);
}

int
client_tls_begin(struct client *c)
{
	c->starttls = false;
	if (conf.tls == NULL || (c->ssl = SSL_new(conf.tls)) == NULL ||
	    SSL_set_fd(c->ssl, c->fd) != 1)
		return -1;
	c->tls = TLS_SHAKING;
	client_shake(c);
	return 0;
}

static void
client_on_read(evutil_socket_t fd, short what, void *arg)
{
	struct client	*c = arg;
	uint8_t		*p;
	ssize_t		 n;

	(void)fd;
	(void)what;
	if (c->closing)
		return;
	if (c->tls == TLS_SHAKING) {
		client_shake(c);
		return;
	}
	if (c->write_wants_read && client_flush(c) == -1) {
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
	n = io_read(c, p, CLIENT_IN_CHUNK);
	if (n > 0) {
		c->in.len += (size_t)n;
		c->bytes_in += (uint64_t)n;
		c->heard = clock_ms();
		c->eager = n == CLIENT_IN_CHUNK ||
		    (c->ssl != NULL && SSL_pending(c->ssl) > 0);
	} else if (n == IO_END)
		c->eof = true;
	else if (n == IO_AGAIN)
		c->eager = false;
	else {
		client_close(c, "connection lost");
		return;
	}
	client_run(c);
	if (c->closing)
		client_wake(c);
}

static void
client_on_write(evutil_socket_t fd, short what, void *arg)
{
	struct client	*c = arg;

	(void)fd;
	(void)what;
	if (c->closing)
		return;
	if (c->tls == TLS_SHAKING) {
		client_shake(c);
		return;
	}
	if (c->read_wants_write)
		event_active(&c->ev_read, EV_READ, 0);
	client_run(c);
	if (c->closing)
		client_wake(c);
}

static void
client_event(struct event *ev, bool want, bool *on)
{
	if (want == *on)
		return;
	*on = want;
	if (want)
		event_add(ev, NULL);
	else
		event_del(ev);
}

void
client_events(struct client *c)
{
	bool	 rd, wr;

	if (c->closing || c->tls == TLS_SHAKING) {
		rd = !c->closing && !c->read_wants_write;
		wr = !c->closing && c->read_wants_write;
	} else {
		rd = !c->eof && !c->full && !c->starttls &&
		    c->state != CLIENT_LOGOUT &&
		    client_unread(c) < CLIENT_IN_CHUNK;
		wr = (client_queued(c) > 0 && !c->write_wants_read) ||
		    (rd && c->read_wants_write);
		rd = rd || c->write_wants_read;
		/* what lies decrypted makes no socket readable */
		if (rd && c->ssl != NULL && SSL_pending(c->ssl) > 0)
			event_active(&c->ev_read, EV_READ, 0);
	}
	client_event(&c->ev_read, rd, &c->on_read);
	client_event(&c->ev_write, wr, &c->on_write);
}
