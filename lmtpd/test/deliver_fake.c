/* See deliver_fake.h: authd, and the parcels of storaged. */
#include <sys/socket.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <event2/event.h>

#include "common/arena.h"
#include "common/log.h"
#include "common/msg_deliver.h"
#include "common/msg_mbox.h"
#include "common/peer.h"
#include "common/sum.h"
#include "lmtpd/granted.h"
#include "lmtpd/parcel.h"
#include "lmtpd/test/deliver_fake_impl.h"

struct fake	 fake;
struct fake_ends fake_ends;

static int
decode(const struct msg *m, const struct wire_struct *ws, void *dst,
    struct arena *a)
{
	if (wire_decode(ws, dst, m->data, m->len, a) == -1)
		fatalx("malformed %s", msg_name(m->type));
	return 0;
}

static void
pair(int sv[2])
{
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sv) == -1)
		fatal("socketpair");
}

static void
rcpt_no(struct peer *p, uint32_t id, uint8_t code)
{
	struct rcpt_no	 no = { .code = code, .text = STR("as asked for") };

	(void)peer_send_struct(p, IMSG_RCPT_NO, id, &no, -1);
}

static void
rcpt_open(struct peer *p, uint32_t id, struct str address)
{
	const char	*s = address.p;
	size_t		 at = 0, plus;
	struct rcpt_ok	 ok = { 0 };
	char		 user[64];
	int		 sv[2];

	while (at < address.len && s[at] != '@')
		at++;
	for (plus = 0; plus < at && s[plus] != '+'; plus++)
		;
	ok.user = (struct str){ s, plus };
	if (plus < at)
		ok.detail = (struct str){ s + plus + 1, at - plus - 1 };
	ok.storaged = (uint32_t)(s[address.len - 1] - '0');
	if (str_eq(ok.user, STR("never")))
		return;
	if (str_eq(ok.user, STR("nobody"))) {
		rcpt_no(p, id, RCPT_UNKNOWN);
		return;
	}
	if (str_eq(ok.user, STR("later"))) {
		rcpt_no(p, id, RCPT_UNAVAILABLE);
		return;
	}
	if (str_eq(ok.user, STR("locked"))) {
		rcpt_no(p, id, RCPT_REFUSED);
		return;
	}
	if (ok.storaged >= FAKE_STORAGED)
		fatalx("no such storaged");
	pair(sv);
	(void)snprintf(user, sizeof(user), "%.*s", (int)plus, s);
	fake_session(user, ok.storaged, sv[0]);
	if (peer_send_struct(p, IMSG_RCPT_OK, id, &ok, sv[1]) == -1)
		fatalx("RCPT_OK");
}

static int
authd_message(struct peer *p, struct msg *m, void *arg)
{
	struct arena		*a = arena_new(0);
	struct rcpt_open	 req;

	(void)arg;
	(void)decode(m, &rcpt_open_wire, &req, a);
	fake.asked++;
	rcpt_open(p, m->id, req.address);
	arena_free(a);
	return 0;
}

static void
authd_closed(struct peer *p, const char *why, void *arg)
{
	(void)p;
	(void)why;
	(void)arg;
	fake_ends.authd = NULL;
}

static const struct peer_ops authd_ops = {
	.message = authd_message,
	.closed = authd_closed
};

void
fake_authd_kill(void)
{
	peer_close(fake_ends.authd);
	fake_ends.authd = NULL;
}

void
fake_authd(void)
{
	int	 sv[2];

	fake_authd_kill();
	pair(sv);
	fake_ends.authd = peer_new(fake_ends.base, sv[0], MSG_CHANNEL_RCPT,
	    MSG_SIDE_B, &authd_ops, NULL);
	granted_channel(fake_ends.base, sv[1]);
}

struct fake_parcel *
fake_parcel_find(uint32_t index, uint32_t id)
{
	struct fake_parcel	*p;

	TAILQ_FOREACH(p, &fake_ends.parcels, entry)
		if (p->index == index && p->id == id)
			return p;
	return NULL;
}

static void
parcel_remove(struct fake_parcel *p)
{
	TAILQ_REMOVE(&fake_ends.parcels, p, entry);
	buf_free(&p->data);
	free(p);
}

static void
credit(struct fake_parcel *p)
{
	struct data_credit	 m = { .bytes =
	    (uint32_t)(PARCEL_WINDOW - p->room) };

	p->room = PARCEL_WINDOW;
	(void)peer_send_struct(fake_ends.storaged[p->index],
	    IMSG_PARCEL_CREDIT, p->id, &m, -1);
}

static void
parcel_begin(uint32_t index, uint32_t id)
{
	struct fake_parcel	*p = calloc(1, sizeof(*p));

	if (p == NULL || id == 0 || fake_parcel_find(index, id) != NULL)
		fatalx("PARCEL_OPEN");
	p->index = index;
	p->id = id;
	p->room = PARCEL_WINDOW;
	TAILQ_INSERT_TAIL(&fake_ends.parcels, p, entry);
	fake.parcels++;
}

static void
parcel_more(struct fake_parcel *p, const struct msg *m)
{
	if (p->whole || m->len > p->room)
		fatalx("more octets than the credit was for");
	p->room -= m->len;
	fake.uploaded += m->len;
	(void)buf_put(&p->data, m->data, m->len);
	if (!fake.hold[p->index])
		credit(p);
}

static void
parcel_whole(struct fake_parcel *p, const struct msg *m, struct arena *a)
{
	struct parcel_end	 end;

	(void)decode(m, &parcel_end_wire, &end, a);
	if (p->whole || end.size != p->data.len || end.sha256.len != 32 ||
	    !sum_is(p->data.data, p->data.len,
	    (const uint8_t *)end.sha256.p))
		fatalx("PARCEL_END with another size or checksum");
	p->whole = true;
	(void)peer_send(fake_ends.storaged[p->index], IMSG_PARCEL_READY,
	    p->id, NULL, 0, -1);
}

static int
storaged_message(struct peer *peer, struct msg *m, void *arg)
{
	uint32_t		 index = *(uint32_t *)arg;
	struct fake_parcel	*p = fake_parcel_find(index, m->id);
	struct arena		*a;

	(void)peer;
	if (m->type == IMSG_PARCEL_OPEN) {
		parcel_begin(index, m->id);
		return 0;
	}
	if (p == NULL)
		return 0;	/* refused, it does not know yet */
	if (m->type == IMSG_PARCEL_DATA)
		parcel_more(p, m);
	else if (m->type == IMSG_PARCEL_END) {
		a = arena_new(0);
		parcel_whole(p, m, a);
		arena_free(a);
	} else {
		fake.dropped++;
		parcel_remove(p);
	}
	return 0;
}

static void
storaged_closed(struct peer *p, const char *why, void *arg)
{
	(void)p;
	(void)why;
	fake_ends.storaged[*(uint32_t *)arg] = NULL;
}

static const struct peer_ops storaged_ops = {
	.message = storaged_message,
	.closed = storaged_closed
};

void
fake_storaged_kill(uint32_t index)
{
	struct fake_parcel	*p, *next;

	peer_close(fake_ends.storaged[index]);
	fake_ends.storaged[index] = NULL;
	TAILQ_FOREACH_SAFE(p, &fake_ends.parcels, entry, next)
		if (p->index == index)
			parcel_remove(p);
	fake_sessions_close(index);
}

void
fake_storaged(uint32_t index)
{
	static uint32_t	 numbers[FAKE_STORAGED] = { 0, 1, 2 };
	int		 sv[2];

	fake_storaged_kill(index);
	pair(sv);
	fake_ends.storaged[index] = peer_new(fake_ends.base, sv[0],
	    MSG_CHANNEL_PARCEL, MSG_SIDE_B, &storaged_ops, &numbers[index]);
	parcel_channel(fake_ends.base, index, sv[1]);
}

void
fake_give(uint32_t index)
{
	struct fake_parcel	*p;

	TAILQ_FOREACH(p, &fake_ends.parcels, entry)
		if (p->index == index)
			credit(p);
}

void
fake_refuse_parcels(uint32_t index)
{
	struct parcel_no	 no = { .code = MBOX_UNAVAILABLE,
	    .text = STR("The spool is full") };
	struct fake_parcel	*p, *next;

	TAILQ_FOREACH_SAFE(p, &fake_ends.parcels, entry, next) {
		if (p->index != index)
			continue;
		(void)peer_send_struct(fake_ends.storaged[index],
		    IMSG_PARCEL_NO, p->id, &no, -1);
		parcel_remove(p);
	}
}

void
fake_start(struct event_base *base)
{
	uint32_t	 i;

	memset(&fake, 0, sizeof(fake));
	TAILQ_INIT(&fake.mails);
	TAILQ_INIT(&fake_ends.parcels);
	TAILQ_INIT(&fake_ends.sessions);
	fake_ends.base = base;
	fake_authd();
	for (i = 0; i < FAKE_STORAGED; i++)
		fake_storaged(i);
}

void
fake_stop(void)
{
	struct fake_mail	*m;
	uint32_t		 i;

	fake_authd_kill();
	for (i = 0; i < FAKE_STORAGED; i++)
		fake_storaged_kill(i);
	while ((m = TAILQ_FIRST(&fake.mails)) != NULL) {
		TAILQ_REMOVE(&fake.mails, m, entry);
		buf_free(&m->octets);
		free(m);
	}
}
