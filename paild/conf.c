/*
 * From the YAML tree to checked items.  All errors are collected, each with
 * its place: the operator mends a file once, not once an error.
 */
#include "common/compat.h"

#include <sys/stat.h>

#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

#include "paild/conf.h"
#include "paild/conf_file.h"
#include "paild/conf_type.h"

#define PATH_LEN	128		/* of a key's path */

static void
add_error(struct conf *c, struct tree_mark at, bool warning, const char *fmt,
    va_list ap)
{
	struct conf_error	*e;
	char			 text[1024];
	size_t			 i;

	if (c->nerrors == CONF_ERRORS_MAX)
		return;
	if (c->errors == NULL && (c->errors = calloc(CONF_ERRORS_MAX,
	    sizeof(*c->errors))) == NULL)
		return;
	vsnprintf(text, sizeof(text), fmt, ap);
	if (at.line == 0)
		at = (struct tree_mark){ 1, 1 };
	/* Sorted by place, and stable. */
	for (i = c->nerrors; i > 0; i--) {
		e = &c->errors[i - 1];
		if (e->at.line < at.line || (e->at.line == at.line &&
		    e->at.column <= at.column))
			break;
		c->errors[i] = *e;
	}
	e = &c->errors[i];
	e->at = at;
	e->warning = warning;
	e->text = strdup(text);
	c->nerrors++;
	if (warning)
		c->nwarnings++;
}

void
conf_error(struct conf *c, struct tree_mark at, const char *fmt, ...)
{
	va_list	ap;

	va_start(ap, fmt);
	add_error(c, at, false, fmt, ap);
	va_end(ap);
}

void
conf_warning(struct conf *c, struct tree_mark at, const char *fmt, ...)
{
	va_list	ap;

	va_start(ap, fmt);
	add_error(c, at, true, fmt, ap);
	va_end(ap);
}

static struct conf_item *
item_add(struct conf *c, const struct conf_key *key, const char *path)
{
	struct conf_item	*v, *it;
	size_t			 size;

	if (c->n == c->size) {
		size = c->size != 0 ? c->size * 2 : 64;
		if ((v = reallocarray(c->items, size, sizeof(*v))) == NULL)
			return NULL;
		c->items = v;
		c->size = size;
	}
	it = &c->items[c->n];
	memset(it, 0, sizeof(*it));
	it->key = key;
	if ((it->path = strdup(path)) == NULL)
		return NULL;
	c->n++;
	return it;
}

/* Moves the bytes of b, which is wiped and freed, into *value. */
static void
take_value(struct conf_item *it, struct buf *b)
{
	if (b->failed || (it->value = malloc(b->len + 1)) == NULL) {
		it->bad = true;
	} else {
		if (b->len > 0)
			memcpy(it->value, b->data, b->len);
		it->value[b->len] = '\0';
		it->len = b->len;
	}
	if (b->data != NULL)
		explicit_bzero(b->data, b->size);
	buf_free(b);
}

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

/* A secret: the value itself, {env: NAME} or {file: PATH}. */
static void
read_secret(struct conf *c, const struct tree_node *n, struct conf_item *it)
{
	const struct tree_node	*from = n->child;
	struct buf		 b, path;
	char			 why[512];
	int			 r = 0;

	buf_init(&b, CONF_FILE_MAX);
	buf_init(&path, PATH_MAX);
	it->bad = true;
	if (n->kind == TREE_SCALAR) {
		if (n->len < it->key->min || n->len > it->key->max)
			conf_error(c, n->at, "%s has %zu bytes: %llu to %llu "
			    "are right", it->path, n->len,
			    (unsigned long long)it->key->min,
			    (unsigned long long)it->key->max);
		else if (buf_put(&b, n->value, n->len) == 0)
			it->bad = false;
	} else if (n->kind != TREE_MAP || n->n != 1 ||
	    from->kind != TREE_SCALAR || from->len == 0) {
		conf_error(c, n->at, "%s: write a value, {env: NAME} or "
		    "{file: PATH}", it->path);
	} else if (strcmp(from->name, "env") != 0 &&
	    strcmp(from->name, "file") != 0) {
		conf_error(c, from->name_at, "unknown source \"%s\" of %s: "
		    "write {env: NAME} or {file: PATH}", from->name,
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
			it->bad = false;
	}
	buf_free(&path);
	take_value(it, &b);
}

/* A PEM file: written is its path, value its bytes. */
static void
read_pem(struct conf *c, const struct tree_node *n, struct conf_item *it)
{
	struct buf	b, path;
	char		why[512];

	buf_init(&b, CONF_FILE_MAX + 8192);
	buf_init(&path, PATH_MAX);
	if (n->len == 0 || conf_path_join(c->base, n->value, &path) == -1 ||
	    buf_put_u8(&path, 0) == -1) {
		conf_error(c, n->at, "%s: not a path", it->path);
		it->bad = true;
	} else if (!c->no_secrets && conf_file_read((char *)path.data,
	    CONF_FILE_MAX, &b, why, sizeof(why)) == -1) {
		conf_error(c, n->at, "%s: %s", it->path, why);
		it->bad = true;
	} else if (b.len > 0 && memchr(b.data, '\0', b.len) != NULL) {
		conf_error(c, n->at, "%s: %s is not a PEM file", it->path,
		    (char *)path.data);
		it->bad = true;
	}
	if (!it->bad)
		it->written = strdup((char *)path.data);
	buf_free(&path);
	take_value(it, &b);
}

static void
read_leaf(struct conf *c, const struct tree_node *n, const char *path,
    const struct conf_key *key)
{
	struct conf_item	*it;
	struct buf		 b;
	char			 why[512];

	if ((it = item_add(c, key, path)) == NULL)
		return;
	it->at = n->at;
	it->name_at = n->name != NULL ? n->name_at : n->at;
	if (key->type == CONF_SECRET && !is_null(n)) {
		read_secret(c, n, it);
		return;
	}
	if (n->kind != TREE_SCALAR) {
		conf_error(c, n->at, "%s is %s: a single value is wanted",
		    path, name_of_kind(n));
		it->bad = true;
		return;
	}
	if (is_null(n)) {
		conf_error(c, it->name_at, "%s has no value", path);
		it->bad = true;
		return;
	}
	if (key->type == CONF_PEM) {
		read_pem(c, n, it);
		return;
	}
	buf_init(&b, 8192);
	if (conf_type_parse(key, n->value, c->base, &b, why, sizeof(why)) ==
	    -1) {
		conf_error(c, n->at, "%s: %s", path, why);
		it->bad = true;
	}
	take_value(it, &b);
}

static void	walk(struct conf *, const struct tree_node *, const char *,
		    const char *);

static bool
seen_before(const struct tree_node *map, const struct tree_node *n,
    unsigned *line)
{
	const struct tree_node	*o;

	for (o = map->child; o != n; o = o->next)
		if (strcmp(o->name, n->name) == 0) {
			*line = o->name_at.line;
			return true;
		}
	return false;
}

static void
unknown_key(struct conf *c, const struct tree_node *n, const char *path,
    const char *keypath)
{
	const char	*near = conf_key_nearest(n->name, keypath);
	char		 shown[64], in[PATH_LEN + 4] = "";

	conf_quote(n->name, shown, sizeof(shown));
	if (*path != '\0')
		snprintf(in, sizeof(in), " in %s", path);
	if (strcmp(n->name, "<<") == 0)
		conf_error(c, n->name_at, "merge keys (<<) are not allowed "
		    "here: write the values out");
	else if (near != NULL)
		conf_error(c, n->name_at, "unknown key %s%s (did you mean "
		    "\"%s\"?)", shown, in, near);
	else
		conf_error(c, n->name_at, "unknown key %s%s", shown, in);
}

static void
walk_map(struct conf *c, const struct tree_node *map, const char *path,
    const char *keypath)
{
	const struct tree_node	*n;
	const char		*dot = *path != '\0' ? "." : "";
	char			 sub[PATH_LEN], subkey[PATH_LEN];
	size_t			 i;
	unsigned		 line;

	for (n = map->child; n != NULL; n = n->next) {
		if (seen_before(map, n, &line)) {
			conf_error(c, n->name_at, "\"%.60s\" is there twice: "
			    "it was set in line %u", n->name, line);
			continue;
		}
		/* A name too long for any key cannot be known. */
		if ((size_t)snprintf(sub, sizeof(sub), "%s%s%s", path, dot,
		    n->name) >= sizeof(sub) || strchr(n->name, '.') != NULL ||
		    (size_t)snprintf(subkey, sizeof(subkey), "%s%s%s",
		    keypath, dot, n->name) >= sizeof(subkey) ||
		    *n->name == '\0' || strcmp(n->name, "*") == 0 ||
		    conf_key_find(subkey) == NULL)
			unknown_key(c, n, path, keypath);
		else
			walk(c, n, sub, subkey);
	}
	for (i = 0; i < conf_keys_n; i++) {
		if (!(conf_keys[i].flags & CONF_REQUIRED) ||
		    !conf_key_below(conf_keys[i].path, keypath))
			continue;
		for (n = map->child; n != NULL; n = n->next)
			if (strcmp(n->name,
			    conf_key_leaf(conf_keys[i].path)) == 0)
				break;
		if (n == NULL)
			conf_error(c, map->name != NULL ? map->name_at :
			    map->at, "%s needs \"%s\": %s", shown_path(path),
			    conf_key_leaf(conf_keys[i].path),
			    conf_keys[i].doc);
	}
}

static void
walk_list(struct conf *c, const struct tree_node *list, const char *path,
    const struct conf_key *key)
{
	const struct tree_node	*n;
	char			 sub[PATH_LEN], subkey[PATH_LEN];
	unsigned		 i = 0;

	if (list->n < key->min || list->n > key->max)
		conf_error(c, list->name != NULL ? list->name_at : list->at,
		    "%s has %zu entries: write %llu to %llu", path, list->n,
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

	if (key->type == CONF_MAP && n->kind == TREE_MAP)
		walk_map(c, n, path, keypath);
	else if (key->type == CONF_LIST && n->kind == TREE_LIST)
		walk_list(c, n, path, key);
	else if (key->type != CONF_MAP && key->type != CONF_LIST)
		read_leaf(c, n, path, key);
	else if (is_null(n))
		conf_error(c, n->name != NULL ? n->name_at : n->at,
		    "%s has no value", shown_path(path));
	else if (key->type == CONF_LIST && n->kind == TREE_SCALAR)
		conf_error(c, n->at, "%s is a single value: a list is wanted "
		    "(did you mean [%.60s]?)", shown_path(path), n->value);
	else
		conf_error(c, n->at, "%s is %s: a %s is wanted",
		    shown_path(path), name_of_kind(n),
		    key->type == CONF_MAP ? "map of keys" : "list");
}

static bool
has_prefix(const struct conf *c, const char *prefix)
{
	size_t	i, n = strlen(prefix);

	for (i = 0; i < c->n; i++)
		if (strncmp(c->items[i].path, prefix, n) == 0)
			return true;
	return false;
}

/* Keys that were left out get their defaults; so does "mailboxes". */
static void
add_defaults(struct conf *c, const struct tree_node *root)
{
	static const char	*const boxes[][2] = {
		{ "Drafts", "drafts" }, { "Sent", "sent" },
		{ "Junk", "junk" }, { "Trash", "trash" },
		{ "Archive", "archive" },
	};
	const struct tree_node	*n;
	struct conf_item	*it;
	struct buf		 b;
	char			 path[PATH_LEN], why[512];
	size_t			 i;

	for (i = 0; i < conf_keys_n; i++) {
		if (conf_keys[i].def == NULL ||
		    has_prefix(c, conf_keys[i].path))
			continue;
		if ((it = item_add(c, &conf_keys[i], conf_keys[i].path)) ==
		    NULL)
			return;
		buf_init(&b, 8192);
		if (conf_type_parse(it->key, it->key->def, "/", &b, why,
		    sizeof(why)) == -1)
			it->bad = true;
		take_value(it, &b);
	}
	for (n = root->child; n != NULL; n = n->next)
		if (strcmp(n->name, "mailboxes") == 0)
			return;
	for (i = 0; i < nitems(boxes) * 2; i++) {
		snprintf(path, sizeof(path), "mailboxes.%zu.%s", i / 2,
		    i % 2 == 0 ? "name" : "use");
		it = item_add(c, conf_key_find(i % 2 == 0 ?
		    "mailboxes.*.name" : "mailboxes.*.use"), path);
		if (it == NULL)
			return;
		buf_init(&b, 64);
		buf_puts(&b, boxes[i / 2][i % 2]);
		take_value(it, &b);
	}
}

/* The directory that relative paths start from, without symbolic links. */
static char *
base_of(const char *file)
{
	const char	*slash = strrchr(file, '/');
	char		 dir[PATH_MAX], *real;

	if (slash == NULL)
		strlcpy(dir, ".", sizeof(dir));
	else if (slash == file)
		strlcpy(dir, "/", sizeof(dir));
	else if ((size_t)(slash - file) < sizeof(dir))
		snprintf(dir, sizeof(dir), "%.*s", (int)(slash - file), file);
	else
		return NULL;
	if ((real = realpath(dir, NULL)) != NULL)
		return real;
	return strdup(dir);
}

static struct conf *
conf_new(const char *file, bool no_secrets)
{
	struct conf	*c;

	if ((c = calloc(1, sizeof(*c))) == NULL)
		return NULL;
	c->no_secrets = no_secrets;
	c->file = strdup(file);
	c->base = base_of(file);
	if (c->file == NULL || c->base == NULL) {
		conf_free(c);
		return NULL;
	}
	return c;
}

struct conf *
conf_load_text(const char *file, const void *text, size_t len,
    bool no_secrets)
{
	struct tree_node	*root;
	struct tree_mark	 at;
	struct conf		*c;
	char			 why[512];

	if ((c = conf_new(file, no_secrets)) == NULL)
		return NULL;
	if ((root = tree_read(text, len, &at, why, sizeof(why))) == NULL) {
		conf_error(c, at, "%s", why);
		return c;
	}
	walk(c, root, "", "");
	if (root->kind == TREE_MAP) {
		add_defaults(c, root);
		conf_check(c);
	}
	tree_free(root);
	return c;
}

struct conf *
conf_load(const char *file, bool no_secrets)
{
	struct conf	*c;
	struct buf	 b;
	char		 why[512];

	buf_init(&b, TREE_FILE_MAX + 65536);
	if (conf_file_read(file, TREE_FILE_MAX, &b, why, sizeof(why)) == -1) {
		if ((c = conf_new(file, no_secrets)) != NULL)
			conf_error(c, (struct tree_mark){ 1, 1 }, "%s", why);
	} else
		c = conf_load_text(file, b.data != NULL ? (char *)b.data : "",
		    b.len, no_secrets);
	if (b.data != NULL)
		explicit_bzero(b.data, b.size);
	buf_free(&b);
	return c;
}

void
conf_free(struct conf *c)
{
	size_t	i;

	if (c == NULL)
		return;
	for (i = 0; i < c->n; i++) {
		freezero(c->items[i].value, c->items[i].len);
		free(c->items[i].path);
		free(c->items[i].written);
	}
	for (i = 0; i < c->nerrors; i++)
		free(c->errors[i].text);
	free(c->items);
	free(c->errors);
	free(c->file);
	free(c->base);
	free(c);
}

bool
conf_ok(const struct conf *c)
{
	return c->nerrors == c->nwarnings;
}

void
conf_print_errors(const struct conf *c)
{
	size_t	i;

	for (i = 0; i < c->nerrors; i++)
		fprintf(stderr, "%s:%u:%u: %s%s\n", c->file,
		    c->errors[i].at.line, c->errors[i].at.column,
		    c->errors[i].warning ? "warning: " : "",
		    c->errors[i].text != NULL ? c->errors[i].text :
		    "out of memory");
	if (c->nerrors == CONF_ERRORS_MAX)
		fprintf(stderr, "%s: and perhaps more\n", c->file);
}

const struct conf_item *
conf_item(const struct conf *c, const char *path)
{
	size_t	i;

	for (i = 0; i < c->n; i++)
		if (strcmp(c->items[i].path, path) == 0)
			return c->items[i].bad ? NULL : &c->items[i];
	return NULL;
}

const char *
conf_str(const struct conf *c, const char *path)
{
	const struct conf_item	*it = conf_item(c, path);

	return it != NULL ? it->value : NULL;
}

uint64_t
conf_num(const struct conf *c, const char *path, uint64_t fallback)
{
	const char	*s = conf_str(c, path);

	return s != NULL ? strtoull(s, NULL, 10) : fallback;
}

const char *
conf_at(const struct conf *c, const char *fmt, ...)
{
	char	path[PATH_LEN];
	va_list	ap;

	va_start(ap, fmt);
	vsnprintf(path, sizeof(path), fmt, ap);
	va_end(ap);
	return conf_str(c, path);
}

uint32_t
conf_processes(const struct conf *c, enum proc_kind kind)
{
	const char	*s;
	long		 cores;

	s = conf_str(c, kind == PROC_IMAPD ? "processes.imapd" :
	    "processes.storaged");
	if (s != NULL && strcmp(s, "auto") != 0)
		return (uint32_t)strtoul(s, NULL, 10);
	cores = sysconf(_SC_NPROCESSORS_ONLN);
	return cores < 1 ? 1 : cores > 64 ? 64 : (uint32_t)cores;
}
