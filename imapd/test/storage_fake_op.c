/* The fake's changes: what a batch of intents would make of them. */
#include <stdlib.h>
#include <string.h>

#include "common/log.h"
#include "imapd/test/storage_fake_impl.h"

static uint32_t
cause(const struct fake_session *s, const struct fake_session *by,
    uint32_t id)
{
	return s == by ? id : 0;
}

static void
fake_notify_keywords(struct fake_session *s, uint32_t id)
{
	struct mbox_keyword	 k[FAKE_KEYWORDS];
	struct ev_keywords	 ev = { .box = s->box->id, .cause = id };
	uint32_t		 i;

	for (i = 0; i < FAKE_KEYWORDS && s->fake->keywords[i] != NULL; i++) {
		if (s->told & (uint64_t)1 << i)
			continue;
		s->told |= (uint64_t)1 << i;
		k[ev.keywords.n].number = i;
		k[ev.keywords.n++].name = str_from(s->fake->keywords[i]);
	}
	ev.keywords.v = k;
	if (ev.keywords.n > 0)
		(void)peer_send_struct(s->peer, IMSG_EV_KEYWORDS, 0, &ev, -1);
}

void
fake_add(struct fake *f, struct fake_box *b, struct fake_msg *m,
    struct uidset *uids)
{
	m->uid = b->uidnext++;
	m->modseq = ++f->modseq;
	TAILQ_INSERT_TAIL(&b->msgs, m, entry);
	(void)uidset_add(uids, m->uid, m->uid);
}

void
fake_notify_added(struct fake *f, struct fake_box *b,
    const struct uidset *uids, struct fake_session *by, uint32_t id)
{
	struct fake_session	*s;
	struct ev_added		 ev = { .box = b->id, .uids = *uids };

	TAILQ_FOREACH(s, &f->sessions, entry) {
		if (s->box != b)
			continue;
		fake_notify_keywords(s, cause(s, by, id));
		ev.recent = !s->readonly && b->recent <= uids->v[0].first;
		if (ev.recent)
			b->recent = b->uidnext;
		ev.modseq = f->modseq;
		ev.cause = cause(s, by, id);
		(void)peer_send_struct(s->peer, IMSG_EV_ADDED, 0, &ev, -1);
	}
}

static void
notify_flags(struct fake *f, struct fake_box *b, const struct uidset *uids,
    struct fake_session *by, uint32_t id)
{
	struct fake_session	*s;
	struct ev_flags		 ev = { .box = b->id, .uids = *uids };

	TAILQ_FOREACH(s, &f->sessions, entry) {
		if (s->box != b)
			continue;
		fake_notify_keywords(s, cause(s, by, id));
		ev.modseq = f->modseq;
		ev.cause = cause(s, by, id);
		(void)peer_send_struct(s->peer, IMSG_EV_FLAGS, 0, &ev, -1);
	}
}

enum mbox_code
fake_store(struct fake *f, struct fake_box *b, const struct mbox_store *req,
    struct fake_session *by, uint32_t id)
{
	const struct mbox_word	*w = req->keywords.v;
	struct uidset		 changed = UIDSET_INIT;
	struct fake_msg		*m;
	uint64_t		 kw = 0, nkw;
	uint8_t			 nf;
	size_t			 i;

	TAILQ_FOREACH(m, &b->msgs, entry)
		if (uidset_has(&req->uids, m->uid))
			break;
	if (m == NULL)		/* nothing to keep a new keyword for */
		return MBOX_CODE_NONE;
	for (i = 0; i < req->keywords.n; i++)
		kw |= (uint64_t)1 << fake_keyword(f, w[i].word);
	TAILQ_FOREACH(m, &b->msgs, entry) {
		if (!uidset_has(&req->uids, m->uid))
			continue;
		nf = req->flags;
		nkw = kw;
		if (req->how == MBOX_STORE_ADD) {
			nf |= m->flags;
			nkw |= m->keywords;
		} else if (req->how == MBOX_STORE_REMOVE) {
			nf = m->flags & (uint8_t)~nf;
			nkw = m->keywords & ~nkw;
		}
		if (nf == m->flags && nkw == m->keywords)
			continue;
		m->flags = nf;
		m->keywords = nkw;
		m->modseq = ++f->modseq;
		(void)uidset_add(&changed, m->uid, m->uid);
	}
	if (changed.n > 0)
		notify_flags(f, b, &changed, by, id);
	uidset_free(&changed);
	return MBOX_CODE_NONE;
}

void
fake_expunge(struct fake *f, struct fake_box *b, const struct uidset *uids,
    struct fake_session *by, uint32_t id)
{
	struct uidset		 gone = UIDSET_INIT;
	struct ev_expunged	 ev = { .box = b->id };
	struct fake_session	*s;
	struct fake_msg		*m, *next;

	TAILQ_FOREACH_SAFE(m, &b->msgs, entry, next) {
		if (!uidset_has(uids, m->uid))
			continue;
		(void)uidset_add(&gone, m->uid, m->uid);
		TAILQ_REMOVE(&b->msgs, m, entry);
		fake_msg_free(m);
	}
	ev.uids = gone;
	ev.modseq = ++f->modseq;
	TAILQ_FOREACH(s, &f->sessions, entry) {
		if (s->box != b || gone.n == 0)
			continue;
		ev.cause = cause(s, by, id);
		(void)peer_send_struct(s->peer, IMSG_EV_EXPUNGED, 0, &ev, -1);
	}
	uidset_free(&gone);
}

void
fake_delete(struct fake *f, struct fake_box *b)
{
	struct mbox_box		 ev = { .box = b->id };
	struct fake_session	*s;

	TAILQ_FOREACH(s, &f->sessions, entry)
		if (s->box == b) {
			s->box = NULL;
			(void)peer_send_struct(s->peer, IMSG_EV_GONE, 0,
			    &ev, -1);
		}
	fake_box_free(f, b);
}

static enum mbox_code
op_store(struct fake *f, struct fake_session *by, uint32_t id,
    const void *arg, struct reply_ok *ok)
{
	const struct mbox_store	*req = arg;

	(void)ok;
	if (by->box == NULL || by->box->id != req->box)
		return MBOX_NONEXISTENT_BOX;
	return fake_store(f, by->box, req, by, id);
}

static enum mbox_code
op_expunge(struct fake *f, struct fake_session *by, uint32_t id,
    const void *arg, struct reply_ok *ok)
{
	const struct mbox_expunge	*req = arg;
	struct uidset			 uids = UIDSET_INIT;
	struct fake_msg			*m;

	(void)ok;
	if (by->box == NULL || by->box->id != req->box)
		return MBOX_NONEXISTENT_BOX;
	TAILQ_FOREACH(m, &by->box->msgs, entry)
		if (m->flags & MBOX_DELETED &&
		    (!req->only || uidset_has(&req->uids, m->uid)))
			(void)uidset_add(&uids, m->uid, m->uid);
	fake_expunge(f, by->box, &uids, by, id);
	uidset_free(&uids);
	return MBOX_CODE_NONE;
}

static enum mbox_code
op_copy(struct fake *f, struct fake_session *by, uint32_t id,
    const void *arg, struct reply_ok *ok)
{
	const struct mbox_copy	*req = arg;
	struct fake_box		*to = fake_box_find(f, req->to);
	struct fake_msg		*m, *n, *last;

	if (to == NULL || to->id == 0)
		return MBOX_TRYCREATE;
	if (by->box == NULL || by->box->id != req->box)
		return MBOX_NONEXISTENT_BOX;
	last = TAILQ_LAST(&by->box->msgs, fake_msg_list);
	TAILQ_FOREACH(m, &by->box->msgs, entry) {
		if (!uidset_has(&req->uids, m->uid))
			continue;
		n = fake_msg_new(m->data.data, m->data.len);
		n->flags = m->flags;
		n->keywords = m->keywords;
		n->date = m->date;
		n->zone = m->zone;
		(void)uidset_add(&ok->src, m->uid, m->uid);
		ok->count++;
		fake_add(f, to, n, &ok->dst);
		if (m == last)
			break;
	}
	ok->uidvalidity = to->uidvalidity;
	if (ok->dst.n > 0)
		fake_notify_added(f, to, &ok->dst, by, id);
	return MBOX_CODE_NONE;
}

static enum mbox_code
op_move(struct fake *f, struct fake_session *by, uint32_t id,
    const void *arg, struct reply_ok *ok)
{
	const struct mbox_copy	*req = arg;
	struct fake_box		*to = fake_box_find(f, req->to);
	enum mbox_code		 code;

	if (to != NULL && to == by->box)
		return MBOX_CANNOT;
	code = op_copy(f, by, id, arg, ok);
	if (code == MBOX_CODE_NONE)
		fake_expunge(f, by->box, &ok->src, by, id);
	return code;
}

static enum mbox_code
op_create(struct fake *f, struct fake_session *by, uint32_t id,
    const void *arg, struct reply_ok *ok)
{
	const struct mbox_create	*req = arg;
	struct fake_box			*b = fake_box_find(f, req->name);
	struct str			 up;

	(void)by;
	(void)id;
	if (b != NULL && b->id != 0)
		return MBOX_ALREADYEXISTS;
	for (up = req->name, up.len = 1; up.len < req->name.len; up.len++)
		if (up.p[up.len] == '/' && ((b = fake_box_find(f, up)) ==
		    NULL || b->id == 0))
			(void)fake_box_add(f, up, 0);
	ok->box = fake_box_add(f, req->name, req->use)->id;
	return MBOX_CODE_NONE;
}

static enum mbox_code
op_delete(struct fake *f, struct fake_session *by, uint32_t id,
    const void *arg, struct reply_ok *ok)
{
	const struct mbox_delete	*req = arg;
	struct fake_box			*b = fake_box_find(f, req->name);

	(void)by;
	(void)id;
	(void)ok;
	if (b == NULL || b->id == 0)
		return MBOX_NONEXISTENT_BOX;
	fake_delete(f, b);
	return MBOX_CODE_NONE;
}

static enum mbox_code
op_rename(struct fake *f, struct fake_session *by, uint32_t id,
    const void *arg, struct reply_ok *ok)
{
	const struct mbox_rename	*req = arg;
	struct fake_box			*b = fake_box_find(f, req->from), *o;
	struct fake_msg			*m;
	struct uidset			 uids = UIDSET_INIT;
	char				*name;
	size_t				 len = req->from.len;

	(void)by;
	(void)id;
	(void)ok;
	if (b == NULL || b->id == 0)
		return MBOX_NONEXISTENT_BOX;
	if (fake_box_find(f, req->to) != NULL)
		return MBOX_ALREADYEXISTS;
	if (str_eq(req->from, STR("INBOX"))) {
		o = fake_box_add(f, req->to, 0);
		while ((m = TAILQ_FIRST(&b->msgs)) != NULL) {
			(void)uidset_add(&uids, m->uid, m->uid);
			TAILQ_REMOVE(&b->msgs, m, entry);
			m->uid = o->uidnext++;
			TAILQ_INSERT_TAIL(&o->msgs, m, entry);
		}
		uidset_free(&uids);
		return MBOX_CODE_NONE;
	}
	TAILQ_FOREACH(o, &f->boxes, entry) {
		if (strncmp(o->name, req->from.p, len) != 0 ||
		    (o->name[len] != '\0' && o->name[len] != '/'))
			continue;
		if (asprintf(&name, "%.*s%s", (int)req->to.len, req->to.p,
		    o->name + len) == -1)
			fatal("asprintf");
		free(o->name);
		o->name = name;
	}
	return MBOX_CODE_NONE;
}

static enum mbox_code
op_subscribe(struct fake *f, struct fake_session *by, uint32_t id,
    const void *arg, struct reply_ok *ok)
{
	const struct mbox_subscribe	*req = arg;
	struct fake_box			*b = fake_box_find(f, req->name);

	(void)by;
	(void)id;
	(void)ok;
	if (b == NULL && !req->on)
		return MBOX_CODE_NONE;
	if (b == NULL) {
		b = fake_box_add(f, req->name, MBOX_NONEXISTENT);
		b->id = 0;
	}
	if (req->on)
		b->attrs |= MBOX_SUBSCRIBED;
	else if (b->id == 0)
		fake_box_free(f, b);
	else
		b->attrs &= (uint32_t)~MBOX_SUBSCRIBED;
	return MBOX_CODE_NONE;
}

static const struct {
	enum msg_type			 type;
	enum mbox_code			(*op)(struct fake *,
	    struct fake_session *, uint32_t, const void *, struct reply_ok *);
} ops[] = {
	{ IMSG_MBOX_STORE,	op_store },
	{ IMSG_MBOX_EXPUNGE,	op_expunge },
	{ IMSG_MBOX_COPY,	op_copy },
	{ IMSG_MBOX_MOVE,	op_move },
	{ IMSG_MBOX_CREATE,	op_create },
	{ IMSG_MBOX_DELETE,	op_delete },
	{ IMSG_MBOX_RENAME,	op_rename },
	{ IMSG_MBOX_SUBSCRIBE,	op_subscribe },
};

enum mbox_code
fake_op(struct fake *f, struct fake_session *by, uint32_t id,
    enum msg_type type, const uint8_t *p, size_t len, struct arena *a,
    struct reply_ok *ok)
{
	const struct wire_struct	*ws = msg_rule(type)->ws;
	void				*req;
	size_t				 i;

	for (i = 0; i < nitems(ops); i++)
		if (ops[i].type == type)
			break;
	if (i == nitems(ops) || (req = arena_alloc(a, ws->size)) == NULL ||
	    wire_decode(ws, req, p, len, a) == -1)
		fatalx("the fake cannot read %s", msg_name(type));
	return ops[i].op(f, by, id, req, ok);
}
