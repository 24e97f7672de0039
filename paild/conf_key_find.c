/*
 * Looking things up in the table of keys.
 */
#include "common/compat.h"

#include "paild/conf_key.h"

const struct conf_key *
conf_key_find(const char *path)
{
	size_t	i;

	for (i = 0; i < conf_keys_n; i++)
		if (strcmp(conf_keys[i].path, path) == 0)
			return &conf_keys[i];
	return NULL;
}

int
conf_key_below(const char *child, const char *parent)
{
	size_t	n = strlen(parent);

	if (*child == '\0')
		return 0;
	if (n > 0) {
		if (strncmp(child, parent, n) != 0 || child[n] != '.')
			return 0;
		child += n + 1;
	}
	return strchr(child, '.') == NULL;
}

bool
conf_word_in(const char *word, const char *words)
{
	const char	*p, *end;
	size_t		 n = strlen(word);

	for (p = words; *p != '\0'; p = *end == ' ' ? end + 1 : end) {
		end = p + strcspn(p, " ");
		if ((size_t)(end - p) == n && strncmp(word, p, n) == 0)
			return true;
	}
	return false;
}

const char *
conf_key_leaf(const char *path)
{
	const char	*dot = strrchr(path, '.');

	return dot != NULL ? dot + 1 : path;
}

/* How many bytes of when name the key that decides: "type=s3" has 4. */
static size_t
selector_length(const char *when)
{
	return strcspn(when, "=");
}

const struct conf_key *
conf_key_selector(const char *map)
{
	const char	*leaf;
	size_t		 i, k, n;

	for (i = 0; i < conf_keys_n; i++)
		if (conf_keys[i].when != NULL &&
		    conf_key_below(conf_keys[i].path, map))
			break;
	if (i == conf_keys_n)
		return NULL;
	n = selector_length(conf_keys[i].when);
	for (k = 0; k < conf_keys_n; k++) {
		leaf = conf_key_leaf(conf_keys[k].path);
		if (conf_key_below(conf_keys[k].path, map) &&
		    strlen(leaf) == n &&
		    strncmp(leaf, conf_keys[i].when, n) == 0)
			return &conf_keys[k];
	}
	return NULL;
}

bool
conf_key_goes_with(const struct conf_key *key, const char *kind)
{
	const char	*words, *p, *end;
	char		 word[32];

	if (key->when == NULL || kind == NULL)
		return true;
	words = key->when + selector_length(key->when) + 1;
	for (p = kind; *p != '\0'; p = *end == ' ' ? end + 1 : end) {
		end = p + strcspn(p, " ");
		if ((size_t)(end - p) >= sizeof(word))
			continue;
		memcpy(word, p, (size_t)(end - p));
		word[end - p] = '\0';
		if (conf_word_in(word, words))
			return true;
	}
	return false;
}
