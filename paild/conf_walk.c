/*
 * From the YAML tree to items, by the table of keys.
 */
#include "common/compat.h"

#include <limits.h>
#include <stdio.h>

#include "common/mem.h"
#include "paild/conf.h"
#include "paild/conf_file.h"
#include "paild/conf_fill.h"
#include "paild/conf_near.h"
#include "paild/conf_type.h"

static const char *
name_of_kind(const struct tree_node *n)
{
	switch (n->kind) {
	case TREE_MAP:
		return "a map";
	case TREE_LIST:
		return "a list";
	default:
		return "a single value";
	}
}

static bool
is_null(const struct tree_node *n)
{
	return n->kind == TREE_SCALAR && n->plain && (n->len == 0 ||
	    strcmp(n->value, "~") == 0 || strcmp(n->value, "null") == 0);
}

/* What the user calls a key: without the stars of lists. */
static const char *
shown_path(const char *path)
{
	return *path != '\0' ? path : "the configuration";
}

/* Wherever it comes from.  0, or -1 after an error that does not show it. */
static int
check_secret(struct conf *c, struct tree_mark at, const struct conf_item *it,
    const struct buf *b)
{
	if (b->len < it->key->min || b->len > it->key->max)
		conf_error(c, at, "%s is %zu bytes long, must be %llu to %llu",
		    it->path, b->len, (unsigned long long)it->key->min,
		    (unsigned long long)it->key->max);
	else if (b->len > 0 && memchr(b->data, '\n', b->len) != NULL)
		conf_error(c, at, "%s: a secret must be a single line",
		    it->path);
	else
		return 0;
	return -1;
}

/* A secret: the value itself, {env: NAME} or {file: PATH}. */
static void
read_secret(struct conf *c, const struct tree_node *n, struct conf_item *it)
{
	const struct tree_node	*from = n->child;
	struct buf		 b, path;
	char			 why[512];
	int			 r = 0;

	buf_init_secret(&b, CONF_FILE_MAX);
	buf_init(&path, PATH_MAX);
	it->bad = true;
	if (n->kind == TREE_SCALAR) {
		it->bad = buf_put(&b, n->value, n->len) == -1 ||
		    check_secret(c, n->at, it, &b) == -1;
		it->inside = !it->bad && conf_place_name(c, n->at) == NULL;
	} else if (n->kind != TREE_MAP || n->n != 1 ||
	    from->kind != TREE_SCALAR || from->len == 0) {
		conf_error(c, n->at, "%s: must be a value, {env: NAME} or "
		    "{file: PATH}", it->path);
	} else if (strcmp(from->name, "env") != 0 &&
	    strcmp(from->name, "file") != 0) {
		conf_error(c, from->name_at, "unknown source \"%s\" of %s: "
		    "use {env: NAME} or {file: PATH}", from->name,
		    it->path);
	} else if (c->no_secrets) {
		it->bad = false;
	} else {
		if (strcmp(from->name, "env") == 0)
			r = conf_env_secret(from->value, &b, why, sizeof(why));
		else if (conf_path_join(c->base, from->value, &path) == 0 &&
		    buf_put_u8(&path, 0) == 0)
			r = conf_file_secret((char *)path.data, &b, why,
			    sizeof(why));
		else {
			snprintf(why, sizeof(why), "the path is too long");
			r = -1;
		}
		if (r == -1)
			conf_error(c, from->at, "%s: %s", it->path, why);
		else
			it->bad = check_secret(c, from->at, it, &b) == -1;
		if (r == 0 && path.len != 0)
			it->written = mem_dup((char *)path.data);
	}
	buf_free(&path);
	conf_item_take(it, &b);
}

static void
read_leaf(struct conf *c, const struct tree_node *n, const char *path,
    const struct conf_key *key)
{
	const struct conf_item	*other = conf_written(c, path);
	struct conf_item	*it;
	struct buf		 b;
	char			 why[512];

	if (other != NULL) {	/* as the map that another key may be */
		conf_error(c, n->name_at, "%s is already set in %s", path,
		    conf_place_line(c, other->name_at));
		return;
	}
	it = conf_item_add(c, key, path);
	it->at = n->at;
	it->name_at = n->name != NULL ? n->name_at : n->at;
	if (key->type == CONF_SECRET && !is_null(n)) {
		read_secret(c, n, it);
		return;
	}
	if (n->kind != TREE_SCALAR) {
		conf_error(c, n->at, "%s is %s, expected a single value",
		    path, name_of_kind(n));
		it->bad = true;
		return;
	}
	if (is_null(n)) {
		conf_error(c, it->name_at, "%s has no value", path);
		it->bad = true;
		return;
	}
	buf_init_secret(&b, 8192);
	if (conf_type_parse(key, n->value, c->base, &b, why, sizeof(why)) ==
	    -1) {
		conf_error(c, n->at, "%s: %s", path, why);
		it->bad = true;
	}
	conf_item_take(it, &b);
	if (key->type == CONF_FILE && !it->bad)
		it->written = mem_dup(it->value);
}

/* The key of a map that is the map's own value: it is read as if it stood in
 * the map's place. */
static void
read_self(struct conf *c, const struct tree_node *n, const char *path,
    const char *keypath)
{
	char	map[CONF_PATH_MAX], mapkey[CONF_PATH_MAX];

	snprintf(map, sizeof(map), "%.*s", (int)(conf_key_leaf(path) - path -
	    1), path);
	snprintf(mapkey, sizeof(mapkey), "%.*s",
	    (int)(conf_key_leaf(keypath) - keypath - 1), keypath);
	read_leaf(c, n, map, conf_key_find(mapkey));
}

static void	walk(struct conf *, const struct tree_node *, const char *,
		    const char *);

static bool
seen_before(const struct tree_node *map, const struct tree_node *n,
    struct tree_mark *first)
{
	const struct tree_node	*o;

	for (o = map->child; o != n; o = o->next)
		if (strcmp(o->name, n->name) == 0) {
			*first = o->name_at;
			return true;
		}
	return false;
}

/* Of which kind is this map, by the key that decides, and where it says so. */
struct kind {
	const struct conf_key	*selector;	/* NULL: it has no kinds */
	const char		*word;		/* NULL: missing, or wrong */
	const char		*words;		/* those that its keys may be
						 * of: it, and a lookup's */
	char			 both[64];
	const struct tree_node	*lookup;	/* NULL: none */
	struct tree_mark	 at;
};

static const struct tree_node *
find_child(const struct tree_node *map, const char *name)
{
	const struct tree_node	*n;

	for (n = map->child; n != NULL; n = n->next)
		if (strcmp(n->name, name) == 0)
			return n;
	return NULL;
}

static void
read_kind(const struct tree_node *map, const char *keypath, struct kind *k)
{
	const struct tree_node	*n;

	k->word = k->words = NULL;
	k->lookup = NULL;
	k->at = map->name != NULL ? map->name_at : map->at;
	if ((k->selector = conf_key_selector(keypath)) == NULL)
		return;
	n = find_child(map, conf_key_leaf(k->selector->path));
	if (n == NULL) {
		k->words = k->word = k->selector->def;
		return;
	}
	k->at = n->at;
	if (n->kind == TREE_SCALAR && conf_word_in(n->value,
	    k->selector->words))
		k->words = k->word = n->value;
	if (k->word == NULL || strcmp(keypath, "auth.*") != 0 ||
	    (n = find_child(map, "lookup")) == NULL ||
	    n->kind != TREE_SCALAR || !conf_word_in(n->value,
	    conf_key_find("auth.*.lookup")->words))
		return;
	snprintf(k->both, sizeof(k->both), "%s %s", k->word, n->value);
	k->words = k->both;
	k->lookup = n;
}

/*
 * A key of another kind: what this kind has in its place is one with nearly
 * that name, or else one that it needs and that is missing.
 */
static void
wrong_kind(struct conf *c, const struct tree_node *map,
    const struct tree_node *n, const char *path, const struct conf_key *key,
    const struct kind *k, const char *keypath)
{
	const char	*selector = conf_key_leaf(k->selector->path);
	const char	*near;
	size_t		 i;

	near = conf_key_nearest(n->name, keypath, k->word);
	if (near != NULL && strchr(near, '.') != NULL)
		near = NULL;
	for (i = 0; near == NULL && i < conf_keys_n; i++)
		if (conf_keys[i].when != NULL &&
		    (conf_keys[i].flags & CONF_REQUIRED) &&
		    conf_key_below(conf_keys[i].path, keypath) &&
		    conf_key_goes_with(&conf_keys[i], k->word) &&
		    find_child(map, conf_key_leaf(conf_keys[i].path)) == NULL)
			near = conf_key_leaf(conf_keys[i].path);
	conf_error(c, n->name_at, "%s cannot be used with \"%s: %s\": it "
	    "belongs to \"%s: %s\"%s%s%s", path, selector, k->word, selector,
	    key->when + strlen(selector) + 1,
	    near != NULL ? " (did you mean \"" : "",
	    near != NULL ? near : "", near != NULL ? "\"?)" : "");
}

static void
unknown_key(struct conf *c, const struct tree_node *n, const char *path,
    const char *keypath, const char *kind)
{
	const char	*near = conf_key_nearest(n->name, keypath, kind);
	char		 shown[64], in[CONF_PATH_MAX + 4] = "";

	conf_quote(n->name, shown, sizeof(shown));
	if (*path != '\0')
		snprintf(in, sizeof(in), " in %s", path);
	if (strcmp(n->name, "<<") == 0)
		conf_error(c, n->name_at, "merge keys (<<) are not allowed "
		    "here: spell out the values");
	else if (near != NULL)
		conf_error(c, n->name_at, "unknown key %s%s (did you mean "
		    "\"%s\"?)", shown, in, near);
	else
		conf_error(c, n->name_at, "unknown key %s%s", shown, in);
}

/* Is a key required here?  Of a kind's: where the map is of that kind. */
static bool
is_required(const struct conf_key *key, const struct kind *k)
{
	return (key->flags & CONF_REQUIRED) && (key->when == NULL ||
	    (k->words != NULL && conf_key_goes_with(key, k->words)));
}

static void
check_required(struct conf *c, const struct tree_node *map, const char *path,
    const char *keypath, const struct kind *k)
{
	const struct conf_key	*key;
	size_t			 i;

	for (i = 0; i < conf_keys_n; i++) {
		key = &conf_keys[i];
		if (!conf_key_below(key->path, keypath) ||
		    !is_required(key, k) ||
		    find_child(map, conf_key_leaf(key->path)) != NULL ||
		    (c->bad_url && strcmp(keypath, "store") == 0))
			continue;
		if (key->when != NULL && k->lookup != NULL &&
		    !conf_key_goes_with(key, k->word))
			conf_error(c, k->lookup->at, "%s needs \"%s\" with "
			    "\"lookup: %s\": %s", path,
			    conf_key_leaf(key->path), k->lookup->value,
			    key->doc);
		else if (key->when != NULL)
			conf_error(c, k->at, "%s needs \"%s\" with \"%s: "
			    "%s\": %s", path, conf_key_leaf(key->path),
			    conf_key_leaf(k->selector->path), k->word,
			    key->doc);
		else
			conf_error(c, map->name != NULL ? map->name_at :
			    map->at, "%s needs \"%s\": %s", shown_path(path),
			    conf_key_leaf(key->path), key->doc);
	}
}

static void
walk_map(struct conf *c, const struct tree_node *map, const char *path,
    const char *keypath)
{
	const struct tree_node	*n;
	const struct conf_key	*key;
	const char		*dot = *path != '\0' ? "." : "";
	char			 sub[CONF_PATH_MAX], subkey[CONF_PATH_MAX];
	struct kind		 kind;
	struct tree_mark	 first;

	read_kind(map, keypath, &kind);
	for (n = map->child; n != NULL; n = n->next) {
		if (seen_before(map, n, &first)) {
			conf_error(c, n->name_at, "\"%.60s\" is set twice, "
			    "first in %s", n->name,
			    conf_place_line(c, first));
			continue;
		}
		/* A name too long for any key cannot be known. */
		if ((size_t)snprintf(sub, sizeof(sub), "%s%s%s", path, dot,
		    n->name) >= sizeof(sub) || strchr(n->name, '.') != NULL ||
		    (size_t)snprintf(subkey, sizeof(subkey), "%s%s%s",
		    keypath, dot, n->name) >= sizeof(subkey) ||
		    *n->name == '\0' || strcmp(n->name, "*") == 0 ||
		    (key = conf_key_find(subkey)) == NULL)
			unknown_key(c, n, path, keypath, kind.word);
		else if (!conf_key_goes_with(key, kind.words))
			wrong_kind(c, map, n, sub, key, &kind, keypath);
		else
			walk(c, n, sub, subkey);
	}
	check_required(c, map, path, keypath, &kind);
	if (strlen(keypath) > 2 &&
	    strcmp(keypath + strlen(keypath) - 2, ".*") == 0)
		conf_fill_element(c, path, keypath, kind.words);
}

static void
walk_list(struct conf *c, const struct tree_node *list, const char *path,
    const struct conf_key *key)
{
	const struct tree_node	*n;
	char			 sub[CONF_PATH_MAX], subkey[CONF_PATH_MAX];
	unsigned		 i = 0;

	if (list->n < key->min || list->n > key->max)
		conf_error(c, list->name != NULL ? list->name_at : list->at,
		    "%s has %zu entries, must have %llu to %llu", path, list->n,
		    (unsigned long long)key->min,
		    (unsigned long long)key->max);
	snprintf(subkey, sizeof(subkey), "%s.*", key->path);
	for (n = list->child; n != NULL && i < key->max; n = n->next) {
		snprintf(sub, sizeof(sub), "%s.%u", path, i++);
		walk(c, n, sub, subkey);
	}
}

static void
walk(struct conf *c, const struct tree_node *n, const char *path,
    const char *keypath)
{
	const struct conf_key	*key = conf_key_find(keypath);
	bool			 one = (key->flags & CONF_ONE) != 0;
	char			 sub[CONF_PATH_MAX], subkey[CONF_PATH_MAX];

	if (one && n->kind == TREE_MAP) {
		snprintf(sub, sizeof(sub), "%s.0", path);
		snprintf(subkey, sizeof(subkey), "%s.*", keypath);
		walk(c, n, sub, subkey);
	} else if (key->type == CONF_MAP && n->kind == TREE_MAP)
		walk_map(c, n, path, keypath);
	else if (key->type == CONF_LIST && n->kind == TREE_LIST)
		walk_list(c, n, path, key);
	else if (key->type == CONF_LISTEN && n->kind == TREE_MAP &&
	    !(key->flags & CONF_SELF))
		walk_map(c, n, path, keypath);
	else if (key->secret != NULL && n->kind == TREE_MAP)
		read_leaf(c, n, key->secret, conf_key_find(key->secret));
	else if (key->flags & CONF_SELF)
		read_self(c, n, path, keypath);
	else if (key->type != CONF_MAP && key->type != CONF_LIST)
		read_leaf(c, n, path, key);
	else if (is_null(n))
		conf_error(c, n->name != NULL ? n->name_at : n->at,
		    "%s has no value", shown_path(path));
	else if (key->type == CONF_LIST && n->kind == TREE_SCALAR && !one)
		conf_error(c, n->at, "%s is a single value, expected a list "
		    "(did you mean [%.60s]?)", shown_path(path), n->value);
	else
		conf_error(c, n->at, "%s is %s, expected a %s",
		    shown_path(path), name_of_kind(n),
		    key->type == CONF_MAP || one ? "map of keys" : "list");
}

void
conf_walk(struct conf *c, const struct tree_node *root)
{
	walk(c, root, "", "");
	if (root->kind == TREE_MAP)
		conf_fill(c, root);
}
