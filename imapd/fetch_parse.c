/* FETCH's items: from the command's text to a plan.  Pure. */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "common/compat.h"
#include "common/digest.h"
#include "imapd/fetch.h"
#include "imapd/fetch_names.h"
#include "imapd/reply.h"
#include "mail/header.h"

static const struct { const char *name; const char *items; } macros[] = {
	{ "ALL", "FLAGS INTERNALDATE RFC822.SIZE ENVELOPE" },
	{ "FAST", "FLAGS INTERNALDATE RFC822.SIZE" },
	{ "FULL", "FLAGS INTERNALDATE RFC822.SIZE ENVELOPE BODY" },
};

static const struct { const char *name; enum section_kind kind; } texts[] = {
	{ "HEADER.FIELDS.NOT", SECTION_FIELDS_NOT },
	{ "HEADER.FIELDS", SECTION_FIELDS },
	{ "HEADER", SECTION_HEADER },
	{ "TEXT", SECTION_TEXT },
	{ "MIME", SECTION_MIME },
};

static bool
is_digit(int c)
{
	return c >= '0' && c <= '9';
}

/* "1.2.3", up to a "." that no number follows. */
static int
parse_path(struct parse *p, struct section *s)
{
	uint32_t	 path[FETCH_PATH_MAX], *copy;
	size_t		 n = 0;

	while (is_digit(parse_peek(p))) {
		if (n == FETCH_PATH_MAX ||
		    parse_nz_number(p, &path[n++]) == -1)
			return -1;
		if (parse_peek(p) != '.')
			break;
		(void)parse_char(p, '.');
	}
	if (n == 0)
		return 0;
	if (p->p[-1] == '.' && parse_peek(p) == ']')
		return -1;
	if ((copy = arena_array(p->arena, n, sizeof(*copy))) == NULL)
		return -1;
	memcpy(copy, path, n * sizeof(*copy));
	s->path = copy;
	s->npath = n;
	return 0;
}

static int
parse_fields(struct parse *p, struct section *s, struct str **names)
{
	struct str	*v = NULL, name;
	size_t		 n = 0, size = 0;
	struct str	*bigger;

	if (parse_sp(p) == -1 || parse_open(p) == -1)
		return -1;
	do {
		if (parse_astring(p, &name) == -1)
			return -1;
		if (n == size) {
			size = size == 0 ? 8 : size * 2;
			bigger = arena_array(p->arena, size, sizeof(*v));
			if (bigger == NULL)
				return -1;
			if (n > 0)
				memcpy(bigger, v, n * sizeof(*v));
			v = bigger;
		}
		v[n++] = name;
	} while (parse_more(p) == 0);
	s->fields = v;
	s->nfields = n;
	*names = v;
	return parse_close(p);
}

/* Between "[" and "]"; *names: the fields, which are the caller's to sort. */
static int
parse_section(struct parse *p, struct section *s, struct str **names)
{
	struct str	 word;
	size_t		 i;

	s->kind = SECTION_ALL;
	if (parse_path(p, s) == -1)
		return -1;
	if (parse_peek(p) == ']')
		return 0;
	if (s->npath > 0 && p->p[-1] != '.')
		return -1;
	if (parse_token(p, "", &word) == -1)
		return -1;
	for (i = 0; i < nitems(texts); i++)
		if (str_caseeq(word, str_from(texts[i].name)))
			break;
	if (i == nitems(texts))
		return -1;
	s->kind = texts[i].kind;
	if (s->kind == SECTION_MIME && s->npath == 0)
		return -1;
	if (s->kind == SECTION_FIELDS || s->kind == SECTION_FIELDS_NOT)
		return parse_fields(p, s, names);
	return 0;
}

static int
parse_partial(struct parse *p, struct fetch_item *item)
{
	uint64_t	 n;

	if (parse_peek(p) != '<')
		return 0;
	if (parse_char(p, '<') == -1 || parse_number64(p, &n) == -1 ||
	    parse_char(p, '.') == -1 ||
	    parse_number64(p, &item->count) == -1 || item->count == 0 ||
	    parse_char(p, '>') == -1)
		return -1;
	item->first = n;
	item->partial = true;
	return 0;
}

/* What the client will read as the item's name. */
static int
make_label(struct parse *p, struct fetch_item *item)
{
	const struct section	*s = &item->section;
	struct buf		 b = BUF_INIT;
	size_t			 i;

	(void)buf_puts(&b, "BODY[");
	for (i = 0; i < s->npath; i++)
		(void)buf_printf(&b, i > 0 ? ".%u" : "%u", s->path[i]);
	for (i = 0; i < nitems(texts); i++)
		if (s->kind == texts[i].kind && s->kind != SECTION_ALL)
			(void)buf_printf(&b, "%s%s", s->npath > 0 ? "." : "",
			    texts[i].name);
	for (i = 0; i < s->nfields; i++) {
		(void)buf_puts(&b, i == 0 ? " (" : " ");
		put_astring(&b, s->fields[i]);
	}
	(void)buf_puts(&b, s->nfields > 0 ? ")]" : "]");
	if (item->partial)
		(void)buf_printf(&b, "<%llu>",
		    (unsigned long long)item->first);
	item->label.len = b.len;
	item->label.p = b.failed ? NULL : arena_dup(p->arena, b.data, b.len);
	buf_free(&b);
	return item->label.p == NULL ? -1 : 0;
}

static int
parse_body_item(struct parse *p, struct fetch_item *item)
{
	struct str	 word = { NULL, 0 }, *names = NULL;
	bool		 peek = false;

	if (parse_word(p, "BODY") == -1)
		return -1;
	if (parse_peek(p) == '.') {
		(void)parse_char(p, '.');
		if (parse_word(p, "PEEK") == -1 || parse_peek(p) != '[')
			return -1;
		peek = true;
	}
	if (parse_peek(p) != '[') {
		word = STR("BODY");
		item->name = fetch_name_find(word);
		return 0;
	}
	item->name = peek ? &fetch_body_peek : &fetch_body;
	if (parse_char(p, '[') == -1 ||
	    parse_section(p, &item->section, &names) == -1 ||
	    parse_char(p, ']') == -1 || parse_partial(p, item) == -1 ||
	    make_label(p, item) == -1)
		return -1;
	/* only now: the label says them in the client's order */
	header_names_sort(names, item->section.nfields);
	return 0;
}

static int
parse_item(struct parse *p, struct fetch_item *item)
{
	const char	*at = p->p;
	struct str	 word;

	memset(item, 0, sizeof(*item));
	if (parse_body_item(p, item) == 0)
		return 0;
	p->p = at;
	memset(item, 0, sizeof(*item));
	if (parse_token(p, "[<", &word) == -1 ||
	    (item->name = fetch_name_find(word)) == NULL ||
	    str_caseeq(word, STR("BODY"))) {
		p->p = at;
		return -1;
	}
	item->section.kind = item->name->kind;
	item->label = str_from(item->name->name);
	return 0;
}

static int
plan_add(struct parse *p, struct fetch_plan *plan,
    const struct fetch_item *item)
{
	struct fetch_item	*v;
	size_t			 size, i;

	/* FLAGS FLAGS is FLAGS */
	for (i = 0; i < plan->n && !item->name->body; i++)
		if (plan->v[i].name == item->name)
			return 0;
	if (plan->n == FETCH_ITEMS_MAX)
		return -1;
	if ((plan->n & (plan->n - 1)) == 0) {	/* a power of two: full */
		size = plan->n == 0 ? 1 : plan->n * 2;
		if ((v = arena_array(p->arena, size, sizeof(*v))) == NULL)
			return -1;
		if (plan->n > 0)
			memcpy(v, plan->v, plan->n * sizeof(*v));
		plan->v = v;
	}
	plan->v[plan->n++] = *item;
	return 0;
}

/* A macro (in a list too, as some clients have it) or an item. */
static int
parse_some(struct parse *p, struct fetch_plan *plan)
{
	struct fetch_item	 item;
	struct parse		 macro;
	size_t			 i;

	for (i = 0; i < nitems(macros); i++)
		if (parse_word(p, macros[i].name) == 0)
			break;
	if (i == nitems(macros))
		return parse_item(p, &item) == 0 ?
		    plan_add(p, plan, &item) : -1;
	parse_init(&macro, macros[i].items, strlen(macros[i].items),
	    p->arena);
	do {
		if (parse_item(&macro, &item) == -1 ||
		    plan_add(p, plan, &item) == -1)
			return -1;
	} while (parse_more(&macro) == 0);
	return 0;
}

static int
parse_items(struct parse *p, struct fetch_plan *plan)
{
	if (parse_open(p) == -1)
		return parse_some(p, plan);
	do {
		if (parse_some(p, plan) == -1)
			return -1;
	} while (parse_more(p) == 0);
	return parse_close(p);
}

/* Columns, digest fields, and how bodies are to be asked for. */
static void
plan_needs(struct fetch_plan *plan, bool readonly)
{
	const struct fetch_item	*it, *only = NULL;
	size_t			 i, top = 0;

	for (i = 0; i < plan->n; i++)
		top += plan->v[i].name->body &&
		    section_is_top_header(&plan->v[i].section);
	plan->octets_only = top > FETCH_HEADERS_MAX;
	for (i = 0; i < plan->n; i++) {
		it = &plan->v[i];
		plan->what |= it->name->what;
		plan->fields |= it->name->fields;
		if (it->name->fields & DIGEST_BIT(DIGEST_CUT))
			plan->nbodies++;	/* its header may be read */
		if (!it->name->body)
			continue;
		plan->nbodies++;
		only = it;
		if (!it->name->peek)
			plan->seen = true;
		if (section_is_top_header(&it->section) && !plan->octets_only)
			plan->fields |= DIGEST_BIT(DIGEST_HEADER);
		else
			plan->noctets++;
		if (!section_is_whole(&it->section))
			plan->fields |= DIGEST_BIT(DIGEST_STRUCTURE);
	}
	plan->whole = plan->nbodies == 1 && only != NULL &&
	    section_is_whole(&only->section);
	if (readonly)
		plan->seen = false;
	if (plan->seen)
		plan->what |= MBOX_WHAT_FLAGS;
	if (plan->fields != 0)
		plan->what |= MBOX_WHAT_DIGEST;
}

int
fetch_parse(struct parse *p, bool uid, bool readonly,
    struct fetch_plan *plan)
{
	memset(plan, 0, sizeof(*plan));
	plan->uid = uid;
	if (parse_items(p, plan) == -1)
		return -1;
	plan_needs(plan, readonly);
	return 0;
}
