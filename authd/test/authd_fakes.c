/* See authd_fakes.h. */
#include "common/compat.h"

#include <sys/socket.h>

#include "authd/test/authd_fakes.h"

struct event_base *base;
struct authd	 *authd;
const char	 *remote = "192.0.2.1";

void
fake_result(struct fake *f, uint32_t id, enum work_result_code code,
    const char *user)
{
	struct work_result	res = { .code = (uint8_t)code,
				    .user = str_from(user),
				    .why = str_from(f->generation),
				    .data = STR(""), .quota = f->quota };

	CHECK(peer_send_struct(f->p, IMSG_WORK_RESULT, id, &res, -1) == 0);
}

static void
fake_name(struct fake *f, const struct kept *k)
{
	size_t	i;

	for (i = 0; f->names[i][0] != NULL; i++)
		if (strcmp(f->names[i][0], k->user) == 0)
			break;
	if (strncmp(k->user, "away", 4) == 0 || (f->away >> k->backend & 1))
		fake_result(f, k->id, WORK_UNAVAILABLE, "");
	else if (f->locked != NULL && strcmp(k->user, f->locked) == 0)
		fake_result(f, k->id, WORK_LOCKED, "");
	else if (f->names[i][0] == NULL)
		fake_result(f, k->id, WORK_UNKNOWN, "");
	else
		fake_result(f, k->id, WORK_YES, f->names[i][1]);
}

/* The fake worker's users: the password is "pw"; "nobody" is unknown. */
void
fake_work(struct fake *f, const struct kept *k)
{
	if ((k->how == WORK_NAME || k->how == WORK_MAY) && f->names != NULL)
		fake_name(f, k);
	else if (k->user[0] == '\0' || strcmp(k->user, "nobody") == 0)
		fake_result(f, k->id, WORK_UNKNOWN, "");
	else if (strcmp(k->user, "away") == 0)
		fake_result(f, k->id, WORK_UNAVAILABLE, "");
	else if (strcmp(k->password, "pw") == 0)
		fake_result(f, k->id, WORK_YES, k->user);
	else
		fake_result(f, k->id, WORK_NO, "");
}

static int
fake_message(struct peer *p, struct msg *m, void *arg)
{
	struct fake		*f = arg;
	struct kept		*k = &f->got[f->n % KEPT];
	struct auth_bytes	 bytes;
	struct auth_ok		 ok;
	struct auth_admin	 admin;
	struct auth_no		 no;
	struct grant_session	 grant;
	struct grant_revoke	 rev;
	struct work_check	 check;
	struct rcpt_ok		 rcpt;
	struct rcpt_no		 rcpt_no;
	int			 r = 0;

	(void)p;
	memset(k, 0, sizeof(*k));
	k->type = m->type;
	k->id = m->id;
	k->fd = m->fd;
	switch (m->type) {
	case IMSG_AUTH_CHALLENGE:
		r = wire_decode(&auth_bytes_wire, &bytes, m->data, m->len,
		    NULL);
		str_copy(k->user, sizeof(k->user), bytes.data);
		break;
	case IMSG_AUTH_OK:
		r = wire_decode(&auth_ok_wire, &ok, m->data, m->len, NULL);
		k->code = ok.prompt;
		str_copy(k->user, sizeof(k->user), ok.user);
		break;
	case IMSG_AUTH_ADMIN:
		r = wire_decode(&auth_admin_wire, &admin, m->data, m->len,
		    NULL);
		str_copy(k->user, sizeof(k->user), admin.user);
		str_copy(k->password, sizeof(k->password), admin.token);
		break;
	case IMSG_AUTH_NO:
		r = wire_decode(&auth_no_wire, &no, m->data, m->len, NULL);
		k->code = no.code;
		str_copy(k->user, sizeof(k->user), no.text);
		break;
	case IMSG_GRANT_SESSION:
		r = wire_decode(&grant_session_wire, &grant, m->data, m->len,
		    NULL);
		str_copy(k->user, sizeof(k->user), grant.user);
		str_copy(k->password, sizeof(k->password), grant.login);
		k->grant = grant;
		k->grant.user = k->grant.login = STR("");
		break;
	case IMSG_GRANT_REVOKE:
		r = wire_decode(&grant_revoke_wire, &rev, m->data, m->len,
		    NULL);
		str_copy(k->user, sizeof(k->user), rev.user);
		break;
	case IMSG_RCPT_OK:
		r = wire_decode(&rcpt_ok_wire, &rcpt, m->data, m->len, NULL);
		str_copy(k->user, sizeof(k->user), rcpt.user);
		str_copy(k->password, sizeof(k->password), rcpt.detail);
		k->backend = rcpt.storaged;
		break;
	case IMSG_RCPT_NO:
		r = wire_decode(&rcpt_no_wire, &rcpt_no, m->data, m->len,
		    NULL);
		k->code = rcpt_no.code;
		break;
	case IMSG_WORK_CHECK:
		r = wire_decode(&work_check_wire, &check, m->data, m->len,
		    NULL);
		str_copy(k->user, sizeof(k->user), check.user);
		str_copy(k->password, sizeof(k->password), check.password);
		str_copy(k->remote, sizeof(k->remote), check.remote);
		k->backend = check.backend;
		k->how = check.how;
		break;
	default:
		r = -1;
	}
	CHECK(r == 0);
	f->n++;
	if (f->close_fds && k->fd != -1) {
		close(k->fd);
		k->fd = -2;
	}
	if (m->type == IMSG_WORK_CHECK && !f->hold)
		fake_work(f, k);
	return 0;
}

static void
fake_closed(struct peer *p, const char *why, void *arg)
{
	struct fake	*f = arg;

	(void)p;
	(void)why;
	f->closed = true;
	f->p = NULL;
}

static const struct peer_ops fake_ops = { fake_message, fake_closed, NULL };

void
fake_join(struct fake *f, enum proc_kind kind, uint32_t index)
{
	static const struct {
		enum proc_kind		kind;
		enum msg_channel	channel;
		enum msg_side		side;
	} ends[] = {
		{ PROC_IMAPD, MSG_CHANNEL_AUTH, MSG_SIDE_A },
		{ PROC_ADMIND, MSG_CHANNEL_AUTH, MSG_SIDE_A },
		{ PROC_LMTPD, MSG_CHANNEL_RCPT, MSG_SIDE_A },
		{ PROC_STORAGED, MSG_CHANNEL_GRANT, MSG_SIDE_B },
		{ PROC_AUTHWORKER, MSG_CHANNEL_WORK, MSG_SIDE_B }
	};
	size_t	i;
	int	sv[2];

	memset(f, 0, sizeof(*f));
	f->generation = "g1";
	CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, sv) == 0);
	for (i = 0; ends[i].kind != kind; i++)
		continue;
	f->p = peer_new(base, sv[0], ends[i].channel, ends[i].side,
	    &fake_ops, f);
	authd_peer(authd, kind, index, sv[1]);
}

void
pump_now(void)
{
	int	i;

	for (i = 0; i < 30; i++)
		event_base_loop(base, EVLOOP_NONBLOCK);
}

void
pump(void)
{
	for (pump_now(); authd->held > 0; pump_now())
		event_base_loop(base, EVLOOP_ONCE);
}

void
fake_leave(struct fake *f)
{
	peer_close(f->p);
	f->p = NULL;
	pump();
}

void
start(struct fake *f, uint32_t id, const char *mech, struct str initial,
    bool has_initial)
{
	struct auth_start	s = { str_from(mech), has_initial, initial,
				    true, str_from(remote), 0xbeef, STR(""),
				    STR(""), STR(""), STR("") };

	CHECK(peer_send_struct(f->p, IMSG_AUTH_START, id, &s, -1) == 0);
}

void
login(struct fake *f, uint32_t id, const char *user, const char *password)
{
	char	msg[256];
	size_t	n = 0;

	msg[n++] = '\0';
	memcpy(msg + n, user, strlen(user) + 1);
	n += strlen(user) + 1;
	memcpy(msg + n, password, strlen(password));
	n += strlen(password);
	start(f, id, "PLAIN", (struct str){ msg, n }, true);
}

void
step(struct fake *f, uint32_t id, const char *text)
{
	struct auth_bytes	b = { str_from(text) };

	CHECK(peer_send_struct(f->p, IMSG_AUTH_STEP, id, &b, -1) == 0);
}

struct kept *
last(struct fake *f)
{
	static struct kept none;

	return f->n == 0 ? &none : &f->got[(f->n - 1) % KEPT];
}

bool
refused(struct fake *f, uint32_t id, enum auth_code code)
{
	struct kept	*k = last(f);

	return k->type == IMSG_AUTH_NO && k->id == id && k->code == code;
}

bool
granted(struct fake *f, uint32_t id, const char *user)
{
	struct kept	*k = last(f);

	if (k->type != IMSG_AUTH_OK || k->id != id ||
	    strcmp(k->user, user) != 0 || k->fd == -1)
		return false;
	close(k->fd);
	k->fd = -1;
	return true;
}

void
authd_begin(uint32_t storaged, uint32_t backends, int64_t ttl)
{
	/* One pool of two workers for all backends. */
	struct authd_conf	conf = {
		.mechanisms = " PLAIN LOGIN SCRAM-SHA-256 ",
		.cache_ttl_ms = ttl, .backends = backends,
		.storaged = storaged, .answer_ms = 1, .guesses = 30,
		.logins = 1000, .logins_address = 1000, .tallies = 16384,
		.pools = { 1, { { "file", AUTH_ALL, 2, 30000, "" } } }
	};
	uint32_t		i;

	for (i = 0; i < backends; i++)
		snprintf(conf.backend[i].name, sizeof(conf.backend[i].name),
		    "file/%u", i);

	conf.scram = UINT32_MAX;
	authd_begin_as(&conf);
}

void
authd_begin_as(const struct authd_conf *conf)
{
	log_set_level(LOG_LEVEL_ERROR);
	base = event_base_new();
	authd = authd_new(base, conf);
	CHECK(authd != NULL);
}

void
authd_end(void)
{
	authd_free(authd);
	pump_now();
	event_base_free(base);
}
