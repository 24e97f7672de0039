/*
 * A client's life: accepted, greeted, timed, ended.  Nothing here reads
 * what it says.  No handler frees its client: client_close() marks, the
 * loop's end frees.
 */
#include "imapd/client.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "common/addr_key.h"
#include "common/clock.h"
#include "common/log.h"
#include "common/log_context.h"
#include "common/listen.h"
#include "common/log_limit.h"
#include "common/tls_rule.h"
#include "imapd/conf.h"
#include "imapd/view.h"

#define BYE_SECONDS	10	/* to take what is left */

struct client_list clients = TAILQ_HEAD_INITIALIZER(clients);
unsigned int nclients;
bool clients_draining;

struct event_base *
client_base(const struct client *c)
{
	return event_get_base(&c->ev_run);
}

static void
client_free(struct client *c)
{
	if (client_queued(c) > 0 && c->io.state != TLS_IO_SHAKING)
		(void)client_flush(c);
	turn_leave(&c->turn);
	client_unsent_gone(c);
	nclients--;
	TAILQ_REMOVE(&clients, c, entry);
	event_del(&c->ev_timer);
	event_del(&c->ev_run);
	c->ops->end(c);
	view_free(c->view);
	tls_rule_unref(c->tls_rule);
	tls_io_close(&c->io);
	buf_freezero(&c->in);
	buf_free(&c->out);
	free(c->user);
	free(c);
}

static void
client_on_turn(struct turns_entry *t)
{
	struct client	*c = (struct client *)((uintptr_t)t -
			    offsetof(struct client, turn));

	c->ops->run(c);
}

/* The loop's end. */
static void
client_on_run(evutil_socket_t fd, short what, void *arg)
{
	struct client	*c = arg;

	(void)fd;
	(void)what;
	c->woken = false;
	if (!client_closed(c))
		c->ops->run(c);
	if (client_closed(c))
		client_free(c);
}

static struct strangers_limits
limits(void)
{
	return (struct strangers_limits){
		.per_address = conf.max_per_address,
		.strangers = conf.max_strangers,
		.connections = conf.max_clients,
		.timeout = conf.login_timeout
	};
}

int64_t
client_patience(void)
{
	const struct strangers_limits	 l = limits();

	return strangers_timeout(&l);
}

static int64_t
least(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

/* The rest of a literal (of an APPEND: of the command) is the client's to
 * send, and nothing that it has sent waits for us. */
static bool
waits_in_literal(const struct client *c)
{
	if (client_unread(c) > 0)
		return false;
	if (c->taking != NULL)
		return c->wants == WANTS_LITERAL;
	return c->reading != NULL && c->scan.literal > 0;
}

/* When the client's patience, or ours, ends; *why says which. */
static int64_t
client_deadline(const struct client *c, const char **why)
{
	int64_t	 t = INT64_MAX, w;

	*why = NULL;
	if (c->linger_until != 0)
		return c->linger_until;
	if (c->state == CLIENT_LOGOUT) {
		*why = "output not read before the connection was closed";
		return c->heard + BYE_SECONDS * 1000;
	}
	if (c->state & CLIENT_OUTSIDE) {
		*why = "login timed out";
		t = c->born + (client_silent(c) ? client_patience() :
		    (int64_t)conf.login_timeout * 1000);
	} else if (TAILQ_EMPTY(&c->commands) || c->taking != NULL) {
		*why = "idle timeout";
		t = c->heard + (int64_t)conf.idle_timeout * 1000;
	}
	if (waits_in_literal(c)) {
		w = c->heard + (int64_t)conf.literal_timeout * 1000;
		if (w < t)
			*why = "timed out inside a literal";
		t = least(t, w);
	}
	if (client_queued(c) > 0) {
		w = c->wrote + (int64_t)conf.write_timeout * 1000;
		if (w < t)
			*why = "write timed out";
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
	ms = least(ms, (int64_t)conf.literal_timeout * 1000);
	if (c->state & CLIENT_OUTSIDE)		/* it may shrink meanwhile */
		ms = least(ms, STRANGERS_LEAST * 1000);
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
	if (client_queued(c) == 0 && !client_over(c) &&
	    c->io.state != TLS_IO_SHAKING) {
		log_debug("session=%016" PRIx64 " %s", c->session, why);
		client_bye(c, c->state & CLIENT_OUTSIDE ? "Login timed out" :
		    "Disconnected for inactivity");
	} else
		client_close(c, why);
}

/* Whose time it uses: its user's, or its address's. */
int
client_join(struct client *c)
{
	struct addr_key	 k;
	char		 name[1024], text[ADDR_KEY_TEXT];

	if (c->user != NULL)
		strlcpy(name, c->user, sizeof(name));
	else {
		addr_key_parse(&k, c->remote);
		strlcpy(name, " ", sizeof(name));
		strlcat(name, addr_key_print(&k, text, sizeof(text)),
		    sizeof(name));
	}
	return turn_join(&c->turn, client_base(c), name, client_on_turn);
}

static struct client *
client_make(struct event_base *base, int fd, const char *remote,
    const struct client_ops *ops)
{
	struct client	*c;

	if ((c = calloc(1, sizeof(*c))) == NULL) {
		close(fd);
		return NULL;
	}
	c->session = log_context_session();
	c->ops = ops;
	c->state = CLIENT_NEW;
	strlcpy(c->remote, remote, sizeof(c->remote));
	c->append_limit = conf.append_limit;
	c->born = c->heard = c->wrote = clock_ms();
	TAILQ_INIT(&c->commands);
	buf_init(&c->out, CLIENT_OUT_MAX);
	evtimer_assign(&c->ev_timer, base, client_on_timer, c);
	evtimer_assign(&c->ev_run, base, client_on_run, c);
	client_io_init(c, base, fd);
	/* without memory for turns it works unbounded, and soon ends */
	(void)client_join(c);
	TAILQ_INSERT_TAIL(&clients, c, entry);
	nclients++;
	nstrangers++;
	client_timer_set(c, c->born);
	return c;
}

struct client *
client_new(struct event_base *base, const struct listen_from *from,
    const struct client_ops *ops)
{
	struct client	*c = client_make(base, from->fd, from->remote, ops);

	if (c == NULL)
		return NULL;
	c->via = from->implicit ? VIA_IMAPS : VIA_IMAP;
	c->loopback = from->loopback;
	c->tls_outside = from->tls_outside;
	c->tls_rule = tls_rule_ref(from->tls_rule);
	if (strangers_add(&c->stranger, c->remote) == -1)
		client_close(c, "out of memory");
	log_debug("session=%016" PRIx64 " connect remote=%s tls=%s", c->session,
	    c->remote, from->implicit ? "yes" : "no");
	if (client_closed(c))
		return c;
	if (!from->implicit) {
		client_enter(c, CLIENT_STRANGER);
		c->ops->greet(c);
	} else if (client_tls_begin(c) == -1)
		client_close(c, "cannot start TLS");
	client_wake(c);
	return c;
}

struct client *
client_new_preauth(struct event_base *base, int fd,
    const struct client_ops *ops)
{
	struct client	*c = client_make(base, fd, "operator", ops);

	if (c != NULL)
		c->via = VIA_PREAUTH;
	return c;
}

static struct client *
of_stranger(const struct stranger *s)
{
	return (struct client *)((uintptr_t)s -
	    offsetof(struct client, stranger));
}

bool
client_silent(const struct client *c)
{
	return c->login == NULL ||
	    (c->taking != NULL && c->wants != WANTS_NOTHING);
}

static bool
stranger_silent(const struct stranger *s)
{
	return client_silent(of_stranger(s));
}

static void
stranger_push_out(struct stranger *s, const char *why)
{
	static struct log_limit	 limit = LOG_LIMIT("connection dropped");
	struct client		*c = of_stranger(s);

	if (log_limit(&limit))
		log_warnx("session=%016" PRIx64 " remote=%s connection "
		    "dropped: %s", c->session, c->remote, why);
	/* what the socket takes at once: no waiting for strangers */
	client_bye(c, "[UNAVAILABLE] Too many connections");
	client_close(c, NULL);
}

bool
client_room(const char *remote, const char **why)
{
	static const struct strangers_ops	 ops = { stranger_silent,
	    stranger_push_out };
	const struct strangers_limits		 l = limits();

	return strangers_room(remote, nclients, &l, &ops, why);
}

void
client_close(struct client *c, const char *why)
{
	static struct log_limit	 limit =
	    LOG_LIMIT_OF("disconnect before login", LOG_LEVEL_INFO, 20, 30);

	if (client_closed(c))
		return;
	client_enter(c, CLIENT_CLOSED);
	if ((why != NULL && c->user == NULL && log_limit(&limit)) ||
	    c->user != NULL)
		log_info("session=%016" PRIx64 " user=%s disconnect remote=%s "
		    "in=%llu out=%llu why=\"%s\"", c->session,
		    c->user != NULL ? c->user : "", c->remote,
		    (unsigned long long)c->bytes_in,
		    (unsigned long long)c->bytes_out,
		    why != NULL ? why : c->left ? "logout" : "bye");
}

void
client_bye(struct client *c, const char *fmt, ...)
{
	char	 text[512], *p;
	va_list	 ap;

	if (client_over(c))
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
	if (!client_over(c))		/* it was too much output */
		client_enter(c, CLIENT_LOGOUT);
}

void
client_wake(struct client *c)
{
	if (c->running)
		c->again = true;
	else if (!c->woken) {
		c->woken = true;
		event_active(&c->ev_run, EV_TIMEOUT, 0);
	}
}

void
client_heard(struct client *c)
{
	c->heard = clock_ms();
	client_timer_set(c, c->heard);
}

void
client_unselect(struct client *c)
{
	view_free(c->view);
	c->view = NULL;
	if (c->state == CLIENT_SELECTED)
		client_enter(c, CLIENT_KNOWN);
}

bool
client_is_tls(const struct client *c)
{
	return c->io.state == TLS_IO_ON || c->tls_outside;
}

bool
client_may_login(const struct client *c)
{
	if (client_is_tls(c) || conf.plaintext == PLAINTEXT_ALWAYS)
		return true;
	return conf.plaintext == PLAINTEXT_LOOPBACK && c->loopback;
}

bool
client_can_starttls(const struct client *c)
{
	return conf.tls != NULL && c->io.state == TLS_IO_CLEAR &&
	    !c->tls_outside && c->state == CLIENT_STRANGER;
}
