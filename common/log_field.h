/*
 * The keys and values of a log line, for those that want them apart (JSON, the
 * journal).  A line is words and key=value, with a value that is one word or
 * quoted: "...", with \" and \\ (log_quote()), or '...'.
 */
#ifndef COMMON_LOG_FIELD_H
#define COMMON_LOG_FIELD_H

#include <stdbool.h>
#include <stddef.h>

struct log_field {
	const char	*key;		/* [a-z][a-z0-9_-]* */
	size_t		 key_len;	/* 0: words, up to the next key */
	const char	*value;		/* without its quotes */
	size_t		 value_len;
	bool		 quoted;	/* \" and \\ are " and \ */
};

/* Takes the next one off *text; false at its end.  All is borrowed. */
bool	 log_field_next(const char **text, struct log_field *f);
/* The next byte of a value at *i (of f->value), which moves on. */
char	 log_field_byte(const struct log_field *f, size_t *i);

#endif
