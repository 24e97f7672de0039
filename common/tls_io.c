/*
 * One connection's octets.  With TLS a read may have to write first, and a
 * write to read (SSL_get_error(3)); nothing above has to know.
 */
#include "common/tls_io.h"

#include <sys/socket.h>

#include <errno.h>
#include <limits.h>
#include <unistd.h>

#include <openssl/err.h>
#include <openssl/ssl.h>

void
tls_io_init(struct tls_io *io, struct event_base *base, int fd,
    event_callback_fn on_read, event_callback_fn on_write, void *arg)
{
	*io = (struct tls_io){ .fd = fd };
	event_assign(&io->ev_read, base, fd, EV_READ | EV_PERSIST, on_read,
	    arg);
	event_assign(&io->ev_write, base, fd, EV_WRITE | EV_PERSIST,
	    on_write, arg);
}

void
tls_io_close(struct tls_io *io)
{
	event_del(&io->ev_read);
	event_del(&io->ev_write);
	if (io->state == TLS_IO_ON)
		(void)SSL_shutdown(io->ssl);
	SSL_free(io->ssl);
	io->ssl = NULL;
	close(io->fd);
	io->fd = -1;
}

void
tls_io_finish(struct tls_io *io)
{
	if (io->state == TLS_IO_ON)
		(void)SSL_shutdown(io->ssl);
	(void)shutdown(io->fd, SHUT_WR);
}

int
tls_io_begin(struct tls_io *io, SSL_CTX *ctx)
{
	if (ctx == NULL || io->ssl != NULL ||
	    (io->ssl = SSL_new(ctx)) == NULL ||
	    SSL_set_fd(io->ssl, io->fd) != 1)
		return -1;
	io->state = TLS_IO_SHAKING;
	return 0;
}

int
tls_io_shake(struct tls_io *io)
{
	int	 ret;

	ERR_clear_error();
	ret = SSL_accept(io->ssl);
	if (ret == 1) {
		io->state = TLS_IO_ON;
		return 1;
	}
	io->read_wants_write = false;
	switch (SSL_get_error(io->ssl, ret)) {
	case SSL_ERROR_WANT_READ:
		return 0;
	case SSL_ERROR_WANT_WRITE:
		io->read_wants_write = true;
		return 0;
	default:
		return -1;
	}
}

/* What OpenSSL wants before it goes on. */
static int
tls_result(struct tls_io *io, int ret, bool *other)
{
	switch (SSL_get_error(io->ssl, ret)) {
	case SSL_ERROR_WANT_READ:
		*other = other == &io->write_wants_read;
		return TLS_IO_AGAIN;
	case SSL_ERROR_WANT_WRITE:
		*other = other == &io->read_wants_write;
		return TLS_IO_AGAIN;
	case SSL_ERROR_ZERO_RETURN:
		return TLS_IO_END;
	default:
		return TLS_IO_ERROR;
	}
}

ssize_t
tls_io_read(struct tls_io *io, void *p, size_t len)
{
	ssize_t	 n;

	if (len > INT_MAX)
		len = INT_MAX;
	if (io->state == TLS_IO_ON) {
		ERR_clear_error();
		io->read_wants_write = false;
		n = SSL_read(io->ssl, p, (int)len);
		return n > 0 ? n : tls_result(io, (int)n,
		    &io->read_wants_write);
	}
	n = read(io->fd, p, len);
	if (n >= 0)
		return n;
	return errno == EAGAIN || errno == EINTR ? TLS_IO_AGAIN :
	    TLS_IO_ERROR;
}

ssize_t
tls_io_write(struct tls_io *io, const void *p, size_t len)
{
	ssize_t	 n;

	if (len > INT_MAX)
		len = INT_MAX;
	if (io->state == TLS_IO_ON) {
		ERR_clear_error();
		io->write_wants_read = false;
		n = SSL_write(io->ssl, p, (int)len);
		return n > 0 ? n : tls_result(io, (int)n,
		    &io->write_wants_read);
	}
	n = write(io->fd, p, len);
	if (n >= 0)
		return n;
	return errno == EAGAIN || errno == EINTR ? TLS_IO_AGAIN :
	    TLS_IO_ERROR;
}

bool
tls_io_pending(const struct tls_io *io)
{
	return io->ssl != NULL && SSL_pending(io->ssl) > 0;
}

static void
watch(struct event *ev, bool want, bool *on)
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
tls_io_watch(struct tls_io *io, bool read, bool write)
{
	bool	 rd, wr;

	if (io->state == TLS_IO_SHAKING) {
		rd = read && !io->read_wants_write;
		wr = read && io->read_wants_write;
	} else {
		rd = read || (write && io->write_wants_read);
		wr = (write && !io->write_wants_read) ||
		    (read && io->read_wants_write);
		/* what lies decrypted makes no socket readable */
		if (rd && tls_io_pending(io))
			event_active(&io->ev_read, EV_READ, 0);
	}
	watch(&io->ev_read, rd, &io->on_read);
	watch(&io->ev_write, wr, &io->on_write);
}
