/*
 * Which mailboxes LIST and LSUB show, and how (RFC 3501 sections 6.3.8 and
 * 6.3.9, RFC 5258, RFC 3348, RFC 6154).
 */
#include "imapd/list.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "common/compat.h"
#include "imapd/turn.h"
#include "imapd/uses.h"

/* "/" sorts before all else, so that children follow their parent. */
static int
name_cmp(struct str a, struct str b)
{
	size_t		 i, n = a.len < b.len ? a.len : b.len;
	unsigned char	 x, y;

	for (i = 0; i < n; i++) {
		if (a.p[i] == b.p[i])
			continue;
		x = a.p[i] == '/' ? 0 : (unsigned char)a.p[i];
		y = b.p[i] == '/' ? 0 : (unsigned char)b.p[i];
		return x < y ? -1 : 1;
	}
	return a.len < b.len ? -1 : a.len > b.len;
}

static int
row_cmp(const void *a, const void *b)
{
	const struct mbox_row	*x = a, *y = b;

	return name_cmp(x->name, y->name);
}

static bool
is_below(struct str name, struct str parent)
{
	return name.len > parent.len && name.p[parent.len] == '/' &&
	    memcmp(name.p, parent.p, parent.len) == 0;
}

/* How many superiors of name are not superiors of (or) last. */
static size_t
implied_names(struct str name, struct str last, struct list_entry *v)
{
	struct str	 up;
	size_t		 i, n = 0;

	for (i = 1; i < name.len; i++) {
		if (name.p[i] != '/')
			continue;
		up = (struct str){ name.p, i };
		if (str_eq(up, last) || is_below(last, up))
			continue;
		if (v != NULL) {
			v[n].row.name = up;
			v[n].row.attrs = MBOX_NONEXISTENT;
			v[n].implied = true;
		}
		n++;
	}
	return n;
}

static bool
has_box(const struct list_entry *e)
{
	return e->row.box != 0;
}

static bool
mark_children(struct list_entry *e)
{
	return e->children ? false : (e->children = true);
}

/*
 * Marks what is above each entry that is wanted, in one pass: what is below
 * a name follows it at once.  set says false when that was marked before.
 */
static void
mark(struct list_tree *t, bool (*wanted)(const struct list_entry *),
    bool (*set)(struct list_entry *))
{
	size_t	 above[MBOX_NAME_MAX], depth = 0, i, k;

	for (i = 0; i < t->n; i++) {
		while (depth > 0 && !is_below(t->v[i].row.name,
		    t->v[above[depth - 1]].row.name))
			depth--;
		if (wanted(&t->v[i]))
			for (k = depth; k > 0 && set(&t->v[above[k - 1]]); k--)
				;
		if (depth < nitems(above))
			above[depth++] = i;
	}
}

int
list_tree(struct list_tree *t, struct mbox_row *rows, size_t n,
    struct arena *a)
{
	struct str	 last = { "", 0 };
	size_t		 i, total = 0;

	memset(t, 0, sizeof(*t));
	if (n == 0)
		return 0;
	for (i = 1; i < n && row_cmp(&rows[i - 1], &rows[i]) <= 0; i++)
		;
	if (i < n)
		qsort(rows, n, sizeof(*rows), row_cmp);
	for (i = 0; i < n; i++) {
		total += 1 + implied_names(rows[i].name, last, NULL);
		last = rows[i].name;
	}
	if ((t->v = arena_array(a, total, sizeof(*t->v))) == NULL)
		return -1;
	last = (struct str){ "", 0 };
	for (i = 0; i < n; i++) {
		t->n += implied_names(rows[i].name, last, &t->v[t->n]);
		t->v[t->n++].row = rows[i];
		last = rows[i].name;
	}
	mark(t, has_box, mark_children);
	return 0;
}

static bool
same(char a, char b, bool fold)
{
	return a == b || (fold && strncasecmp(&a, &b, 1) == 0);
}

#define PATTERN_MAX	(2 * MBOX_NAME_MAX)	/* with its reference */

/* From the places in the pattern that are reached: over wildcards, that
 * match nothing too. */
static void
glob_skip(struct str pat, bool *at)
{
	size_t	 p;

	for (p = 0; p < pat.len; p++)
		if (at[p] && (pat.p[p] == '*' || pat.p[p] == '%'))
			at[p + 1] = true;
}

/*
 * All places of the pattern that the name reaches, octet by octet: no
 * pattern of wildcards takes longer than another.  In the first fold octets
 * of the name case does not matter.
 */
static bool
glob(struct str pat, struct str s, size_t fold)
{
	bool	 at[PATTERN_MAX + 1] = { [0] = true }, was, next, any = true;
	size_t	 p, i;

	if (pat.len > PATTERN_MAX)
		return false;
	glob_skip(pat, at);
	for (i = 0; i < s.len && any; i++) {
		any = false;
		/* next: what this octet makes of the place before */
		for (p = 0, next = false; p <= pat.len; p++) {
			was = at[p];
			at[p] = next;
			next = false;
			if (was && p < pat.len) {
				if (pat.p[p] == '*' ||
				    (pat.p[p] == '%' && s.p[i] != '/'))
					at[p] = true;
				else if (pat.p[p] != '%')
					next = same(pat.p[p], s.p[i],
					    i < fold);
			}
			any = any || at[p];
		}
		glob_skip(pat, at);
	}
	return any && at[pat.len];
}

bool
list_pattern(struct str pattern, struct str name)
{
	bool	 inbox = str_eq(name, STR("INBOX")) ||
	    is_below(name, STR("INBOX"));

	return glob(pattern, name, inbox ? 5 : 0);
}

/* Whether the selection options, apart from the patterns, want it. */
static bool
selected(const struct list_entry *e, const struct list_query *q)
{
	/* RFC 5258, section 3: each of them must be met */
	if ((q->lsub || q->select & LIST_SUBSCRIBED) &&
	    !(e->row.attrs & MBOX_SUBSCRIBED))
		return false;
	if (q->select & LIST_SPECIAL_USE && !(e->row.attrs & MBOX_USE_MASK))
		return false;
	if (q->lsub || q->select & (LIST_SUBSCRIBED | LIST_SPECIAL_USE))
		return true;
	return e->row.box != 0 || (e->implied && e->children) ||
	    e->children;
}

static bool
is_wanted(const struct list_entry *e)
{
	return e->match && !e->named;
}

static bool
mark_below(struct list_entry *e)
{
	return e->below ? false : (e->below = true);
}

/* Which names the patterns show; false: the turn is over. */
static bool
match_names(struct list_tree *t, const struct list_query *q)
{
	struct list_entry	*e;

	for (; t->next < t->n; t->next++, t->pattern = 0) {
		e = &t->v[t->next];
		for (; !e->named && t->pattern < q->npatterns; t->pattern++) {
			if (turn_spent())
				return false;
			e->named = list_pattern(q->patterns[t->pattern],
			    e->row.name);
		}
	}
	return true;
}

/*
 * One below e that is wanted and that no pattern shows matters for
 * RECURSIVEMATCH, and for LSUB, where a pattern with "%" ends at e.
 */
bool
list_match(struct list_tree *t, const struct list_query *q)
{
	struct list_entry	*e;
	size_t			 i;
	bool			 deep;

	if (!match_names(t, q))
		return false;
	for (i = 0; i < t->n; i++)
		t->v[i].match = selected(&t->v[i], q);
	deep = q->lsub || (q->select & LIST_RECURSIVEMATCH);
	if (deep)
		mark(t, is_wanted, mark_below);
	for (i = 0; i < t->n; i++) {
		e = &t->v[i];
		e->match = e->match && e->named;
		if (!deep || !e->named || (q->lsub && e->match))
			continue;
		e->childinfo = e->below;
		if (e->childinfo)
			e->match = true;
	}
	return true;
}

static void
put(struct buf *b, const char *word)
{
	if (b->len > 0)
		(void)buf_puts(b, " ");
	(void)buf_puts(b, word);
}

void
list_attributes(const struct list_entry *e, const struct list_query *q,
    struct buf *b)
{
	bool	 subscribed = (e->row.attrs & MBOX_SUBSCRIBED) != 0;

	if (q->lsub) {
		if (!subscribed)	/* only a superior */
			put(b, "\\Noselect");
		return;
	}
	/* RFC 5258, section 3: \NonExistent implies \Noselect */
	if (e->row.box == 0)
		put(b, q->extended ? "\\NonExistent" : "\\Noselect");
	put(b, e->children ? "\\HasChildren" : "\\HasNoChildren");
	if (subscribed && (q->select & LIST_SUBSCRIBED ||
	    q->returns & LIST_RETURN_SUBSCRIBED))
		put(b, "\\Subscribed");
	put_uses(b, e->row.attrs);
}
