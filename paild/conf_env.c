/*
 * Containers (etc/Containerfile) are configured by variables.  Each becomes a
 * part of the YAML tree, whose marks say which one it came from (conf_place.c):
 * from there on it is like what is written in the file.  The children see none
 * of them (spawn.c).
 */
#include "common/compat.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/buf.h"
#include "common/mem.h"
#include "paild/conf_env.h"
#include "paild/conf_near.h"

extern char	**environ;

struct var {
	const char		*name;		/* with NUL at its end: ours */
	const char		*value;		/* the environment's */
	const struct conf_key	*key;
	char			 path[CONF_PATH_MAX];	/* "auth.0.type" */
	struct tree_mark	 at;
};

/* Names that are shorter than by rule. */
static const struct { const char *name, *path; } shorter[] = {
	{ "PAIL_BUCKET", "store.bucket" },
};

void
conf_env_name(const char *path, char *dst, size_t size)
{
	size_t	n = strlcpy(dst, CONF_ENV_PREFIX, size);

	for (; *path != '\0' && n + 1 < size; path++)
		dst[n++] = *path == '*' ? 'N' : isalnum((unsigned char)
		    *path) ? (char)toupper((unsigned char)*path) : '_';
	dst[n] = '\0';
}

/* Of a service "pail", Kubernetes makes PAIL_SERVICE_HOST, PAIL_SERVICE_PORT,
 * PAIL_PORT=tcp://..., PAIL_PORT_143_TCP and so on. */
static bool
is_link(const char *name, const char *value)
{
	const char	*p;

	if (strstr(name, "_SERVICE_HOST") != NULL ||
	    strstr(name, "_SERVICE_PORT") != NULL)
		return true;
	for (p = name; (p = strstr(p, "_PORT")) != NULL; p += 5)
		if ((p[5] == '\0' && strstr(value, "://") != NULL) ||
		    (p[5] == '_' && isdigit((unsigned char)p[6])))
			return true;
	return false;
}

/* NULL: it is none of ours. */
static const char *
value_of(const char *entry, char *name, size_t size)
{
	const char	*eq = strchr(entry, '=');

	if (eq == NULL || strncmp(entry, CONF_ENV_PREFIX,
	    strlen(CONF_ENV_PREFIX)) != 0)
		return NULL;
	snprintf(name, size, "%.*s", (int)(eq - entry), entry);
	return is_link(name, eq + 1) ? NULL : eq + 1;
}

bool
conf_env_any(void)
{
	char	name[CONF_PATH_MAX], **e;

	for (e = environ; e != NULL && *e != NULL; e++)
		if (value_of(*e, name, sizeof(name)) != NULL)
			return true;
	return false;
}

/* Is the element of this list the one that a map in its place stands for? */
static bool
is_one(const char *path, const char *star)
{
	char	list[CONF_PATH_MAX];

	snprintf(list, sizeof(list), "%.*s", (int)(star - path - 1), path);
	return (conf_key_find(list)->flags & CONF_ONE) != 0;
}

/* Does name, without the prefix, mean this key?  out: with its numbers. */
static bool
matches(const char *path, const char *name, char *out, size_t size)
{
	const char	*p = path;
	size_t		 n = 0, digits;

	for (; *p != '\0' && n + 8 < size; p++) {
		if (*p == '*' && p > path) {
			digits = strspn(name, "0123456789");
			if (digits == 0 && p[1] == '.' && is_one(path, p)) {
				out[n++] = '0';	/* tls.certificate */
				out[n++] = '.';
				p++;
				continue;
			}
			if (digits == 0 || digits > 4)
				return false;
			memcpy(out + n, name, digits);
			n += digits;
			name += digits;
			continue;
		}
		if (*name != (isalnum((unsigned char)*p) ?
		    toupper((unsigned char)*p) : '_'))
			return false;
		out[n++] = *p;
		name++;
	}
	out[n] = '\0';
	return *p == '\0' && *name == '\0';
}

static bool
find_key(struct var *v)
{
	size_t	i;

	for (i = 0; i < nitems(shorter); i++)
		if (strcmp(v->name, shorter[i].name) == 0) {
			v->key = conf_key_find(shorter[i].path);
			strlcpy(v->path, shorter[i].path, sizeof(v->path));
			return true;
		}
	for (i = 0; i < conf_keys_n; i++)
		if (*conf_keys[i].path != '\0' && matches(conf_keys[i].path,
		    v->name + strlen(CONF_ENV_PREFIX), v->path,
		    sizeof(v->path))) {
			v->key = &conf_keys[i];
			return true;
		}
	return false;
}

/* The tree, or the value of another variable, has {env: name}. */
static bool
is_named(const struct tree_node *n, const char *name)
{
	const struct tree_node	*c;

	for (c = n->child; c != NULL; c = c->next)
		if ((c->kind == TREE_SCALAR && c->name != NULL &&
		    strcmp(c->name, "env") == 0 &&
		    strcmp(c->value, name) == 0) || is_named(c, name))
			return true;
	return false;
}

/* The nearest of all names; numbers in it are any. */
static void
unknown(struct conf *c, const struct var *v)
{
	struct buf	 all;
	char		 near[CONF_PATH_MAX], name[CONF_PATH_MAX];
	const char	*s;
	size_t		 i, n = 0;

	for (s = v->name; *s != '\0' && n + 1 < sizeof(name); s++) {
		if (!isdigit((unsigned char)*s))
			name[n++] = *s;
		else if (n == 0 || name[n - 1] != 'N')
			name[n++] = 'N';
	}
	name[n] = '\0';
	buf_init(&all, 256 * 1024);
	for (i = 0; i < nitems(shorter); i++)
		buf_printf(&all, "%s ", shorter[i].name);
	for (i = 0; i < conf_keys_n; i++) {
		if (*conf_keys[i].path == '\0')
			continue;
		conf_env_name(conf_keys[i].path, near, sizeof(near));
		buf_printf(&all, "%s ", near);
	}
	buf_put_u8(&all, 0);
	if (!all.failed && conf_word_nearest(name, (char *)all.data, near,
	    sizeof(near)) != NULL)
		conf_error(c, v->at, "no key has this variable (did you mean "
		    "%s?)", near);
	else
		conf_error(c, v->at, "no key has this variable: paild -n "
		    "--env lists those that there are");
	buf_free(&all);
}

static void
mark_all(struct tree_node *n, struct tree_mark at)
{
	struct tree_node	*c;

	n->at = n->name_at = at;
	for (c = n->child; c != NULL; c = c->next)
		mark_all(c, at);
}

/* The child for this part of a path: of a map by name, of a list by number.
 * NULL: an element that comes before it is missing. */
static struct tree_node *
child_of(struct tree_node *up, const char *part, enum tree_kind kind,
    struct tree_mark at)
{
	struct tree_node	 as = { .at = at, .name_at = at }, *n;
	size_t			 i = 0, want = 0;

	if (up->kind == TREE_LIST)
		want = (size_t)strtoul(part, NULL, 10);
	for (n = up->child; n != NULL; n = n->next, i++)
		if (up->kind == TREE_LIST ? i == want :
		    strcmp(n->name, part) == 0)
			return n;
	if (up->kind == TREE_LIST && want != i)
		return NULL;
	return tree_add(up, kind, up->kind == TREE_MAP ? part : NULL, &as);
}

/* The node of v, made with what is above it. */
static struct tree_node *
place(struct tree_node *root, const struct var *v)
{
	const struct conf_key	*key;
	const char		*keypath = v->key->path, *path = v->path;
	struct tree_node	*n = root;
	enum tree_kind		 kind;
	char			 part[CONF_PATH_MAX], above[CONF_PATH_MAX];
	size_t			 len, klen = 0;

	while (*path != '\0' && n != NULL) {
		len = strcspn(path, ".");
		snprintf(part, sizeof(part), "%.*s", (int)len, path);
		path += len + (path[len] == '.');
		klen += strcspn(keypath + klen, ".");
		snprintf(above, sizeof(above), "%.*s", (int)klen, keypath);
		klen += keypath[klen] == '.';
		key = conf_key_find(above);
		kind = *path == '\0' ? TREE_SCALAR : key->type == CONF_LIST ?
		    TREE_LIST : TREE_MAP;
		if (isdigit((unsigned char)*part) && n->kind == TREE_MAP)
			continue;	/* it stands alone (CONF_ONE) */
		n = child_of(n, part, kind, v->at);
		if (n != NULL && kind != TREE_SCALAR && n->kind != kind &&
		    !(kind == TREE_LIST && n->kind == TREE_MAP &&
		    (key->flags & CONF_ONE))) {
			tree_empty(n);
			n->kind = kind;
			n->at = v->at;
		}
	}
	return n;
}

/* Lists and maps are YAML, and so is what another source of a secret, or a map
 * in the place of a word, begins with. */
static bool
is_yaml(const struct var *v)
{
	if (v->key->type == CONF_LIST)
		return *v->value == '[' || *v->value == '{';
	return v->key->type == CONF_MAP || (*v->value == '{' &&
	    (v->key->type == CONF_SECRET || v->key->secret != NULL));
}

static void
set(struct conf *c, struct tree_node *root, const struct var *v)
{
	struct tree_node	*n = place(root, v), *sub;
	struct tree_mark	 at;
	char			 why[256];

	if (n == NULL) {
		conf_error(c, v->at, "%s: the elements before it are missing",
		    v->path);
		return;
	}
	tree_empty(n);
	n->kind = TREE_SCALAR;
	n->at = n->name_at = v->at;
	if (!is_yaml(v)) {
		n->len = strlen(v->value);
		n->value = mem_dup_len(v->value, n->len);
		n->plain = n->len == 0;
		return;
	}
	if ((sub = tree_read(v->value, strlen(v->value), &at, why,
	    sizeof(why))) == NULL) {
		conf_error(c, v->at, "column %u: %s", at.column, why);
		n->value = mem_dup("");
		return;
	}
	mark_all(sub, v->at);
	tree_move(n, sub);
}

/* A list before its elements, and these by number. */
static int
by_path(const void *a, const void *b)
{
	const char	*p = ((const struct var *)a)->path;
	const char	*q = ((const struct var *)b)->path;
	unsigned long	 m, n;
	char		*pe, *qe;

	for (; *p != '\0' && *q != '\0'; p++, q++) {
		if (isdigit((unsigned char)*p) && isdigit((unsigned char)*q)) {
			m = strtoul(p, &pe, 10);
			n = strtoul(q, &qe, 10);
			if (m != n)
				return m < n ? -1 : 1;
			p = pe - 1;
			q = qe - 1;
		} else if (*p != *q)
			break;
	}
	return *p == *q ? 0 : (unsigned char)*p < (unsigned char)*q ? -1 : 1;
}

void
conf_env(struct conf *c, struct tree_node *root)
{
	struct var	*vars, *v;
	const char	*value;
	char		 name[CONF_PATH_MAX], **e;
	size_t		 i, n = 0, known = 0;

	if (root->kind != TREE_MAP || !conf_env_any())
		return;
	vars = mem_new(CONF_ENV_MAX, sizeof(*vars));
	for (e = environ; *e != NULL; e++) {
		if ((value = value_of(*e, name, sizeof(name))) == NULL)
			continue;
		if (n == CONF_ENV_MAX) {
			conf_error(c, conf_place_add(c, name), "this is one "
			    "more than the %d variables that may begin with "
			    CONF_ENV_PREFIX, CONF_ENV_MAX);
			break;
		}
		v = &vars[n++];
		v->at = conf_place_add(c, name);
		v->name = conf_place_name(c, v->at);
		v->value = value;
	}
	/* Those that no key has are last, and looked at last. */
	for (i = 0; i < n; i++)
		if (find_key(&vars[i])) {
			struct var	swap = vars[known];

			vars[known++] = vars[i];
			vars[i] = swap;
		}
	qsort(vars, known, sizeof(*vars), by_path);
	for (i = 0; i < known; i++)
		if (i > 0 && strcmp(vars[i].path, vars[i - 1].path) == 0)
			conf_error(c, vars[i].at, "%s is already set by %s",
			    vars[i].path, vars[i - 1].name);
		else
			set(c, root, &vars[i]);
	for (; i < n; i++)
		if (!is_named(root, vars[i].name))
			unknown(c, &vars[i]);
	free(vars);
}

void
conf_env_list(FILE *f)
{
	char	name[CONF_PATH_MAX];
	size_t	i;

	for (i = 0; i < nitems(shorter); i++)
		fprintf(f, "%-40s %s\n", shorter[i].name, shorter[i].path);
	for (i = 0; i < conf_keys_n; i++) {
		if (*conf_keys[i].path == '\0')
			continue;
		conf_env_name(conf_keys[i].path, name, sizeof(name));
		fprintf(f, "%-40s %s: %s\n", name, conf_keys[i].path,
		    conf_keys[i].doc);
	}
}
