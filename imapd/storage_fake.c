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
#include "imapd/storage_fake_impl.h"

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
stream_free(struct fake_session *s, struct fake_stream *st)
{
	TAILQ_REMOVE(&s->streams, st, entry);
	buf_free(&st->data);
	free(st);
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
		stream_free(s, TAILQ_FIRST(&s->streams));
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
	free(f);
}

static void
say_no(struct fake_session *s, uint32_t id, enum mbox_code code)
{
	struct reply_no	 no = { .code = (uint8_t)code,
	    .text = STR("as the test wants") };

	(void)peer_send_struct(s->peer, IMSG_REPLY_NO, id, &reply_no_wire,
	    &no, -1);
}

static void
say_ok(struct fake_session *s, uint32_t id)
{
	struct reply_ok	 ok = { 0 };

	(void)peer_send_struct(s->peer, IMSG_REPLY_OK, id, &reply_ok_wire,
	    &ok, -1);
}

static void
stream_go(struct fake_session *s, struct fake_stream *st)
{
	size_t	 n;

	while (st->off < st->data.len && st->credit > 0) {
		/* odd portions, so that rows are cut anywhere */
		n = 4093;
		if (n > st->credit)
			n = st->credit;
		if (n > st->data.len - st->off)
			n = st->data.len - st->off;
		(void)peer_send(s->peer, IMSG_REPLY_DATA, st->id,
		    st->data.data + st->off, n, -1);
		st->off += n;
		st->credit -= n;
	}
	if (st->off == st->data.len) {
		say_ok(s, st->id);
		stream_free(s, st);
	}
}

static struct fake_stream *
stream_new(struct fake_session *s, uint32_t id)
{
	struct fake_stream	*st = calloc(1, sizeof(*st));

	if (st == NULL)
		fatal("calloc");
	st->id = id;
	st->credit = MBOX_WINDOW;
	TAILQ_INSERT_TAIL(&s->streams, st, entry);
	return st;
}

static void
put_row(struct buf *out, const struct buf *row)
{
	(void)buf_put_bytes(out, row->data, row->len);
}

static void
on_list(struct fake_session *s, uint32_t id, const struct mbox_list *req)
{
	struct fake_stream	*st = stream_new(s, id);
	struct fake_box		*b;
	struct mbox_row		 row;
	struct buf		 one;

	TAILQ_FOREACH(b, &s->fake->boxes, entry) {
		if (req->name.len > 0 &&
		    !str_eq(req->name, str_from(b->name)))
			continue;
		buf_init(&one, 0);
		fake_row(b, req->counts, &row);
		if (wire_encode(&mbox_row_wire, &row, &one) == -1)
			fatalx("row");
		put_row(&st->data, &one);
		buf_free(&one);
	}
	stream_go(s, st);
}

static void
meta_row(const struct fake_msg *m, const struct mbox_meta *req,
    struct buf *out)
{
	struct mbox_meta_row	 row = { .uid = m->uid, .flags = m->flags,
	    .modseq = m->modseq, .date = m->date, .zone = m->zone,
	    .size = (uint32_t)m->data.len, .savedate = m->date };
	uint32_t		 kw[FAKE_KEYWORDS], i;
	struct buf		 one = BUF_INIT, digest = BUF_INIT;

	for (i = 0; i < FAKE_KEYWORDS; i++)
		if (m->keywords & (uint64_t)1 << i)
			kw[row.nkeywords++] = i;
	row.keywords = kw;
	row.msgid[15] = (uint8_t)m->uid;
	row.threadid = m->uid;
	if (req->what & MBOX_WHAT_DIGEST) {
		if (digest_filter(m->digest.data, m->digest.len, req->fields,
		    &digest) == -1)
			fatalx("digest");
		row.digest = (struct str){ (char *)digest.data, digest.len };
	}
	if (mbox_meta_row_encode(&row, req->what, &one) == -1)
		fatalx("meta row");
	put_row(out, &one);
	buf_free(&one);
	buf_free(&digest);
}

static void
on_meta(struct fake_session *s, uint32_t id, const struct mbox_meta *req)
{
	struct fake_stream	*st = stream_new(s, id);
	const struct fake_msg	*m;

	if (s->box == NULL) {		/* deleted meanwhile */
		stream_free(s, st);
		say_no(s, id, MBOX_NONEXISTENT_BOX);
		return;
	}
	if (s->box->id != req->box)
		fatalx("META of another mailbox");
	TAILQ_FOREACH(m, &s->box->msgs, entry)
		if (uidset_has(&req->uids, m->uid))
			meta_row(m, req, &st->data);
	stream_go(s, st);
}

static void
on_body(struct fake_session *s, uint32_t id, const struct mbox_body *req)
{
	struct fake_stream	*st = stream_new(s, id);
	const struct fake_msg	*m;
	uint64_t		 from, len;

	if (s->box == NULL) {		/* deleted meanwhile */
		stream_free(s, st);
		say_no(s, id, MBOX_NONEXISTENT_BOX);
		return;
	}
	if (s->box->id != req->box)
		fatalx("BODY of another mailbox");
	TAILQ_FOREACH(m, &s->box->msgs, entry) {
		if (!uidset_has(&req->uids, m->uid))
			continue;
		from = req->offset < m->data.len ? req->offset : m->data.len;
		len = m->data.len - from;
		if (len > req->length)
			len = req->length;
		if (m->damaged)
			len = 0;
		(void)buf_put_varint(&st->data, m->uid);
		(void)buf_put_u8(&st->data, m->damaged ? MBOX_BODY_DAMAGED :
		    MBOX_BODY_OK);
		(void)buf_put_varint(&st->data, len);
		(void)buf_put(&st->data, m->data.data + from, (size_t)len);
	}
	stream_go(s, st);
}

static void
on_select(struct fake_session *s, uint32_t id, const struct mbox_select *req)
{
	struct fake_box		*b = fake_box_find(s->fake, req->name);
	struct mbox_selected	 sel = { 0 };
	struct mbox_keyword	 k[FAKE_KEYWORDS];
	const struct fake_msg	*m;
	uint32_t		 i;

	s->box = NULL;
	if (b == NULL || b->id == 0) {
		say_no(s, id, MBOX_NONEXISTENT_BOX);
		return;
	}
	s->box = b;
	s->readonly = req->readonly;
	s->told = 0;
	sel.box = b->id;
	sel.uidvalidity = b->uidvalidity;
	sel.uidnext = b->uidnext;
	sel.recent_from = b->recent < b->uidnext ? b->recent : 0;
	if (!req->readonly)
		b->recent = b->uidnext;
	TAILQ_FOREACH(m, &b->msgs, entry) {
		(void)uidset_add(&sel.uids, m->uid, m->uid);
		if (sel.first_unseen == 0 && !(m->flags & MBOX_SEEN))
			sel.first_unseen = m->uid;
	}
	for (i = 0; i < FAKE_KEYWORDS && s->fake->keywords[i] != NULL; i++) {
		k[i].number = i;
		k[i].name = str_from(s->fake->keywords[i]);
		s->told |= (uint64_t)1 << i;
	}
	sel.keywords.v = k;
	sel.keywords.n = i;
	(void)peer_send_struct(s->peer, IMSG_REPLY_SELECTED, id,
	    &mbox_selected_wire, &sel, -1);
	uidset_free(&sel.uids);
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

	(void)peer_send_struct(s->peer, IMSG_DATA_CREDIT, id,
	    &data_credit_wire, &d, -1);
}

static void
on_append_open(struct fake_session *s, uint32_t id,
    const struct append_open *req)
{
	struct fake_box		*b = fake_box_find(s->fake, req->name);
	struct fake_append	*a;

	if (b == NULL || b->id == 0) {
		say_no(s, id, MBOX_TRYCREATE);
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
		say_no(s, a->id, MBOX_TRYCREATE);
		return;
	}
	while ((m = TAILQ_FIRST(&a->msgs)) != NULL) {
		TAILQ_REMOVE(&a->msgs, m, entry);
		fake_add(s->fake, b, m, &ok.dst);
	}
	ok.uidvalidity = b->uidvalidity;
	if (ok.dst.n > 0)
		fake_tell_added(s->fake, b, &ok.dst, s, a->id);
	(void)peer_send_struct(s->peer, IMSG_REPLY_OK, a->id, &reply_ok_wire,
	    &ok, -1);
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
		say_no(s, j->id, code);
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
		say_no(s, j->id, code);
	else
		(void)peer_send_struct(s->peer, IMSG_REPLY_OK, j->id,
		    &reply_ok_wire, &ok, -1);
	uidset_free(&ok.src);
	uidset_free(&ok.dst);
	arena_free(a);
}

static void
run_jobs(evutil_socket_t fd, short what, void *arg)
{
	struct fake_session	*s = arg;
	struct fake_job		*j;

	(void)fd;
	(void)what;
	while (!s->fake->wait && (j = TAILQ_FIRST(&s->jobs)) != NULL) {
		job_run(s, j);
		job_free(s, j);
	}
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
		say_no(s, id, MBOX_CANCELLED);
		return;
	}
	TAILQ_FOREACH(st, &s->streams, entry)
		if (st->id == id) {
			stream_free(s, st);
			say_no(s, id, MBOX_CANCELLED);
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
			if (st->credit > MBOX_WINDOW)
				fatalx("credit that was not used");
			stream_go(s, st);
			return;
		}
}

/* Those that decode to a struct, and are answered at once. */
static const struct {
	enum msg_type			 type;
	const struct wire_struct	*ws;
} readers[] = {
	{ IMSG_MBOX_LIST,	&mbox_list_wire },
	{ IMSG_MBOX_META,	&mbox_meta_wire },
	{ IMSG_MBOX_BODY,	&mbox_body_wire },
	{ IMSG_MBOX_SELECT,	&mbox_select_wire },
	{ IMSG_MBOX_UNSELECT,	&mbox_box_wire },
	{ IMSG_MBOX_IDLE,	&mbox_idle_wire },
	{ IMSG_APPEND_OPEN,	&append_open_wire },
	{ IMSG_APPEND_MSG,	&append_msg_wire },
	{ IMSG_DATA_CREDIT,	&data_credit_wire },
	{ IMSG_MBOX_MORE,	&mbox_more_wire },
};

static bool
refused(struct fake_session *s, struct msg *m)
{
	enum mbox_code	 code = (enum mbox_code)s->fake->refuse;

	if (s->fake->refuse == -1 || m->id == 0 ||
	    m->type == IMSG_DATA_CREDIT || m->type == IMSG_APPEND_MSG)
		return false;
	s->fake->refuse = -1;
	say_no(s, m->id, code);
	return true;
}

static void
session_do(struct fake_session *s, enum msg_type type, uint32_t id,
    const void *req)
{
	struct fake_append	*a = append_find(s, id);

	switch (type) {
	case IMSG_MBOX_LIST:
		on_list(s, id, req);
		break;
	case IMSG_MBOX_META:
		on_meta(s, id, req);
		break;
	case IMSG_MBOX_BODY:
		on_body(s, id, req);
		break;
	case IMSG_MBOX_SELECT:
		on_select(s, id, req);
		break;
	case IMSG_MBOX_UNSELECT:
		s->box = NULL;
		say_ok(s, id);
		break;
	case IMSG_MBOX_IDLE:
		say_ok(s, id);
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
		if (readers[i].type == type)
			return readers[i].ws;
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
			say_ok(s, m->id);
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
	(void)peer_send_struct(s->peer, IMSG_SESSION_READY, 0,
	    &session_ready_wire, &ready, -1);
	return fds[1];
}
