/*
 * What SEARCH says: "* SEARCH" (RFC 3501 section 7.2.5), "* ESEARCH" (RFC
 * 4466 section 2.6.2, RFC 4731), and the saved result (RFC 5182).
 */
#include "imapd/client.h"
#include "imapd/reply.h"
#include "imapd/search_run.h"
#include "imapd/view.h"

/* The result in the client's numbers, ascending as well. */
static int
numbers(struct search_run *s, struct uidset *set)
{
	struct view	*v = s->cmd->client->view;
	uint32_t	 uid, seq;
	size_t		 i;

	if (s->cmd->uid)
		return uidset_copy(set, s->result);
	for (i = 0; i < s->result->n; i++)
		for (uid = s->result->v[i].first;; uid++) {
			seq = view_seq(v, uid);
			if (seq != 0 && uidset_add(set, seq, seq) == -1)
				return -1;
			if (uid == s->result->v[i].last)
				break;
		}
	return 0;
}

static void
tell_plain(const struct uidset *set, struct buf *b)
{
	char		 tmp[12], *p;
	uint32_t	 n, k;
	size_t		 i;

	(void)buf_puts(b, "* SEARCH");
	for (i = 0; i < set->n; i++)
		for (n = set->v[i].first;; n++) {
			p = tmp + sizeof(tmp);
			k = n;
			do
				*--p = (char)('0' + k % 10);
			while ((k /= 10) != 0);
			*--p = ' ';
			(void)buf_put(b, p, (size_t)(tmp + sizeof(tmp) - p));
			if (n == set->v[i].last)
				break;
		}
	(void)buf_puts(b, "\r\n");
}

static void
tell_extended(struct search_run *s, const struct uidset *set, struct buf *b)
{
	(void)buf_puts(b, "* ESEARCH (TAG ");
	put_string(b, str_from(s->cmd->tag));
	(void)buf_puts(b, s->cmd->uid ? ") UID" : ")");
	if (set->n > 0 && s->returns & RETURN_MIN)
		(void)buf_printf(b, " MIN %u", set->v[0].first);
	if (set->n > 0 && s->returns & RETURN_MAX)
		(void)buf_printf(b, " MAX %u", uidset_last(set));
	if (set->n > 0 && s->returns & RETURN_ALL) {
		(void)buf_puts(b, " ALL ");
		(void)uidset_print(set, b);
	}
	if (s->returns & RETURN_COUNT)
		(void)buf_printf(b, " COUNT %llu",
		    (unsigned long long)uidset_count(set));
	(void)buf_puts(b, "\r\n");
}

/* RFC 5182 section 2.4: with MIN or MAX and nothing more, only these. */
static int
save(struct search_run *s)
{
	struct uidset	*r = s->result, few = UIDSET_INIT;
	int		 ret = 0;

	if (r->n == 0 || s->returns & (RETURN_ALL | RETURN_COUNT) ||
	    !(s->returns & (RETURN_MIN | RETURN_MAX)))
		return view_save(s->cmd->client->view, r);
	if (s->returns & RETURN_MIN)
		ret = uidset_add(&few, r->v[0].first, r->v[0].first);
	if (ret == 0 && s->returns & RETURN_MAX)
		ret = uidset_add(&few, uidset_last(r), uidset_last(r));
	if (ret == 0)
		ret = view_save(s->cmd->client->view, &few);
	uidset_free(&few);
	return ret;
}

void
search_tell(struct search_run *s)
{
	struct uidset	 set = UIDSET_INIT;
	struct buf	 b = BUF_INIT;

	if ((s->returns & RETURN_SAVE && save(s) == -1) ||
	    numbers(s, &set) == -1)
		s->failed = true;
	else if (!s->extended)
		tell_plain(&set, &b);
	else if (s->returns != RETURN_SAVE)
		tell_extended(s, &set, &b);
	if (b.failed)
		s->failed = true;
	else
		reply_raw(s->cmd, b.data, b.len);
	buf_free(&b);
	uidset_free(&set);
}
