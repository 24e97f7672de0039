/*
 * What the writer of a word that is wrong may have meant.
 */
#include "common/compat.h"

#include <ctype.h>
#include <stdio.h>

#include "paild/conf_near.h"

#define WORD_MAX	48

/* '_' and upper case are the commonest slips: they cost nothing. */
static int
fold(char c)
{
	return c == '_' ? '-' : tolower((unsigned char)c);
}

/* Edits (a swap of neighbours is one) from a to b; large when too long. */
static unsigned
distance(const char *a, size_t na, const char *b, size_t nb)
{
	unsigned	d[WORD_MAX + 1][WORD_MAX + 1], v;
	size_t		i, j;

	if (na > WORD_MAX || nb > WORD_MAX)
		return WORD_MAX;
	for (i = 0; i <= na; i++) {
		for (j = 0; j <= nb; j++) {
			if (i == 0 || j == 0) {
				d[i][j] = (unsigned)(i + j);
				continue;
			}
			v = d[i - 1][j - 1] +
			    (fold(a[i - 1]) != fold(b[j - 1]));
			if (d[i - 1][j] + 1 < v)
				v = d[i - 1][j] + 1;
			if (d[i][j - 1] + 1 < v)
				v = d[i][j - 1] + 1;
			if (i > 1 && j > 1 && d[i - 2][j - 2] + 1 < v &&
			    fold(a[i - 1]) == fold(b[j - 2]) &&
			    fold(a[i - 2]) == fold(b[j - 1]))
				v = d[i - 2][j - 2] + 1;
			d[i][j] = v;
		}
	}
	return d[na][nb];
}

/* How far is near: a third of the letters, one at least. */
static unsigned
near_enough(size_t n)
{
	return n < 6 ? (n < 3 ? 1 : 2) : (unsigned)n / 3;
}

/* The shortest that goes on where name ends: "metrics-ca" of
 * "metrics-ca-file". */
static const char *
longer(const char *name, const char *parent, const char *kind)
{
	const char	*found = NULL, *leaf;
	size_t		 i, n = strlen(name);

	for (i = 0; i < conf_keys_n; i++) {
		leaf = conf_key_leaf(conf_keys[i].path);
		if (conf_key_below(conf_keys[i].path, parent) &&
		    conf_key_goes_with(&conf_keys[i], kind) &&
		    strncmp(leaf, name, n) == 0 && leaf[n] == '-' &&
		    (found == NULL || strlen(leaf) < strlen(found)))
			found = leaf;
	}
	return found;
}

const char *
conf_key_nearest(const char *name, const char *parent, const char *kind)
{
	const char	*found = NULL, *leaf;
	size_t		 i, n = strlen(name);
	unsigned	 d, best = near_enough(n) + 1;

	for (i = 0; i < conf_keys_n; i++) {
		if (!conf_key_below(conf_keys[i].path, parent) ||
		    !conf_key_goes_with(&conf_keys[i], kind))
			continue;
		leaf = conf_key_leaf(conf_keys[i].path);
		d = distance(name, n, leaf, strlen(leaf));
		if (d < best) {
			best = d;
			found = leaf;
		}
	}
	for (i = 0; found == NULL && i < conf_keys_n; i++) {
		leaf = conf_key_leaf(conf_keys[i].path);
		if (strchr(conf_keys[i].path, '*') == NULL &&
		    distance(name, n, leaf, strlen(leaf)) == 0)
			found = conf_keys[i].path;
	}
	/* Not what is more than a slip away. */
	leaf = found == NULL || best > 1 ? longer(name, parent, kind) : NULL;
	return leaf != NULL && (found == NULL || strchr(found, '.') == NULL) ?
	    leaf : found;
}

const char *
conf_word_nearest(const char *word, const char *words, char *dst, size_t size)
{
	const char	*p, *end, *found = NULL;
	size_t		 n = strlen(word), len = 0;
	unsigned	 d, best = near_enough(n) + 1;

	for (p = words; *p != '\0'; p = *end == ' ' ? end + 1 : end) {
		end = p + strcspn(p, " ");
		d = distance(word, n, p, (size_t)(end - p));
		if (d < best) {
			best = d;
			found = p;
			len = (size_t)(end - p);
		}
	}
	if (found == NULL || len >= size)
		return NULL;
	snprintf(dst, size, "%.*s", (int)len, found);
	return dst;
}
