/*
 * One end of a socketpair is a tls_io, the other the test's, clear or TLS:
 * octets both ways through little room, ends and errors, and that what lies
 * decrypted is not forgotten.
 */
#include <sys/types.h>
#include <sys/socket.h>

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <openssl/ssl.h>

#include "common/compat.h"
#include "common/log.h"
#include "common/test.h"
#include "common/tls_context.h"
#include "common/test/tls_fake.h"
#include "common/tls_io.h"

#define OCTETS	(300 * 1024)
#define ROUNDS	200000		/* more than any test needs */

static struct event_base	*base;
static SSL_CTX			*server, *client;

/* The server's end: echoes what it reads, in pieces. */
static struct {
	struct tls_io	 io;
	size_t		 piece;
	char		 out[4096];
	size_t		 n;		/* in out, to be written */
	int		 end;		/* what a read said at last; 1: none */
	int		 calls;
	bool		 sink;		/* no echo */
	size_t		 sunk;
} s;

static void
pump(void)
{
	ssize_t	 n;

	if (s.io.state == TLS_IO_SHAKING) {
		if (tls_io_shake(&s.io) == -1)
			s.end = TLS_IO_ERROR;
		tls_io_watch(&s.io, s.end == 1, false);
		return;
	}
	if (s.n > 0 && (n = tls_io_write(&s.io, s.out, s.n)) > 0) {
		memmove(s.out, s.out + n, s.n - (size_t)n);
		s.n -= (size_t)n;
	}
	if (s.sink) {
		if ((n = tls_io_read(&s.io, s.out, s.piece)) > 0)
			s.sunk += (size_t)n;
	} else if (s.n == 0 && s.end == 1) {
		n = tls_io_read(&s.io, s.out, s.piece);
		if (n > 0)
			s.n = (size_t)n;
		else if (n != TLS_IO_AGAIN)
			s.end = (int)n;
	}
	tls_io_watch(&s.io, s.end == 1 && s.n == 0, s.n > 0);
}

static void
on_event(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	CHECK(arg == &s);
	s.calls++;
	pump();
}

/* The test's end; little room on both. */
static int
begin(size_t piece)
{
	int	 fds[2], size = 4096;

	memset(&s, 0, sizeof(s));
	s.piece = piece;
	s.end = 1;
	CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, fds) == 0);
	(void)setsockopt(fds[0], SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
	(void)setsockopt(fds[1], SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
	(void)fcntl(fds[0], F_SETFL, O_NONBLOCK);
	(void)fcntl(fds[1], F_SETFL, O_NONBLOCK);
	tls_io_init(&s.io, base, fds[0], on_event, on_event, &s);
	tls_io_watch(&s.io, true, false);
	return fds[1];
}

static SSL *
shake(int fd)
{
	SSL	*ssl = SSL_new(client);
	int	 i, ret = 0;

	CHECK(tls_io_begin(&s.io, server) == 0);
	CHECK(tls_io_begin(&s.io, server) == -1);	/* once */
	tls_io_watch(&s.io, true, false);
	SSL_set_fd(ssl, fd);
	for (i = 0; i < ROUNDS && (ret = SSL_connect(ssl)) != 1; i++)
		(void)event_base_loop(base, EVLOOP_NONBLOCK);
	for (i = 0; i < 10; i++)	/* the server's last step */
		(void)event_base_loop(base, EVLOOP_NONBLOCK);
	CHECK(ret == 1 && s.io.state == TLS_IO_ON);
	return ssl;
}

static ssize_t
say(int fd, SSL *ssl, const void *p, size_t len)
{
	return ssl != NULL ? SSL_write(ssl, p, (int)len) :
	    send(fd, p, len, MSG_NOSIGNAL);
}

static ssize_t
hear(int fd, SSL *ssl, void *p, size_t len)
{
	return ssl != NULL ? SSL_read(ssl, p, (int)len) : read(fd, p, len);
}

/* OCTETS there and back. */
static void
echo(int fd, SSL *ssl)
{
	uint8_t	*all = malloc(OCTETS), *back = malloc(OCTETS);
	size_t	 out = 0, in = 0, i;
	ssize_t	 n;

	CHECK(all != NULL && back != NULL);
	for (i = 0; all != NULL && back != NULL && i < OCTETS; i++)
		all[i] = (uint8_t)(i * 7 + i / 251);
	for (i = 0; i < ROUNDS && in < OCTETS; i++) {
		if (out < OCTETS && (n = say(fd, ssl, all + out,
		    OCTETS - out > 10000 ? 10000 : OCTETS - out)) > 0)
			out += (size_t)n;
		(void)event_base_loop(base, EVLOOP_NONBLOCK);
		if ((n = hear(fd, ssl, back + in, OCTETS - in)) > 0)
			in += (size_t)n;
	}
	CHECK(in == OCTETS && memcmp(all, back, OCTETS) == 0);
	free(all);
	free(back);
}

static void
test_clear(void)
{
	int	 fd = begin(1000);
	char	 c;

	CHECK(tls_io_read(&s.io, &c, 1) == TLS_IO_AGAIN);
	CHECK(!tls_io_pending(&s.io));
	echo(fd, NULL);
	/* nothing is to do: nobody is called */
	s.calls = 0;
	(void)event_base_loop(base, EVLOOP_NONBLOCK);
	CHECK(s.calls == 0);
	close(fd);
	(void)event_base_loop(base, EVLOOP_NONBLOCK);
	CHECK(s.end == TLS_IO_END);
	CHECK(tls_io_write(&s.io, "x", 1) == TLS_IO_ERROR);
	tls_io_close(&s.io);
	CHECK(tls_io_begin(&s.io, NULL) == -1);
}

static void
test_tls(void)
{
	int	 fd = begin(4096), i;
	SSL	*ssl = shake(fd);
	char	 record[1000] = "";

	SSL_set_mode(ssl, SSL_MODE_ENABLE_PARTIAL_WRITE |
	    SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
	echo(fd, ssl);
	/* one record, read in small pieces: it all comes, though the socket
	 * has nothing more to read */
	s.sink = true;
	s.piece = 10;
	CHECK(say(fd, ssl, record, sizeof(record)) == sizeof(record));
	for (i = 0; i < 200 && s.sunk < sizeof(record); i++)
		(void)event_base_loop(base, EVLOOP_NONBLOCK);
	CHECK(s.sunk == sizeof(record));
	s.sink = false;
	(void)SSL_shutdown(ssl);
	for (i = 0; i < 10; i++)
		(void)event_base_loop(base, EVLOOP_NONBLOCK);
	CHECK(s.end == TLS_IO_END);
	SSL_free(ssl);
	tls_io_close(&s.io);
	close(fd);
}

/* A stranger that speaks no TLS, and one that goes away in the middle. */
static void
test_hostile(void)
{
	int	 fd = begin(100), i;
	SSL	*ssl;

	CHECK(tls_io_begin(&s.io, server) == 0);
	tls_io_watch(&s.io, true, false);
	(void)say(fd, NULL, "a LOGIN x y\r\n", 13);
	for (i = 0; i < 10; i++)
		(void)event_base_loop(base, EVLOOP_NONBLOCK);
	CHECK(s.end == TLS_IO_ERROR && s.io.state == TLS_IO_SHAKING);
	tls_io_close(&s.io);
	close(fd);
	fd = begin(100);
	ssl = shake(fd);
	SSL_set_quiet_shutdown(ssl, 1);
	SSL_free(ssl);
	close(fd);			/* no close_notify */
	for (i = 0; i < 10; i++)
		(void)event_base_loop(base, EVLOOP_NONBLOCK);
	CHECK(s.end == TLS_IO_ERROR);
	tls_io_close(&s.io);
}

/* What is wanted is watched, and no more. */
static void
test_watch(void)
{
	int	 fd = begin(100);

	tls_io_watch(&s.io, false, false);
	(void)say(fd, NULL, "abc", 3);
	(void)event_base_loop(base, EVLOOP_NONBLOCK);
	CHECK(s.calls == 0);
	tls_io_watch(&s.io, false, true);
	(void)event_base_loop(base, EVLOOP_NONBLOCK);
	CHECK(s.calls > 0);		/* there is room */
	s.io.write_wants_read = true;
	tls_io_watch(&s.io, false, true);
	CHECK(s.io.on_read && !s.io.on_write);
	s.io.write_wants_read = false;
	s.io.read_wants_write = true;
	tls_io_watch(&s.io, true, false);
	CHECK(s.io.on_read && s.io.on_write);
	tls_io_watch(&s.io, false, false);
	CHECK(!s.io.on_read && !s.io.on_write);
	tls_io_close(&s.io);
	close(fd);
}

int
main(void)
{
	const char	*certificate, *key;
	char		 why[300];
	int		 fds;

	log_init("test");
	signal(SIGPIPE, SIG_IGN);
	if ((base = event_base_new()) == NULL)
		return 1;
	tls_fake_certificate(&certificate, &key);
	server = tls_fake_context(certificate, key, why, sizeof(why));
	client = SSL_CTX_new(TLS_client_method());
	CHECK(server != NULL && client != NULL);
	fds = test_open_fds();
	test_clear();
	test_tls();
	test_hostile();
	test_watch();
	CHECK(test_open_fds() == fds);
	tls_context_free(server);
	SSL_CTX_free(client);
	event_base_free(base);
	return TEST_END();
}
