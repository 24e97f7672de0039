/*
 * BODY and TEXT: the messages of a batch that the cheaper keys leave open
 * stream by, each through mail/'s matcher.  Nothing of them is kept.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "common/arena.h"
#include "common/digest.h"
#include "common/log.h"
#include "imapd/client.h"
#include "imapd/search_run.h"
#include "imapd/turn.h"
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
	buf_free(&s->in);
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
	    s->arena) == -1)
		return -1;
	if (!(s->prog.fields & DIGEST_BIT(DIGEST_STRUCTURE))) {
		/* only the header is wanted: it ends by itself */
		s->tree.n = 1;
		s->tree.v = arena_array(s->arena, 1, sizeof(*s->tree.v));
		if (s->tree.v == NULL)
			return -1;
		s->tree.v[0].header_len = SEARCH_HEADER_MAX;
		return 0;
	}
	return digest_find(row->digest.p, row->digest.len, DIGEST_STRUCTURE,
	    &v) && structure_decode(v, s->arena, &s->tree) == 0 ? 0 : -1;
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
		log_warnx("session=%016" PRIx64 " uid=%u why=\"damaged "
		    "message\"", s->cmd->client->session, h->uid);
	}
	open_free(s, o);
}

#define PIECE	(256 * 1024)	/* octets times needles, between two looks */

/* Octets of the message that is being read; at most how many at once. */
static size_t
piece(const struct search_run *s)
{
	size_t	 n = PIECE / (s->prog.nbodies + 1);

	return n < 64 ? 64 : n;
}

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

/* All of it has come; false: the turn was over before it was decided. */
static bool
message_end(struct search_run *s)
{
	struct search_open	*o = s->current;
	struct mbox_meta_row	 row;
	enum search_verdict	 v = SEARCH_NO;
	struct str		 header;
	size_t			 i;

	if (o != NULL) {
		if (s->search != NULL) {
			body_search_end(s->search);
			body_search_free(s->search);
			s->search = NULL;
		}
		for (i = 0; i < s->prog.nbodies; i++)
			s->found[i] = s->keys[i].found;
		header = (struct str){ (char *)s->header.data, s->header.len };
		if (open_decode(s, o, &row) == 0)
			v = search_eval(&s->eval, &row, s->found, &header);
		if (v == SEARCH_LATER)
			return false;
		if (v == SEARCH_YES &&
		    s->match(s, o->uid, o->uid, &row) == -1)
			s->failed = true;
		open_free(s, o);
	}
	s->inside = false;
	s->current = NULL;
	return true;
}

/* One step of what lies there: octets used; 0: none can be; -1: not sense. */
static ssize_t
body_step(struct search_run *s, const uint8_t *p, size_t len)
{
	struct body_head	 h;
	size_t			 n;
	int			 used;

	if (!s->inside) {
		if (len == 0)
			return 0;
		if ((used = body_head(&h, p, len)) > 0)
			message_begin(s, &h);
		return used;
	}
	n = s->left < len ? (size_t)s->left : len;
	if (n > piece(s))
		n = piece(s);
	if (n > 0)
		message_octets(s, p, n);
	s->left -= n;
	return (ssize_t)n;
}

bool
search_bodies_work(struct search_run *s)
{
	struct search_open	*o;
	ssize_t			 used;

	for (;;) {
		if (turn_spent())
			return false;
		if (s->inside && s->left == 0 && !message_end(s))
			return false;
		used = body_step(s, s->in.data + s->in_off,
		    s->in.len - s->in_off);
		if (used == -1) {
			client_close(s->cmd->client, "damaged messages");
			return false;
		}
		if (used == 0 && !(s->inside && s->left == 0))
			break;
		s->in_off += (size_t)used;
	}
	buf_drain(&s->in, s->in_off);
	s->in_off = 0;
	if (s->body_ask != NULL) {
		mbox_ask_hold(s->body_ask, false);
		return false;
	}
	/* those that did not come are no more */
	body_search_free(s->search);
	s->search = NULL;
	s->inside = false;
	s->current = NULL;
	buf_reset(&s->in);
	while ((o = TAILQ_FIRST(&s->open)) != NULL)
		open_free(s, o);
	return true;
}

static int
search_body_data(void *arg, const uint8_t *p, size_t len)
{
	struct command		*cmd = arg;
	struct search_run	*s = cmd->state;

	if (s->in_off > 0 && s->in_off >= s->in.len / 2) {
		buf_drain(&s->in, s->in_off);
		s->in_off = 0;
	}
	if (buf_put(&s->in, p, len) == -1)
		return -1;
	mbox_ask_hold(s->body_ask, true);
	client_wake(cmd->client);
	return 0;
}

static void
search_body_reply(void *arg, const struct mbox_answer *a)
{
	struct command		*cmd = arg;
	struct search_run	*s = cmd->state;

	s->body_ask = NULL;
	if (a->no != NULL)
		search_refused(s, a->no);
	client_wake(cmd->client);
}

void
search_bodies(struct search_run *s)
{
	struct search_open	*o;
	struct mbox_body	 req = { .box = s->cmd->client->view->box,
	    .length = s->prog.nbodies > 0 ? UINT64_MAX :
	    SEARCH_HEADER_MAX };

	TAILQ_FOREACH(o, &s->open, entry)
		if (uidset_add(&req.uids, o->uid, o->uid) == -1)
			s->failed = true;
	s->body = true;
	(void)storage_stream(s->cmd, IMSG_MBOX_BODY, &req, search_body_data,
	    search_body_reply, &s->body_ask);
	uidset_free(&req.uids);
}
