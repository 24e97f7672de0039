/*
 * A client's life: accepted, greeted, timed, ended.  Nothing here reads
 * what it says.  No handler frees its client: client_close() marks, the
 * loop's end frees.
 */
#include "imapd/client.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <openssl/rand.h>
#include <openssl/ssl.h>

#include "common/clock.h"
#include "common/log.h"
#include "imapd/auth.h"
#include "imapd/capability.h"
#include "imapd/conf.h"
#include "imapd/login.h"
#include "imapd/reply.h"
#include "imapd/storage.h"
#include "imapd/view.h"

#define BYE_SECONDS	10	/* to take what is left */

struct client_list clients = TAILQ_HEAD_INITIALIZER(clients);
unsigned int nclients, nstrangers;
bool clients_draining;

struct event_base *
client_base(struct client *c)
{
	return c->base;
}

static void
client_free(struct client *c)
{
	struct command	*cmd;

	if (c->out.len > c->out_off && c->tls != TLS_SHAKING)
		(void)client_flush(c);
	if (c->state == CLIENT_STRANGER)
		nstrangers--;
	nclients--;
	TAILQ_REMOVE(&clients, c, entry);
	event_del(&c->ev_read);
	event_del(&c->ev_write);
	event_del(&c->ev_timer);
	event_del(&c->ev_run);
	auth_cancel(c);
	storage_close(c->storage);
	c->storage = NULL;
	command_free(c->reading);
	while ((cmd = TAILQ_FIRST(&c->commands)) != NULL) {
		TAILQ_REMOVE(&c->commands, cmd, entry);
		command_free(cmd);
	}
	view_free(c->view);
	if (c->ssl != NULL) {
		if (c->tls == TLS_ON)
			(void)SSL_shutdown(c->ssl);
		SSL_free(c->ssl);
	}
	close(c->fd);
	if (c->in.data != NULL)
		explicit_bzero(c->in.data, c->in.size);
	buf_free(&c->in);
	buf_free(&c->out);
	free(c->user);
	free(c);
}

/* The loop's end. */
static void
client_on_run(evutil_socket_t fd, short what, void *arg)
{
	struct client	*c = arg;

	(void)fd;
	(void)what;
	if (!c->closing)
		client_run(c);
	if (c->closing)
		client_free(c);
}

static int64_t
least(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

/* When the client's patience, or ours, ends; *why says which. */
static int64_t
client_deadline(const struct client *c, const char **why)
{
	int64_t	 t = INT64_MAX, w;

	*why = "";
	if (c->state == CLIENT_LOGOUT) {
		*why = "left output behind";
		return c->heard + BYE_SECONDS * 1000;
	}
	if (c->state == CLIENT_STRANGER) {
		*why = "not logged in in time";
		t = c->born + (int64_t)conf.login_timeout * 1000;
	} else if (TAILQ_EMPTY(&c->commands) || c->taking != NULL) {
		*why = "idle too long";
		t = c->heard + (int64_t)conf.idle_timeout * 1000;
	}
	if (client_queued(c) > 0) {
		w = c->wrote + (int64_t)conf.write_timeout * 1000;
		if (w < t)
			*why = "does not read";
		t = least(t, w);
	}
	return t;
}

/* The timer is lazy: it looks, at the latest, when it might be time. */
static void
client_timer_set(struct client *c, int64_t now)
{
	const char	*why;
	struct timeval	 tv;
	int64_t		 ms = client_deadline(c, &why) - now;

	ms = least(ms, 60 * 1000);
	ms = least(ms, (int64_t)conf.write_timeout * 1000);
	ms = least(ms, (int64_t)conf.idle_timeout * 1000);
	if (ms < 100)
		ms = 100;
	tv.tv_sec = ms / 1000;
	tv.tv_usec = ms % 1000 * 1000;
	evtimer_add(&c->ev_timer, &tv);
}

static void
client_on_timer(evutil_socket_t fd, short what, void *arg)
{
	struct client	*c = arg;
	const char	*why;
	int64_t		 now = clock_ms();

	(void)fd;
	(void)what;
	if (client_deadline(c, &why) > now) {
		client_timer_set(c, now);
		return;
	}
	if (client_queued(c) == 0 && c->state != CLIENT_LOGOUT &&
	    c->tls != TLS_SHAKING) {
		log_debug("session=%08x %s", c->session, why);
		client_bye(c, "You were idle too long");
	} else
		client_close(c, why);
}

static struct client *
client_make(struct event_base *base, int fd, const char *remote)
{
	struct client	*c;

	if ((c = calloc(1, sizeof(*c))) == NULL) {
		close(fd);
		return NULL;
	}
	(void)RAND_bytes((unsigned char *)&c->session, sizeof(c->session));
	c->base = base;
	c->fd = fd;
	c->state = CLIENT_STRANGER;
	strlcpy(c->remote, remote, sizeof(c->remote));
	c->append_limit = conf.append_limit;
	c->born = c->heard = c->wrote = clock_ms();
	TAILQ_INIT(&c->commands);
	buf_init(&c->out, CLIENT_OUT_MAX);
	evtimer_assign(&c->ev_timer, base, client_on_timer, c);
	evtimer_assign(&c->ev_run, base, client_on_run, c);
	client_io_init(c);
	TAILQ_INSERT_TAIL(&clients, c, entry);
	nclients++;
	nstrangers++;
	client_timer_set(c, c->born);
	return c;
}

struct client *
client_new(struct event_base *base, int fd, bool imaps, const char *remote,
    bool loopback)
{
	struct client	*c = client_make(base, fd, remote);

	if (c == NULL)
		return NULL;
	c->imaps = imaps;
	c->loopback = loopback;
	log_debug("session=%08x connect remote=%s tls=%s", c->session,
	    c->remote, imaps ? "yes" : "no");
	if (!imaps)
		client_greet(c);
	else if (client_tls_begin(c) == -1)
		client_close(c, "no TLS");
	client_wake(c);
	return c;
}

struct client *
client_new_preauth(struct event_base *base, int fd, const char *token)
{
	struct client	*c = client_make(base, fd, "operator");

	if (c == NULL)
		return NULL;
	c->preauth = true;
	login_preauth(c, str_from(token));
	return c;
}

void
client_greet(struct client *c)
{
	struct buf	 b = BUF_INIT;

	c->greeted = true;
	(void)buf_printf(&b, "* %s [CAPABILITY ",
	    c->preauth ? "PREAUTH" : "OK");
	capability_print(c, &b);
	(void)buf_puts(&b, "] Pail is ready\r\n");
	client_put(c, b.data, b.len);
	buf_free(&b);
}

void
client_close(struct client *c, const char *why)
{
	if (c->closing)
		return;
	c->closing = true;
	if (why != NULL || c->user != NULL)
		log_info("session=%08x user=%s disconnect remote=%s in=%llu "
		    "out=%llu why=\"%s\"", c->session,
		    c->user != NULL ? c->user : "", c->remote,
		    (unsigned long long)c->bytes_in,
		    (unsigned long long)c->bytes_out,
		    why != NULL ? why : c->left ? "logout" : "bye");
	client_wake(c);
}

void
client_bye(struct client *c, const char *fmt, ...)
{
	char	 text[512], *p;
	va_list	 ap;

	if (c->closing || c->state == CLIENT_LOGOUT)
		return;
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	for (p = text; *p != '\0'; p++)
		if (*p < ' ' || *p > '~')
			*p = '?';
	client_put(c, "* BYE ", 6);
	client_put(c, text, strlen(text));
	client_put(c, "\r\n", 2);
	client_logout(c);
}

void
client_logout(struct client *c)
{
	if (c->state == CLIENT_STRANGER)
		nstrangers--;
	c->state = CLIENT_LOGOUT;
	c->heard = clock_ms();
	client_timer_set(c, c->heard);
	client_wake(c);
}

void
client_wake(struct client *c)
{
	if (c->running)
		c->again = true;
	else
		event_active(&c->ev_run, EV_TIMEOUT, 0);
}

void
client_known(struct client *c)
{
	if (c->state == CLIENT_STRANGER)
		nstrangers--;
	c->state = CLIENT_KNOWN;
	c->heard = clock_ms();
	client_timer_set(c, c->heard);
}

void
client_unselect(struct client *c)
{
	view_free(c->view);
	c->view = NULL;
	if (c->state == CLIENT_SELECTED)
		c->state = CLIENT_KNOWN;
}

void
client_gone(struct client *c)
{
	const struct command	*cmd;

	if (c->view == NULL)
		return;
	/* its own DELETE, or a SELECT that left it: no surprise */
	TAILQ_FOREACH(cmd, &c->commands, entry)
		if (cmd->spec != NULL && cmd->asks > 0 &&
		    cmd->spec->start == cmd_delete) {
			client_unselect(c);
			return;
		}
	client_bye(c, "The selected mailbox was deleted");
}

void
client_waiting(struct client *c)
{
	if (c->taking == NULL || !command_first(c->taking))
		client_put(c, "* OK Still trying\r\n", 19);
}

bool
client_may_login(const struct client *c)
{
	if (c->tls == TLS_ON || conf.plaintext == PLAINTEXT_ALWAYS)
		return true;
	return conf.plaintext == PLAINTEXT_LOOPBACK && c->loopback;
}

bool
client_can_starttls(const struct client *c)
{
	return conf.tls != NULL && c->tls == TLS_NONE && !c->preauth &&
	    c->state == CLIENT_STRANGER;
}
