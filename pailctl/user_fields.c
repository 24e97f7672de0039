/* See user_fields.h.  Words that mean nothing here stay as they are. */
#include "common/compat.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/mem.h"
#include "common/quota_text.h"
#include "common/userline.h"
#include "pailctl/user_fields.h"

static const char	 aliases_word[] = " aliases=", quota_word[] = " quota=";

static int
add_alias(struct user_fields *f, const char *value, bool gone, char *why,
    size_t size)
{
	struct user_alias	*a;

	if (f->n == USER_ALIASES_MAX) {
		snprintf(why, size, "at most %d aliases at once",
		    USER_ALIASES_MAX);
		return -1;
	}
	f->v = mem_grow(f->v, f->n + 1, sizeof(*f->v));
	a = &f->v[f->n];
	memset(a, 0, sizeof(*a));
	if (user_normalize(str_from(value), a->id, sizeof(a->id)) == -1) {
		snprintf(why, size, "%s: not a name", value);
		return -1;
	}
	/* Where the file has them, these end a name. */
	if (strpbrk(a->id, " ,") != NULL) {
		snprintf(why, size, "%s: an alias cannot have a space or a "
		    "comma", value);
		return -1;
	}
	a->gone = gone;
	f->n++;
	return 0;
}

int
user_fields_option(struct user_fields *f, const char *option,
    const char *value, char *why, size_t size)
{
	uint64_t	bytes, messages;

	if (strcmp(option, "--alias") == 0)
		return add_alias(f, value, false, why, size);
	if (strcmp(option, "--no-alias") == 0)
		return add_alias(f, value, true, why, size);
	if (strcmp(option, "--quota") != 0)
		return 1;
	f->quota = value;
	if (strcmp(value, "default") == 0)
		f->quota = "";
	else if (quota_parse(str_from(value), &bytes, &messages) == -1) {
		snprintf(why, size, "quota %s: " QUOTA_TEXT_EXPECTED
		    ", or \"default\"", value);
		return -1;
	}
	return 0;
}

void
user_fields_free(struct user_fields *f)
{
	free(f->v);
	memset(f, 0, sizeof(*f));
}

static bool
is_name(struct str s, const char *id)
{
	char	name[USER_ID_MAX + 1];

	return user_normalize(s, name, sizeof(name)) == 0 &&
	    strcmp(name, id) == 0;
}

const char *
user_fields_taken(const struct user_fields *f, const char *id,
    struct str aliases)
{
	struct str	 one, list;
	size_t		 i;

	for (i = 0; i < f->n; i++) {
		if (f->v[i].gone)
			continue;
		if (strcmp(f->v[i].id, id) == 0)
			return f->v[i].id;
		for (list = aliases; userline_alias(&list, &one); )
			if (is_name(one, f->v[i].id))
				return f->v[i].id;
	}
	return NULL;
}

/* Appends those of a list that stay; *n: how many aliases there are. */
static void
keep_aliases(struct user_fields *f, struct str list, size_t *n,
    struct buf *out)
{
	struct str	 one;
	size_t		 i;
	bool		 gone;

	while (userline_alias(&list, &one)) {
		for (gone = false, i = 0; i < f->n; i++)
			if (is_name(one, f->v[i].id)) {
				gone = f->v[i].gone;
				f->v[i].met = true;
			}
		if (!gone) {
			buf_puts(out, (*n)++ == 0 ? aliases_word : ",");
			buf_put(out, one.p, one.len);
		}
	}
}

static bool
begins(struct str *word, const char *key)
{
	size_t	n = strlen(key);

	if (word->len < n || memcmp(word->p, key, n) != 0)
		return false;
	word->p += n;
	word->len -= n;
	return true;
}

static bool
next_word(struct str *rest, struct str *word)
{
	size_t	i, n;

	for (i = 0; i < rest->len && rest->p[i] == ' '; i++)
		;
	for (n = 0; i + n < rest->len && rest->p[i + n] != ' '; n++)
		;
	*word = (struct str){ rest->p + i, n };
	*rest = (struct str){ rest->p + i + n, rest->len - i - n };
	return n > 0;
}

/* All words but the aliases, and the quota if it changes. */
static void
keep_words(const struct user_fields *f, struct str rest, struct buf *out)
{
	struct str	word, value;

	while (next_word(&rest, &word)) {
		value = word;
		if (!begins(&value, aliases_word + 1) &&
		    (f->quota == NULL || !begins(&value, quota_word + 1)))
			buf_printf(out, " %.*s", (int)word.len, word.p);
	}
	if (f->quota != NULL && f->quota[0] != '\0') {
		buf_puts(out, quota_word);
		buf_puts(out, f->quota);
	}
}

int
user_fields_edit(struct user_fields *f, const char *name, struct str rest,
    struct buf *out, char *why, size_t size)
{
	struct str	 words = rest, word;
	size_t		 i, k, n = 0;

	while (next_word(&words, &word))
		if (begins(&word, aliases_word + 1))
			keep_aliases(f, word, &n, out);
	for (i = 0; i < f->n; i++) {
		if (f->v[i].gone && !f->v[i].met) {
			snprintf(why, size, "%s has no alias %s", name,
			    f->v[i].id);
			return -1;
		}
		if (!f->v[i].gone && strcmp(f->v[i].id, name) == 0) {
			snprintf(why, size, "%s is the user's name, not an "
			    "alias", name);
			return -1;
		}
		if (f->v[i].gone || f->v[i].met)
			continue;
		for (k = i + 1; k < f->n; k++)		/* said twice */
			f->v[k].met |= strcmp(f->v[k].id, f->v[i].id) == 0;
		buf_puts(out, n++ == 0 ? aliases_word : ",");
		buf_puts(out, f->v[i].id);
	}
	keep_words(f, rest, out);
	return 0;
}
