/* See deliver_fake.h: the sessions of recipients. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/arena.h"
#include "common/log.h"
#include "common/msg_mbox.h"
#include "common/peer.h"
#include "lmtpd/test/deliver_fake_impl.h"
#include "mail/parser.h"

static unsigned int	 under_way;

static void
no(struct fake_session *s, uint32_t id, enum mbox_code code)
{
	struct reply_no	 m = { .code = (uint8_t)code,
	    .text = STR("as asked for") };

	(void)peer_send_struct(s->peer, IMSG_REPLY_NO, id, &m, -1);
}

static void
ok(struct fake_session *s, uint32_t id)
{
	struct reply_ok	 m = { .known = strcmp(s->user, "known") == 0 };

	(void)peer_send_struct(s->peer, IMSG_REPLY_OK, id, &m, -1);
}

static void
append_free(struct fake_session *s, struct fake_append *a)
{
	TAILQ_REMOVE(&s->appends, a, entry);
	if (a->mail != NULL) {
		buf_free(&a->mail->octets);
		free(a->mail);
	}
	under_way--;
	free(a);
}

static void
session_free(struct fake_session *s)
{
	while (!TAILQ_EMPTY(&s->appends))
		append_free(s, TAILQ_FIRST(&s->appends));
	TAILQ_REMOVE(&fake_ends.sessions, s, entry);
	fake.open--;
	free(s);
}

static struct fake_append *
append_find(struct fake_session *s, uint32_t id)
{
	struct fake_append	*a;

	TAILQ_FOREACH(a, &s->appends, entry)
		if (a->id == id)
			return a;
	return NULL;
}

static void
append_open(struct fake_session *s, uint32_t id,
    const struct append_open *req)
{
	struct fake_append	*a = calloc(1, sizeof(*a));

	if (a == NULL || !req->early)
		fatalx("APPEND_OPEN");
	a->id = id;
	(void)snprintf(a->box, sizeof(a->box), "%.*s", (int)req->name.len,
	    req->name.p);
	TAILQ_INSERT_TAIL(&s->appends, a, entry);
	if (++under_way > fake.together)
		fake.together = under_way;
}

/* How keys begin that MBOX_ROOM has asked for, by their first two octets. */
static bool	 asked[65536];

static bool *
asked_for(struct str begin)
{
	const uint8_t	*p = (const uint8_t *)begin.p;

	return &asked[p[0] << 8 | p[1]];
}

/* The digest is that of the octets together. */
static void
append_parcel(struct fake_session *s, struct fake_append *a,
    const struct append_parcel *req)
{
	struct fake_parcel	*p = fake_parcel_find(s->index, req->parcel);
	struct fake_mail	*m = calloc(1, sizeof(*m));
	struct buf		 digest = BUF_INIT;

	if (a == NULL || m == NULL || p == NULL || !p->whole ||
	    a->has)
		fatalx("APPEND_PARCEL");
	a->has = true;
	a->mail = m;
	(void)strlcpy(m->user, s->user, sizeof(m->user));
	(void)strlcpy(m->box, a->box, sizeof(m->box));
	m->target = req->target;
	m->has_key = req->key.len == sizeof(m->key);
	if (m->has_key) {
		memcpy(m->key, req->key.p, sizeof(m->key));
		if (!*asked_for(req->key))
			fatalx("APPEND_PARCEL with a key of another envelope");
	}
	(void)buf_put(&m->octets, req->prefix.p, req->prefix.len);
	(void)buf_put(&m->octets, p->data.data, p->data.len);
	if (req->size != m->octets.len || mail_digest(m->octets.data,
	    m->octets.len, &digest) == -1 ||
	    !str_eq(req->digest, (struct str){ (char *)digest.data,
	    digest.len }))
		fatalx("APPEND_PARCEL with another size or digest");
	buf_free(&digest);
	(void)buf_put_u8(&m->octets, '\0');
}

static void
append_answer(struct fake_session *s, struct fake_append *a)
{
	a->waits = false;
	if (strcmp(s->user, "refused") == 0)
		no(s, a->id, MBOX_SERVERBUG);
	else if (strcmp(s->user, "toobig") == 0)
		no(s, a->id, MBOX_TOOBIG);
	else if (strcmp(s->user, "folder") == 0 &&
	    (strcmp(a->box, "INBOX") != 0 || a->mail->target != 0))
		no(s, a->id, MBOX_CANNOT);
	else {
		TAILQ_INSERT_TAIL(&fake.mails, a->mail, entry);
		a->mail = NULL;
		ok(s, a->id);
	}
	append_free(s, a);
}

/* -1: the session ends. */
static int
append_done(struct fake_session *s, struct fake_append *a)
{
	if (a == NULL || !a->has)
		fatalx("APPEND_DONE");
	fake.appends++;
	a->waits = true;
	if (strcmp(s->user, "dies") == 0)
		return -1;
	if (!fake.wait && strcmp(s->user, "silent") != 0)
		append_answer(s, a);
	return 0;
}

static int
session_message(struct peer *p, struct msg *m, void *arg)
{
	struct fake_session	*s = arg;
	struct fake_append	*a = append_find(s, m->id);
	struct arena		*arena = arena_new(0);
	struct append_open	 open;
	struct append_parcel	 parcel;
	struct mbox_room	 room;
	struct mbox_trace	 trace;
	int			 ret = 0;

	(void)p;
	switch (m->type) {
	case IMSG_MBOX_TRACE:
		ret = wire_decode(&mbox_trace_wire, &trace, m->data, m->len,
		    arena);
		fake.trace = trace;
		break;
	case IMSG_MBOX_ROOM:
		ret = wire_decode(&mbox_room_wire, &room, m->data, m->len,
		    arena);
		if (room.envelope.len != DELIVER_ENVELOPE_LEN)
			fatalx("MBOX_ROOM without an envelope");
		*asked_for(room.envelope) = true;
		if (strcmp(s->user, "full") == 0)
			no(s, m->id, MBOX_OVERQUOTA);
		else
			ok(s, m->id);
		break;
	case IMSG_APPEND_OPEN:
		ret = wire_decode(&append_open_wire, &open, m->data, m->len,
		    arena);
		append_open(s, m->id, &open);
		break;
	case IMSG_APPEND_PARCEL:
		ret = wire_decode(&append_parcel_wire, &parcel, m->data,
		    m->len, arena);
		append_parcel(s, a, &parcel);
		break;
	case IMSG_APPEND_DONE:
		ret = append_done(s, a);
		break;
	case IMSG_MBOX_CANCEL:
		if (a != NULL) {
			no(s, m->id, MBOX_CANCELLED);
			append_free(s, a);
		}
		break;
	default:
		fatalx("unexpected %s", msg_name(m->type));
	}
	arena_free(arena);
	return ret;
}

static void
session_closed(struct peer *p, const char *why, void *arg)
{
	(void)p;
	(void)why;
	session_free(arg);
}

static const struct peer_ops session_ops = {
	.message = session_message,
	.closed = session_closed
};

void
fake_session(const char *user, uint32_t index, int fd)
{
	struct session_ready	 ready = { .appendlimit = 1 << 26 };
	struct session_end	 end = { .code = MBOX_UNAVAILABLE,
	    .text = STR("The bucket is away") };
	struct fake_session	*s = calloc(1, sizeof(*s));

	if (s == NULL)
		fatal("calloc");
	TAILQ_INIT(&s->appends);
	TAILQ_INSERT_TAIL(&fake_ends.sessions, s, entry);
	fake.open++;
	(void)strlcpy(s->user, user, sizeof(s->user));
	s->index = index;
	s->peer = peer_new(fake_ends.base, fd, MSG_CHANNEL_MBOX, MSG_SIDE_B,
	    &session_ops, s);
	if (strcmp(user, "away") == 0)
		(void)peer_send_struct(s->peer, IMSG_SESSION_END, 0, &end,
		    -1);
	else
		(void)peer_send_struct(s->peer, IMSG_SESSION_READY, 0,
		    &ready, -1);
}

void
fake_sessions_close(uint32_t index)
{
	struct fake_session	*s, *next;

	TAILQ_FOREACH_SAFE(s, &fake_ends.sessions, entry, next)
		if (s->index == index) {
			peer_close(s->peer);
			session_free(s);
		}
}

void
fake_sessions_end(void)
{
	struct session_end	 end = { .code = MBOX_UNAVAILABLE,
	    .text = STR("The password has changed") };
	struct fake_session	*s;

	TAILQ_FOREACH(s, &fake_ends.sessions, entry)
		(void)peer_send_struct(s->peer, IMSG_SESSION_END, 0, &end,
		    -1);
}

void
fake_go(void)
{
	struct fake_session	*s;
	struct fake_append	*a, *next;

	fake.wait = false;
	TAILQ_FOREACH(s, &fake_ends.sessions, entry)
		TAILQ_FOREACH_SAFE(a, &s->appends, entry, next)
			if (a->waits)
				append_answer(s, a);
}

struct fake_mail *
fake_mail_of(const char *user)
{
	struct fake_mail	*m, *found = NULL;

	TAILQ_FOREACH(m, &fake.mails, entry)
		if (strcmp(m->user, user) == 0)
			found = m;
	return found;
}
