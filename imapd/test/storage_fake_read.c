/* What is read of the fake's mailboxes: rows and octets, as streams. */
#include <stdlib.h>
#include <string.h>

#include "common/digest.h"
#include "common/log.h"
#include "imapd/test/storage_fake_impl.h"

void
fake_stream_free(struct fake_session *s, struct fake_stream *st)
{
	TAILQ_REMOVE(&s->streams, st, entry);
	buf_free(&st->data);
	free(st);
}

void
fake_stream_go(struct fake_session *s, struct fake_stream *st)
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
		fake_ok(s, st->id);
		fake_stream_free(s, st);
	}
}

static struct fake_stream *
stream_new(struct fake_session *s, uint32_t id)
{
	struct fake_stream	*st = calloc(1, sizeof(*st));

	if (st == NULL)
		fatal("calloc");
	st->id = id;
	st->credit = MBOX_CREDIT;
	TAILQ_INSERT_TAIL(&s->streams, st, entry);
	return st;
}

static void
put_row(struct buf *out, const struct buf *row)
{
	(void)buf_put_bytes(out, row->data, row->len);
}

void
fake_list(struct fake_session *s, uint32_t id, const struct mbox_list *req)
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
	fake_stream_go(s, st);
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

void
fake_meta(struct fake_session *s, uint32_t id, const struct mbox_meta *req)
{
	struct fake_stream	*st = stream_new(s, id);
	const struct fake_msg	*m;

	if (s->box == NULL) {		/* deleted meanwhile */
		fake_stream_free(s, st);
		fake_no(s, id, MBOX_NONEXISTENT_BOX);
		return;
	}
	if (s->box->id != req->box)
		fatalx("META of another mailbox");
	TAILQ_FOREACH(m, &s->box->msgs, entry)
		if (uidset_has(&req->uids, m->uid))
			meta_row(m, req, &st->data);
	fake_stream_go(s, st);
}

void
fake_body(struct fake_session *s, uint32_t id, const struct mbox_body *req)
{
	struct fake_stream	*st = stream_new(s, id);
	const struct fake_msg	*m;
	uint64_t		 from, len;

	if (s->box == NULL) {		/* deleted meanwhile */
		fake_stream_free(s, st);
		fake_no(s, id, MBOX_NONEXISTENT_BOX);
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
	fake_stream_go(s, st);
}

void
fake_select(struct fake_session *s, uint32_t id, const struct mbox_select *req)
{
	struct fake_box		*b = fake_box_find(s->fake, req->name);
	struct mbox_selected	 sel = { 0 };
	struct mbox_keyword	 k[FAKE_KEYWORDS];
	const struct fake_msg	*m;
	uint32_t		 i;

	s->box = NULL;
	if (b == NULL || b->id == 0) {
		fake_no(s, id, MBOX_NONEXISTENT_BOX);
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
	(void)peer_send_struct(s->peer, IMSG_REPLY_SELECTED, id, &sel, -1);
	uidset_free(&sel.uids);
}
