/* The fake's mailboxes and messages. */
#include <stdlib.h>
#include <string.h>

#include "common/log.h"
#include "imapd/test/storage_fake_impl.h"
#include "mail/parser.h"

struct fake_box *
fake_box_find(struct fake *f, struct str name)
{
	struct fake_box	*b;

	TAILQ_FOREACH(b, &f->boxes, entry)
		if (str_eq(str_from(b->name), name))
			return b;
	return NULL;
}

struct fake_box *
fake_box_add(struct fake *f, struct str name, uint32_t use)
{
	struct fake_box	*b = fake_box_find(f, name);

	if (b == NULL) {
		if ((b = calloc(1, sizeof(*b))) == NULL ||
		    (b->name = strndup(name.p, name.len)) == NULL)
			fatal("calloc");
		TAILQ_INIT(&b->msgs);
		TAILQ_INSERT_TAIL(&f->boxes, b, entry);
	}
	b->attrs &= (uint32_t)~MBOX_NONEXISTENT;
	b->attrs |= use;
	b->id = ++f->ids;
	b->uidvalidity = ++f->uidvalidity;
	b->uidnext = 1;
	b->recent = 1;
	return b;
}

void
fake_box_free(struct fake *f, struct fake_box *b)
{
	struct fake_msg	*m;

	while ((m = TAILQ_FIRST(&b->msgs)) != NULL) {
		TAILQ_REMOVE(&b->msgs, m, entry);
		fake_msg_free(m);
	}
	TAILQ_REMOVE(&f->boxes, b, entry);
	free(b->name);
	free(b);
}

struct fake_msg *
fake_msg_new(const void *p, size_t len)
{
	struct fake_msg	*m;

	if ((m = calloc(1, sizeof(*m))) == NULL ||
	    buf_put(&m->data, p, len) == -1)
		fatal("calloc");
	buf_init(&m->digest, MBOX_DIGEST_MAX);
	if (mail_digest(p, len, &m->digest) == -1)
		fatal("mail_digest");
	m->date = 1000000000;	/* 09-Sep-2001 01:46:40 +0000 */
	return m;
}

void
fake_msg_free(struct fake_msg *m)
{
	buf_free(&m->data);
	buf_free(&m->digest);
	free(m);
}

uint32_t
fake_keyword(struct fake *f, struct str name)
{
	uint32_t	 i;

	for (i = 0; i < FAKE_KEYWORDS && f->keywords[i] != NULL; i++)
		if (str_caseeq(str_from(f->keywords[i]), name))
			return i;
	if (i == FAKE_KEYWORDS ||
	    (f->keywords[i] = strndup(name.p, name.len)) == NULL)
		fatalx("too many keywords");
	return i;
}

void
fake_row(const struct fake_box *b, bool counts, struct mbox_row *r)
{
	const struct fake_msg	*m;

	memset(r, 0, sizeof(*r));
	r->name = str_from(b->name);
	r->box = b->id;
	r->attrs = b->attrs;
	if (!counts || b->id == 0)
		return;
	r->uidvalidity = b->uidvalidity;
	r->uidnext = b->uidnext;
	TAILQ_FOREACH(m, &b->msgs, entry) {
		r->messages++;
		r->unseen += !(m->flags & MBOX_SEEN);
		r->deleted += (m->flags & MBOX_DELETED) != 0;
		r->recent += m->uid >= b->recent;
		r->size += m->data.len;
	}
}
