/*
 * Slices: each daemon gets the keys that the table says are for it, and no
 * others; storaged never has the secret key, imapd none of the store's.
 */
#include "common/compat.h"

#include <stdio.h>

#include "common/mem.h"
#include "common/msg.h"
#include "paild/conf_slice.h"

/* The pairs of one slice while they are gathered. */
struct pairs {
	struct setup_pair	*v;
	size_t			 n, size;
	char			**made;		/* keys that we own */
	size_t			 nmade;
};

static void
pairs_add(struct pairs *p, const char *key, struct str value)
{
	if (p->n == p->size) {
		p->size = p->size != 0 ? p->size * 2 : 128;
		p->v = mem_grow(p->v, p->size, sizeof(*p->v));
	}
	p->v[p->n].key = str_from(key);
	p->v[p->n++].value = value;
}

/* Is item i the first of its element of a list?  Then *element gets the
 * length of the element's path, *keyed that of its key's. */
static bool
begins_element(const struct conf *c, size_t i, size_t *element, size_t *keyed)
{
	const char	*key = c->items[i].key->path, *p, *star = NULL;
	const char	*path = c->items[i].path;
	size_t		 k;

	for (p = key; (p = strstr(p, ".*.")) != NULL; p += 2)
		star = p + 2;
	if (star == NULL)
		return false;
	*keyed = (size_t)(star - key);
	/* As many parts of the path as of the key. */
	for (p = path; key < star; key++)
		if (*key == '.')
			p = strchr(p, '.') + 1;
	*element = strcspn(p, ".") + (size_t)(p - path);
	for (k = 0; k < i; k++)
		if (strncmp(c->items[k].path, path, *element) == 0 &&
		    c->items[k].path[*element] == '.')
			return false;
	return true;
}

/* The keys of kind's that the element of item i could have and has not. */
static void
add_element(const struct conf *c, size_t i, enum proc_kind kind,
    size_t element, size_t keyed, struct pairs *p)
{
	const struct conf_key	*key;
	char			 path[CONF_PATH_MAX];
	size_t			 k;

	for (k = 0; k < conf_keys_n; k++) {
		key = &conf_keys[k];
		if (!(key->to & CONF_TO(kind)) || strncmp(key->path,
		    c->items[i].key->path, keyed) != 0 ||
		    key->path[keyed] != '.' ||
		    strchr(key->path + keyed, '*') != NULL)
			continue;
		if ((size_t)snprintf(path, sizeof(path), "%.*s%s",
		    (int)element, c->items[i].path, key->path + keyed) >=
		    sizeof(path) || conf_item(c, path) != NULL)
			continue;
		p->made = mem_grow(p->made, p->nmade + 1, sizeof(*p->made));
		p->made[p->nmade] = mem_dup(path);
		pairs_add(p, p->made[p->nmade++], STR(""));
	}
}

/* Keys of kind's that are not in c, and have no default: its slice has them
 * with an empty value.  Elements of lists are there or not. */
static void
add_left_out(const struct conf *c, enum proc_kind kind, struct pairs *p)
{
	size_t	i, element, keyed;

	for (i = 0; i < conf_keys_n; i++)
		if ((conf_keys[i].to & CONF_TO(kind)) &&
		    strchr(conf_keys[i].path, '*') == NULL &&
		    conf_item(c, conf_keys[i].path) == NULL)
			pairs_add(p, conf_keys[i].path, STR(""));
	for (i = 0; i < c->n; i++)
		if (begins_element(c, i, &element, &keyed))
			add_element(c, i, kind, element, keyed, p);
}

static bool
tell_all(const char *path, const void *arg)
{
	(void)path;
	(void)arg;
	return true;
}

int
conf_slice(const struct conf *c, enum proc_kind kind,
    const struct conf_extra *extra, size_t n, struct buf *b)
{
	return conf_slice_told(c, kind, extra, n, tell_all, NULL, b);
}

int
conf_slice_told(const struct conf *c, enum proc_kind kind,
    const struct conf_extra *extra, size_t n,
    bool (*tell)(const char *path, const void *arg), const void *arg,
    struct buf *b)
{
	struct pairs		 p = { 0 };
	struct setup_conf	 sc;
	const struct conf_item	*it;
	size_t			 i;
	int			 r;

	for (i = 0; i < c->n; i++) {
		it = &c->items[i];
		if (!it->bad && (it->key->to & CONF_TO(kind)))
			pairs_add(&p, it->path, tell(it->path, arg) ?
			    (struct str){ it->value, it->len } : STR(""));
	}
	add_left_out(c, kind, &p);
	for (i = 0; i < n; i++)
		pairs_add(&p, extra[i].key, str_from(extra[i].value));
	sc.pairs.v = p.v;
	sc.pairs.n = p.n;
	r = wire_encode(&setup_conf_wire, &sc, b);
	for (i = 0; i < p.nmade; i++)
		free(p.made[i]);
	free(p.made);
	free(p.v);
	return r;
}

static bool
same(const struct conf_item *a, const struct conf_item *b)
{
	if (a == NULL || b == NULL)
		return a == b;
	return a->len == b->len && memcmp(a->value, b->value, a->len) == 0;
}

/* Has a, in a list, a value of key's that b has not there? */
static bool
elements_differ(const struct conf *a, const struct conf *b,
    const struct conf_key *key)
{
	size_t	i;

	for (i = 0; i < a->n; i++)
		if (a->items[i].key == key && !same(&a->items[i],
		    conf_item(b, a->items[i].path)))
			return true;
	return false;
}

void
conf_restart_keys(const struct conf *old, const struct conf *new,
    void (*changed)(const char *path, void *arg), void *arg)
{
	size_t	i;

	for (i = 0; i < conf_keys_n; i++)
		if ((conf_keys[i].flags & CONF_RESTART) &&
		    (strchr(conf_keys[i].path, '*') != NULL ?
		    elements_differ(old, new, &conf_keys[i]) ||
		    elements_differ(new, old, &conf_keys[i]) :
		    !same(conf_item(old, conf_keys[i].path),
		    conf_item(new, conf_keys[i].path))))
			changed(conf_keys[i].path, arg);
}

/* Moves the items with such keys from one configuration to the end of
 * another; dst NULL: nowhere. */
static void
move_items(struct conf *src, struct conf *dst)
{
	size_t	i, kept = 0;

	for (i = 0; i < src->n; i++) {
		if (!(src->items[i].key->flags & CONF_RESTART)) {
			src->items[kept++] = src->items[i];
			continue;
		}
		if (dst != NULL) {
			dst->items = mem_grow(dst->items, dst->n + 1,
			    sizeof(*dst->items));
			dst->size = dst->n + 1;
			dst->items[dst->n++] = src->items[i];
			continue;
		}
		freezero(src->items[i].value, src->items[i].len);
		free(src->items[i].path);
		free(src->items[i].written);
	}
	src->n = kept;
}

void
conf_keep_restart(struct conf *old, struct conf *new)
{
	move_items(new, NULL);
	move_items(old, new);
}
