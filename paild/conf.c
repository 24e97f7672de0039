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

#include "common/escape.h"
#include "paild/conf.h"
#include "common/mem.h"
#include "paild/conf_file.h"
#include "paild/conf_type.h"

static void __attribute__((format(printf, 4, 0)))
add_error(struct conf *c, struct tree_mark at, bool warning, const char *fmt,
    va_list ap)
{
	struct conf_error	*e;
	char			 text[1024];
	size_t			 i;

	if (c->nerrors == CONF_ERRORS_MAX)
		return;
	if (c->errors == NULL)
		c->errors = mem_new(CONF_ERRORS_MAX, sizeof(*c->errors));
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
	e->text = mem_dup(text);
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
		return mem_dup(".");	/* it cannot be opened either */
	if ((real = realpath(dir, NULL)) != NULL)
		return real;
	return mem_dup(dir);
}

static struct conf *
conf_new(const char *file, bool no_secrets)
{
	struct conf	*c = mem_new(1, sizeof(*c));

	c->no_secrets = no_secrets;
	c->file = mem_dup(file);
	c->base = base_of(file);
	return c;
}

struct conf *
conf_load_text(const char *file, const void *text, size_t len,
    bool no_secrets)
{
	struct tree_node	*root;
	struct tree_mark	 at;
	struct conf		*c = conf_new(file, no_secrets);
	char			 why[512];

	if ((root = tree_read(text, len, &at, why, sizeof(why))) == NULL) {
		conf_error(c, at, "%s", why);
		return c;
	}
	conf_env(c, root);
	conf_url(c, root);
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
	const char	*reason = why;
	size_t		 n = strlen(file);

	buf_init_secret(&b, TREE_FILE_MAX + 65536);
	if (strcmp(file, CONF_DEFAULT_FILE) == 0 && conf_env_any() &&
	    access(file, F_OK) == -1 && errno == ENOENT)
		c = conf_load_text(file, "{}", 2, no_secrets);
	else if (conf_file_read(file, TREE_FILE_MAX, &b, why, sizeof(why)) ==
	    -1) {
		/* The name of the file is printed before each error. */
		if (strncmp(why, file, n) == 0 &&
		    strncmp(why + n, ": ", 2) == 0)
			reason = why + n + 2;
		c = conf_new(file, no_secrets);
		conf_error(c, (struct tree_mark){ 1, 1 }, "%s", reason);
	} else
		c = conf_load_text(file, b.data != NULL ? (char *)b.data : "",
		    b.len, no_secrets);
	buf_freezero(&b);
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
	for (i = 0; i < c->nvars; i++)
		free(c->vars[i]);
	free(c->vars);
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
	char	at[PATH_MAX + 32];
	size_t	i;

	for (i = 0; i < c->nerrors; i++) {
		conf_place(c, c->errors[i].at, at, sizeof(at));
		(void)escape_printf(stderr, "%s: %s%s\n", at,
		    c->errors[i].warning ? "warning: " : "",
		    c->errors[i].text);
	}
	if (c->nerrors == CONF_ERRORS_MAX)
		(void)escape_printf(stderr,
		    "%s: further errors are not shown\n", c->file);
}

void
conf_first_error(const struct conf *c, char *dst, size_t size)
{
	char	 at[PATH_MAX + 32];
	size_t	 i;

	dst[0] = '\0';
	for (i = 0; i < c->nerrors; i++)
		if (!c->errors[i].warning) {
			conf_place(c, c->errors[i].at, at, sizeof(at));
			(void)snprintf(dst, size, "%s: %s", at,
			    c->errors[i].text);
			return;
		}
}

const struct conf_item *
conf_written(const struct conf *c, const char *path)
{
	size_t	i;

	for (i = 0; i < c->n; i++)
		if (c->items[i].at.line != 0 &&
		    strcmp(c->items[i].path, path) == 0)
			return &c->items[i];
	return NULL;
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
conf_num(const struct conf *c, const char *path)
{
	const char	*s = conf_str(c, path);

	return s != NULL ? strtoull(s, NULL, 10) : 0;
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

bool
conf_listens(const struct conf *c, const char *protocol)
{
	const char	*url;
	unsigned	 i;

	for (i = 0; (url = conf_at(c, "listen.%u", i)) != NULL; i++)
		if (strncmp(url, protocol, strlen(protocol)) == 0)
			return true;
	return false;
}

/* One keeps the bucket's secrets; the private keys of TLS are with the others,
 * as many as processors and imapds can make use of. */
static uint32_t
credd_processes(const struct conf *c, uint32_t cores)
{
	uint32_t	imapds;

	if (conf_str(c, "tls.0.certificate") == NULL)
		return 1;
	imapds = conf_processes(c, PROC_IMAPD);
	if (imapds < cores)
		cores = imapds;
	return cores < 64 ? 1 + cores : 64;
}

uint32_t
conf_processes(const struct conf *c, enum proc_kind kind)
{
	char		 path[CONF_PATH_MAX];
	const char	*s;
	long		 cores;

	if (kind == PROC_ADMIND)
		return conf_listens(c, "http") ? 1 : 0;
	snprintf(path, sizeof(path), "processes.%s", proc_kind_name(kind));
	if (conf_key_find(path) == NULL)
		return 1;
	s = conf_str(c, path);
	if (s != NULL && strcmp(s, "auto") != 0)
		return (uint32_t)strtoul(s, NULL, 10);
	/* Mostly it waits: for storaged, and for what comes in. */
	if (kind == PROC_LMTPD)
		return conf_listens(c, "lmtp") ||
		    conf_str(c, "ingest.0.poll") != NULL ? 1 : 0;
	cores = sysconf(_SC_NPROCESSORS_ONLN);
	if ((proc_row(kind)->traits & PROC_SPARE) && cores < 2)
		cores = 2;
	cores = cores < 1 ? 1 : cores > 64 ? 64 : cores;
	return kind == PROC_CREDD ? credd_processes(c, (uint32_t)cores) :
	    (uint32_t)cores;
}
