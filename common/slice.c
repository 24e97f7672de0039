/*
 * A child's slice of the configuration: sorted keys and values in one
 * allocation, wiped when it dies, for it may hold a key or a password.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/compat.h"
#include "common/log.h"
#include "common/mem.h"
#include "common/msg_setup.h"
#include "common/slice.h"

#define SLICE_ARENA	(1024 * 1024)	/* bytes: the pairs while decoding */
#define SLICE_KEY_MAX	256

struct entry {
	const char	*key;
	const char	*value;
};

struct slice {
	size_t		 n;
	struct entry	*v;
	char		*text;
	size_t		 text_len;
};

static int
by_key(const void *a, const void *b)
{
	const struct entry *x = a, *y = b;

	return strcmp(x->key, y->key);
}

static const char *
copy(char **at, struct str s)
{
	char *start = *at;

	if (s.len != 0)
		memcpy(start, s.p, s.len);
	start[s.len] = '\0';
	*at += s.len + 1;
	return start;
}

static int
fill(struct slice *s, const struct setup_conf *conf)
{
	const struct setup_pair	*pairs = conf->pairs.v;
	char			*at;
	size_t			 i;

	s->n = conf->pairs.n;
	for (i = 0; i < s->n; i++)
		s->text_len += pairs[i].key.len + pairs[i].value.len + 2;
	s->v = mem_new(s->n + 1, sizeof(*s->v));
	s->text = mem_new(s->text_len + 1, 1);
	at = s->text;
	for (i = 0; i < s->n; i++) {
		s->v[i].key = copy(&at, pairs[i].key);
		s->v[i].value = copy(&at, pairs[i].value);
	}
	qsort(s->v, s->n, sizeof(*s->v), by_key);
	for (i = 1; i < s->n; i++)
		if (strcmp(s->v[i - 1].key, s->v[i].key) == 0)
			return -1;
	return 0;
}

struct slice *
slice_new(const void *p, size_t len)
{
	struct setup_conf	 conf;
	struct slice		*s = NULL;
	struct arena		*a;

	if ((a = arena_new(SLICE_ARENA)) == NULL)
		return NULL;
	if (wire_decode(&setup_conf_wire, &conf, p, len, a) == 0 &&
	    fill(s = mem_new(1, sizeof(*s)), &conf) == -1) {
		slice_free(s);
		s = NULL;
	}
	arena_free(a);
	return s;
}

void
slice_free(struct slice *s)
{
	if (s == NULL)
		return;
	freezero(s->text, s->text_len);
	free(s->v);
	free(s);
}

struct slice *
slice_with(const struct slice *s, const char *const (*pairs)[2], size_t n)
{
	struct setup_pair	*v = mem_new(s->n + n, sizeof(*v));
	struct setup_conf	 conf = { .pairs = { v, 0 } };
	struct slice		*dst = mem_new(1, sizeof(*dst));
	size_t			 i, k;

	for (i = 0; i < n; i++)
		v[conf.pairs.n++] = (struct setup_pair){
		    str_from(pairs[i][0]), str_from(pairs[i][1]) };
	for (i = 0; i < s->n; i++) {
		for (k = 0; k < n; k++)
			if (strcmp(pairs[k][0], s->v[i].key) == 0)
				break;
		if (k == n)
			v[conf.pairs.n++] = (struct setup_pair){
			    str_from(s->v[i].key), str_from(s->v[i].value) };
	}
	if (fill(dst, &conf) == -1)
		fatalx("slice_with: a key twice");
	free(v);
	return dst;
}

static const char *
find(const struct slice *s, const char *key)
{
	struct entry	 want = { key, NULL };
	struct entry	*e;

	e = bsearch(&want, s->v, s->n, sizeof(*s->v), by_key);
	return e == NULL ? NULL : e->value;
}

const char *
slice_str(const struct slice *s, const char *key)
{
	const char	*value = find(s, key);

	if (value == NULL)
		fatalx("%s is missing from the configuration", key);
	return value;
}

void
slice_forget(struct slice *s, const char *key)
{
	const char	*value = slice_str(s, key);

	/* Ours: in s->text. */
	explicit_bzero(s->text + (value - s->text), strlen(value));
}

uint64_t
slice_num(const struct slice *s, const char *key)
{
	const char		*text = slice_str(s, key);
	char			*end = NULL;
	unsigned long long	 v = 0;
	int			 saved = errno;

	errno = 0;
	if (*text >= '0' && *text <= '9')
		v = strtoull(text, &end, 10);
	/* Values are not for the log: one might be a secret. */
	if (errno != 0 || end == NULL || *end != '\0')
		fatalx("%s in the configuration is not a number", key);
	errno = saved;
	return v;
}

bool
slice_bool(const struct slice *s, const char *key)
{
	const char	*text = slice_str(s, key);

	if (strcmp(text, "true") == 0)
		return true;
	if (strcmp(text, "false") != 0)
		fatalx("%s in the configuration is not true or false",
		    key);
	return false;
}

const char *
slice_at(const struct slice *s, const char *fmt, ...)
{
	char	key[SLICE_KEY_MAX + 1];
	va_list	ap;
	int	n;

	va_start(ap, fmt);
	n = vsnprintf(key, sizeof(key), fmt, ap);
	va_end(ap);
	if (n < 0 || (size_t)n >= sizeof(key))
		return NULL;
	return find(s, key);
}

int
slice_words(const struct slice *s, const char *key, char *dst, size_t size)
{
	const char	*word;
	unsigned int	 i;

	dst[0] = '\0';
	for (i = 0; (word = slice_at(s, "%s.%u", key, i)) != NULL; i++)
		if ((i > 0 && strlcat(dst, " ", size) >= size) ||
		    strlcat(dst, word, size) >= size)
			return -1;
	return 0;
}
