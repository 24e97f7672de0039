/* See sign_rig.h. */
#include "common/compat.h"

#ifdef __linux__
#include <sys/prctl.h>
#endif
#include <sys/socket.h>
#include <sys/wait.h>

#include <signal.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include <event2/event.h>
#include <openssl/err.h>
#include <openssl/ssl.h>

#include "common/clock.h"
#include "common/log.h"
#include "common/sign_client.h"
#include "common/test.h"
#include "common/test/slice_make.h"
#include "common/tls_context.h"
#include "credd/sign.h"
#include "credd/test/files_fake.h"
#include "credd/test/sign_rig.h"
#include "credd/tls_store.h"

static struct sign_rig	*rig;
static struct sign	*child_sign;

static void
on_set(SSL_CTX *ctx)
{
	tls_context_free(rig->server);
	rig->server = ctx;
	rig->sets++;
}

void
sign_rig_init(struct sign_rig *r)
{
	char	why[256];

	memset(r, 0, sizeof(*r));
	r->credds = 1;
	rig = r;
	signal(SIGPIPE, SIG_IGN);
	if (sign_client_init("imap", on_set, why, sizeof(why)) == -1)
		fatalx("%s", why);
	if ((r->base = event_base_new()) == NULL)
		fatalx("event_base_new");
}

void
sign_rig_add(struct sign_rig *r, const struct tls_fake *want)
{
	tls_fake_make(want, r->cert[r->n], r->key[r->n]);
	r->n++;
}

static int64_t
now(void)
{
	return (int64_t)time(NULL);
}

static void
child_changed(void *arg)
{
	(void)arg;
	sign_changed(child_sign);
}

static void __attribute__((noreturn))
child(struct sign_rig *r, unsigned at)
{
	static char		 pairs[2 * SIGN_RIG_MOST + 1][2][64];
	const char		*base[3 * SIGN_RIG_MOST + 1][2] = { { NULL } };
	struct event_base	*b = event_base_new();
	struct tls_store	*store;
	unsigned		 i;

#ifdef __linux__
	prctl(PR_SET_PDEATHSIG, SIGKILL);
#endif
	log_init("credd");
	store = tls_store_new(b, files_fake_new(b), now, child_changed, NULL);
	child_sign = sign_new(b, store, clock_ms, now);
	files_fake_set("mark:tls", "1", 1);
	for (i = 0; i < r->n; i++) {
		snprintf(pairs[2 * i][0], 64, "key:tls.%u.certificate", i);
		snprintf(pairs[2 * i + 1][0], 64, "key:tls.%u.private-key",
		    i);
		files_fake_set(pairs[2 * i][0], r->cert[i],
		    strlen(r->cert[i]));
		files_fake_set(pairs[2 * i + 1][0], r->key[i],
		    strlen(r->key[i]));
		base[3 * i][0] = pairs[2 * i][0] + 4;
		base[3 * i + 1][0] = pairs[2 * i + 1][0] + 4;
		snprintf(pairs[2 * i][1], 64, "tls.%u.ocsp-response", i);
		base[3 * i + 2][0] = pairs[2 * i][1];
		base[3 * i][1] = base[3 * i + 1][1] = "/x";
		base[3 * i + 2][1] = "";
	}
	tls_store_configure(store, slice_make(base, NULL));
	for (i = at; i <= r->servers; i += r->credds)
		sign_server(child_sign, PROC_IMAPD, i, r->ends[i]);
	event_base_dispatch(b);
	_exit(0);
}

/* From now on this process has its handshakes signed over fd. */
static void
join(struct sign_rig *r, int fd)
{
	unsigned	was = r->sets;
	uint64_t	until = clock_ms() + TEST_PATIENCE_MS;

	sign_client_channel(r->base, 0, fd);
	while (r->sets == was && clock_ms() < until)
		event_base_loop(r->base, EVLOOP_ONCE);
}

void
sign_rig_start(struct sign_rig *r)
{
	int		own[1 + SIGN_RIG_SERVERS], sv[2];
	unsigned	i, at;

	for (i = 0; i <= r->servers; i++) {
		if (socketpair(AF_UNIX, SOCK_STREAM, 0, sv) == -1)
			fatal("socketpair");
		own[i] = sv[0];
		r->ends[i] = sv[1];
	}
	for (at = 0; at < r->credds; at++) {
		if ((r->pid[at] = fork()) != 0)
			continue;
		for (i = 0; i <= r->servers; i++)
			close(own[i]);
		child(r, at);
	}
	for (i = 0; i <= r->servers; i++) {
		close(r->ends[i]);
		r->ends[i] = own[i];
	}
	join(r, r->ends[0]);
}

void
sign_rig_join(struct sign_rig *r, unsigned i)
{
	if (event_reinit(r->base) == -1)
		fatalx("event_reinit");
	join(r, r->ends[i]);
}

void
sign_rig_kill(struct sign_rig *r)
{
	unsigned	at;

	for (at = 0; at < r->credds; at++) {
		if (r->pid[at] != 0) {
			kill(r->pid[at], SIGKILL);
			waitpid(r->pid[at], NULL, 0);
		}
		r->pid[at] = 0;
	}
}

void
sign_rig_end(struct sign_rig *r)
{
	int	i;

	sign_rig_kill(r);
	for (i = 0; i < 20; i++)
		event_base_loop(r->base, EVLOOP_NONBLOCK);
	tls_context_free(r->server);
	event_base_free(r->base);
}

/* Both ends, connected. */
struct ends {
	SSL	*server, *client;
};

static void
ends_open(struct ends *e, SSL_CTX *ctx, int version)
{
	static SSL_CTX	*client_ctx;
	BIO		*a, *b;

	if (client_ctx == NULL)
		client_ctx = SSL_CTX_new(TLS_client_method());
	e->server = SSL_new(ctx);
	e->client = SSL_new(client_ctx);
	if (e->server == NULL || e->client == NULL ||
	    BIO_new_bio_pair(&a, 0, &b, 0) != 1)
		fatalx("OpenSSL");
	SSL_set_bio(e->server, a, a);
	SSL_set_bio(e->client, b, b);
	SSL_set_min_proto_version(e->client, version);
	SSL_set_max_proto_version(e->client, version);
}

static uint64_t	server_us;

static bool
ends_shake(struct ends *e)
{
	uint64_t	 began;
	int		 i, c = 0, s = 0;

	for (i = 0; i < 10 && (c != 1 || s != 1); i++) {
		if (c != 1)
			c = SSL_connect(e->client);
		began = clock_read_us(CLOCK_PROCESS_CPUTIME_ID);
		if (s != 1)
			s = SSL_accept(e->server);
		server_us += clock_read_us(CLOCK_PROCESS_CPUTIME_ID) - began;
	}
	return c == 1 && s == 1;
}

uint64_t
sign_rig_server_us(void)
{
	return server_us;
}

static void
ends_close(struct ends *e)
{
	SSL_free(e->server);
	SSL_free(e->client);
	ERR_clear_error();
}

bool
sign_rig_shake(SSL_CTX *ctx, int version, const char *host, X509 **peer)
{
	struct ends	e;
	bool		ok;

	ends_open(&e, ctx, version);
	if (host != NULL)
		SSL_ctrl(e.client, SSL_CTRL_SET_TLSEXT_HOSTNAME,
		    TLSEXT_NAMETYPE_host_name, (void *)(uintptr_t)host);
	ok = ends_shake(&e);
	if (peer != NULL)
		*peer = SSL_get1_peer_certificate(e.client);
	ends_close(&e);
	return ok;
}

bool
sign_rig_resume(SSL_CTX *ctx, int version, SSL_SESSION **session)
{
	struct ends	e;
	char		word;
	bool		ok;

	ends_open(&e, ctx, version);
	if (*session != NULL)
		SSL_set_session(e.client, *session);
	/* A ticket of TLS 1.3 comes before the first word. */
	ok = ends_shake(&e) && SSL_write(e.server, "x", 1) == 1 &&
	    SSL_read(e.client, &word, 1) == 1 &&
	    (*session == NULL || SSL_session_reused(e.client) == 1);
	SSL_SESSION_free(*session);
	*session = SSL_get1_session(e.client);
	/* Not closed without a word: such a session is not to be resumed. */
	SSL_set_shutdown(e.client, SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
	SSL_set_shutdown(e.server, SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
	ends_close(&e);
	return ok;
}
