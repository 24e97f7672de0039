/*
 * Words of a command (command_split.h): the rules of Python's shlex, which
 * AWS's command line tool uses.
 */
#include "common/compat.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "common/mem.h"
#include "paild/command_split.h"

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/*
 * One word from *p on, to *out; both move on.  -1: why.
 */
static int
take_word(const char **p, char **out, const char **why)
{
	const char	*s = *p;
	char		*o = *out, quote = '\0';

	for (; *s != '\0' && (quote != '\0' || !is_blank(*s)); s++) {
		if (quote == '\0' && (*s == '\'' || *s == '"'))
			quote = *s;
		else if (quote != '\0' && *s == quote)
			quote = '\0';
		else if (*s == '\\' && quote != '\'' && (quote == '\0' ||
		    s[1] == '"' || s[1] == '\\')) {
			if (*++s == '\0') {
				*why = "nothing behind the last backslash";
				return -1;
			}
			*o++ = *s;
		} else
			*o++ = *s;
	}
	if (quote != '\0') {
		*why = "a quote that is not closed";
		return -1;
	}
	*o++ = '\0';
	*p = s;
	*out = o;
	return 0;
}

char **
command_split(const char *text, char *why, size_t size)
{
	const size_t	  words = COMMAND_WORDS_MAX + 1;
	const char	 *p = text, *reason = "it is empty";
	char		**argv, *out;
	size_t		  n = 0;

	argv = mem_new(1, words * sizeof(*argv) + 2 * strlen(text) + 1);
	out = (char *)(argv + words);
	for (;;) {
		while (is_blank(*p))
			p++;
		if (*p == '\0')
			break;
		if (n == COMMAND_WORDS_MAX) {
			reason = "too many words";
			n = 0;
			break;
		}
		argv[n++] = out;
		if (take_word(&p, &out, &reason) == -1) {
			n = 0;
			break;
		}
	}
	if (n > 0 && *argv[0] != '\0')
		return argv;
	snprintf(why, size, "not a valid command: %s", reason);
	free(argv);
	return NULL;
}
