/*
 * SEARCH keys: from the command's text to a program.  Pure; recursion is
 * bounded, so is the number of keys.
 */
#include <string.h>

#include "common/compat.h"
#include "common/digest.h"
#include "imapd/search.h"
#include "imapd/view.h"
#include "mail/charset.h"
#include "mail/envelope.h"

struct searcher {
	struct parse		*p;
	struct view		*view;
	search_set_fn		*set;
	void			*arg;
	struct search_program	*prog;
	const struct charset	*charset;
	enum search_error	 why;
	unsigned int		 depth;
};

struct key_name {
	const char	*name;
	int		(*parse)(struct searcher *s,
			    const struct key_name *k, struct search_key *key);
	enum search_op	 op;
	uint8_t		 how;
	uint8_t		 want;
	bool		 not;
	int		 field;
};

static int	 parse_key(struct searcher *, struct search_key *);

static const char a_key[] = "a search key";

static int
fail(struct searcher *s, enum search_error why)
{
	s->why = why;
	return -1;
}

/* The space before a key's argument, and what that is. */
static int
arg(struct searcher *s, const char *what)
{
	return parse_arg(s->p, what) == -1 ? fail(s, SEARCH_BAD) : 0;
}

static int
key_plain(struct searcher *s, const struct key_name *k,
    struct search_key *key)
{
	(void)s;
	(void)k;
	(void)key;
	return 0;
}

static int
key_keyword(struct searcher *s, const struct key_name *k,
    struct search_key *key)
{
	struct str	 word;

	(void)k;
	if (arg(s, "a keyword") == -1 || parse_atom(s->p, &word) == -1)
		return fail(s, SEARCH_BAD);
	/* unknown: no message has it */
	key->number = view_keyword_number(s->view, word);
	return 0;
}

static int
key_date(struct searcher *s, const struct key_name *k,
    struct search_key *key)
{
	(void)k;
	return arg(s, "a date") == -1 ||
	    parse_date(s->p, &key->number) == -1 ? fail(s, SEARCH_BAD) : 0;
}

static int
key_number(struct searcher *s, const struct key_name *k,
    struct search_key *key)
{
	uint64_t	 n;

	if (arg(s, "a number") == -1 || parse_number64(s->p, &n) == -1 ||
	    (k->op == SEARCH_AGE && (n == 0 || n > UINT32_MAX)))
		return fail(s, SEARCH_BAD);
	key->number = (int64_t)n;
	return 0;
}

/* An astring in the command's charset, as a needle. */
static int
parse_text(struct searcher *s, struct needle *n)
{
	struct buf	 utf8 = BUF_INIT;
	struct str	 text;
	int		 ret;

	if (arg(s, "a string") == -1 || parse_astring(s->p, &text) == -1)
		return fail(s, SEARCH_BAD);
	if (charset_to_utf8(s->charset, text, &utf8) == -1) {
		buf_free(&utf8);
		return fail(s, SEARCH_BAD);
	}
	ret = needle_make(n, (struct str){ utf8.len == 0 ? "" :
	    (char *)utf8.data, utf8.len }, s->p->arena);
	buf_free(&utf8);
	return ret == -1 ? fail(s, SEARCH_NOMEM) : 0;
}

static int
key_text(struct searcher *s, const struct key_name *k,
    struct search_key *key)
{
	(void)k;
	return parse_text(s, &key->needle);
}

static int
key_header(struct searcher *s, const struct key_name *k,
    struct search_key *key)
{
	static const struct { const char *name; int field; } quick[] = {
		{ "Subject", ENV_SUBJECT }, { "Message-ID", ENV_MESSAGE_ID },
		{ "In-Reply-To", ENV_IN_REPLY_TO },
	};
	size_t	 i;

	(void)k;
	if (arg(s, "a header field name") == -1 ||
	    parse_astring(s->p, &key->name) == -1)
		return fail(s, SEARCH_BAD);
	/* what the envelope has need not be read from the header */
	for (i = 0; i < nitems(quick); i++)
		if (str_caseeq(key->name, str_from(quick[i].name))) {
			key->op = SEARCH_ENVELOPE;
			key->field = quick[i].field;
			key->how = 1;		/* any field of the name */
		}
	return parse_text(s, &key->needle);
}

/* Numbers beyond the mailbox name nothing here: no reason for BAD. */
static void
clamp(struct searcher *s, struct seqset *set)
{
	uint32_t	 count = view_count(s->view), *a, *b, t;
	size_t		 i, n = 0;

	for (i = 0; i < set->n; i++) {
		a = &set->v[i].first;
		b = &set->v[i].last;
		if (*a == 0)
			*a = count;
		if (*b == 0)
			*b = count;
		if (*a > *b) {
			t = *a;
			*a = *b;
			*b = t;
		}
		if (*a == 0 || *a > count)
			continue;
		if (*b > count)
			*b = count;
		set->v[n++] = set->v[i];
	}
	set->n = n;
}

/* Makes k ALL, or NOT ALL. */
static struct search_key *
constant(struct search_key *k, bool not)
{
	k->op = SEARCH_ALL;
	k->not = not;
	k->first = NULL;
	return k;
}

static int
parse_set(struct searcher *s, struct search_key *key, bool uid)
{
	struct seqset	 set;
	struct uidset	*named;
	enum view_error	 why;

	if (parse_seqset(s->p, &set) == -1)
		return fail(s, SEARCH_BAD);
	key->op = SEARCH_SET;
	if (set.saved) {
		key->set = &s->view->saved;
		return 0;
	}
	/* as it is named: a thousand of "1:*" must not fill the memory */
	if ((named = s->set(s->arg)) == NULL)
		return fail(s, SEARCH_NOMEM);
	if (!uid)
		clamp(s, &set);
	if (set.n > 0 &&
	    view_numbers(s->view, &set, uid, named, &why) == -1)
		return fail(s, why == VIEW_BEYOND ? SEARCH_BAD :
		    SEARCH_NOMEM);
	key->set = named;
	key->seq = !uid;
	/* all there is: "1:*" */
	if (named->n == 1 && named->v[0].first == 1 && named->v[0].last >=
	    (uid ? uidset_last(&s->view->told) : view_count(s->view)))
		(void)constant(key, false);
	return 0;
}

static int
key_uid(struct searcher *s, const struct key_name *k, struct search_key *key)
{
	(void)k;
	return arg(s, "a set of UIDs") == -1 ? -1 : parse_set(s, key, true);
}

static struct search_key *
key_new(struct searcher *s)
{
	struct search_key	*key;

	if (++s->prog->nkeys > SEARCH_KEYS_MAX) {
		s->why = SEARCH_TOOBIG;
		return NULL;
	}
	if ((key = arena_alloc(s->p->arena, sizeof(*key))) == NULL)
		s->why = SEARCH_NOMEM;
	return key;
}

static int
key_not(struct searcher *s, const struct key_name *k, struct search_key *key)
{
	(void)k;
	if (arg(s, a_key) == -1)
		return -1;
	key->op = SEARCH_AND;
	key->not = true;
	if ((key->first = key_new(s)) == NULL)
		return -1;
	return parse_key(s, key->first);
}

static int
key_or(struct searcher *s, const struct key_name *k, struct search_key *key)
{
	(void)k;
	if ((key->first = key_new(s)) == NULL ||
	    (key->first->next = key_new(s)) == NULL)
		return -1;
	if (arg(s, a_key) == -1 || parse_key(s, key->first) == -1)
		return -1;
	return arg(s, a_key) == -1 ? -1 : parse_key(s, key->first->next);
}

#define FLAG(name, bit, want)	{ name, key_plain, SEARCH_FLAGS, bit, want, \
				    false, 0 }
#define ENV(name, field)	{ name, key_text, SEARCH_ENVELOPE, 0, 0, \
				    false, field }

static const struct key_name keys[] = {
	{ "ALL", key_plain, SEARCH_ALL, 0, 0, false, 0 },
	FLAG("ANSWERED", MBOX_ANSWERED, MBOX_ANSWERED),
	FLAG("UNANSWERED", MBOX_ANSWERED, 0),
	FLAG("DELETED", MBOX_DELETED, MBOX_DELETED),
	FLAG("UNDELETED", MBOX_DELETED, 0),
	FLAG("DRAFT", MBOX_DRAFT, MBOX_DRAFT),
	FLAG("UNDRAFT", MBOX_DRAFT, 0),
	FLAG("FLAGGED", MBOX_FLAGGED, MBOX_FLAGGED),
	FLAG("UNFLAGGED", MBOX_FLAGGED, 0),
	FLAG("SEEN", MBOX_SEEN, MBOX_SEEN),
	FLAG("UNSEEN", MBOX_SEEN, 0),
	{ "KEYWORD", key_keyword, SEARCH_KEYWORD, 0, 0, false, 0 },
	{ "UNKEYWORD", key_keyword, SEARCH_KEYWORD, 0, 0, true, 0 },
	{ "RECENT", key_plain, SEARCH_RECENT, 0, 0, false, 0 },
	{ "OLD", key_plain, SEARCH_RECENT, 0, 0, true, 0 },
	{ "NEW", key_plain, SEARCH_RECENT, MBOX_SEEN, 0, false, 0 },
	{ "BEFORE", key_date, SEARCH_DATE, HOW_BEFORE, 0, false, 0 },
	{ "ON", key_date, SEARCH_DATE, HOW_ON, 0, false, 0 },
	{ "SINCE", key_date, SEARCH_DATE, HOW_SINCE, 0, false, 0 },
	{ "SENTBEFORE", key_date, SEARCH_SENT, HOW_BEFORE, 0, false, 0 },
	{ "SENTON", key_date, SEARCH_SENT, HOW_ON, 0, false, 0 },
	{ "SENTSINCE", key_date, SEARCH_SENT, HOW_SINCE, 0, false, 0 },
	{ "OLDER", key_number, SEARCH_AGE, HOW_BEFORE, 0, false, 0 },
	{ "YOUNGER", key_number, SEARCH_AGE, HOW_SINCE, 0, false, 0 },
	{ "LARGER", key_number, SEARCH_SIZE, HOW_SINCE, 0, false, 0 },
	{ "SMALLER", key_number, SEARCH_SIZE, HOW_BEFORE, 0, false, 0 },
	ENV("SUBJECT", ENV_SUBJECT), ENV("FROM", ENV_FROM),
	ENV("TO", ENV_TO), ENV("CC", ENV_CC), ENV("BCC", ENV_BCC),
	{ "HEADER", key_header, SEARCH_HEADER, 0, 0, false, 0 },
	{ "BODY", key_text, SEARCH_BODY, 0, 0, false, 0 },
	{ "TEXT", key_text, SEARCH_BODY, 1, 0, false, 0 },
	{ "UID", key_uid, SEARCH_SET, 0, 0, false, 0 },
	{ "NOT", key_not, SEARCH_AND, 0, 0, false, 0 },
	{ "OR", key_or, SEARCH_OR, 0, 0, false, 0 },
};

/* Which columns an operation reads. */
static const struct { uint32_t what; uint64_t fields; } needs[] = {
	[SEARCH_FLAGS] = { MBOX_WHAT_FLAGS, 0 },
	[SEARCH_KEYWORD] = { MBOX_WHAT_FLAGS, 0 },
	[SEARCH_DATE] = { MBOX_WHAT_DATE, 0 },
	[SEARCH_AGE] = { MBOX_WHAT_DATE, 0 },
	[SEARCH_SIZE] = { MBOX_WHAT_SIZE, 0 },
	[SEARCH_SENT] = { MBOX_WHAT_DIGEST, DIGEST_BIT(DIGEST_SENT_DATE) },
	[SEARCH_ENVELOPE] = { MBOX_WHAT_DIGEST,
	    DIGEST_BIT(DIGEST_ENVELOPE) | DIGEST_BIT(DIGEST_CUT) },
	[SEARCH_HEADER] = { MBOX_WHAT_DIGEST, DIGEST_BIT(DIGEST_HEADER) |
	    DIGEST_BIT(DIGEST_STRUCTURE) },
	[SEARCH_BODY] = { MBOX_WHAT_DIGEST, DIGEST_BIT(DIGEST_STRUCTURE) },
	[SEARCH_OR] = { 0, 0 },
};

/* "key SP key ..." as the children of an AND. */
static int
parse_keys(struct searcher *s, struct search_key *and)
{
	struct search_key	**tail = &and->first;

	and->op = SEARCH_AND;
	do {
		if ((*tail = key_new(s)) == NULL ||
		    parse_key(s, *tail) == -1)
			return -1;
		tail = &(*tail)->next;
	} while (parse_more(s->p) == 0);
	return 0;
}

static int
parse_named(struct searcher *s, struct search_key *key)
{
	const struct key_name	*k;
	size_t			 i;

	for (i = 0; i < nitems(keys); i++)
		if (parse_word(s->p, keys[i].name) == 0)
			break;
	if (i == nitems(keys))
		return fail(s, SEARCH_BAD);
	k = &keys[i];
	key->op = k->op;
	key->how = k->how;
	key->want = k->want;
	key->not = k->not;
	key->field = k->field;
	return k->parse(s, k, key);
}

static int
parse_key(struct searcher *s, struct search_key *key)
{
	int	 c = parse_peek(s->p), ret;

	if (++s->depth > SEARCH_DEPTH_MAX)
		return fail(s, SEARCH_TOOBIG);
	s->p->what = a_key;
	if (parse_open(s->p) == 0) {
		ret = parse_keys(s, key);
		if (ret == 0 && parse_close(s->p) == -1)
			ret = fail(s, SEARCH_BAD);
	} else if ((c >= '0' && c <= '9') || c == '*' || c == '$')
		ret = parse_set(s, key, false);
	else
		ret = parse_named(s, key);
	s->depth--;
	return ret;
}

static bool
is_all(const struct search_key *k, bool not)
{
	return k->op == SEARCH_ALL && k->not == not;
}

static struct search_key	*fold(struct search_key *);

/* The children of an AND that are left; what is inside it as an AND too
 * becomes its own. */
static void
fold_list(struct search_key *and)
{
	struct search_key	*k, *next, *last, *in, **tail = &and->first;

	for (k = and->first; k != NULL; k = next) {
		next = k->next;
		k->next = NULL;
		k = fold(k);
		if (is_all(k, true)) {		/* nothing matches */
			and->first = k;
			k->next = NULL;
			return;
		}
		if (is_all(k, false))
			continue;
		in = k->op == SEARCH_AND && !k->not ? k->first : k;
		for (last = in; last->next != NULL; last = last->next)
			;
		*tail = in;
		tail = &last->next;
	}
	*tail = NULL;
}

/* What decides as k does, with less of it: k, or a child of it. */
static struct search_key *
fold(struct search_key *k)
{
	struct search_key	*a, *b;

	switch (k->op) {
	case SEARCH_AND:
		fold_list(k);
		if ((a = k->first) == NULL)
			return constant(k, k->not);
		if (a->next != NULL)
			return k;
		a->not ^= k->not;
		return a;
	case SEARCH_OR:
		a = k->first;
		b = a->next;
		a->next = b->next = NULL;
		a = fold(a);
		b = fold(b);
		if (is_all(a, false) || is_all(b, false))
			return constant(k, k->not);
		if (is_all(a, true) || is_all(b, true)) {
			a = is_all(a, true) ? b : a;
			a->not ^= k->not;
			return a;
		}
		k->first = a;
		a->next = b;
		return k;
	default:
		return k;
	}
}

/* Columns, fields and bodies that the keys below k read. */
static void
need_list(struct search_program *prog, struct search_key *list)
{
	struct search_key	*k;

	for (k = list->first; k != NULL; k = k->next) {
		prog->what |= needs[k->op].what;
		prog->fields |= needs[k->op].fields;
		prog->headers |= k->op == SEARCH_HEADER ||
		    k->op == SEARCH_ENVELOPE;
		prog->seqs |= k->op == SEARCH_SET && k->seq;
		if (k->op == SEARCH_RECENT && k->how != 0)
			prog->what |= MBOX_WHAT_FLAGS;
		if (k->op == SEARCH_BODY) {
			k->body = prog->nbodies;
			prog->bodies[prog->nbodies++] = k;
		}
		if (k->op == SEARCH_AND || k->op == SEARCH_OR)
			need_list(prog, k);
	}
}

int
search_parse(struct parse *p, struct view *v, search_set_fn *set, void *arg,
    struct search_program *prog, enum search_error *why)
{
	struct searcher	 s = { .p = p, .view = v, .set = set, .arg = arg,
	    .prog = prog, .why = SEARCH_BAD };
	struct str	 name;
	int		 ret = -1;

	memset(prog, 0, sizeof(*prog));
	*why = SEARCH_NOMEM;
	prog->bodies = arena_array(p->arena, SEARCH_KEYS_MAX + 1,
	    sizeof(struct search_key *));
	if (prog->bodies == NULL)
		return -1;
	*why = SEARCH_BAD;
	if (parse_word(p, "CHARSET") == 0) {
		if (parse_arg(p, "a charset") == -1 ||
		    parse_astring(p, &name) == -1 ||
		    parse_arg(p, a_key) == -1)
			return -1;
		if ((s.charset = charset_find(name)) == NULL) {
			*why = SEARCH_BADCHARSET;
			return -1;
		}
	}
	if (parse_keys(&s, &prog->root) == 0) {
		if (parse_end(p))
			ret = 0;
		else
			s.why = SEARCH_BAD;
	}
	*why = s.why;
	if (ret == -1)
		return -1;
	fold_list(&prog->root);
	need_list(prog, &prog->root);
	prog->local = prog->what == 0;
	return 0;
}
