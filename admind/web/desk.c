/*
 * Logins go over authd's channel, commands over the setup channel with a
 * descriptor of their own for the answer.  Must never keep a password or a
 * token longer than it takes to send it, nor believe that an answer is short.
 */
#include "common/compat.h"

#include <sys/queue.h>
#include <sys/socket.h>

#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "admind/web/desk.h"
#include "common/json.h"
#include "common/log.h"
#include "common/msg_auth.h"
#include "common/peer.h"

struct desk {
	TAILQ_ENTRY(desk)	 entry;
	uint32_t		 id;		/* of a login; 0: a command */
	int			 fd;		/* a command's answer; or -1 */
	struct event		*ev;
	struct buf		 in;
	desk_cb			*cb;
	void			*arg;
};

static struct {
	struct event_base	*base;
	const struct desk_ops	*ops;
	struct peer		*authd;
	TAILQ_HEAD(, desk)	 desks;
	size_t			 n;
	uint32_t		 last;
} desks;

static void
desk_free(struct desk *d)
{
	TAILQ_REMOVE(&desks.desks, d, entry);
	desks.n--;
	event_free(d->ev);
	if (d->fd != -1)
		close(d->fd);
	buf_free(&d->in);
	free(d);
}

/* It is over, and says so. */
static void
desk_tell(struct desk *d, struct desk_answer *a)
{
	desk_cb		*cb = d->cb;
	void		*arg = d->arg;
	struct buf	 in = d->in;	/* a may point into it */

	d->in = BUF_INIT;
	desk_free(d);
	cb(a, arg);
	buf_free(&in);
	explicit_bzero(a->token, sizeof(a->token));
}

static void
desk_away(struct desk *d, const char *why)
{
	struct desk_answer	a = { .code = DESK_AWAY,
				    .text = str_from(why) };

	desk_tell(d, &a);
}

/* ---- a command's answer ---- */

/* The line at the beginning, without what is behind it. */
static bool
take_line(struct str *rest, struct str *line)
{
	const char	*nl = rest->len == 0 ? NULL :
			    memchr(rest->p, '\n', rest->len);

	if (nl == NULL)
		return false;
	*line = (struct str){ rest->p, (size_t)(nl - rest->p) };
	rest->len -= line->len + 1;
	rest->p = nl + 1;
	return true;
}

static bool
take_word(struct str *line, const char *word)
{
	size_t	n = strlen(word);

	if (line->len < n || memcmp(line->p, word, n) != 0)
		return false;
	line->p += n;
	line->len -= n;
	return true;
}

/* "user NAME", then "ok" and an object, or "error: TEXT". */
static void
desk_read(struct desk *d, struct desk_answer *a, char *text, size_t size)
{
	struct str	 rest = { (char *)d->in.data, d->in.len }, line;
	int		 n;

	a->code = DESK_AWAY;
	a->text = STR("paild does not answer");
	if (!take_line(&rest, &line))
		return;
	if (take_word(&line, "user ")) {
		str_copy(a->user, sizeof(a->user), line);
		if (!take_line(&rest, &line))
			return;
	}
	if (take_word(&line, "error: ")) {
		a->code = str_eq(line, STR(ADMIN_SESSION)) ? DESK_SESSION :
		    DESK_ERROR;
		a->text = line;
		return;
	}
	rest = str_trim(rest, " \n");
	if (!str_eq(line, STR("ok")) ||
	    json_check(rest.p, rest.len) == -1)
		return;
	a->json = rest;
	a->code = DESK_OK;
	a->text = STR("");
	if (!json_has(rest.p, rest.len, "error"))
		return;
	a->code = DESK_ERROR;
	n = json_get(rest.p, rest.len, "error", text, size);
	a->text = n == -1 ? STR("it failed") : (struct str){ text, (size_t)n };
}

static void
desk_done(struct desk *d)
{
	struct desk_answer	a = { .code = DESK_AWAY };
	char			text[1024];

	desk_read(d, &a, text, sizeof(text));
	desk_tell(d, &a);
}

static void
on_event(evutil_socket_t fd, short what, void *arg)
{
	struct desk	*d = arg;
	uint8_t		*p;
	ssize_t		 n;

	if ((what & EV_READ) == 0) {
		desk_away(d, d->id != 0 ? "logins are not possible now, try "
		    "again later" : "it takes too long: look later whether it "
		    "was done");
		return;
	}
	if ((p = buf_reserve(&d->in, 16384)) == NULL) {
		desk_away(d, "the answer is too long");
		return;
	}
	n = recv(fd, p, 16384, 0);
	if (n == -1 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n > 0)
		d->in.len += (size_t)n;
	else
		desk_done(d);
}

/* Of a message; 0 is none. */
static uint32_t
next_id(void)
{
	if (++desks.last == 0)
		desks.last = 1;
	return desks.last;
}

static struct desk *
desk_new(int fd, desk_cb *cb, void *arg)
{
	struct timeval	 tv = { DESK_MS / 1000, DESK_MS % 1000 * 1000 };
	struct desk	*d;

	if (desks.base == NULL || desks.n >= DESK_MAX ||
	    (d = calloc(1, sizeof(*d))) == NULL)
		return NULL;
	d->fd = fd;
	d->cb = cb;
	d->arg = arg;
	buf_init(&d->in, DESK_JSON_MAX);
	d->ev = event_new(desks.base, fd, fd == -1 ? 0 : EV_READ | EV_PERSIST,
	    on_event, d);
	if (d->ev == NULL || event_add(d->ev, &tv) == -1) {
		if (d->ev != NULL)
			event_free(d->ev);
		free(d);
		return NULL;
	}
	TAILQ_INSERT_TAIL(&desks.desks, d, entry);
	desks.n++;
	return d;
}

struct desk *
desk_do(const char *token, const struct str *args, size_t nargs,
    struct str secret, const char *remote, desk_cb *cb, void *arg)
{
	struct admin_arg	 v[ADMIN_ARGS_MAX];
	struct admin_do		 what = { str_from(token), { v, nargs },
				    secret, str_from(remote) };
	struct desk		*d;
	size_t			 i;
	int			 sv[2];

	for (i = 0; i < nargs && i < ADMIN_ARGS_MAX; i++)
		v[i].text = args[i];
	/* What the table of messages forbids would cost the channel. */
	if (nargs > ADMIN_ARGS_MAX || what.token.len > ADMIN_TOKEN ||
	    secret.len > ADMIN_SECRET_MAX)
		return NULL;
	for (i = 0; i < nargs; i++)
		if (args[i].len > ADMIN_ARG_MAX ||
		    memchr(args[i].p, '\0', args[i].len) != NULL)
			return NULL;
	if ((secret.len > 0 && memchr(secret.p, '\0', secret.len) != NULL) ||
	    what.remote.len > 64 || socketpair(AF_UNIX, SOCK_STREAM |
	    SOCK_CLOEXEC | SOCK_NONBLOCK, 0, sv) == -1)
		return NULL;
	if ((d = desk_new(sv[0], cb, arg)) == NULL) {
		close(sv[0]);
		close(sv[1]);
		return NULL;
	}
	desks.ops->command(next_id(), &what, sv[1]);
	return d;
}

void
desk_forget(struct desk *d)
{
	if (d == NULL)
		return;
	if (d->id != 0 && desks.authd != NULL)
		(void)peer_send(desks.authd, IMSG_AUTH_CANCEL, d->id, NULL, 0,
		    -1);
	desk_free(d);
}

/* ---- a login ---- */

static int
on_answer(struct desk *d, const struct msg *m)
{
	struct desk_answer	 a = { .code = DESK_OK };
	struct auth_admin	 yes;
	struct auth_no		 no;

	if (m->type == IMSG_AUTH_ADMIN) {
		if (wire_decode(&auth_admin_wire, &yes, m->data, m->len,
		    NULL) == -1 || yes.token.len != DESK_TOKEN)
			return -1;
		str_copy(a.user, sizeof(a.user), yes.user);
		str_copy(a.token, sizeof(a.token), yes.token);
	} else {
		if (wire_decode(&auth_no_wire, &no, m->data, m->len,
		    NULL) == -1)
			return -1;
		a.code = no.code == AUTH_UNAVAILABLE ? DESK_AWAY : DESK_ERROR;
		a.text = no.text;
	}
	desk_tell(d, &a);
	return 0;
}

static int
authd_message(struct peer *p, struct msg *m, void *arg)
{
	struct desk	*d;

	(void)p;
	(void)arg;
	if (m->fd != -1)
		close(m->fd);
	/* It has sessions only for imapd, and of SASL one message. */
	if (m->type != IMSG_AUTH_ADMIN && m->type != IMSG_AUTH_NO)
		return -1;
	TAILQ_FOREACH(d, &desks.desks, entry)
		if (d->id != 0 && d->id == m->id)
			return on_answer(d, m);
	return 0;		/* of one that was forgotten */
}

/* Those that wait are told from the loop, by their timers. */
static void
authd_gone(void)
{
	struct desk	*d;

	TAILQ_FOREACH(d, &desks.desks, entry)
		if (d->id != 0)
			event_active(d->ev, EV_TIMEOUT, 0);
}

static void
authd_closed(struct peer *p, const char *why, void *arg)
{
	(void)p;
	(void)arg;
	desks.authd = NULL;
	authd_gone();
	desks.ops->lost(why);
}

static const struct peer_ops authd_ops = {
	authd_message, authd_closed, NULL
};

void
desk_channel(int fd)
{
	if (desks.authd != NULL) {
		peer_close(desks.authd);
		authd_gone();
	}
	desks.authd = peer_new(desks.base, fd, MSG_CHANNEL_AUTH, MSG_SIDE_A,
	    &authd_ops, NULL);
	if (desks.authd == NULL) {
		close(fd);
		desks.ops->lost("out of memory");
	}
}

struct desk *
desk_login(struct str user, struct str password, const char *remote, bool tls,
    desk_cb *cb, void *arg)
{
	struct auth_start	 start = { .mechanism = STR("PLAIN"),
				    .has_initial = true, .tls = tls,
				    .remote = str_from(remote) };
	struct desk		*d;
	struct buf		 plain;
	int			 r = -1;

	if (start.remote.len > 64 || (d = desk_new(-1, cb, arg)) == NULL)
		return NULL;
	d->id = next_id();
	/* RFC 4616.  A name with a NUL is authd's to refuse. */
	buf_init_secret(&plain, AUTH_BYTES_MAX);
	buf_put_u8(&plain, 0);
	buf_put(&plain, user.p, user.len);
	buf_put_u8(&plain, 0);
	buf_put(&plain, password.p, password.len);
	start.initial = (struct str){ (char *)plain.data, plain.len };
	if (!plain.failed && desks.authd != NULL)
		r = peer_send_struct(desks.authd, IMSG_AUTH_START, d->id,
		    &start, -1);
	buf_freezero(&plain);
	if (r == -1)
		event_active(d->ev, EV_TIMEOUT, 0);
	return d;
}

void
desk_init(struct event_base *base, const struct desk_ops *ops)
{
	desks.base = base;
	desks.ops = ops;
	TAILQ_INIT(&desks.desks);
}

void
desk_end(void)
{
	struct desk	*d;

	while ((d = TAILQ_FIRST(&desks.desks)) != NULL)
		desk_free(d);
	peer_close(desks.authd);
	desks.authd = NULL;
	desks.base = NULL;
}
