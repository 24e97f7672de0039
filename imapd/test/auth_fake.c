/* An authd for tests: one user, PLAIN, LOGIN and PREAUTH. */
#include <sys/socket.h>
#include <string.h>
#include <unistd.h>

#include "common/log.h"
#include "common/msg_auth.h"
#include "imapd/test/storage_fake_impl.h"

static const char	 plain[] = "\0ann\0secret";
static const char	 old[] = "\0old\0secret", shut[] = "\0shut\0secret";
static unsigned int	 login_step;	/* of the one LOGIN under way */

void
fake_auth_close(struct fake *f)
{
	peer_close(f->authd);
	f->authd = NULL;
}

size_t
fake_bound(const struct fake *f)
{
	return f->bound;
}

void
fake_prompt(struct fake *f, bool prompt)
{
	f->prompt = prompt;
}

unsigned int
fake_ended(const struct fake *f)
{
	return f->ended;
}

void
fake_leave(struct fake *f, uint32_t id)
{
	(void)peer_send(f->authd, IMSG_AUTH_LEAVE, id, NULL, 0, -1);
}

static void
say_ok(struct fake *f, uint32_t id)
{
	struct auth_ok	 ok = { STR("ann"), f->prompt };

	(void)peer_send_struct(f->authd, IMSG_AUTH_OK, id,
	    &ok, fake_session(f));
}

static void
say_no(struct fake *f, uint32_t id, enum auth_code code)
{
	struct auth_no	 no = { .code = (uint8_t)code, .text = STR("no") };

	(void)peer_send_struct(f->authd, IMSG_AUTH_NO, id, &no, -1);
}

static void
ask(struct fake *f, uint32_t id, struct str what)
{
	struct auth_bytes	 b = { .data = what };

	(void)peer_send_struct(f->authd, IMSG_AUTH_CHALLENGE, id, &b, -1);
}

static bool
is(struct str s, const char *p, size_t len)
{
	return s.len == len && memcmp(s.p, p, len) == 0;
}

static void
check_plain(struct fake *f, uint32_t id, struct str s)
{
	if (memchr(s.p, '\0', s.len) == NULL)
		say_no(f, id, AUTH_PROTOCOL);
	else if (is(s, plain, sizeof(plain) - 1))
		say_ok(f, id);
	else if (is(s, old, sizeof(old) - 1))
		say_no(f, id, AUTH_EXPIRED);
	else if (is(s, shut, sizeof(shut) - 1))
		say_no(f, id, AUTH_CONTACTADMIN);
	else
		say_no(f, id, AUTH_FAILED);
}

static void
on_start(struct fake *f, uint32_t id, const struct auth_start *req)
{
	login_step = 0;
	if (str_eq(req->mechanism, STR("PREAUTH"))) {
		if (is(req->initial, "token", 5))
			say_ok(f, id);
		else
			say_no(f, id, AUTH_FAILED);
	} else if (str_eq(req->mechanism, STR("PLAIN"))) {
		if (req->has_initial)
			check_plain(f, id, req->initial);
		else
			ask(f, id, STR(""));
	} else if (str_eq(req->mechanism, STR("LOGIN"))) {
		login_step = 1;
		ask(f, id, STR("User Name"));
	} else
		say_no(f, id, AUTH_MECHANISM);
}

static void
on_step(struct fake *f, uint32_t id, struct str data)
{
	if (login_step == 0)
		check_plain(f, id, data);
	else if (login_step == 1) {
		login_step = is(data, "ann", 3) ? 2 : 3;
		ask(f, id, STR("Password"));
	} else if (login_step == 2 && is(data, "secret", 6))
		say_ok(f, id);
	else
		say_no(f, id, AUTH_FAILED);
}

static int
auth_message(struct peer *p, struct msg *m, void *arg)
{
	struct fake		*f = arg;
	struct arena		*a = arena_new(0);
	struct auth_start	 start;
	struct auth_bytes	 step;

	(void)p;
	switch (m->type) {
	case IMSG_AUTH_START:
		if (wire_decode(&auth_start_wire, &start, m->data, m->len,
		    a) == -1)
			fatalx("AUTH_START");
		f->last_login = m->id;
		f->ended = 0;
		f->bound = start.exporter.len + start.endpoint.len;
		on_start(f, m->id, &start);
		break;
	case IMSG_AUTH_STEP:
		if (wire_decode(&auth_bytes_wire, &step, m->data, m->len,
		    a) == -1)
			fatalx("AUTH_STEP");
		on_step(f, m->id, step.data);
		break;
	case IMSG_AUTH_END:
		f->ended += m->id == f->last_login;
		break;
	default:
		say_no(f, m->id, AUTH_CANCELLED);
		break;
	}
	arena_free(a);
	return 0;
}

static void
auth_closed(struct peer *p, const char *why, void *arg)
{
	struct fake	*f = arg;

	(void)p;
	(void)why;
	f->authd = NULL;
}

static const struct peer_ops auth_ops = {
	.message = auth_message,
	.closed = auth_closed
};

int
fake_authd(struct fake *f)
{
	int	 fds[2];

	if (socketpair(AF_UNIX, SOCK_STREAM, 0, fds) == -1)
		return -1;
	f->authd = peer_new(f->base, fds[0], MSG_CHANNEL_AUTH, MSG_SIDE_B,
	    &auth_ops, f);
	if (f->authd == NULL)
		fatal("peer_new");
	return fds[1];
}
