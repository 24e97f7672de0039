/*
 * The fake's sessions: messages in, streams with credit and answers out.
 * What it is asked wrongly is fatal: it tests imapd.
 */
#include <sys/socket.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/digest.h"
#include "common/log.h"
#include "imapd/test/storage_fake_impl.h"

static const struct {
	const char	*name;
	uint32_t	 attrs;
} first_boxes[] = {
	{ "INBOX",	MBOX_SUBSCRIBED },
	{ "Drafts",	MBOX_SUBSCRIBED | MBOX_USE_DRAFTS },
	{ "Sent",	MBOX_SUBSCRIBED | MBOX_USE_SENT },
	{ "Junk",	MBOX_SUBSCRIBED | MBOX_USE_JUNK },
	{ "Trash",	MBOX_SUBSCRIBED | MBOX_USE_TRASH },
	{ "Archive",	MBOX_SUBSCRIBED | MBOX_USE_ARCHIVE },
};

struct fake *
fake_new(struct event_base *base)
{
	struct fake	*f = calloc(1, sizeof(*f));
	size_t		 i;

	if (f == NULL)
		fatal("calloc");
	f->base = base;
	f->uidvalidity = 100;
	f->refuse = -1;
	TAILQ_INIT(&f->boxes);
	TAILQ_INIT(&f->sessions);
	for (i = 0; i < nitems(first_boxes); i++)
		(void)fake_box_add(f, str_from(first_boxes[i].name),
		    first_boxes[i].attrs);
	return f;
}

static void
append_free(struct fake_session *s, struct fake_append *a)
{
	struct fake_msg	*m;

	while ((m = TAILQ_FIRST(&a->msgs)) != NULL) {
		TAILQ_REMOVE(&a->msgs, m, entry);
		fake_msg_free(m);
	}
	TAILQ_REMOVE(&s->appends, a, entry);
	buf_free(&a->data);
	free(a->name);
	free(a);
}

static void
job_free(struct fake_session *s, struct fake_job *j)
{
	TAILQ_REMOVE(&s->jobs, j, entry);
	free(j->data);
	free(j);
}

void
fake_session_free(struct fake_session *s)
{
	while (!TAILQ_EMPTY(&s->streams))
		fake_stream_free(s, TAILQ_FIRST(&s->streams));
	while (!TAILQ_EMPTY(&s->jobs))
		job_free(s, TAILQ_FIRST(&s->jobs));
	while (!TAILQ_EMPTY(&s->appends))
		append_free(s, TAILQ_FIRST(&s->appends));
	event_del(&s->ev_jobs);
	peer_close(s->peer);
	TAILQ_REMOVE(&s->fake->sessions, s, entry);
	free(s);
}

void
fake_free(struct fake *f)
{
	size_t	 i;

	while (!TAILQ_EMPTY(&f->sessions))
		fake_session_free(TAILQ_FIRST(&f->sessions));
	while (!TAILQ_EMPTY(&f->boxes))
		fake_box_free(f, TAILQ_FIRST(&f->boxes));
	for (i = 0; i < FAKE_KEYWORDS; i++)
		free(f->keywords[i]);
	fake_auth_close(f);
	free(f->end);
	free(f);
}

void
fake_no(struct fake_session *s, uint32_t id, enum mbox_code code)
{
	struct reply_no	 no = { .code = (uint8_t)code,
	    .text = STR("as the test wants") };

	(void)peer_send_struct(s->peer, IMSG_REPLY_NO, id, &no, -1);
}

void
fake_ok(struct fake_session *s, uint32_t id)
{
	struct reply_ok	 ok = { 0 };

	(void)peer_send_struct(s->peer, IMSG_REPLY_OK, id, &ok, -1);
}

static struct fake_append *
append_find(struct fake_session *s, uint32_t id)
{
	struct fake_append	*a;

	TAILQ_FOREACH(a, &s->appends, entry)
		if (a->id == id)
			break;
	return a;
}

static void
give(struct fake_session *s, uint32_t id, uint32_t bytes)
{
	struct data_credit	 d = { .bytes = bytes };

	(void)peer_send_struct(s->peer, IMSG_DATA_CREDIT, id, &d, -1);
}

static void
on_append_open(struct fake_session *s, uint32_t id,
    const struct append_open *req)
{
	struct fake_box		*b = fake_box_find(s->fake, req->name);
	struct fake_append	*a;

	if (b == NULL || b->id == 0) {
		fake_no(s, id, MBOX_TRYCREATE);
		return;
	}
	if ((a = calloc(1, sizeof(*a))) == NULL ||
	    (a->name = strndup(req->name.p, req->name.len)) == NULL)
		fatal("calloc");
	TAILQ_INIT(&a->msgs);
	a->id = id;
	TAILQ_INSERT_TAIL(&s->appends, a, entry);
	if (!req->early)
		give(s, id, 1000);	/* little, so that messages are cut */
}

static void
on_append_msg(struct fake_session *s, struct fake_append *a,
    const struct append_msg *req)
{
	const struct mbox_word	*w = req->keywords.v;
	struct fake_msg		*m;
	size_t			 i;

	if (req->size != a->data.len || digest_check(req->digest.p,
	    req->digest.len) == -1)
		fatalx("APPEND_MSG with another size, or a bad digest");
	m = fake_msg_new(a->data.data, a->data.len);
	if (m->digest.len != req->digest.len ||
	    memcmp(m->digest.data, req->digest.p, req->digest.len) != 0)
		fatalx("the digest depends on how the message was cut");
	m->flags = req->flags;
	for (i = 0; i < req->keywords.n; i++)
		m->keywords |= (uint64_t)1 <<
		    fake_keyword(s->fake, w[i].word);
	if (req->dated) {
		m->date = req->date;
		m->zone = (int16_t)req->zone;
	}
	TAILQ_INSERT_TAIL(&a->msgs, m, entry);
	buf_free(&a->data);
}

static void
append_commit(struct fake_session *s, struct fake_append *a)
{
	struct fake_box		*b = fake_box_find(s->fake,
	    str_from(a->name));
	struct reply_ok		 ok = { 0 };
	struct fake_msg		*m;

	if (b == NULL || b->id == 0) {
		fake_no(s, a->id, MBOX_TRYCREATE);
		return;
	}
	while ((m = TAILQ_FIRST(&a->msgs)) != NULL) {
		TAILQ_REMOVE(&a->msgs, m, entry);
		fake_add(s->fake, b, m, &ok.dst);
	}
	ok.uidvalidity = b->uidvalidity;
	if (ok.dst.n > 0)
		fake_notify_added(s->fake, b, &ok.dst, s, a->id);
	(void)peer_send_struct(s->peer, IMSG_REPLY_OK, a->id, &ok, -1);
	uidset_free(&ok.dst);
}

static void	 session_read(struct fake_session *, enum msg_type, uint32_t,
		    const uint8_t *, size_t);

static void
job_run(struct fake_session *s, struct fake_job *j)
{
	struct fake_append	*ap;
	struct reply_ok		 ok = { 0 };
	struct arena		*a;
	enum mbox_code		 code;

	if (s->fake->refuse != -1) {
		code = (enum mbox_code)s->fake->refuse;
		s->fake->refuse = -1;
		if ((ap = append_find(s, j->id)) != NULL)
			append_free(s, ap);
		fake_no(s, j->id, code);
		return;
	}
	if (j->type == IMSG_MBOX_BODY) {
		session_read(s, j->type, j->id, j->data, j->len);
		return;
	}
	if (j->type == IMSG_APPEND_DONE) {
		if ((ap = append_find(s, j->id)) == NULL)
			return;		/* cancelled */
		append_commit(s, ap);
		append_free(s, ap);
		return;
	}
	if ((a = arena_new(0)) == NULL)
		fatal("arena");
	code = fake_op(s->fake, s, j->id, j->type, j->data, j->len, a, &ok);
	if (code != MBOX_CODE_NONE)
		fake_no(s, j->id, code);
	else
		(void)peer_send_struct(s->peer, IMSG_REPLY_OK, j->id, &ok, -1);
	uidset_free(&ok.src);
	uidset_free(&ok.dst);
	arena_free(a);
}

/* In one breath with what was said before it, if the test wants it. */
static void
session_end(struct fake_session *s)
{
	struct session_end	 end = { .code = s->fake->end_code };

	if (s->fake->end == NULL)
		return;
	end.text = str_from(s->fake->end);
	(void)peer_send_struct(s->peer, IMSG_SESSION_END, 0, &end, -1);
}

static void
run_jobs(evutil_socket_t fd, short what, void *arg)
{
	struct fake_session	*s = arg;
	struct fake_job		*j;
	bool			 ran = false;

	(void)fd;
	(void)what;
	while (!s->fake->wait && (j = TAILQ_FIRST(&s->jobs)) != NULL) {
		job_run(s, j);
		job_free(s, j);
		ran = true;
	}
	if (ran)
		session_end(s);
}

static void
job_add(struct fake_session *s, struct msg *m)
{
	struct fake_job	*j;

	if ((j = calloc(1, sizeof(*j))) == NULL ||
	    (j->data = malloc(m->len + 1)) == NULL)
		fatal("calloc");
	memcpy(j->data, m->data, m->len);
	j->len = m->len;
	j->type = m->type;
	j->id = m->id;
	TAILQ_INSERT_TAIL(&s->jobs, j, entry);
	event_active(&s->ev_jobs, EV_TIMEOUT, 0);
}

static void
on_cancel(struct fake_session *s, uint32_t id)
{
	struct fake_append	*a = append_find(s, id);
	struct fake_stream	*st;

	if (a != NULL) {
		append_free(s, a);
		fake_no(s, id, MBOX_CANCELLED);
		return;
	}
	TAILQ_FOREACH(st, &s->streams, entry)
		if (st->id == id) {
			fake_stream_free(s, st);
			fake_no(s, id, MBOX_CANCELLED);
			return;
		}
}

static void
on_credit(struct fake_session *s, uint32_t id, const struct data_credit *d)
{
	struct fake_stream	*st;

	TAILQ_FOREACH(st, &s->streams, entry)
		if (st->id == id) {
			st->credit += d->bytes;
			if (st->credit > MBOX_CREDIT)
				fatalx("credit that was not used");
			fake_stream_go(s, st);
			return;
		}
}

/* Those that decode to a struct, and are answered at once. */
static const enum msg_type readers[] = {
	IMSG_MBOX_LIST, IMSG_MBOX_META, IMSG_MBOX_BODY, IMSG_MBOX_SELECT,
	IMSG_MBOX_UNSELECT, IMSG_MBOX_IDLE, IMSG_APPEND_OPEN,
	IMSG_APPEND_MSG, IMSG_DATA_CREDIT, IMSG_MBOX_MORE,
};

static bool
refused(struct fake_session *s, struct msg *m)
{
	enum mbox_code	 code = (enum mbox_code)s->fake->refuse;

	if (s->fake->refuse == -1 || m->id == 0 ||
	    m->type == IMSG_DATA_CREDIT || m->type == IMSG_APPEND_MSG)
		return false;
	s->fake->refuse = -1;
	fake_no(s, m->id, code);
	return true;
}

static void
session_do(struct fake_session *s, enum msg_type type, uint32_t id,
    const void *req)
{
	struct fake_append	*a = append_find(s, id);

	switch (type) {
	case IMSG_MBOX_LIST:
		fake_list(s, id, req);
		break;
	case IMSG_MBOX_META:
		fake_meta(s, id, req);
		break;
	case IMSG_MBOX_BODY:
		s->fake->bodies++;
		fake_body(s, id, req);
		break;
	case IMSG_MBOX_SELECT:
		fake_select(s, id, req);
		break;
	case IMSG_MBOX_UNSELECT:
		s->box = NULL;
		fake_ok(s, id);
		break;
	case IMSG_MBOX_IDLE:
		fake_ok(s, id);
		break;
	case IMSG_APPEND_OPEN:
		on_append_open(s, id, req);
		break;
	case IMSG_APPEND_MSG:
		if (a != NULL)
			on_append_msg(s, a, req);
		break;
	case IMSG_DATA_CREDIT:
		on_credit(s, id, req);
		break;
	default:
		s->fake->mores += ((const struct mbox_more *)req)->more;
		break;
	}
}

static const struct wire_struct *
reader_of(enum msg_type type)
{
	size_t	 i;

	for (i = 0; i < nitems(readers); i++)
		if (readers[i] == type)
			return msg_rule(type)->ws;
	return NULL;
}

static void
session_read(struct fake_session *s, enum msg_type type, uint32_t id,
    const uint8_t *p, size_t len)
{
	const struct wire_struct	*ws = reader_of(type);
	struct arena			*a;
	void				*req;

	if ((a = arena_new(0)) == NULL ||
	    (req = arena_alloc(a, ws->size)) == NULL ||
	    wire_decode(ws, req, p, len, a) == -1)
		fatalx("the fake cannot read %s", msg_name(type));
	session_do(s, type, id, req);
	arena_free(a);
}

static int
session_message(struct peer *p, struct msg *m, void *arg)
{
	struct fake_session	*s = arg;
	struct fake_append	*ap;

	(void)p;
	switch (m->type) {
	case IMSG_MBOX_CANCEL:
		on_cancel(s, m->id);
		return 0;
	case IMSG_MBOX_POLL:
		if (!refused(s, m))
			fake_ok(s, m->id);
		return 0;
	case IMSG_APPEND_DATA:
		if ((ap = append_find(s, m->id)) != NULL) {
			(void)buf_put(&ap->data, m->data, m->len);
			give(s, m->id, (uint32_t)m->len);
		}
		return 0;
	default:
		break;
	}
	if (reader_of(m->type) == NULL ||
	    (m->type == IMSG_MBOX_BODY && s->fake->wait))
		job_add(s, m);
	else if (!refused(s, m))
		session_read(s, m->type, m->id, m->data, m->len);
	return 0;
}

static void
session_closed(struct peer *p, const char *why, void *arg)
{
	struct fake_session	*s = arg;

	(void)p;
	(void)why;
	s->peer = NULL;
	fake_session_free(s);
}

static const struct peer_ops session_ops = {
	.message = session_message,
	.closed = session_closed
};

int
fake_session(struct fake *f)
{
	struct session_ready	 ready = { .appendlimit = 0 };
	struct fake_session	*s;
	int			 fds[2];

	if (socketpair(AF_UNIX, SOCK_STREAM, 0, fds) == -1 ||
	    (s = calloc(1, sizeof(*s))) == NULL)
		return -1;
	s->fake = f;
	TAILQ_INIT(&s->streams);
	TAILQ_INIT(&s->jobs);
	TAILQ_INIT(&s->appends);
	evtimer_assign(&s->ev_jobs, f->base, run_jobs, s);
	TAILQ_INSERT_TAIL(&f->sessions, s, entry);
	s->peer = peer_new(f->base, fds[0], MSG_CHANNEL_MBOX, MSG_SIDE_B,
	    &session_ops, s);
	if (s->peer == NULL)
		fatal("peer_new");
	(void)peer_send_struct(s->peer, IMSG_SESSION_READY, 0, &ready, -1);
	session_end(s);
	return fds[1];
}
