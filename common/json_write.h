/*
 * Writing JSON (RFC 8259) for programs: pailctl --json, and the log.  Whatever
 * a string has in it, what is written is valid UTF-8, has no control character
 * and nothing that could change how a terminal shows the rest (common/escape.h
 * has the list): such a character is written as \uNNNN, so that a reader gets
 * it back.  A byte that is no UTF-8 becomes U+FFFD.
 */
#ifndef COMMON_JSON_WRITE_H
#define COMMON_JSON_WRITE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/buf.h"

#define JSON_CHAR_MAX	12	/* bytes: two \uNNNN */

/* How a string has the character that p (len > 0) begins with: its length in
 * dst; *used is how many bytes of p it was. */
size_t	 json_char(char dst[JSON_CHAR_MAX], const char *p, size_t len,
	    size_t *used);

/*
 * Each appends a value, with the comma before it, to b: a member of the object
 * that is open, or with key NULL an element of the array (or the document).
 * key: a literal of ours, without anything to escape.  That brackets match is
 * the caller's duty; whether all fitted is b->failed.
 */
void	 json_add_object(struct buf *b, const char *key);	/* {: open */
void	 json_add_array(struct buf *b, const char *key);	/* [: open */
void	 json_end_object(struct buf *b);
void	 json_end_array(struct buf *b);
void	 json_add_str(struct buf *b, const char *key, struct str value);
/* NULL: null */
void	 json_add_text(struct buf *b, const char *key, const char *value);
void	 json_add_number(struct buf *b, const char *key, uint64_t value);
void	 json_add_signed(struct buf *b, const char *key, int64_t value);
void	 json_add_bool(struct buf *b, const char *key, bool value);
void	 json_add_null(struct buf *b, const char *key);
/* Seconds since 1970 as RFC 3339 in UTC; 0, or not in the years 1 to 9999:
 * null. */
void	 json_add_time(struct buf *b, const char *key, int64_t t);
/* A value that was written as JSON already, on one line or more. */
void	 json_add_raw(struct buf *b, const char *key, struct str value);
/* The members of an object that was: json_check() has seen it. */
void	 json_add_members(struct buf *b, struct str object);
/* The name of a member that is no literal; its value follows, with key NULL. */
void	 json_add_name(struct buf *b, struct str name);
/* The document {"error": why}, and a newline. */
void	 json_error(struct buf *b, const char *why);

#endif
