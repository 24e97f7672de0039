/*
 * What SEARCH says: "* SEARCH" (RFC 3501 section 7.2.5), "* ESEARCH" (RFC
 * 4466 section 2.6.2, RFC 4731), and the saved result (RFC 5182).
 */
#include "imapd/search_reply.h"

#include "imapd/client.h"
#include "imapd/command.h"
#include "imapd/reply.h"
#include "imapd/turn.h"
#include "imapd/view.h"

/*
 * The result in the client's numbers, ascending as well: range by range of
 * what the client was told.
 */
static int
numbers(struct search_reply *s, struct command *cmd, struct uidset *set)
{
	struct view		*v = cmd->client->view;
	const struct uidrange	*r, *t;
	uint32_t		 first, last, seq;
	size_t			 i = 0, k = 0;

	if (cmd->uid)
		return uidset_copy(set, s->result);
	while (i < s->result->n && k < v->told.n) {
		r = &s->result->v[i];
		t = &v->told.v[k];
		first = r->first > t->first ? r->first : t->first;
		last = r->last < t->last ? r->last : t->last;
		if (first <= last && ((seq = view_seq(v, first)) == 0 ||
		    uidset_add(set, seq, seq + (last - first)) == -1))
			return -1;
		if (r->last < t->last)
			i++;
		else
			k++;
	}
	return 0;
}

#define SEND_OCTETS	8192	/* between two looks at time and room */

/* Some of " 1 2 3"; true when it was the last. */
static bool
send_plain(struct search_reply *s, struct buf *b)
{
	const struct uidrange	*r;

	for (; s->send_range < s->told.n; s->send_range++, s->send_next = 0) {
		r = &s->told.v[s->send_range];
		if (s->send_next == 0)
			s->send_next = r->first;
		for (;; s->send_next++) {
			if (b->len >= SEND_OCTETS)
				return false;
			(void)buf_put_u8(b, ' ');
			(void)buf_put_decimal(b, s->send_next);
			if (s->send_next == r->last)
				break;
		}
	}
	return true;
}

/* Some of "1:3,5"; true when it was the last. */
static bool
send_ranges(struct search_reply *s, struct buf *b)
{
	const struct uidrange	*r;

	for (; s->send_range < s->told.n; s->send_range++) {
		if (b->len >= SEND_OCTETS)
			return false;
		r = &s->told.v[s->send_range];
		if (s->send_range > 0)
			(void)buf_put_u8(b, ',');
		(void)buf_put_decimal(b, r->first);
		if (r->last == r->first)
			continue;
		(void)buf_put_u8(b, ':');
		(void)buf_put_decimal(b, r->last);
	}
	return true;
}

static void
put_item(struct buf *b, const char *name, uint64_t n)
{
	(void)buf_puts(b, name);
	(void)buf_put_decimal(b, n);
}

/* What comes before the numbers, and after them. */
static void
send_head(struct search_reply *s, struct command *cmd, struct buf *b)
{
	if (!s->extended) {
		(void)buf_puts(b, "* SEARCH");
		return;
	}
	(void)buf_puts(b, "* ESEARCH (TAG ");
	put_string(b, str_from(cmd->tag));
	(void)buf_puts(b, cmd->uid ? ") UID" : ")");
	if (s->told.n > 0 && s->returns & RETURN_MIN)
		put_item(b, " MIN ", s->told.v[0].first);
	if (s->told.n > 0 && s->returns & RETURN_MAX)
		put_item(b, " MAX ", uidset_last(&s->told));
	if (s->told.n > 0 && s->returns & RETURN_ALL)
		(void)buf_puts(b, " ALL ");
}

static void
send_tail(struct search_reply *s, struct buf *b)
{
	if (s->extended && s->returns & RETURN_COUNT)
		put_item(b, " COUNT ", uidset_count(&s->told));
	(void)buf_puts(b, "\r\n");
}

/* RFC 5182 section 2.4: with MIN or MAX and nothing more, only these. */
static int
save(struct search_reply *s, struct view *v)
{
	struct uidset	*r = s->result, few = UIDSET_INIT;
	int		 ret = 0;

	if (r->n == 0 || s->returns & (RETURN_ALL | RETURN_COUNT) ||
	    !(s->returns & (RETURN_MIN | RETURN_MAX)))
		return view_save(v, r);
	if (s->returns & RETURN_MIN)
		ret = uidset_add(&few, r->v[0].first, r->v[0].first);
	if (ret == 0 && s->returns & RETURN_MAX)
		ret = uidset_add(&few, uidset_last(r), uidset_last(r));
	if (ret == 0)
		ret = view_save(v, &few);
	uidset_free(&few);
	return ret;
}

/* "$", and the numbers that are to be told; false: there is no line. */
static bool
send_begin(struct search_reply *s, struct command *cmd, struct buf *b)
{
	s->sending = true;
	if ((s->returns & RETURN_SAVE && save(s, cmd->client->view) == -1) ||
	    numbers(s, cmd, &s->told) == -1) {
		s->failed = true;
		return false;
	}
	if (s->extended && s->returns == RETURN_SAVE)
		return false;
	send_head(s, cmd, b);
	return true;
}

bool
search_reply_send(struct search_reply *s, struct command *cmd)
{
	struct buf	 b = BUF_INIT;
	bool		 done = false;

	if (!s->sending && !send_begin(s, cmd, &b))
		return true;
	while (!done) {
		if (turn_spent() || client_full(cmd->client))
			break;
		if (!s->extended)
			done = send_plain(s, &b);
		else
			done = !(s->returns & RETURN_ALL) ||
			    send_ranges(s, &b);
		if (done)
			send_tail(s, &b);
		if (b.failed)
			client_close(cmd->client, "out of memory");
		else
			reply_raw(cmd, b.data, b.len);
		buf_reset(&b);
	}
	if (b.len > 0)		/* the head */
		reply_raw(cmd, b.data, b.len);
	buf_free(&b);
	return done;
}
