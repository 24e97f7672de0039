/*
 * The operator's view of the gate.  Must never hold more than GATE_LIST_MAX
 * rows, however many strangers have failed.
 */
#include "common/compat.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "authd/gate_impl.h"
#include "authd/gate_list.h"
#include "common/json_write.h"
#include "common/log.h"

enum { ADDRESS, NETWORK, PAIR, USER, KINDS };	/* the last two of a user */

static const char *const kind_names[KINDS] = {
	"address", "network", "user-from-address", "user"
};

struct row {
	int		 kind;
	uint8_t		 key[TALLY_KEY];
	char		 what[2 * TALLY_LABEL + ADDR_KEY_TEXT + 16];
	char		 user[TALLY_LABEL + 1];		/* of PAIR, USER */
	char		 from[ADDR_KEY_TEXT + 4];	/* of the others, too */
	unsigned int	 failures;
	int64_t		 next, last;
};

struct list {
	struct row	*rows;
	size_t		 n, total;
	unsigned int	 least;		/* failures of a row */
	int		 kind;		/* that is gone through */
};

static struct tally_table *
table_of(const struct gate_scope *s, int kind)
{
	struct tally_table *const tables[KINDS] = {
		s->address, s->net, s->pair, s->name
	};

	return tables[kind];
}

static void
row_name(struct row *r, const struct tally *e)
{
	struct addr_key	k;
	char		word[2 * TALLY_LABEL + 4], text[ADDR_KEY_TEXT];
	size_t		n;

	memcpy(k.b, r->kind == PAIR ? e->from : e->key, sizeof(k.b));
	addr_key_print(&k, text, sizeof(text));
	if (r->kind >= PAIR)
		strlcpy(r->user, e->label != NULL ? e->label : "?",
		    sizeof(r->user));
	log_word(word, sizeof(word), r->user);
	n = strcspn(text, "/");
	if (r->kind == NETWORK)
		snprintf(r->from, sizeof(r->from), "%.*s%s", (int)n, text,
		    memchr(text, ':', n) != NULL ? "/48" : "/24");
	else if (r->kind != USER)
		strlcpy(r->from, text, sizeof(r->from));
	snprintf(r->what, sizeof(r->what), "%s%s%s",
	    r->kind >= PAIR ? word : "", r->kind == PAIR ? " from " : "",
	    r->from);
}

/* A row for e, if it is not there (of another imapd) and does not have less
 * failures than all that are. */
static void
list_tally(struct tally *e, void *arg)
{
	struct list	*l = arg;
	struct row	*r, *least = l->rows;
	size_t		 i;

	if (e->failures == 0)
		return;
	l->total++;
	if (l->n == GATE_LIST_MAX && e->failures <= l->least)
		return;
	for (i = 0; i < l->n; i++) {
		r = &l->rows[i];
		if (r->kind == l->kind &&
		    memcmp(r->key, e->key, TALLY_KEY) == 0) {
			l->total--;
			return;
		}
		if (r->failures < least->failures)
			least = r;
	}
	r = l->n < GATE_LIST_MAX ? &l->rows[l->n++] : least;
	memset(r, 0, sizeof(*r));
	r->kind = l->kind;
	memcpy(r->key, e->key, TALLY_KEY);
	r->failures = e->failures;
	row_name(r, e);
	l->least = r->failures;
	for (i = 0; i < l->n; i++)
		if (l->rows[i].failures < l->least)
			l->least = l->rows[i].failures;
}

/* What all imapds have of it. */
static void
row_sum(const struct gate *g, struct row *r)
{
	const struct tally	*e;
	size_t			 i;

	r->failures = 0;
	for (i = 0; i < GATE_SCOPES; i++) {
		if (g->scope[i] == NULL || (e = tally_find(table_of(
		    g->scope[i], r->kind), r->key)) == NULL)
			continue;
		r->failures += e->failures;
		if (e->last > r->last)
			r->last = e->last;
		/* A name's pauses begin later. */
		if (e->next > r->next && (r->kind != USER ||
		    e->failures > GATE_NAME_FREE))
			r->next = e->next;
	}
}

static int
row_cmp(const void *a, const void *b)
{
	const struct row	*x = a, *y = b;

	if (x->failures != y->failures)
		return x->failures > y->failures ? -1 : 1;
	return x->kind != y->kind ? x->kind - y->kind :
	    strcmp(x->what, y->what);
}

static const char *
time_print(int64_t t, char *dst, size_t size)
{
	struct tm	tm;
	time_t		tt = (time_t)t;

	if (gmtime_r(&tt, &tm) == NULL ||
	    strftime(dst, size, "%Y-%m-%dT%H:%M:%SZ", &tm) == 0)
		strlcpy(dst, "-", size);
	return dst;
}

static void
print_row(const struct row *r, int64_t next, int64_t forgotten,
    struct buf *out)
{
	char	until[32] = "-", text[32];

	if (next != 0)
		time_print(next, until, sizeof(until));
	buf_printf(out, "%s %s: %u failures, paused until %s, forgotten %s\n",
	    kind_names[r->kind], r->what, r->failures, until,
	    time_print(forgotten, text, sizeof(text)));
}

static void
json_row(const struct row *r, int64_t next, int64_t forgotten,
    struct buf *out)
{
	json_add_object(out, NULL);
	json_add_text(out, "kind", kind_names[r->kind]);
	json_add_text(out, "user", r->kind >= PAIR ? r->user : NULL);
	json_add_text(out, "address", r->kind != USER ? r->from : NULL);
	json_add_number(out, "failures", r->failures);
	json_add_time(out, "paused_until", next);
	json_add_time(out, "forgotten", forgotten);
	json_end_object(out);
}

static void
print_rows(const struct list *l, int64_t now, int64_t wall, bool json,
    struct buf *out)
{
	const struct row	*r;
	int64_t			 next, forgotten;

	for (r = l->rows; r < l->rows + l->n; r++) {
		next = r->next <= now ? 0 :
		    wall + (r->next - now + 999) / 1000;
		forgotten = wall + (r->last + TALLY_FORGET_MS - now) / 1000;
		(json ? json_row : print_row)(r, next, forgotten, out);
	}
}

void
gate_list(struct gate *g, int64_t now, int64_t wall, bool json,
    struct buf *out)
{
	struct list	 l = { NULL, 0, 0, 0, 0 };
	size_t		 i;

	if ((l.rows = calloc(GATE_LIST_MAX, sizeof(*l.rows))) == NULL) {
		if (json)
			json_error(out, "out of memory");
		else
			buf_puts(out, "error: out of memory\n");
		return;
	}
	for (i = 0; i < GATE_SCOPES; i++)
		for (l.kind = 0; g->scope[i] != NULL && l.kind < KINDS;
		    l.kind++)
			tally_each(table_of(g->scope[i], l.kind), now,
			    list_tally, &l);
	for (i = 0; i < l.n; i++)
		row_sum(g, &l.rows[i]);
	qsort(l.rows, l.n, sizeof(*l.rows), row_cmp);
	if (json) {
		json_add_object(out, NULL);
		json_add_array(out, "throttled");
	}
	print_rows(&l, now, wall, json, out);
	if (json) {
		json_end_array(out);
		json_add_number(out, "more", l.total - l.n);
		json_end_object(out);
		buf_puts(out, "\n");
	} else if (l.total > l.n)
		buf_printf(out, "and %zu more\n", l.total - l.n);
	free(l.rows);
}

struct clear {
	const char	*user;		/* NULL: address, or all */
	const struct addr_key *from;
	struct addr_key	 net;
	int		 kind;
	size_t		 n;
};

static void
clear_tally(struct tally *e, void *arg)
{
	struct clear	*c = arg;
	bool		 hit = true;

	if (c->user != NULL)
		hit = (c->kind == PAIR || c->kind == USER) && e->label !=
		    NULL && strncmp(e->label, c->user, TALLY_LABEL) == 0;
	else if (c->from != NULL && c->kind == ADDRESS)
		hit = memcmp(e->key, c->from->b, TALLY_KEY) == 0;
	else if (c->from != NULL && c->kind == NETWORK)
		hit = memcmp(e->key, c->net.b, TALLY_KEY) == 0;
	else if (c->from != NULL)
		hit = c->kind == PAIR && memcmp(e->from, c->from->b,
		    TALLY_KEY) == 0;
	if (!hit || e->failures == 0)
		return;
	tally_forget(e);
	c->n++;
}

size_t
gate_clear(struct gate *g, const char *what)
{
	struct clear	c = { NULL, NULL, { { 0 } }, 0, 0 };
	struct addr_key	from;
	char		text[ADDR_KEY_TEXT];
	size_t		i;

	if (what != NULL) {
		/* As it is listed: with "/64", or another one's end. */
		snprintf(text, sizeof(text), "%.*s",
		    (int)strcspn(what, "/"), what);
		addr_key_parse(&from, text);
		if (addr_key_none(&from))
			c.user = what;
		else {
			c.from = &from;
			gate_net(&from, c.net.b);
		}
	}
	for (i = 0; i < GATE_SCOPES; i++)
		for (c.kind = 0; g->scope[i] != NULL && c.kind < KINDS;
		    c.kind++)
			tally_each(table_of(g->scope[i], c.kind), 0,
			    clear_tally, &c);
	return c.n;
}
