/*
 * Which mailboxes LIST and LSUB show, and how (RFC 3501 sections 6.3.8 and
 * 6.3.9, RFC 5258, RFC 3348, RFC 6154).
 */
#include "imapd/list.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "common/compat.h"
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

int
list_tree(struct list_tree *t, struct mbox_row *rows, size_t n,
    struct arena *a)
{
	struct str	 last = { "", 0 };
	size_t		 i, total = 0;

	memset(t, 0, sizeof(*t));
	if (n == 0)
		return 0;
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
	for (i = t->n; i-- > 0;) {
		size_t	 k;

		for (k = i + 1; k < t->n && !t->v[i].children &&
		    is_below(t->v[k].row.name, t->v[i].row.name); k++)
			t->v[i].children = t->v[k].row.box != 0 ||
			    t->v[k].children;
	}
	return 0;
}

static bool
same(char a, char b, bool fold)
{
	return a == b || (fold && strncasecmp(&a, &b, 1) == 0);
}

/*
 * One pass with at most one "%" and one "*" to go back to: an earlier "%"
 * in a component, or an earlier "*", never matches more than the last.
 * In the first fold octets of the name case does not matter.
 */
static bool
glob(struct str pat, struct str s, size_t fold)
{
	size_t	 p = 0, i = 0, star = SIZE_MAX, star_i = 0;
	size_t	 pct = SIZE_MAX, pct_i = 0;

	for (;;) {
		if (p < pat.len && pat.p[p] == '*') {
			star = ++p;
			star_i = i;
			pct = SIZE_MAX;
			continue;
		}
		if (p < pat.len && pat.p[p] == '%') {
			pct = ++p;
			pct_i = i;
			continue;
		}
		if (i == s.len && p == pat.len)
			return true;
		if (i < s.len && p < pat.len &&
		    same(pat.p[p], s.p[i], i < fold)) {
			p++;
			i++;
			continue;
		}
		if (pct != SIZE_MAX && pct_i < s.len && s.p[pct_i] != '/') {
			p = pct;
			i = ++pct_i;
		} else if (star != SIZE_MAX && star_i < s.len) {
			p = star;
			i = ++star_i;
			pct = SIZE_MAX;
		} else
			return false;
	}
}

bool
list_pattern(struct str pattern, struct str name)
{
	bool	 inbox = str_eq(name, STR("INBOX")) ||
	    is_below(name, STR("INBOX"));

	return glob(pattern, name, inbox ? 5 : 0);
}

static bool
matches(const struct list_query *q, struct str name)
{
	size_t	 i;

	for (i = 0; i < q->npatterns; i++)
		if (list_pattern(q->patterns[i], name))
			return true;
	return false;
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

/*
 * One below e is wanted that no pattern shows: for RECURSIVEMATCH, and for
 * LSUB, where a pattern with "%" ends at e.
 */
static bool
wanted_below(const struct list_tree *t, size_t i, const struct list_query *q)
{
	const struct list_entry	*e = &t->v[i];
	size_t			 k;

	for (k = i + 1; k < t->n &&
	    is_below(t->v[k].row.name, e->row.name); k++)
		if (selected(&t->v[k], q) && !matches(q, t->v[k].row.name))
			return true;
	return false;
}

void
list_match(struct list_tree *t, const struct list_query *q)
{
	struct list_entry	*e;
	size_t			 i;
	bool			 deep;

	deep = q->lsub || (q->select & LIST_RECURSIVEMATCH);
	for (i = 0; i < t->n; i++) {
		e = &t->v[i];
		if (!matches(q, e->row.name))
			continue;
		e->match = selected(e, q);
		if (!deep || (q->lsub && e->match))
			continue;
		e->childinfo = wanted_below(t, i, q);
		if (e->childinfo)
			e->match = true;
	}
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
	if (e->row.box == 0) {
		put(b, "\\Noselect");
		if (q->extended)
			put(b, "\\NonExistent");
	}
	put(b, e->children ? "\\HasChildren" : "\\HasNoChildren");
	if (subscribed && (q->select & LIST_SUBSCRIBED ||
	    q->returns & LIST_RETURN_SUBSCRIBED))
		put(b, "\\Subscribed");
	put_uses(b, e->row.attrs);
}
