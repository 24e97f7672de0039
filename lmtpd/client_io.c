/*
 * Octets in and out of one connection, clear or TLS.  Never blocks; never holds
 * more input than CLIENT_IN_CHUNK beyond what is being taken.
 */
#include "common/compat.h"

#include "common/clock.h"
#include "common/tcp.h"
#include "lmtpd/client.h"
#include "lmtpd/conf.h"

static void	 client_on_read(evutil_socket_t, short, void *);
static void	 client_on_write(evutil_socket_t, short, void *);

void
client_io_init(struct client *c, struct event_base *base, int fd)
{
	buf_init(&c->out, CLIENT_OUT_MAX);
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

void
client_discard(struct client *c)
{
	buf_free(&c->in);
	buf_init(&c->in, 0);
	c->in_off = 0;
}

int
client_flush(struct client *c)
{
	ssize_t	 n;

	while (client_queued(c) > 0) {
		n = tls_io_write(&c->io, c->out.data + c->out_off,
		    client_queued(c));
		if (n == TLS_IO_AGAIN)
			return 0;
		if (n <= 0)
			return -1;
		c->out_off += (size_t)n;
		c->bytes_out += (uint64_t)n;
		c->heard = (int64_t)clock_ms();
	}
	buf_free(&c->out);
	buf_init(&c->out, CLIENT_OUT_MAX);
	c->out_off = 0;
	return 0;
}

void
client_shake(struct client *c)
{
	switch (tls_io_shake(&c->io)) {
	case 0:
		return;
	case -1:
		client_close(c, "TLS handshake failed");
		return;
	}
	c->state = CLIENT_COMMAND;
	c->heard = (int64_t)clock_ms();
	client_wake(c);
}

/* One chunk; its commands and octets are taken before the next. */
static void
client_read(struct client *c)
{
	uint8_t	*p;
	ssize_t	 n;

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
		c->heard = (int64_t)clock_ms();
	} else if (n == TLS_IO_END)
		c->eof = true;
	else if (n != TLS_IO_AGAIN)
		client_close(c, "connection lost");
}

static void
client_on_read(evutil_socket_t fd, short what, void *arg)
{
	struct client	*c = arg;
	uint64_t	 said = c->bytes_out;

	(void)what;
	if (client_closed(c))
		return;
	if (c->io.state != TLS_IO_SHAKING) {
		if (c->io.write_wants_read && client_flush(c) == -1)
			client_close(c, "write error");
		else
			client_read(c);
	}
	client_run(c);
	if (!client_closed(c) && c->bytes_out == said)
		tcp_ack_now(fd);	/* no answer takes the ACK along yet */
}

static void
client_on_write(evutil_socket_t fd, short what, void *arg)
{
	struct client	*c = arg;

	(void)fd;
	(void)what;
	if (client_closed(c))
		return;
	if (c->io.state != TLS_IO_SHAKING && c->io.read_wants_write)
		event_active(&c->io.ev_read, EV_READ, 0);
	client_run(c);
}

void
client_events(struct client *c)
{
	bool	 rd = false, wr = client_queued(c) > 0;

	if (client_closed(c))
		wr = false;
	else if (c->io.state == TLS_IO_SHAKING)
		rd = true;
	else
		rd = !c->eof && c->state < CLIENT_STARTTLS &&
		    client_queued(c) < CLIENT_OUT_HIGH &&
		    client_unread(c) < CLIENT_IN_CHUNK;
	tls_io_watch(&c->io, rd, wr);
	/* An idle one costs no buffer. */
	if (client_unread(c) == 0 && c->in.data != NULL &&
	    c->state == CLIENT_COMMAND)
		client_discard(c);
}
