/*
 * What a peer has written is a quoted value, or a plain word (log_word()):
 * neither can pass for a key.
 */
#include "common/log_field.h"

#include <string.h>

static bool
is_lower(char c)
{
	return c >= 'a' && c <= 'z';
}

/* The length of the key that s begins with; 0: none. */
static size_t
key_len(const char *s)
{
	size_t	n = 0;

	if (!is_lower(*s))
		return 0;
	while (is_lower(s[n]) || (s[n] >= '0' && s[n] <= '9') || s[n] == '-' ||
	    s[n] == '_')
		n++;
	return s[n] == '=' ? n : 0;
}

/* From behind the quote on; the rest, behind the closing one. */
static const char *
quoted(const char *s, char quote, struct log_field *f)
{
	const char	*p = s;

	f->value = s;
	f->quoted = quote == '"';
	for (; *p != '\0'; p++) {
		if (f->quoted && *p == '\\' && p[1] != '\0')
			p++;
		else if (*p == quote && (f->quoted || p[1] == ' ' ||
		    p[1] == '\0'))
			break;
	}
	f->value_len = (size_t)(p - s);
	return *p == '\0' ? p : p + 1;
}

/* Words, as far as the next key. */
static const char *
words(const char *s, struct log_field *f)
{
	const char	*p = s, *end = s;

	f->key_len = 0;
	f->value = s;
	while (*p != '\0' && key_len(p) == 0) {
		p += strcspn(p, " ");
		end = p;
		p += strspn(p, " ");
	}
	f->value_len = (size_t)(end - s);
	return p;
}

bool
log_field_next(const char **text, struct log_field *f)
{
	const char	*s = *text + strspn(*text, " ");

	memset(f, 0, sizeof(*f));
	if (*s == '\0')
		return false;
	f->key = s;
	if ((f->key_len = key_len(s)) == 0) {
		*text = words(s, f);
		return true;
	}
	s += f->key_len + 1;
	if (*s == '"' || *s == '\'')
		*text = quoted(s + 1, *s, f);
	else {
		f->value = s;
		f->value_len = strcspn(s, " ");
		*text = s + f->value_len;
	}
	return true;
}

char
log_field_byte(const struct log_field *f, size_t *i)
{
	char	c = f->value[(*i)++];

	if (f->quoted && c == '\\' && *i < f->value_len &&
	    (f->value[*i] == '"' || f->value[*i] == '\\'))
		c = f->value[(*i)++];
	return c;
}
