/*
 * A client's life: accepted, greeted, timed, ended.  Nothing here reads what it
 * says.  No handler frees its client: client_close() marks, the loop's end
 * frees.
 */
#include "common/compat.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/log.h"
#include "common/log_context.h"
#include "common/log_limit.h"
#include "common/tls_rule.h"
#include "lmtpd/client.h"
#include "lmtpd/conf.h"

#define BYE_SECONDS	10	/* to take what is left */

struct client_list clients = TAILQ_HEAD_INITIALIZER(clients);
unsigned int nclients;
bool clients_draining;

struct event_base *
client_base(const struct client *c)
{
	return event_get_base(&c->ev_run);
}

bool
client_closed(const struct client *c)
{
	return c->state == CLIENT_CLOSED;
}

bool
client_is_tls(const struct client *c)
{
	return c->io.state == TLS_IO_ON || c->tls_outside;
}

static void
client_free(struct client *c)
{
	if (client_queued(c) > 0 && c->io.state != TLS_IO_SHAKING)
		(void)client_flush(c);
	nclients--;
	nstrangers--;
	strangers_remove(&c->stranger);
	TAILQ_REMOVE(&clients, c, entry);
	event_del(&c->ev_timer);
	event_del(&c->ev_run);
	c->ops->end(c);
	tls_rule_unref(c->tls_rule);
	tls_io_close(&c->io);
	buf_free(&c->in);
	buf_free(&c->out);
	free(c);
}

/* The loop's end. */
static void
client_on_run(evutil_socket_t fd, short what, void *arg)
{
	struct client	*c = arg;

	(void)fd;
	(void)what;
	if (!client_closed(c))
		client_run(c);
	if (client_closed(c))
		client_free(c);
}

void
client_wake(struct client *c)
{
	if (c->running)
		c->again = true;
	else
		event_active(&c->ev_run, EV_TIMEOUT, 0);
}

bool
client_is_served(const struct client *c)
{
	if (client_queued(c) > 0)
		return false;
	return c->state == CLIENT_ANSWERS || c->txn.pending > 0 ||
	    ((c->state == CLIENT_DATA || c->state == CLIENT_BDAT) &&
	    client_unread(c) > 0);
}

static void
client_timer_set(struct client *c)
{
	int64_t		 ms = (int64_t)conf.idle_timeout * 1000 / 4;
	struct timeval	 tv;

	if (ms > BYE_SECONDS * 1000)
		ms = BYE_SECONDS * 1000;
	tv.tv_sec = ms / 1000;
	tv.tv_usec = ms % 1000 * 1000;
	evtimer_add(&c->ev_timer, &tv);
}

/* It looks now and then, so that progress costs nothing. */
static void
client_on_timer(evutil_socket_t fd, short what, void *arg)
{
	struct client	*c = arg;
	int64_t		 ms = (int64_t)clock_ms() - c->heard;

	(void)fd;
	(void)what;
	if (c->state == CLIENT_QUIT && ms >= BYE_SECONDS * 1000)
		client_close(c, "answers not read");
	else if (!client_is_served(c) &&
	    ms >= (int64_t)conf.idle_timeout * 1000) {
		if (client_queued(c) > 0 || c->io.state == TLS_IO_SHAKING)
			client_close(c, "timed out");
		else
			client_bye(c, "4.4.2", "Timed out waiting for you");
	}
	client_timer_set(c);
}

static struct client *
of_stranger(const struct stranger *s)
{
	return (struct client *)((uintptr_t)s -
	    offsetof(struct client, stranger));
}

/* One without a transaction costs nothing but the connection. */
static bool
stranger_silent(const struct stranger *s)
{
	const struct client	*c = of_stranger(s);

	return c->state == CLIENT_COMMAND && !c->txn.open;
}

static void
stranger_push_out(struct stranger *s, const char *why)
{
	static struct log_limit	 limit = LOG_LIMIT("connection dropped");
	struct client		*c = of_stranger(s);

	if (log_limit(&limit))
		log_warnx("session=%016" PRIx64 " remote=%s connection "
		    "dropped: %s", c->session, c->remote, why);
	client_bye(c, "4.3.2", "Too many connections");
	client_close(c, NULL);
	strangers_remove(s);
}

bool
client_room(const char *remote, const char **why)
{
	static const struct strangers_ops ops = { stranger_silent,
	    stranger_push_out };
	const struct strangers_limits	 l = {
		.per_address = conf.max_clients,
		.strangers = conf.max_clients,
		.connections = conf.max_clients,
		.timeout = conf.idle_timeout
	};

	return strangers_room(remote, nclients, &l, &ops, why);
}

int
client_new(struct event_base *base, const struct listen_from *from,
    const struct client_ops *ops)
{
	struct client	*c;

	if ((c = calloc(1, sizeof(*c))) == NULL) {
		close(from->fd);
		return -1;
	}
	c->session = log_context_session();
	c->ops = ops;
	strlcpy(c->remote, from->remote, sizeof(c->remote));
	c->tls_outside = from->tls_outside;
	c->trusted = conf_xclient(from);
	c->tls_rule = tls_rule_ref(from->tls_rule);
	c->heard = (int64_t)clock_ms();
	evtimer_assign(&c->ev_timer, base, client_on_timer, c);
	evtimer_assign(&c->ev_run, base, client_on_run, c);
	client_io_init(c, base, from->fd);
	TAILQ_INSERT_TAIL(&clients, c, entry);
	nclients++;
	nstrangers++;
	client_timer_set(c);
	log_debug("session=%016" PRIx64 " connect remote=%s", c->session,
	    c->remote);
	if (strangers_add(&c->stranger, c->remote) == -1)
		client_close(c, "out of memory");
	else
		c->ops->greet(c);
	client_wake(c);
	return 0;
}

void
client_close(struct client *c, const char *why)
{
	static struct log_limit	 limit =
	    LOG_LIMIT_OF("disconnect", LOG_LEVEL_INFO, 20, 30);

	if (client_closed(c))
		return;
	c->state = CLIENT_CLOSED;
	/* Of those that go in order, each recipient has its line. */
	if (why != NULL && log_limit(&limit))
		log_info("session=%016" PRIx64 " disconnect remote=%s in=%llu "
		    "out=%llu why=\"%s\"", c->session, c->remote,
		    (unsigned long long)c->bytes_in,
		    (unsigned long long)c->bytes_out, why);
	client_wake(c);
}

void
client_helo(struct client *c, const char *name)
{
	char	*p;

	/* It stands in Received: what is no name is not. */
	strlcpy(c->helo, name, sizeof(c->helo));
	for (p = c->helo; *p != '\0'; p++)
		if (*p <= ' ' || *p > '~' || strchr("()<>\"\\;,", *p) != NULL)
			*p = '?';
}

static void	 put(struct client *, const char *, const char *, va_list)
		    __attribute__((format(printf, 3, 0)));

static void
put(struct client *c, const char *head, const char *fmt, va_list ap)
{
	char	 line[512], *p;
	size_t	 n;

	if (c->state >= CLIENT_QUIT)
		return;
	strlcpy(line, head, sizeof(line));
	n = strlen(line);
	(void)vsnprintf(line + n, sizeof(line) - 2 - n, fmt, ap);
	for (p = line; *p != '\0'; p++)
		if (*p < ' ' || *p > '~')
			*p = '?';
	strlcat(line, "\r\n", sizeof(line));
	if (client_queued(c) == 0)
		c->heard = (int64_t)clock_ms();
	if (buf_puts(&c->out, line) == -1)
		client_close(c, "too much output");
	client_wake(c);
}

void
client_say(struct client *c, int code, const char *enhanced,
    const char *fmt, ...)
{
	char	 head[32];
	va_list	 ap;

	snprintf(head, sizeof(head), "%d %s%s", code, enhanced,
	    *enhanced != '\0' ? " " : "");
	va_start(ap, fmt);
	put(c, head, fmt, ap);
	va_end(ap);
}

void
client_say_more(struct client *c, int code, const char *fmt, ...)
{
	char	 head[32];
	va_list	 ap;

	snprintf(head, sizeof(head), "%d-", code);
	va_start(ap, fmt);
	put(c, head, fmt, ap);
	va_end(ap);
}

void
client_tell(struct client *c, const struct verdict *v)
{
	client_say(c, v->code, v->enhanced, "%s", v->text);
}

void
client_bye(struct client *c, const char *enhanced, const char *text)
{
	if (c->state >= CLIENT_QUIT)
		return;
	client_say(c, 421, enhanced, "%s", text);
	log_debug("session=%016" PRIx64 " why=\"%s\"", c->session, text);
	if (!client_closed(c))
		c->state = CLIENT_QUIT;
	client_wake(c);
}

static void
client_start_tls(struct client *c)
{
	/* Whatever was sent along was not encrypted. */
	client_discard(c);
	c->greeted = false;
	c->helo[0] = '\0';
	if (conf.tls == NULL || tls_io_begin(&c->io, conf.tls) == -1 ||
	    tls_rule_apply(c->tls_rule, c->io.ssl) == -1)
		client_close(c, "cannot start TLS");
	else
		client_shake(c);
}

void
client_run(struct client *c)
{
	if (c->running)
		return;
	c->running = true;
	do {
		c->again = false;
		if (client_closed(c))
			break;
		if (c->io.state == TLS_IO_SHAKING) {
			client_shake(c);
			continue;
		}
		c->ops->run(c);
		if (!client_closed(c) && client_flush(c) == -1)
			client_close(c, "write error");
		if (client_queued(c) > 0)
			continue;
		if (c->state == CLIENT_STARTTLS)
			client_start_tls(c);
		else if (c->state == CLIENT_QUIT)
			client_close(c, NULL);
	} while (c->again);
	c->running = false;
	if (client_closed(c))
		client_wake(c);		/* to be freed */
	client_events(c);
}

void
clients_drain(bool late)
{
	struct client	*c;

	TAILQ_FOREACH(c, &clients, entry)
		if (late)
			client_close(c, "shutting down");
		else if (c->state == CLIENT_COMMAND && !c->txn.open)
			client_bye(c, "4.3.2", "The server is shutting down");
}
