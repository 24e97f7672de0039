/*
 * BODY and TEXT: the messages of a batch that the cheaper keys leave open
 * stream by, each through mail/'s matcher.  Nothing of them is kept.
 */
#include <stdlib.h>
#include <string.h>

#include "common/arena.h"
#include "common/digest.h"
#include "common/log.h"
#include "imapd/client.h"
#include "imapd/search_run.h"
#include "imapd/view.h"
#include "mail/digest_fields.h"

static void
open_free(struct search_run *s, struct search_open *o)
{
	TAILQ_REMOVE(&s->open, o, entry);
	free(o);
}

void
search_bodies_free(struct search_run *s)
{
	struct search_open	*o;

	while ((o = TAILQ_FIRST(&s->open)) != NULL)
		open_free(s, o);
	body_search_free(s->search);
	s->search = NULL;
	buf_free(&s->head);
	buf_free(&s->header);
}

/* The row once more, from the bytes that were kept. */
static int
open_decode(struct search_run *s, const struct search_open *o,
    struct mbox_meta_row *row)
{
	struct str	 v;

	arena_reset(s->arena);
	if (mbox_meta_row_decode(row, s->prog.what, o->row, o->len,
	    s->arena) == -1 ||
	    !digest_find(row->digest.p, row->digest.len, DIGEST_STRUCTURE,
	    &v) || structure_decode(v, s->arena, &s->tree) == -1)
		return -1;
	return 0;
}

static void
message_begin(struct search_run *s, const struct body_head *h)
{
	struct search_open	*o;
	struct mbox_meta_row	 row;
	size_t			 i;

	s->inside = true;
	s->left = h->len;
	s->current = NULL;
	while ((o = TAILQ_FIRST(&s->open)) != NULL && o->uid < h->uid)
		open_free(s, o);		/* it is no more */
	if (o == NULL || o->uid != h->uid)
		return;
	if (h->state == MBOX_BODY_OK && open_decode(s, o, &row) == 0) {
		for (i = 0; i < s->prog.nbodies; i++) {
			s->keys[i].needle = &s->prog.bodies[i]->needle;
			s->keys[i].header = s->prog.bodies[i]->how != 0;
			s->keys[i].found = false;
		}
		s->search = body_search_new(&s->tree, s->keys,
		    s->prog.nbodies);
		s->current = o;
		buf_reset(&s->header);
		s->header_len = !s->prog.headers ? 0 :
		    s->tree.v[0].header_len < SEARCH_HEADER_MAX ?
		    (size_t)s->tree.v[0].header_len : SEARCH_HEADER_MAX;
		if (s->search == NULL)
			s->failed = true;
		return;
	}
	if (h->state == MBOX_BODY_UNAVAILABLE)
		s->away++;
	else if (h->state != MBOX_BODY_GONE) {
		s->damaged++;
		log_warnx("session=%08llx uid=%u why=\"damaged message\"",
		    (unsigned long long)s->cmd->client->session, h->uid);
	}
	open_free(s, o);
}

/* Octets of the message that is being read. */
static void
message_octets(struct search_run *s, const uint8_t *p, size_t len)
{
	size_t	 n;

	if (s->search == NULL)
		return;
	if (s->header.len < s->header_len) {
		n = s->header_len - s->header.len;
		if (buf_put(&s->header, p, n < len ? n : len) == -1)
			s->failed = true;
	}
	(void)body_search_feed(s->search, p, len);
}

static void
message_end(struct search_run *s)
{
	struct search_open	*o = s->current;
	struct mbox_meta_row	 row;
	struct str		 block;
	size_t			 i;

	s->inside = false;
	s->current = NULL;
	if (o == NULL)
		return;
	if (s->search != NULL) {
		body_search_end(s->search);
		body_search_free(s->search);
		s->search = NULL;
	}
	for (i = 0; i < s->prog.nbodies; i++)
		s->found[i] = s->keys[i].found;
	block = (struct str){ (char *)s->header.data, s->header.len };
	if (open_decode(s, o, &row) == 0 &&
	    search_eval(&s->eval, &row, s->found, &block) == SEARCH_YES &&
	    uidset_add(s->result, o->uid, o->uid) == -1)
		s->failed = true;
	open_free(s, o);
}

/* Octets used: all, or fewer when a head is cut off; -1: not sense. */
static ssize_t
body_octets(struct search_run *s, const uint8_t *p, size_t len)
{
	struct body_head	 h;
	size_t			 off = 0, n;
	int			 used;

	for (;;) {
		if (!s->inside) {
			if (off == len)
				break;
			used = body_head(&h, p + off, len - off);
			if (used == -1)
				return -1;
			if (used == 0)
				break;
			off += (size_t)used;
			message_begin(s, &h);
		}
		n = s->left < len - off ? (size_t)s->left : len - off;
		if (n > 0)
			message_octets(s, p + off, n);
		s->left -= n;
		off += n;
		if (s->left > 0)
			break;
		message_end(s);
	}
	return (ssize_t)off;
}

static int
search_body_data(struct command *cmd, const uint8_t *p, size_t len)
{
	struct search_run	*s = cmd->state;
	ssize_t			 used;

	if (cmd->client->view == NULL)
		return 0;
	if (s->head.len > 0) {
		if (buf_put(&s->head, p, len) == -1 ||
		    (used = body_octets(s, s->head.data,
		    s->head.len)) == -1)
			return -1;
		buf_drain(&s->head, (size_t)used);
		return 0;
	}
	if ((used = body_octets(s, p, len)) == -1)
		return -1;
	return buf_put(&s->head, p + used, len - (size_t)used);
}

static void
search_body_reply(struct command *cmd, const struct answer *a)
{
	struct search_run	*s = cmd->state;
	struct search_open	*o;

	s->body = false;
	if (a->no != NULL)
		search_refused(s, a->no);
	body_search_free(s->search);
	s->search = NULL;
	s->inside = false;
	s->current = NULL;
	buf_reset(&s->head);
	while ((o = TAILQ_FIRST(&s->open)) != NULL)
		open_free(s, o);
	search_pump(s);
}

void
search_bodies(struct search_run *s)
{
	struct search_open	*o;
	struct mbox_body	 req = { .box = s->cmd->client->view->box,
	    .length = UINT64_MAX };

	TAILQ_FOREACH(o, &s->open, entry)
		if (uidset_add(&req.uids, o->uid, o->uid) == -1)
			s->failed = true;
	s->body = true;
	(void)storage_stream(s->cmd, IMSG_MBOX_BODY, &req, search_body_data,
	    search_body_reply, NULL);
	uidset_free(&req.uids);
}
