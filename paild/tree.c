/*
 * YAML to a tree, by libyaml's events.  What is refused here (anchors,
 * depth, number of nodes) is refused so that no file makes paild work or
 * grow out of proportion.  Knows nothing of the keys.
 */
#include "common/compat.h"

#include <yaml.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "paild/tree.h"
#include "common/mem.h"

#define BOM	"\xef\xbb\xbf"	/* some editors begin UTF-8 with it */

struct reader {
	yaml_parser_t		 parser;
	const char		*text;
	size_t			 len;
	struct tree_node	*root;
	struct tree_node	*stack[TREE_DEPTH_MAX];
	unsigned		 depth;
	size_t			 nodes;
	char			*name;		/* waits for its value */
	struct tree_mark	 name_at;
	bool			 done;
	struct tree_mark	*at;
	char			*why;
	size_t			 size;
};

static struct tree_mark
mark_from(const yaml_mark_t *m)
{
	return (struct tree_mark){ (unsigned)m->line + 1,
	    (unsigned)m->column + 1 };
}

static int
refuse(struct reader *r, struct tree_mark at, const char *why)
{
	*r->at = at;
	snprintf(r->why, r->size, "%s", why);
	return -1;
}

/* The line and column of a byte offset. */
static struct tree_mark
mark_at_offset(const struct reader *r, size_t off)
{
	struct tree_mark	 m = { 1, 1 };
	size_t			 i;

	for (i = 0; i < off && i < r->len; i++) {
		if (r->text[i] == '\n') {
			m.line++;
			m.column = 1;
		} else if (((unsigned char)r->text[i] & 0xc0) != 0x80)
			m.column++;
	}
	return m;
}

/* Is there a tab before the first other character of this line? */
static bool
tab_indents(const struct reader *r, unsigned line, unsigned *column)
{
	const char	*p = r->text, *end = r->text + r->len;
	unsigned	 n;

	for (n = 1; n < line && p < end; n++) {
		p = memchr(p, '\n', (size_t)(end - p));
		if (p == NULL)
			return false;
		p++;
	}
	for (n = 1; p < end && (*p == ' ' || *p == '\t' || *p == '-');
	    p++, n++) {
		if (*p == '\t') {
			*column = n;
			return true;
		}
	}
	return false;
}

/* libyaml's own complaint, in our words where they help. */
static int
refuse_syntax(struct reader *r)
{
	const yaml_parser_t	*p = &r->parser;
	struct tree_mark	 at = mark_from(&p->problem_mark);
	char			 text[160];
	unsigned		 column;

	if (p->error == YAML_MEMORY_ERROR)
		return refuse(r, at, "out of memory");
	if (p->error == YAML_READER_ERROR)
		return refuse(r, mark_at_offset(r, p->problem_offset),
		    "invalid byte: YAML must be UTF-8 without control "
		    "characters");
	if (tab_indents(r, at.line, &column)) {
		at.column = column;
		return refuse(r, at,
		    "tab in the indentation: YAML requires spaces");
	}
	snprintf(text, sizeof(text), "%s%s%s",
	    p->context != NULL ? p->context : "",
	    p->context != NULL ? ": " : "",
	    p->problem != NULL ? p->problem : "invalid YAML");
	return refuse(r, at, text);
}

static void
append(struct tree_node *up, struct tree_node *n)
{
	if (up->last != NULL)
		up->last->next = n;
	else
		up->child = n;
	up->last = n;
	up->n++;
}

struct tree_node *
tree_add(struct tree_node *up, enum tree_kind kind, const char *name,
    const struct tree_node *as)
{
	struct tree_node	*n = mem_new(1, sizeof(*n));

	n->kind = kind;
	n->at = as->at;
	n->name_at = as->name_at;
	if (name != NULL)
		n->name = mem_dup(name);
	append(up, n);
	return n;
}

static struct tree_node *
node_add(struct reader *r, enum tree_kind kind, struct tree_mark at)
{
	struct tree_node	*n, *up;

	if (++r->nodes > TREE_NODES_MAX) {
		refuse(r, at, "too many values for a configuration");
		return NULL;
	}
	n = mem_new(1, sizeof(*n));
	n->kind = kind;
	n->at = at;
	if (r->depth == 0) {
		r->root = n;
		return n;
	}
	up = r->stack[r->depth - 1];
	append(up, n);
	if (up->kind == TREE_MAP) {
		n->name = r->name;
		n->name_at = r->name_at;
		r->name = NULL;
	}
	return n;
}

static bool
wants_name(const struct reader *r)
{
	return r->depth > 0 && r->stack[r->depth - 1]->kind == TREE_MAP &&
	    r->name == NULL;
}

static int
take_scalar(struct reader *r, const yaml_event_t *e, struct tree_mark at)
{
	struct tree_node	*n;
	const char		*value = (const char *)e->data.scalar.value;
	size_t			 len = e->data.scalar.length;
	char			*copy;

	if (memchr(value, '\0', len) != NULL)
		return refuse(r, at, "NUL byte in a value");
	copy = mem_dup_len(value, len);
	if (wants_name(r)) {
		r->name = copy;
		r->name_at = at;
		return 0;
	}
	if ((n = node_add(r, TREE_SCALAR, at)) == NULL) {
		freezero(copy, len);
		return -1;
	}
	n->value = copy;
	n->len = len;
	n->plain = e->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
	return 0;
}

static int
take_start(struct reader *r, enum tree_kind kind, struct tree_mark at)
{
	struct tree_node	*n;

	if (wants_name(r))
		return refuse(r, at, "a key must be a plain word");
	if (r->depth == TREE_DEPTH_MAX)
		return refuse(r, at, "nested too deeply");
	if ((n = node_add(r, kind, at)) == NULL)
		return -1;
	r->stack[r->depth++] = n;
	return 0;
}

static int
take_event(struct reader *r, const yaml_event_t *e)
{
	struct tree_mark	 at = mark_from(&e->start_mark);
	const yaml_char_t	*anchor = NULL, *tag = NULL;

	switch (e->type) {
	case YAML_SCALAR_EVENT:
		anchor = e->data.scalar.anchor;
		tag = e->data.scalar.tag;
		break;
	case YAML_SEQUENCE_START_EVENT:
		anchor = e->data.sequence_start.anchor;
		tag = e->data.sequence_start.tag;
		break;
	case YAML_MAPPING_START_EVENT:
		anchor = e->data.mapping_start.anchor;
		tag = e->data.mapping_start.tag;
		break;
	default:
		break;
	}
	if (anchor != NULL || e->type == YAML_ALIAS_EVENT)
		return refuse(r, at, "anchors (&) and aliases (*) are not "
		    "allowed here: spell out the value, or quote it");
	if (tag != NULL)
		return refuse(r, at, "tags (!) are not allowed here: "
		    "quote the value");
	switch (e->type) {
	case YAML_DOCUMENT_START_EVENT:
		if (r->root != NULL)
			return refuse(r, at,
			    "a configuration must be a single YAML document");
		return 0;
	case YAML_SCALAR_EVENT:
		return take_scalar(r, e, at);
	case YAML_SEQUENCE_START_EVENT:
		return take_start(r, TREE_LIST, at);
	case YAML_MAPPING_START_EVENT:
		return take_start(r, TREE_MAP, at);
	case YAML_SEQUENCE_END_EVENT:
	case YAML_MAPPING_END_EVENT:
		r->depth--;
		return 0;
	case YAML_STREAM_END_EVENT:
		r->done = true;
		return 0;
	default:
		return 0;
	}
}

/*
 * libyaml's memory, which holds the file and so its secrets: wiped when it is
 * freed.  These replace functions of its own, which it calls by these names.
 */
void	*yaml_malloc(size_t);
void	*yaml_realloc(void *, size_t);
void	 yaml_free(void *);
yaml_char_t *yaml_strdup(const yaml_char_t *);

union yaml_head { size_t size; max_align_t align; };

void *
yaml_malloc(size_t size)
{
	union yaml_head	*h;

	if (size > SIZE_MAX - sizeof(*h))
		return NULL;
	h = mem_new(1, sizeof(*h) + size);
	h->size = size;
	return h + 1;
}

void
yaml_free(void *p)
{
	union yaml_head	*h = p;

	if (p != NULL) {
		h--;
		freezero(h, sizeof(*h) + h->size);
	}
}

void *
yaml_realloc(void *p, size_t size)
{
	union yaml_head	*h = p;
	void		*new = yaml_malloc(size);
	size_t		 was;

	if (p == NULL || new == NULL)
		return new;
	was = h[-1].size;
	memcpy(new, p, was < size ? was : size);
	yaml_free(p);
	return new;
}

yaml_char_t *
yaml_strdup(const yaml_char_t *s)
{
	size_t		 n;
	yaml_char_t	*new = NULL;

	if (s != NULL) {
		n = strlen((const char *)s) + 1;
		if ((new = yaml_malloc(n)) != NULL)
			memcpy(new, s, n);
	}
	return new;
}

struct tree_node *
tree_read(const void *text, size_t len, struct tree_mark *at, char *why,
    size_t size)
{
	struct reader	 r = { .text = text, .len = len, .at = at,
			    .why = why, .size = size };
	yaml_event_t	 e;
	int		 error = 0;

	*at = (struct tree_mark){ 1, 1 };
	if (len >= 3 && memcmp(text, BOM, 3) == 0) {
		r.text += 3;
		r.len -= 3;
	}
	if (len > TREE_FILE_MAX) {
		refuse(&r, *at, "the file is larger than 1 MiB");
		return NULL;
	}
	if (!yaml_parser_initialize(&r.parser)) {
		refuse(&r, *at, "out of memory");
		return NULL;
	}
	yaml_parser_set_encoding(&r.parser, YAML_UTF8_ENCODING);
	yaml_parser_set_input_string(&r.parser, (const yaml_char_t *)r.text,
	    r.len);
	while (!r.done && error == 0) {
		if (!yaml_parser_parse(&r.parser, &e)) {
			error = refuse_syntax(&r);
			break;
		}
		error = take_event(&r, &e);
		yaml_event_delete(&e);
	}
	yaml_parser_delete(&r.parser);
	free(r.name);
	if (error == 0 && r.root == NULL)
		error = refuse(&r, *at, "the file is empty");
	if (error != 0) {
		tree_free(r.root);
		return NULL;
	}
	return r.root;
}

void
tree_empty(struct tree_node *n)
{
	struct tree_node	*c, *next;

	for (c = n->child; c != NULL; c = next) {
		next = c->next;
		tree_free(c);		/* at most TREE_DEPTH_MAX deep */
	}
	freezero(n->value, n->len);
	n->child = n->last = NULL;
	n->value = NULL;
	n->n = n->len = 0;
}

void
tree_move(struct tree_node *n, struct tree_node *sub)
{
	n->kind = sub->kind;
	n->value = sub->value;
	n->len = sub->len;
	n->plain = sub->plain;
	n->child = sub->child;
	n->last = sub->last;
	n->n = sub->n;
	free(sub->name);
	free(sub);
}

void
tree_free(struct tree_node *n)
{
	if (n == NULL)
		return;
	tree_empty(n);
	free(n->name);
	free(n);
}
