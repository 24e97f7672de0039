/*
 * Slices: each daemon gets the keys that the table says are for it, and no
 * others; storaged never has the secret key, imapd none of the store's.
 */
#include "common/compat.h"

#include <stdio.h>

#include "common/msg.h"
#include "paild/conf_slice.h"

int
conf_slice(const struct conf *c, enum proc_kind kind,
    const struct conf_extra *extra, size_t n, struct buf *b)
{
	struct setup_pair	*v;
	struct setup_conf	 sc;
	const struct conf_item	*it;
	size_t			 i, k = 0;
	int			 r;

	if ((v = calloc(c->n + n + 1, sizeof(*v))) == NULL)
		return -1;
	for (i = 0; i < c->n; i++) {
		it = &c->items[i];
		if (it->bad || !(it->key->to & CONF_TO(kind)))
			continue;
		v[k].key = str_from(it->path);
		v[k++].value = (struct str){ it->value, it->len };
	}
	for (i = 0; i < n; i++) {
		v[k].key = str_from(extra[i].key);
		v[k++].value = str_from(extra[i].value);
	}
	sc.pairs.v = v;
	sc.pairs.n = k;
	r = wire_encode(&setup_conf_wire, &sc, b);
	free(v);
	return r;
}

static bool
same(const struct conf_item *a, const struct conf_item *b)
{
	if (a == NULL || b == NULL)
		return a == b;
	return a->len == b->len && memcmp(a->value, b->value, a->len) == 0;
}

void
conf_restart_keys(const struct conf *old, const struct conf *new,
    void (*changed)(const char *path, void *arg), void *arg)
{
	size_t	i;

	for (i = 0; i < conf_keys_n; i++)
		if ((conf_keys[i].flags & CONF_RESTART) &&
		    !same(conf_item(old, conf_keys[i].path),
		    conf_item(new, conf_keys[i].path)))
			changed(conf_keys[i].path, arg);
}

/* Moves the items with such keys from one configuration to the end of
 * another; dst NULL: nowhere. */
static void
move_items(struct conf *src, struct conf *dst)
{
	struct conf_item	*v;
	size_t			 i, kept = 0;

	for (i = 0; i < src->n; i++) {
		if (!(src->items[i].key->flags & CONF_RESTART)) {
			src->items[kept++] = src->items[i];
			continue;
		}
		if (dst != NULL && (v = reallocarray(dst->items, dst->n + 1,
		    sizeof(*v))) != NULL) {
			dst->items = v;
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
