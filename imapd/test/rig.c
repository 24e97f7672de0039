/* A client against the fakes, for tests that look at more than lines. */
#include "imapd/test/rig.h"

#include <sys/socket.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/listen.h"
#include "common/log.h"
#include "common/tls_context.h"
#include "common/test/tls_fake.h"
#include "imapd/auth.h"
#include "imapd/client.h"
#include "imapd/conf.h"
#include "imapd/run.h"
#include "imapd/test/storage_fake.h"
#include "imapd/test/test_conf.h"

#define PATIENCE	5000	/* ms */

void
rig_init(struct rig *r, bool tls)
{
	const char	*certificate, *key;
	char		 why[300];

	memset(r, 0, sizeof(*r));
	signal(SIGPIPE, SIG_IGN);
	log_init("test");
	log_set_level(LOG_LEVEL_ERROR);
	test_conf();
	if (tls) {
		tls_fake_certificate(&certificate, &key);
		if ((conf.tls = tls_fake_context(certificate, key, why,
		    sizeof(why))) == NULL)
			fatalx("%s", why);
		r->ctx = SSL_CTX_new(TLS_client_method());
	}
	if ((r->base = event_base_new()) == NULL)
		fatalx("event_base_new");
	r->fake = fake_new(r->base);
	auth_channel(r->base, fake_authd(r->fake));
}

void
rig_end(struct rig *r)
{
	fake_free(r->fake);
	event_base_loop(r->base, EVLOOP_NONBLOCK);
	event_base_free(r->base);
	tls_context_free(conf.tls);
	conf.tls = NULL;
	SSL_CTX_free(r->ctx);
}

void
rig_connect(struct rig *r, bool imaps, bool loopback)
{
	int	 fds[2], size = 4096;

	if (socketpair(AF_UNIX, SOCK_STREAM, 0, fds) == -1)
		fatal("socketpair");
	/* little room, so that output waits */
	setsockopt(fds[1], SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
	fcntl(fds[0], F_SETFL, O_NONBLOCK);
	fcntl(fds[1], F_SETFL, O_NONBLOCK);
	r->fd = fds[0];
	r->eof = r->deaf = false;
	r->client = run_accept(r->base, &(struct listen_from){ .fd = fds[1],
	    .implicit = imaps, .remote = "test", .loopback = loopback });
}

void
rig_disconnect(struct rig *r)
{
	struct client	*c;

	SSL_free(r->ssl);
	r->ssl = NULL;
	close(r->fd);
	buf_free(&r->in);
	rig_turn(r, 0);
	while ((c = TAILQ_FIRST(&clients)) != NULL) {
		client_close(c, NULL);
		event_base_loop(r->base, EVLOOP_NONBLOCK);
	}
	event_base_loop(r->base, EVLOOP_NONBLOCK);
}

static void
on_tick(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	(void)arg;
}

static void
rig_read(struct rig *r)
{
	char	 b[16384];
	ssize_t	 n;

	for (;;) {
		if (r->ssl != NULL)
			n = SSL_read(r->ssl, b, sizeof(b));
		else
			n = read(r->fd, b, sizeof(b));
		if (n <= 0)
			break;
		(void)buf_put(&r->in, b, (size_t)n);
	}
	if (r->ssl != NULL ? SSL_get_error(r->ssl, (int)n) !=
	    SSL_ERROR_WANT_READ : n == 0)
		r->eof = true;
}

void
rig_turn(struct rig *r, int ms)
{
	struct timeval	 tv = { .tv_usec = ms * 1000 };
	struct event	*tick;

	if (ms == 0)
		event_base_loop(r->base, EVLOOP_NONBLOCK);
	else {
		tick = evtimer_new(r->base, on_tick, NULL);
		evtimer_add(tick, &tv);
		event_base_loop(r->base, EVLOOP_ONCE);
		event_free(tick);
	}
	if (!r->deaf && r->fd != -1)
		rig_read(r);
}

void
rig_say(struct rig *r, const char *text)
{
	size_t	 len = strlen(text);
	ssize_t	 n;
	uint64_t	 until = clock_ms() + PATIENCE;

	while (len > 0 && clock_ms() < until) {
		if (r->ssl != NULL)
			n = SSL_write(r->ssl, text, (int)len);
		else
			n = send(r->fd, text, len, MSG_NOSIGNAL);
		if (n > 0) {
			text += n;
			len -= (size_t)n;
		} else if (r->ssl == NULL && errno != EAGAIN)
			return;
		rig_turn(r, n > 0 ? 0 : 5);
	}
}

bool
rig_hear(struct rig *r, const char *text)
{
	uint64_t	 until = clock_ms() + PATIENCE;
	uint8_t	*at;

	for (;;) {
		at = r->in.len == 0 ? NULL : memmem(r->in.data, r->in.len,
		    text, strlen(text));
		if (at != NULL) {
			buf_drain(&r->in, (size_t)(at - r->in.data) +
			    strlen(text));
			return true;
		}
		if (r->eof || clock_ms() > until)
			return false;
		rig_turn(r, 20);
	}
}

bool
rig_closed(struct rig *r)
{
	uint64_t	 until = clock_ms() + PATIENCE;

	while (!r->eof && clock_ms() < until)
		rig_turn(r, 20);
	return r->eof;
}

bool
rig_shake(struct rig *r)
{
	uint64_t	 until = clock_ms() + PATIENCE;
	int	 ret;

	r->ssl = SSL_new(r->ctx);
	SSL_set_fd(r->ssl, r->fd);
	r->deaf = true;		/* the handshake reads */
	while ((ret = SSL_connect(r->ssl)) != 1 && clock_ms() < until) {
		if (SSL_get_error(r->ssl, ret) != SSL_ERROR_WANT_READ)
			break;
		rig_turn(r, 5);
	}
	r->deaf = false;
	return ret == 1;
}
