/*
 * A program's value for one META row: yes, no, or open while the message's
 * octets have not been seen (Kleene's three values).  Pure.
 */
#include <string.h>

#include "common/compat.h"
#include "common/arena.h"
#include "common/digest.h"
#include "imapd/search.h"
#include "imapd/view.h"
#include "mail/digest_fields.h"
#include "mail/envelope.h"
#include "mail/header.h"

static enum search_verdict	 eval(struct search_eval *,
				    const struct search_key *);

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

static bool
eval_envelope(struct search_eval *e, const struct search_key *k)
{
	struct str	 v;

	if (!e->decoded) {
		e->decoded = true;
		if (!field(e, DIGEST_ENVELOPE, &v) ||
		    envelope_decode(v, e->envelope) == -1) {
			e->damaged = true;
			memset(e->envelope, 0, sizeof(*e->envelope));
		}
	}
	v = e->envelope->v[k->field];
	if (v.p == NULL)
		return false;
	if (k->field >= ENV_FROM && k->field <= ENV_BCC)
		return search_addresses(&e->scratch, &k->needle, v,
		    e->envelope->count[k->field]);
	return search_value(&e->scratch, &k->needle, v);
}

/* Is the digest's header block all of the header? */
static bool
header_complete(struct search_eval *e, struct str block)
{
	struct arena		*a;
	struct mail_tree	 t;
	struct str		 v;
	bool			 whole;

	if (header_whole(block))
		return true;
	if (block.len < MAIL_HEADER_MAX / 4)
		return true;		/* a message without a body */
	if (!field(e, DIGEST_STRUCTURE, &v) || (a = arena_new(0)) == NULL)
		return false;
	whole = structure_decode(v, a, &t) == 0 &&
	    block.len == t.v[0].header_len;
	arena_free(a);
	return whole;
}

static enum search_verdict
eval_header(struct search_eval *e, const struct search_key *k)
{
	struct str	 v;

	if (e->block != NULL)
		v = *e->block;
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
	const struct search_key	*c;
	enum search_verdict	 v, all;

	all = decisive == SEARCH_NO ? SEARCH_YES : SEARCH_NO;
	for (c = k->first; c != NULL; c = c->next) {
		v = eval(e, c);
		if (v == decisive)
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
		return verdict(uidset_has(k->set, e->row->uid));
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
		return verdict(eval_envelope(e, k));
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

static enum search_verdict
eval(struct search_eval *e, const struct search_key *k)
{
	enum search_verdict	 v = eval_op(e, k);

	if (!k->not || v == SEARCH_OPEN)
		return v;
	return v == SEARCH_YES ? SEARCH_NO : SEARCH_YES;
}

enum search_verdict
search_eval(struct search_eval *e, const struct mbox_meta_row *row,
    const bool *found, const struct str *block)
{
	struct envelope_view	 env;
	enum search_verdict	 v;

	if (e->prog->fields != 0 &&
	    digest_check(row->digest.p, row->digest.len) == -1) {
		e->damaged = true;
		return SEARCH_NO;
	}
	e->row = row;
	e->found = found;
	e->block = block;
	e->decoded = false;
	e->envelope = &env;
	v = eval(e, &e->prog->root);
	e->envelope = NULL;
	return v;
}

/* The sets that every match must be in: those of the top AND. */
static int
narrow(const struct search_key *and, struct uidset *set)
{
	const struct search_key	*k;

	for (k = and->first; k != NULL; k = k->next) {
		if (k->not)
			continue;
		if (k->op == SEARCH_SET &&
		    uidset_intersect(set, k->set) == -1)
			return -1;
		if (k->op == SEARCH_AND && narrow(k, set) == -1)
			return -1;
	}
	return 0;
}

int
search_narrow(const struct search_program *prog, struct uidset *set)
{
	return narrow(&prog->root, set);
}
