/*
 * What a configuration has without its being written: defaults, and the
 * values of keys that are written in a shorter form.
 */
#include "common/compat.h"

#include <stdio.h>

#include "common/mem.h"
#include "paild/conf.h"
#include "paild/conf_fill.h"
#include "paild/conf_type.h"

struct conf_item *
conf_item_add(struct conf *c, const struct conf_key *key, const char *path)
{
	struct conf_item	*it;

	if (c->n == c->size) {
		c->size = c->size != 0 ? c->size * 2 : 64;
		c->items = mem_grow(c->items, c->size, sizeof(*c->items));
	}
	it = &c->items[c->n];
	memset(it, 0, sizeof(*it));
	it->key = key;
	it->path = mem_dup(path);
	c->n++;
	return it;
}

void
conf_item_take(struct conf_item *it, struct buf *b)
{
	if (b->failed)
		it->bad = true;
	else {
		it->value = mem_dup_len(b->data, b->len);
		it->len = b->len;
	}
	buf_freezero(b);
}

/* Is the key there, or anything below it?  cache.spool is not there because
 * cache.spool-per-user is. */
static bool
is_there(const struct conf *c, const char *path)
{
	const char	*p;
	size_t		 i, n = strlen(path);

	for (i = 0; i < c->n; i++) {
		p = c->items[i].path;
		if (strncmp(p, path, n) == 0 && (p[n] == '\0' || p[n] == '.'))
			return true;
	}
	return false;
}

static void
add_default(struct conf *c, const struct conf_key *key, const char *path,
    const char *value)
{
	struct conf_item	*it = conf_item_add(c, key, path);
	struct buf		 b;
	char			 why[512];

	buf_init(&b, 8192);
	if (conf_type_parse(key, value, "/", &b, why, sizeof(why)) == -1)
		it->bad = true;
	conf_item_take(it, &b);
}

void
conf_fill_element(struct conf *c, const char *path, const char *keypath,
    const char *kind)
{
	const struct conf_key	*key;
	char			 sub[CONF_PATH_MAX];
	size_t			 i, n = strlen(keypath);

	for (i = 0; i < conf_keys_n; i++) {
		key = &conf_keys[i];
		if (key->def == NULL || strncmp(key->path, keypath, n) != 0 ||
		    key->path[n] != '.' || strchr(key->path + n, '*') != NULL)
			continue;
		if (conf_key_below(key->path, keypath) &&
		    !conf_key_goes_with(key, kind))
			continue;
		if ((size_t)snprintf(sub, sizeof(sub), "%s%s", path,
		    key->path + n) < sizeof(sub) && !is_there(c, sub))
			add_default(c, key, sub, key->def);
	}
}

/* Does the map of key exist only where another kind is chosen? */
static bool
is_of_kind(struct conf *c, const struct conf_item *it,
    const struct conf_key *key)
{
	const struct conf_key	*selector;
	const struct conf_item	*chosen;
	char			 map[CONF_PATH_MAX];
	const char		*kind;

	snprintf(map, sizeof(map), "%.*s", (int)(conf_key_leaf(key->path) -
	    key->path - 1), key->path);
	if ((selector = conf_key_selector(map)) == NULL)
		return true;
	chosen = conf_written(c, selector->path);
	if (chosen != NULL && chosen->bad)
		return true;		/* that was told */
	if (chosen == NULL)
		chosen = conf_item(c, selector->path);
	kind = chosen != NULL ? chosen->value : selector->def;
	if (conf_key_goes_with(key, kind))
		return true;
	conf_error(c, it->name_at, "%s cannot be used with \"%s: %s\" in %s: "
	    "it belongs to \"%s: %s\"", it->path,
	    conf_key_leaf(selector->path), kind, map,
	    conf_key_leaf(selector->path), strchr(key->when, '=') + 1);
	return false;
}

/* A key that alone says where credentials come from, if nothing else does. */
static void
add_implied(struct conf *c)
{
	static const struct { const char *key, *source; } implied[] = {
		{ "store.profile", "profile" }, { "store.auth-role", "imds" }
	};
	static const char	 source[] = "store.credentials.source";
	size_t			 i;

	if (conf_written(c, source) != NULL ||
	    conf_written(c, "store.access-key") != NULL ||
	    conf_written(c, "store.secret-key") != NULL)
		return;
	for (i = 0; i < nitems(implied); i++)
		if (conf_written(c, implied[i].key) != NULL) {
			add_default(c, conf_key_find(source), source,
			    implied[i].source);
			return;
		}
}

/* Two names for one thing, in which both may be written if they agree. */
static bool
are_names(const struct conf *c, const struct conf_key *key)
{
	const struct conf_key	*k;
	size_t			 i;

	for (i = 0; i < c->n; i++) {
		k = c->items[i].key;
		if (k->alias != NULL && strcmp(k->alias, key->path) == 0 &&
		    strcmp(conf_key_leaf(k->path),
		    conf_key_leaf(key->path)) != 0)
			return true;
	}
	return false;
}

static void
set_twice(struct conf *c, const struct conf_item *it,
    const struct conf_item *other)
{
	if (!are_names(c, other->key)) {
		conf_error(c, other->name_at, "%s is already set as %s in "
		    "%s", other->key->path, it->path,
		    conf_place_line(c, it->name_at));
		return;
	}
	if (it->bad || other->bad || c->no_secrets ||
	    (it->len == other->len && (it->len == 0 ||
	    memcmp(it->value, other->value, it->len) == 0)))
		return;
	conf_error(c, it->name_at, "%s differs from %s: it is another "
	    "name for the same value", it->path,
	    conf_place_line(c, other->name_at));
}

/* A value that was written in its shorter form is the longer one's, too:
 * daemons get only that.  What files it came from is the first one's. */
static void
add_aliases(struct conf *c)
{
	const struct conf_key	*key;
	const struct conf_item	*other;
	struct conf_item	*it;
	size_t			 i, n = c->n;

	for (i = 0; i < n; i++) {
		if (c->items[i].key->alias == NULL)
			continue;
		key = conf_key_find(c->items[i].key->alias);
		if ((other = conf_written(c, key->path)) != NULL) {
			set_twice(c, &c->items[i], other);
			continue;
		}
		if (!is_of_kind(c, &c->items[i], key))
			continue;
		it = conf_item_add(c, key, key->path);
		it->at = c->items[i].at;
		it->name_at = c->items[i].name_at;
		it->copied = true;
		if ((it->bad = c->items[i].bad))
			continue;
		it->len = c->items[i].len;
		it->value = mem_dup_len(c->items[i].value, it->len);
	}
}

/* Keys that were left out get their defaults, and lists theirs. */
static void
add_defaults(struct conf *c, const struct tree_node *root)
{
	const struct conf_list_default	*d;
	const struct tree_node		*n;
	const char			*star;
	char				 path[CONF_PATH_MAX];
	size_t				 i;

	for (i = 0; i < conf_keys_n; i++)
		if (conf_keys[i].def != NULL &&
		    strchr(conf_keys[i].path, '*') == NULL &&
		    !is_there(c, conf_keys[i].path))
			add_default(c, &conf_keys[i], conf_keys[i].path,
			    conf_keys[i].def);
	for (i = 0; i < conf_list_defaults_n; i++) {
		d = &conf_list_defaults[i];
		star = strchr(d->path, '*');
		/* Lists of the top level only: the list's name ends here. */
		snprintf(path, sizeof(path), "%.*s", (int)(star - d->path - 1),
		    d->path);
		for (n = root->child; n != NULL; n = n->next)
			if (strcmp(n->name, path) == 0)
				break;
		if (n != NULL)
			continue;
		snprintf(path, sizeof(path), "%.*s%u%s", (int)(star - d->path),
		    d->path, d->index, star + 1);
		add_default(c, conf_key_find(d->path), path, d->value);
	}
}

void
conf_fill(struct conf *c, const struct tree_node *root)
{
	add_implied(c);
	add_aliases(c);
	add_defaults(c, root);
}
