/*
 * The configuration as a whole: loading, its errors, and what is asked of
 * it.  All errors are collected, each with its place: the operator mends a
 * file once, not once an error.
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
	conf_walk(c, root);
	if (root->kind == TREE_MAP)
		conf_check(c);
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
	char	path[CONF_PATH_MAX];
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
