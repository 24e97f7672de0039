/*
 * A program's value for one META row: yes, no, or open while the message's
 * octets have not been seen (Kleene's three values).  Pure.
 */
#include <string.h>

#include "common/compat.h"
#include "common/arena.h"
#include "common/digest.h"
#include "imapd/search.h"
#include "imapd/turn.h"
#include "imapd/view.h"
#include "mail/envelope.h"
#include "mail/header.h"

#define STEPS	16	/* of small ones, between two looks at the clock */

static enum search_verdict	 eval(struct search_eval *,
				    struct search_key *);

static enum search_verdict
verdict(bool yes)
{
	return yes ? SEARCH_YES : SEARCH_NO;
}

static bool
compare(uint8_t how, int64_t value, int64_t with)
{
	switch (how) {
	case HOW_BEFORE:
		return value < with;
	case HOW_ON:
		return value == with;
	default:
		return value >= with;
	}
}

/* The day of a moment, in its own zone (minutes east). */
static int64_t
day_of(int64_t when, int64_t zone)
{
	if (when > INT64_MAX / 2 || when < INT64_MIN / 2)
		return INT64_MAX;
	if (zone > -2000 && zone < 2000)
		when += zone * 60;
	return when >= 0 ? when / 86400 : -((-when + 86399) / 86400);
}

static bool
field(const struct search_eval *e, enum digest_field f, struct str *v)
{
	return digest_find(e->row->digest.p, e->row->digest.len, f, v);
}

static bool
eval_flags(const struct search_eval *e, const struct search_key *k)
{
	return (e->row->flags & k->how) == k->want;
}

static bool
eval_keyword(const struct search_eval *e, const struct search_key *k)
{
	size_t	 i;

	for (i = 0; i < e->row->nkeywords; i++)
		if ((int64_t)e->row->keywords[i] == k->number)
			return true;
	return false;
}

static bool
eval_sent(struct search_eval *e, const struct search_key *k)
{
	struct str	 v;
	int64_t		 when, zone;

	return field(e, DIGEST_SENT_DATE, &v) &&
	    sent_date_decode(v, &when, &zone) == 0 &&
	    compare(k->how, day_of(when, zone), k->number);
}

/* Of the digest; of the header, when that was read. */
static void
envelope_open(struct search_eval *e)
{
	struct str	 v;
	bool		 ok;

	e->decoded = true;
	buf_reset(&e->from_header);
	memset(&e->cut, 0, sizeof(e->cut));
	if (e->header != NULL) {
		ok = envelope_from_header(*e->header, &e->from_header) == 0;
		v = (struct str){ (char *)e->from_header.data,
		    e->from_header.len };
	} else
		ok = field(e, DIGEST_ENVELOPE, &v);
	if (!ok || envelope_decode(v, &e->envelope) == -1) {
		e->damaged = true;
		memset(&e->envelope, 0, sizeof(e->envelope));
	} else if (e->header == NULL)
		digest_cut(e->row->digest, &e->envelope, &e->cut);
}

static enum search_verdict
eval_envelope(struct search_eval *e, const struct search_key *k)
{
	struct str	 v;
	bool		 yes = false;

	/* HEADER asks for any field of its name, not for the first only. */
	if (e->header != NULL && k->how != 0)
		return verdict(search_header(&e->scratch, &k->needle,
		    *e->header, str_from(envelope_name(k->field))));
	if (!e->decoded)
		envelope_open(e);
	v = e->envelope.v[k->field];
	if (v.p != NULL)
		yes = envelope_is_list(k->field) ?
		    search_addresses(&e->scratch, &k->needle, v,
		    e->envelope.count[k->field]) :
		    search_value(&e->scratch, &k->needle, v);
	if (yes)
		return SEARCH_YES;
	return (e->cut.cut | (k->how != 0 ? e->cut.more : 0)) >> k->field &
	    1 ? SEARCH_OPEN : SEARCH_NO;
}

/* Is the digest's header all of the header? */
static bool
header_complete(struct search_eval *e, struct str header)
{
	struct arena		*a;
	struct mail_tree	 t;
	struct str		 v;
	bool			 whole;

	if (header_whole(header))
		return true;
	if (header.len < MAIL_HEADER_MAX / 4)
		return true;		/* a message without a body */
	if (!field(e, DIGEST_STRUCTURE, &v) || (a = arena_new(0)) == NULL)
		return false;
	whole = structure_decode(v, a, &t) == 0 &&
	    header.len == t.v[0].header_len;
	arena_free(a);
	return whole;
}

static enum search_verdict
eval_header(struct search_eval *e, const struct search_key *k)
{
	struct str	 v;

	if (e->header != NULL)
		v = *e->header;
	else if (!field(e, DIGEST_HEADER, &v))
		return SEARCH_NO;
	else if (search_header(&e->scratch, &k->needle, v, k->name))
		return SEARCH_YES;
	else
		return header_complete(e, v) ? SEARCH_NO : SEARCH_OPEN;
	return verdict(search_header(&e->scratch, &k->needle, v, k->name));
}

static bool
eval_age(const struct search_eval *e, const struct search_key *k)
{
	/* OLDER: at least that old; YOUNGER: at most (RFC 5032) */
	return k->how == HOW_BEFORE ? e->row->date <= e->now - k->number :
	    e->row->date >= e->now - k->number;
}

static bool
eval_size(const struct search_eval *e, const struct search_key *k)
{
	return k->how == HOW_SINCE ? (int64_t)e->row->size > k->number :
	    (int64_t)e->row->size < k->number;
}

/* Stops at the first decisive child; open ones are remembered. */
static enum search_verdict
eval_children(struct search_eval *e, const struct search_key *k,
    enum search_verdict decisive)
{
	struct search_key	*c;
	enum search_verdict	 v, all;

	all = decisive == SEARCH_NO ? SEARCH_YES : SEARCH_NO;
	for (c = k->first; c != NULL; c = c->next) {
		v = eval(e, c);
		if (v == decisive || v == SEARCH_LATER)
			return v;
		if (v == SEARCH_OPEN)
			all = SEARCH_OPEN;
	}
	return all;
}

static enum search_verdict
eval_op(struct search_eval *e, const struct search_key *k)
{
	switch (k->op) {
	case SEARCH_ALL:
		return SEARCH_YES;
	case SEARCH_FLAGS:
		return verdict(eval_flags(e, k));
	case SEARCH_KEYWORD:
		return verdict(eval_keyword(e, k));
	case SEARCH_RECENT:
		return verdict(view_is_recent(e->view, e->row->uid) &&
		    (k->how == 0 || eval_flags(e, k)));
	case SEARCH_SET:
		return verdict(uidset_has(k->set, k->seq ? e->seq :
		    e->row->uid));
	case SEARCH_DATE:
		return verdict(compare(k->how, day_of(e->row->date,
		    e->row->zone), k->number));
	case SEARCH_SENT:
		return verdict(eval_sent(e, k));
	case SEARCH_AGE:
		return verdict(eval_age(e, k));
	case SEARCH_SIZE:
		return verdict(eval_size(e, k));
	case SEARCH_ENVELOPE:
		return eval_envelope(e, k);
	case SEARCH_HEADER:
		return eval_header(e, k);
	case SEARCH_BODY:
		return e->found == NULL ? SEARCH_OPEN :
		    verdict(e->found[k->body]);
	case SEARCH_AND:
		return eval_children(e, k, SEARCH_NO);
	case SEARCH_OR:
		return eval_children(e, k, SEARCH_YES);
	}
	return SEARCH_NO;
}

/* Keys over text cost as many small steps as are between two looks. */
static bool
is_dear(const struct search_key *k)
{
	return k->op == SEARCH_ENVELOPE || k->op == SEARCH_HEADER ||
	    k->op == SEARCH_KEYWORD;
}

/* What was decided before the turn was over stands. */
static enum search_verdict
eval_leaf(struct search_eval *e, struct search_key *k)
{
	if (k->serial == e->serial)
		return k->verdict;
	e->steps += is_dear(k) ? STEPS : 1;
	if (e->steps >= STEPS) {
		e->steps = 0;
		if (turn_spent_after(e->header != NULL ? e->header->len :
		    e->row->digest.len))
			return SEARCH_LATER;
	}
	k->verdict = (uint8_t)eval_op(e, k);
	k->serial = e->serial;
	return k->verdict;
}

static enum search_verdict
eval(struct search_eval *e, struct search_key *k)
{
	enum search_verdict	 v;

	if (k->op == SEARCH_AND || k->op == SEARCH_OR)
		v = eval_op(e, k);
	else
		v = eval_leaf(e, k);
	if (!k->not || v == SEARCH_OPEN || v == SEARCH_LATER)
		return v;
	return v == SEARCH_YES ? SEARCH_NO : SEARCH_YES;
}

enum search_verdict
search_eval(struct search_eval *e, const struct mbox_meta_row *row,
    const bool *found, const struct str *header)
{
	enum search_verdict	 v;

	if (e->prog->fields != 0 &&
	    digest_check(row->digest.p, row->digest.len) == -1) {
		e->damaged = true;
		e->unfinished = false;
		return SEARCH_NO;
	}
	if (!e->unfinished) {
		e->serial++;
		e->seq = e->prog->seqs ? view_seq(e->view, row->uid) : 0;
	}
	e->row = row;
	e->found = found;
	e->header = header;
	/* a header is long: its envelope is kept until LATER's end */
	if (!e->unfinished || header == NULL)
		e->decoded = false;
	v = eval(e, &e->prog->root);
	e->unfinished = v == SEARCH_LATER;
	return v;
}

#define NARROW_MAX	8	/* sets: the others are looked up by row */

int
search_narrow(const struct search_program *prog, struct view *v,
    struct uidset *set, bool *all)
{
	const struct search_key	*k;
	struct uidset		 uids;
	unsigned int		 n = 0;
	int			 ret;

	*all = true;
	for (k = prog->root.first; k != NULL; k = k->next) {
		if (k->op != SEARCH_SET || k->not || n == NARROW_MAX) {
			*all = false;
			continue;
		}
		n++;
		uids = UIDSET_INIT;
		if (k->seq)
			ret = view_uids(v, k->set, &uids) == 0 ?
			    uidset_intersect(set, &uids) : -1;
		else
			ret = uidset_intersect(set, k->set);
		uidset_free(&uids);
		if (ret == -1)
			return -1;
	}
	return 0;
}
